//! Planning: a manifest and what is available become segments and the edges between them
//! (`docs/internals/plan.md`). Pure.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::catalog::{Catalogs, Entry, Place, Runtime};
use crate::error::Error;
use crate::issue::Issue;
use crate::manifest::{self, Connection, Graph, GraphNode, canonical_order};

/// The answer to a plan request.
pub enum Planned {
    /// The plan, and warnings.
    Plan(Json, Vec<Issue>),
    /// The manifest has errors.
    Refused(Vec<Issue>),
}

impl Planned {
    /// `{"plan", "warnings"}` or `{"issues"}`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::Plan(plan, warnings) => json!({"plan": plan, "warnings": warnings}),
            Self::Refused(issues) => json!({"issues": issues}),
        }
    }
}

/// Answers a plan request. `rust` is what this module itself offers. An error means that the request itself cannot be
/// read.
pub fn plan(request: &Json, rust: &[Entry]) -> Result<Planned, Error> {
    let bad = |message: &str| Error::bad_request(format!("plan request: {message}"));
    let manifest = request.get("manifest").ok_or_else(|| bad("no manifest"))?;
    let mut catalogs = Catalogs::default();
    catalogs.add(Place::Rust, rust.to_vec());
    for (place, list) in request.get("catalogs").and_then(Json::as_object).into_iter().flatten() {
        let known = Place::ALL.into_iter().find(|known| known.name() == place && *known != Place::Rust);
        let known = known.ok_or_else(|| bad(&format!("unknown place {place:?}")))?;
        let entries = Entry::list(list).map_err(|error| bad(&format!("catalog of {place}: {error}")))?;
        catalogs.add(known, entries);
    }
    let hint = match request.get("runtime_hint") {
        None | Some(Json::Null) => None,
        Some(word) => {
            word.as_str().and_then(Runtime::from_hint).ok_or_else(|| bad("unknown runtime_hint"))?
        }
    };
    let metrics = request.get("metrics").and_then(Json::as_bool).unwrap_or(false);
    let checked = manifest::validate(manifest, &catalogs, hint);
    Ok(match checked.graph {
        Some(graph) => Planned::Plan(Planner::new(&graph, metrics).plan(), checked.issues),
        None => Planned::Refused(checked.issues),
    })
}

struct Planner<'a> {
    graph: &'a Graph,
    metrics: bool,
    /// The nodes in the canonical order.
    sequence: Vec<usize>,
    /// Place of each node in it.
    order: Vec<usize>,
    /// The segment of each node.
    segment: Vec<usize>,
    sources: Vec<usize>,
    sinks: Vec<usize>,
}

/// A connection cut by a boundary.
struct Edge {
    number: usize,
    /// The giving node and port; `None`: the host gives.
    from: Option<(usize, String)>,
    /// The taking node and port; `None`: the host takes.
    to: Option<(usize, String)>,
}

impl<'a> Planner<'a> {
    fn new(graph: &'a Graph, metrics: bool) -> Self {
        let count = graph.nodes.len();
        let sequence = canonical_order(count, &graph.connections);
        let mut order = vec![0; count];
        for (place, &node) in sequence.iter().enumerate() {
            if let Some(slot) = order.get_mut(node) {
                *slot = place;
            }
        }
        let (mut is_source, mut is_sink) = (vec![true; count], vec![true; count]);
        for wire in &graph.connections {
            clear(&mut is_source, wire.to);
            clear(&mut is_sink, wire.from);
        }
        let marked = |flags: Vec<bool>| (0..count).filter(|&node| flags.get(node) == Some(&true)).collect();
        let (sources, sinks) = (marked(is_source), marked(is_sink));
        Self { graph, metrics, sequence, order, segment: segments(graph), sources, sinks }
    }

