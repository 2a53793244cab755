//! Planning: a manifest and what is available become segments and the edges between them
//! (`docs/internals/plan.md`). Pure.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::catalog::{Catalogs, Entry, Place, Runtime};
use crate::error::Error;
use crate::issue::Issue;
use crate::manifest::{self, Graph, GraphNode, canonical_order};

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
    pub fn into_json(self) -> Json {
        match self {
            Self::Plan(plan, warnings) => object([("plan", plan), ("warnings", json!(warnings))]),
            Self::Refused(issues) => object([("issues", json!(issues))]),
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
        let known = Place::named(place).filter(|known| *known != Place::Rust);
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
    let flag = |name: &str| request.get(name).and_then(Json::as_bool).unwrap_or(false);
    let measured = Measured { metrics: flag("metrics"), trace: flag("trace") };
    let checked = manifest::validate(manifest, &catalogs, hint);
    Ok(match checked.graph {
        Some(graph) => Planned::Plan(Planner::new(&graph).plan(measured), checked.issues),
        None => Planned::Refused(checked.issues),
    })
}

/// What the segments measure.
#[derive(Clone, Copy)]
struct Measured {
    metrics: bool,
    trace: bool,
}

struct Planner<'a> {
    graph: &'a Graph,
    /// The nodes in the canonical order.
    sequence: Vec<usize>,
    /// Place of each node in it.
    order: Vec<usize>,
    /// The segment of each node.
    segment: Vec<usize>,
    sources: Vec<usize>,
    sinks: Vec<usize>,
}

/// A segment in the making.
#[derive(Default)]
struct Draft {
    place: Option<Place>,
    requires: BTreeSet<String>,
    ins: Vec<Json>,
    nodes: Vec<Json>,
    outs: Vec<Json>,
    wires: Vec<Json>,
}

impl Draft {
    /// An edge that comes in, to `to`.
    fn enter(&mut self, edge: usize, to: &str) {
        let id = format!("__in_{edge}");
        self.connect(format!("{id}.out"), to.to_owned());
        self.ins.push(json!({"id": id, "node_type": "__In", "params": {"edge": edge}}));
    }

    /// An edge that goes out, from `from` to a segment or the host.
    fn leave(&mut self, edge: usize, from: &str, to: Option<usize>) {
        let id = format!("__out_{edge}");
        self.connect(from.to_owned(), format!("{id}.in"));
        self.outs.push(json!({"id": id, "node_type": "__Out", "params": {"edge": edge, "to": to}}));
    }

    fn connect(&mut self, from: String, to: String) {
        self.wires.push(object([("from", from.into()), ("to", to.into())]));
    }

    fn json(self, measured: Measured) -> Json {
        let place = self.place.unwrap_or(Place::Rust);
        let nodes: Vec<Json> = [self.ins, self.nodes, self.outs].into_iter().flatten().collect();
        object([
            ("place", place.name().into()),
            ("runtime", place.runtime().name().into()),
            ("requires", json!(self.requires)),
            ("metrics", measured.metrics.into()),
            ("trace", measured.trace.into()),
            ("nodes", nodes.into()),
            ("connections", self.wires.into()),
        ])
    }
}

impl<'a> Planner<'a> {
    fn new(graph: &'a Graph) -> Self {
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
        Self { graph, sequence, order, segment: segments(graph), sources, sinks }
    }

    fn plan(&self, measured: Measured) -> Json {
        let mut drafts = self.nodes();
        let (inputs, outputs) = self.edges(&mut drafts);
        let info = json!({
            "node_count": self.graph.nodes.len(),
            "connection_count": self.graph.connections.len(),
            "source_count": self.sources.len(),
            "sink_count": self.sinks.len(),
            "execution_order": self.ids(&self.sequence),
        });
        object([
            ("name", json!(self.graph.name)),
            ("sources", self.ids(&self.sources).into()),
            ("sinks", self.ids(&self.sinks).into()),
            ("inputs", inputs.into()),
            ("outputs", outputs.into()),
            ("segments", drafts.into_iter().map(|draft| draft.json(measured)).collect()),
            ("graph_info", info),
        ])
    }

