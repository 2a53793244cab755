//! From a segment to stages, lanes and exits.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::engine::calling::{self, Identity};
use crate::engine::circuit::Circuit;
use crate::engine::lane::{Exit, Lane};
use crate::engine::stage::{Stage, Stats, Target};
use crate::error::Error;
use crate::host::Host;
use crate::node::{Out, Params};
use crate::registry::Registry;
use crate::segment::{Segment, SegmentNode};

/// The parts of an engine.
#[derive(Default)]
pub(super) struct Parts {
    pub stages: Vec<Stage>,
    pub lanes: Vec<Lane>,
    pub exits: Vec<Exit>,
    /// Lanes by the edge that feeds them from outside.
    pub entries: BTreeMap<u32, Vec<usize>>,
}

/// What an id in the segment stands for.
#[derive(Clone, Copy)]
enum Place {
    Entry(u32),
    Stage(usize),
    Exit(usize),
}

/// Creates all nodes and wires them. Nodes created before a failure are closed.
pub(super) fn build(segment: &Segment, registry: &Registry, host: &dyn Host) -> Result<Parts, Error> {
    let mut parts = Parts::default();
    let built = places(&segment.nodes, registry, host, &mut parts);
    calling::set_node(None);
    let built = built.and_then(|places| wire(segment, &places, &mut parts));
    match built {
        Ok(()) => Ok(parts),
        Err(error) => {
            parts.stages.iter_mut().rev().for_each(|stage| stage.node.close());
            Err(error)
        }
    }
}

fn places(
    nodes: &[SegmentNode],
    registry: &Registry,
    host: &dyn Host,
    parts: &mut Parts,
) -> Result<BTreeMap<String, Place>, Error> {
    let mut places = BTreeMap::new();
    for node in nodes {
        let place = match node.node_type.as_str() {
            "__In" => Place::Entry(edge(node)?),
            "__Out" => {
                let to = match node.params.get("to") {
                    None | Some(serde_json::Value::Null) => None,
                    Some(to) => Some(
                        to.as_u64()
                            .and_then(|to| u32::try_from(to).ok())
                            .ok_or_else(|| bad(&format!("{}: to is neither a segment nor null", node.id)))?,
                    ),
                };
                parts.exits.push(Exit { edge: edge(node)?, to, order: 0, items: Vec::new(), bytes: 0 });
                Place::Exit(parts.exits.len() - 1)
            }
            _ => {
                let stage = stage(node, registry, host)?;
                if parts.stages.last().is_some_and(|last| last.order >= stage.order) {
                    return Err(bad("nodes do not stand in the order of execution"));
                }
                parts.stages.push(stage);
                Place::Stage(parts.stages.len() - 1)
            }
        };
        if places.insert(node.id.clone(), place).is_some() {
            return Err(bad(&format!("the id {:?} stands twice", node.id)));
        }
    }
    Ok(places)
}

fn stage(node: &SegmentNode, registry: &Registry, host: &dyn Host) -> Result<Stage, Error> {
    let Some((entry, node_type)) = registry.find(&node.node_type) else {
        return Err(Error::runtime_load(format!("this module has no node type {:?}", node.node_type)));
    };
    let identity =
        Rc::new(Identity { id: node.id.clone(), node_type: node.node_type.clone(), order: node.order });
    calling::set_node(Some(&identity));
    let created = (node_type.create)(&Params::new(node.params.clone()));
    let created = created.map_err(|failure| Error::node(&node.id, &node.node_type, failure))?;
    // `out` is the default port, so it comes first.
    let (mut ports, others): (Vec<String>, Vec<String>) =
        entry.outputs.keys().cloned().partition(|port| port == "out");
    ports.extend(others);
    Ok(Stage {
        identity,
        order: node.order,
        on_error: node.on_error,
        retry: node.retry,
        timed: node.timeout_ms.is_some(),
        circuit: node.circuit.map(|state| Circuit::restore(state, host)).unwrap_or_default(),
        generates: entry.inputs.is_empty(),
        ended: false,
        node: created,
        routes: ports.iter().map(|_| Vec::new()).collect(),
        out: Out::new(ports),
        lanes: Vec::new(),
        before: Vec::new(),
        done: 0,
        current: None,
        attempts: 0,
        stats: Stats::default(),
    })
}

fn wire(segment: &Segment, places: &BTreeMap<String, Place>, parts: &mut Parts) -> Result<(), Error> {
    for wire in &segment.connections {
        let (from, from_port) = end(&wire.from, places)?;
        let (to, to_port) = end(&wire.to, places)?;
        let target = match to {
            Place::Entry(_) => return Err(bad(&format!("{} takes nothing", wire.to))),
            Place::Exit(exit) => Target::Exit(exit),
            Place::Stage(stage) => {
                parts.lanes.push(Lane::new(to_port));
                let lane = parts.lanes.len() - 1;
                if let Some(stage) = parts.stages.get_mut(stage) {
                    stage.lanes.push(lane);
                }
                Target::Lane(lane)
            }
        };
        match (from, target) {
            (Place::Exit(_), _) => return Err(bad(&format!("{} gives nothing", wire.from))),
            (Place::Entry(edge), Target::Lane(lane)) => parts.entries.entry(edge).or_default().push(lane),
            (Place::Entry(_), Target::Exit(_)) => return Err(bad("an edge passes through without a node")),
            (Place::Stage(from), target) => {
                if let Place::Stage(to) = to {
                    if from >= to {
                        return Err(bad("a connection runs against the order of execution"));
                    }
                    if let Some(stage) = parts.stages.get_mut(to) {
                        stage.before.push(from);
                    }
                }
                route(parts, from, from_port, target)?;
            }
        }
    }
    Ok(())
}

fn route(parts: &mut Parts, from: usize, port: &str, target: Target) -> Result<(), Error> {
    let Some(stage) = parts.stages.get_mut(from) else { return Ok(()) };
    if let Target::Exit(exit) = target
        && let Some(exit) = parts.exits.get_mut(exit)
    {
        exit.order = stage.order;
    }
    if port == "*" {
        stage.routes.iter_mut().for_each(|route| route.push(target));
        return Ok(());
    }
    let index = stage
        .out
        .port(port)
        .ok_or_else(|| bad(&format!("{} has no output port {port:?}", stage.identity.id)))?;
    if let Some(route) = stage.routes.get_mut(index) {
        route.push(target);
    }
    Ok(())
}

fn end<'a>(text: &'a str, places: &BTreeMap<String, Place>) -> Result<(Place, &'a str), Error> {
    let (id, port) = text.rsplit_once('.').ok_or_else(|| bad(&format!("{text:?} is not node.port")))?;
    let place = places.get(id).ok_or_else(|| bad(&format!("no node has the id {id:?}")))?;
    Ok((*place, port))
}

fn edge(node: &SegmentNode) -> Result<u32, Error> {
    let edge = node.params.get("edge").and_then(serde_json::Value::as_u64);
    edge.and_then(|edge| u32::try_from(edge).ok()).ok_or_else(|| bad(&format!("{} has no edge", node.id)))
}

fn bad(message: &str) -> Error {
    Error::bad_request(format!("segment: {message}"))
}