    fn plan(&self) -> Json {
        let edges = self.edges();
        let count = self.segment.iter().max().map_or(0, |last| last + 1);
        let host_edges = |nodes: &[usize], edge_of: &dyn Fn(&Edge) -> Option<usize>| -> Vec<Json> {
            let ends = nodes.iter().filter_map(|&node| {
                let edge = edges.iter().find(|edge| edge_of(edge) == Some(node))?;
                Some(json!({"edge": edge.number, "node": self.node(node)?.id, "segment": self.segment_of(node)}))
            });
            ends.collect()
        };
        let host_in = |edge: &Edge| edge.from.is_none().then(|| edge.to.as_ref().map(|end| end.0)).flatten();
        let host_out = |edge: &Edge| edge.to.is_none().then(|| edge.from.as_ref().map(|end| end.0)).flatten();
        json!({
            "name": self.graph.name,
            "sources": self.ids(&self.sources),
            "sinks": self.ids(&self.sinks),
            "inputs": host_edges(&self.sources, &host_in),
            "outputs": host_edges(&self.sinks, &host_out),
            "segments": (0..count).map(|segment| self.segment(segment, &edges)).collect::<Vec<_>>(),
            "graph_info": {
                "node_count": self.graph.nodes.len(),
                "connection_count": self.graph.connections.len(),
                "source_count": self.sources.len(),
                "sink_count": self.sinks.len(),
                "execution_order": self.ids(&self.sequence),
            },
        })
    }

    /// Edges by number: one per source, the cut connections, one per sink.
    fn edges(&self) -> Vec<Edge> {
        let sources = self.sources.iter().map(|&node| (None, Some((node, "in".to_owned()))));
        let cut =
            self.graph.connections.iter().filter(|wire| self.is_cut(wire)).map(|wire| {
                (Some((wire.from, wire.from_port.clone())), Some((wire.to, wire.to_port.clone())))
            });
        let sinks = self.sinks.iter().map(|&node| (Some((node, "*".to_owned())), None));
        let ends = sources.chain(cut).chain(sinks);
        ends.enumerate().map(|(number, (from, to))| Edge { number, from, to }).collect()
    }

    fn segment(&self, segment: usize, edges: &[Edge]) -> Json {
        let members: Vec<(usize, &GraphNode)> = self
            .sequence
            .iter()
            .filter(|&&node| self.segment_of(node) == Some(segment))
            .filter_map(|&node| Some((node, self.node(node)?)))
            .collect();
        let is_here = |end: &Option<(usize, String)>| {
            end.as_ref().is_some_and(|(node, _)| self.segment_of(*node) == Some(segment))
        };
        let place = members.first().map_or(Place::Rust, |(_, node)| node.place);
        let mut requires = BTreeSet::new();
        for (_, node) in &members {
            requires.extend(node.requires.iter().map(String::as_str));
        }
        let ins = edges.iter().filter(|edge| is_here(&edge.to));
        let outs = edges.iter().filter(|edge| is_here(&edge.from));
        let in_nodes = ins.map(|edge| {
            json!({"id": format!("__in_{}", edge.number), "node_type": "__In", "params": {"edge": edge.number}})
        });
        let out_nodes = outs.map(|edge| {
            let to = edge.to.as_ref().and_then(|(node, _)| self.segment_of(*node));
            let params = json!({"edge": edge.number, "to": to});
            json!({"id": format!("__out_{}", edge.number), "node_type": "__Out", "params": params})
        });
        let real_nodes = members.iter().map(|(index, node)| self.node_json(*index, node));
        json!({
            "place": place.name(),
            "runtime": place.runtime().name(),
            "requires": requires,
            "metrics": self.metrics,
            "nodes": in_nodes.chain(real_nodes).chain(out_nodes).collect::<Vec<_>>(),
            "connections": self.wires(segment, edges),
        })
    }

    fn node_json(&self, index: usize, node: &GraphNode) -> Json {
        let mut object = node.policy.clone();
        let mut set = |key: &str, value: Json| _ = object.insert(key.to_owned(), value);
        set("id", node.id.clone().into());
        set("node_type", node.node_type.clone().into());
        set("params", node.params.clone().into());
        set("order", self.order.get(index).copied().unwrap_or_default().into());
        object.into()
    }

