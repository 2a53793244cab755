//! One call of a node: whether it is made, and what follows from how it ended.

use crate::engine::calling::{self, Place};
use crate::engine::drive::flush_round;
use crate::engine::lane::{Exit, Lane, Waiting};
use crate::engine::stage::{Stage, Target};
use crate::engine::{Engine, Limit};
use crate::error::{Error, Failure};
use crate::segment::OnError;

/// What a call works on.
pub(super) enum Work {
    Item { lane: usize, item: Waiting },
    Flush,
}

/// What a call led to.
pub(super) enum Called {
    /// Outputs travelled on, or were skipped.
    Finished,
    /// To be tried again after this many milliseconds.
    Again(f64),
    /// The run ends here.
    Failed,
}

/// One call of a node, and what its outcome asks for. A source that has ended and a node whose circuit is open are not
/// called.
pub(super) fn call(engine: &mut Engine, index: usize, round: u64, work: Work) -> Called {
    let flush = flush_round(engine.mode).is_some();
    let Engine { stages, lanes, exits, host, deadline, .. } = engine;
    let Some(stage) = stages.get_mut(index) else { return Called::Finished };
    if stage.ended && matches!(work, Work::Item { .. }) {
        return Called::Finished;
    }
    let wait_ms = stage.circuit.wait_ms(&**host);
    if wait_ms > 0.0 {
        let error = Error::circuit_open(&stage.identity.id, &stage.identity.node_type, wait_ms);
        return give_up(engine, index, round, error);
    }
    if stage.timed {
        host.enter(stage.order, round);
    } else if *deadline {
        host.leave();
    }
    *deadline = stage.timed;
    calling::set_place(Place { round, item: (!flush).then_some(round) });
    let result = match &work {
        Work::Item { lane, item } => {
            let port = lanes.get(*lane).map_or("in", |lane| lane.port.as_str());
            stage.stats.calls += 1;
            stage.node.process(&item.value, port, &mut stage.out)
        }
        Work::Flush => stage.node.flush(&mut stage.out),
    };
    match result.and_then(|()| stage.out.settle()) {
        Ok(()) => {
            stage.attempts = 0;
            stage.circuit.succeeded();
            stage.ended |= stage.generates && stage.out.ended;
            give(stage, round, lanes, exits);
            Called::Finished
        }
        Err(failure) => failed(engine, index, round, work, failure),
    }
}

/// Sends the outputs of a call on.
fn give(stage: &mut Stage, round: u64, lanes: &mut [Lane], exits: &mut [Exit]) {
    let Stage { out, routes, .. } = stage;
    for output in out.items.drain(..) {
        let Some((last, others)) = routes.get(output.port).and_then(|route| route.split_last()) else {
            continue;
        };
        for target in others {
            let copy = Waiting { round, bytes: output.bytes, value: output.value.clone() };
            send(*target, copy, lanes, exits);
        }
        send(*last, Waiting { round, bytes: output.bytes, value: output.value }, lanes, exits);
    }
}

fn send(target: Target, item: Waiting, lanes: &mut [Lane], exits: &mut [Exit]) {
    match target {
        Target::Lane(lane) => {
            if let Some(lane) = lanes.get_mut(lane) {
                lane.push(item);
            }
        }
        Target::Exit(exit) => {
            if let Some(exit) = exits.get_mut(exit) {
                exit.push(item);
            }
        }
    }
}

/// A failed call: retry, skip or end. A tick is not retried.
fn failed(engine: &mut Engine, index: usize, round: u64, work: Work, failure: Failure) -> Called {
    let Some(stage) = engine.stages.get_mut(index) else { return Called::Failed };
    stage.out.discard();
    let is_item = matches!(work, Work::Item { .. });
    stage.stats.failed += u64::from(is_item);
    let retry = stage.retry.filter(|retry| stage.attempts < retry.max_retries);
    if let Some(retry) = retry.filter(|_| !(stage.generates && is_item)) {
        let ms = engine.jitter.wait_ms(&retry, stage.attempts, &*engine.host);
        stage.attempts += 1;
        if let Work::Item { lane, item } = work
            && let Some(lane) = engine.lanes.get_mut(lane)
        {
            lane.put_back(item);
        }
        return Called::Again(ms);
    }
    stage.attempts = 0;
    stage.circuit.failed(&*engine.host);
    let error = stage.error(failure);
    give_up(engine, index, round, error)
}

/// A call that failed for good or is not made: skip it or end the run. A generating source has ended in any case.
fn give_up(engine: &mut Engine, index: usize, round: u64, error: Error) -> Called {
    let item_index = flush_round(engine.mode).is_none().then_some(round);
    let Some(stage) = engine.stages.get_mut(index) else { return Called::Failed };
    stage.ended |= stage.generates;
    let error = error.at(round, item_index, stage.order);
    if stage.on_error == OnError::Skip {
        engine.skipped.add(error);
        return Called::Finished;
    }
    engine.limit = engine.limit.min(Limit { round, order: stage.order });
    engine.error = Some(error);
    Called::Failed
}