    /// A draft of every segment with its nodes.
    fn nodes(&self) -> Vec<Draft> {
        let mut drafts = Vec::new();
        drafts.resize_with(self.segment.iter().max().map_or(0, |last| last + 1), Draft::default);
        for &index in &self.sequence {
            let (Some(node), Some(draft)) = (self.node(index), drafts.get_mut(self.segment_of(index))) else {
                continue;
            };
            draft.place = Some(node.place.clone());
            draft.requires.extend(node.requires.iter().map(|text| package_name(text).to_owned()));
            draft.nodes.push(self.node_json(index, node));
        }
        drafts
    }

    /// Wires the segments: one edge per source, then the connections, of which those between segments become edges at
    /// their own places, then one edge per sink. Gives the host's ends.
    fn edges(&self, drafts: &mut [Draft]) -> (Vec<Json>, Vec<Json>) {
        let mut edges = 0..;
        let mut next = || edges.next().unwrap_or_default();
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        for &node in &self.sources {
            let edge = next();
            let generates = self.node(node).is_some_and(|node| node.generates);
            inputs.push(self.host_end(edge, node, Some(generates)));
            draft(drafts, self.segment_of(node), |draft| draft.enter(edge, &self.end(node, "in")));
        }
        for wire in &self.graph.connections {
            let (from, to) = (self.end(wire.from, &wire.from_port), self.end(wire.to, &wire.to_port));
            let (giving, taking) = (self.segment_of(wire.from), self.segment_of(wire.to));
            if giving == taking {
                draft(drafts, giving, |draft| draft.connect(from, to));
            } else {
                let edge = next();
                draft(drafts, giving, |draft| draft.leave(edge, &from, Some(taking)));
                draft(drafts, taking, |draft| draft.enter(edge, &to));
            }
        }
        for &node in &self.sinks {
            let edge = next();
            outputs.push(self.host_end(edge, node, None));
            draft(drafts, self.segment_of(node), |draft| draft.leave(edge, &self.end(node, "*"), None));
        }
        (inputs, outputs)
    }

    /// The host's end of an edge, and for a source whether it generates.
    fn host_end(&self, edge: usize, node: usize, generates: Option<bool>) -> Json {
        let id = self.node(node).map(|node| &node.id);
        let mut end = json!({"edge": edge, "node": id, "segment": self.segment_of(node)});
        if let (Some(generates), Some(object)) = (generates, end.as_object_mut()) {
            object.insert("generates".to_owned(), generates.into());
        }
        end
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

    fn end(&self, node: usize, port: &str) -> String {
        format!("{}.{port}", self.node(node).map_or("", |node| &node.id))
    }

    fn segment_of(&self, node: usize) -> usize {
        self.segment.get(node).copied().unwrap_or_default()
    }

    fn node(&self, index: usize) -> Option<&GraphNode> {
        self.graph.nodes.get(index)
    }

    fn ids(&self, nodes: &[usize]) -> Vec<&str> {
        nodes.iter().filter_map(|&node| self.node(node)).map(|node| node.id.as_str()).collect()
    }
}

/// An object of these fields, which are moved: `json!` would copy them, and whole graphs are large.
fn object<const N: usize>(fields: [(&str, Json); N]) -> Json {
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn draft(drafts: &mut [Draft], segment: usize, change: impl FnOnce(&mut Draft)) {
    if let Some(draft) = drafts.get_mut(segment) {
        change(draft);
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
        let place = graph.nodes.get(first).map(|node| &node.place);
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

fn is_at(graph: &Graph, node: usize, place: Option<&Place>) -> bool {
    graph.nodes.get(node).map(|node| &node.place) == place
}

/// The name of a required package without its versions: `numpy` of `numpy>=2`.
fn package_name(requirement: &str) -> &str {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    requirement.split(|letter| !is_part(letter)).next().unwrap_or(requirement)
}