    /// The connections of a segment: what the host gives, then all connections in manifest order with cut ones at
    /// their own places, then what goes to the host.
    fn wires(&self, segment: usize, edges: &[Edge]) -> Vec<Json> {
        let name = |end: &(usize, String)| self.node(end.0).map(|node| format!("{}.{}", node.id, end.1));
        let here = |node: usize| self.segment_of(node) == Some(segment);
        let mut wires = Vec::new();
        let mut add = |from: Option<String>, to: Option<String>| wires.push(json!({"from": from, "to": to}));
        let mut cut = edges.iter().filter(|edge| edge.from.is_some() && edge.to.is_some());
        for edge in edges.iter().filter(|edge| edge.from.is_none()) {
            if let Some(to) = edge.to.as_ref().filter(|to| here(to.0)) {
                add(Some(format!("__in_{}.out", edge.number)), name(to));
            }
        }
        for wire in &self.graph.connections {
            let from = (wire.from, wire.from_port.clone());
            let to = (wire.to, wire.to_port.clone());
            if !self.is_cut(wire) {
                if here(wire.from) {
                    add(name(&from), name(&to));
                }
                continue;
            }
            // Cut connections are numbered in the same order.
            let Some(edge) = cut.next() else { continue };
            if here(wire.from) {
                add(name(&from), Some(format!("__out_{}.in", edge.number)));
            } else if here(wire.to) {
                add(Some(format!("__in_{}.out", edge.number)), name(&to));
            }
        }
        for edge in edges.iter().filter(|edge| edge.to.is_none()) {
            if let Some(from) = edge.from.as_ref().filter(|from| here(from.0)) {
                add(name(from), Some(format!("__out_{}.in", edge.number)));
            }
        }
        wires
    }

    fn is_cut(&self, wire: &Connection) -> bool {
        self.segment_of(wire.from) != self.segment_of(wire.to)
    }

    fn segment_of(&self, node: usize) -> Option<usize> {
        self.segment.get(node).copied()
    }

    fn node(&self, index: usize) -> Option<&GraphNode> {
        self.graph.nodes.get(index)
    }

    fn ids(&self, nodes: &[usize]) -> Vec<&str> {
        nodes.iter().filter_map(|&node| self.node(node)).map(|node| node.id.as_str()).collect()
    }
}

fn clear(flags: &mut [bool], index: usize) {
    if let Some(flag) = flags.get_mut(index) {
        *flag = false;
    }
}

/// The segment of each node: from the first ready node in manifest order take every ready node of the same place until
/// none is left, then start the next. Grouping all connected nodes of a place would make cycles between groups.
fn segments(graph: &Graph) -> Vec<usize> {
    let count = graph.nodes.len();
    let mut successors = vec![Vec::new(); count];
    let mut waiting = vec![0usize; count];
    for wire in &graph.connections {
        if let (Some(list), Some(number)) = (successors.get_mut(wire.from), waiting.get_mut(wire.to)) {
            list.push(wire.to);
            *number += 1;
        }
    }
    let mut segment = vec![0; count];
    let mut ready = BTreeSet::new();
    for (node, _) in waiting.iter().enumerate().filter(|(_, number)| **number == 0) {
        ready.insert(node);
    }
    let mut current = 0;
    while let Some(&first) = ready.first() {
        let place = graph.nodes.get(first).map(|node| node.place);
        let mut batch: Vec<usize> = ready.iter().copied().filter(|&node| is_at(graph, node, place)).collect();
        while let Some(node) = batch.pop() {
            ready.remove(&node);
            if let Some(slot) = segment.get_mut(node) {
                *slot = current;
            }
            for &next in successors.get(node).into_iter().flatten() {
                let Some(number) = waiting.get_mut(next) else { continue };
                *number -= 1;
                if *number == 0 {
                    ready.insert(next);
                    if is_at(graph, next, place) {
                        batch.push(next);
                    }
                }
            }
        }
        current += 1;
    }
    segment
}

fn is_at(graph: &Graph, node: usize, place: Option<Place>) -> bool {
    graph.nodes.get(node).map(|node| node.place) == place
}
