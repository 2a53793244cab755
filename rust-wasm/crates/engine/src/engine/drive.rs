//! The loop: passes over the stages until nothing moves.

use crate::engine::call::{Called, Work, call};
use crate::engine::calling;
use crate::engine::lane::{Exit, Lane, MAX_BYTES, MAX_ITEMS};
use crate::engine::stage::{Stage, Target};
use crate::engine::{Engine, Mode, Status};

/// What a stage's turn led to.
enum Turn {
    /// Nothing to do.
    Idle,
    /// Something moved.
    Moved,
    /// A retry is due after this many milliseconds.
    Sleep(f64),
}

/// Lets every stage take its turn, again and again, until nothing moves or the caller is needed.
pub(super) fn drive(engine: &mut Engine) -> Status {
    loop {
        let mut moved = false;
        for index in 0..engine.stages.len() {
            match turn(engine, index) {
                Turn::Idle => {}
                Turn::Moved => moved = true,
                Turn::Sleep(ms) => return Status::Sleep(ms),
            }
        }
        if !moved {
            return engine.error.clone().map_or(Status::Done, Status::Failed);
        }
        if is_full(engine) && engine.stages.iter().any(|stage| stage.done < end_of(engine, stage)) {
            return Status::More;
        }
    }
}

/// The round up to which a stage may work by now: as far as all before it have come, below the limit.
fn end_of(engine: &Engine, stage: &Stage) -> u64 {
    let before = stage.before.iter().filter_map(|&before| engine.stages.get(before));
    let ready = before.map(|stage| stage.done).min().unwrap_or(u64::MAX);
    ready.min(engine.limit.first_forbidden(stage.order))
}

/// Whether enough was given to hand it over.
fn is_full(engine: &Engine) -> bool {
    let items: usize = engine.exits.iter().map(|exit| exit.items.len()).sum();
    items >= MAX_ITEMS || engine.exits.iter().map(|exit| exit.bytes).sum::<usize>() >= MAX_BYTES
}

/// One stage processes the rounds that are ready for it.
fn turn(engine: &mut Engine, index: usize) -> Turn {
    let Some(stage) = engine.stages.get(index) else { return Turn::Idle };
    let end = end_of(engine, stage);
    let started = stage.done;
    if started >= end {
        return Turn::Idle;
    }
    let clock = (engine.metrics || engine.spans.is_some()).then(|| engine.host.now_us());
    let calls = stage.stats.calls;
    let result = rounds(engine, index, end);
    let Some(stage) = engine.stages.get_mut(index) else { return Turn::Idle };
    let called = stage.stats.calls > calls;
    // A flush of its own is work, too, though it is not counted as a call.
    let flushed = stage.done > started && flush_round(engine.mode).is_some() && stage.node.flushes();
    if let (Some(clock), true) = (clock, called || flushed) {
        let us = engine.host.now_us() - clock;
        if engine.metrics {
            stage.stats.add(us);
        }
        if let Some(spans) = &mut engine.spans {
            spans.add(stage.order, clock, us);
        }
    }
    match result {
        Some(ms) => Turn::Sleep(ms),
        None if called || stage.done > started => Turn::Moved,
        None => Turn::Idle,
    }
}

/// Processes rounds below `end`; gives the time to wait if a retry interrupts it.
fn rounds(engine: &mut Engine, index: usize, end: u64) -> Option<f64> {
    let Engine { stages, lanes, .. } = engine;
    let stage = stages.get(index)?;
    let next = stage.current.or_else(|| next_round(stage, lanes));
    let mut next = next.or(flush_round(engine.mode)).filter(|&round| round < end);
    if next.is_some() {
        calling::set_node(Some(&stage.identity));
    }
    while let Some(round) = next {
        let stage = engine.stages.get_mut(index)?;
        // A round that was interrupted goes on even if what it gave so far fills a lane.
        if stage.current.is_none() && is_stuffed(stage, &engine.lanes, &engine.exits) {
            stage.done = round;
            return None;
        }
        stage.current = Some(round);
        match one_round(engine, index, round) {
            Called::Finished => {}
            Called::Again(ms) => return Some(ms),
            Called::Failed => {
                let stage = engine.stages.get_mut(index)?;
                (stage.done, stage.current) = (round, None);
                return None;
            }
        }
        let stage = engine.stages.get_mut(index)?;
        stage.current = None;
        next = next_round(stage, &engine.lanes).filter(|&round| round < end);
    }
    engine.stages.get_mut(index)?.done = end;
    None
}

/// All items of one round, connection by connection, and in flush the node's own flush.
fn one_round(engine: &mut Engine, index: usize, round: u64) -> Called {
    let count = engine.stages.get(index).map_or(0, |stage| stage.lanes.len());
    for position in 0..count {
        let lane = engine.stages.get(index).and_then(|stage| stage.lanes.get(position).copied());
        let Some(lane) = lane else { continue };
        while let Some(item) = engine.lanes.get_mut(lane).and_then(|lane| lane.pop(round)) {
            match call(engine, index, round, Work::Item { lane, item }) {
                Called::Finished => {}
                ended => return ended,
            }
        }
    }
    let flushes = engine.stages.get(index).is_some_and(|stage| stage.node.flushes());
    if flushes && flush_round(engine.mode).is_some() {
        call(engine, index, round, Work::Flush)
    } else {
        Called::Finished
    }
}

/// The number of the flush round, if it is under way.
pub(super) fn flush_round(mode: Mode) -> Option<u64> {
    match mode {
        Mode::Flush(round) => Some(round),
        Mode::Run | Mode::Closed => None,
    }
}

/// The smallest round that waits at a stage.
fn next_round(stage: &Stage, lanes: &[Lane]) -> Option<u64> {
    stage.lanes.iter().filter_map(|&lane| lanes.get(lane)?.next_round()).min()
}

/// Whether a lane or exit that this stage fills is full.
fn is_stuffed(stage: &Stage, lanes: &[Lane], exits: &[Exit]) -> bool {
    stage.routes.iter().flatten().any(|target| match *target {
        Target::Lane(lane) => lanes.get(lane).is_some_and(Lane::is_full),
        Target::Exit(exit) => exits.get(exit).is_some_and(Exit::is_full),
    })
}
