//! What every node must keep, as test code that runs over every registered type (feature `contract`).
//! [`check`] is called with a registry and samples of every kind.
#![allow(
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test code: a broken promise panics"
)]

use std::cell::Cell;
use std::rc::Rc;

use serde_json::{Map as JsonMap, Value as Json, json};

use crate::array::{Audio, DType, Tensor};
use crate::catalog::{Catalogs, Entry, Place};
use crate::engine::{Engine, Limit, Outcome, Status};
use crate::host::Host;
use crate::json_form::to_json;
use crate::manifest::validate;
use crate::node::{Out, Params};
use crate::packet::{Item, Packet};
use crate::registry::Registry;
use crate::value::Value;

const KINDS: [&str; 10] =
    ["any", "null", "bool", "number", "string", "list", "map", "bytes", "tensor", "audio"];
const KEYWORDS: [&str; 15] = [
    "type",
    "enum",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "items",
    "minItems",
    "uniqueItems",
    "pattern",
    "default",
    "description",
    "unit",
    "aliases",
    "additionalProperties",
];
const TYPES: [&str; 6] = ["number", "integer", "string", "boolean", "array", "object"];

/// Checks every type of a registry. `samples` are items of every kind, such as [`samples`]; nodes may refuse some of them.
pub fn check(registry: &Registry, samples: &[Value]) {
    for ((entry, _), json) in registry.types().zip(registry.catalog()) {
        let node = Subject { entry, registry };
        node.entry_is_complete(json);
        node.defaults_are_valid_and_unknown_params_are_not();
        let ticks = vec![Value::Null; samples.len()];
        let samples = if entry.inputs.is_empty() { &ticks } else { samples };
        let accepted = node.takes_only_its_kinds(samples);
        node.leaves_its_input_alone(samples);
        node.is_independent_of_batches(samples);
        node.forgets_failed_calls(samples, &accepted);
        node.survives_every_order_of_calls(samples);
    }
}

/// Items of every kind, edge values among them, and consecutive audio at 48 kHz.
#[must_use]
pub fn samples() -> Vec<Value> {
    let tone = |n: usize| (n as f32 * 0.1).sin();
    let audio = |timestamp: Option<f64>, channels: usize, frames: usize| -> Value {
        let samples: Vec<f32> = (0..channels * frames).map(tone).collect();
        Audio::new(48_000, timestamp, channels, frames, samples.into()).unwrap().into()
    };
    let tensor = |dtype: DType, shape: &[usize], data: Vec<u8>| -> Value {
        Tensor::new(dtype, shape.to_vec(), data.into()).unwrap().into()
    };
    vec![
        Value::Null,
        true.into(),
        0i64.into(),
        i64::MAX.into(),
        (-0.0).into(),
        0.5.into(),
        f64::NAN.into(),
        f64::INFINITY.into(),
        "".into(),
        "a𝄞".into(),
        Vec::<Value>::new().into(),
        vec![1i64.into(), 2.5.into(), "x".into()].into(),
        Value::map([("audio", audio(None, 2, 480)), ("__proto__", Value::Null)]),
        Value::Bytes(vec![0u8, 255, 128].into()),
        tensor(DType::U8, &[], vec![7]),
        tensor(DType::I16, &[0, 3], vec![]),
        tensor(DType::F32, &[2, 2], vec![0; 16]),
        audio(Some(0.0), 1, 4_800),
        audio(Some(0.1), 1, 1),
        audio(None, 1, 999),
        audio(Some(9.0), 2, 4_800),
        audio(None, 2, 0),
    ]
}

/// An hour passes whenever someone looks at the clock, so that circuits close at once.
#[derive(Default)]
struct Hours(Cell<f64>);

impl Host for Hours {
    fn now_us(&self) -> f64 {
        self.0.update(|now| now + 3.6e9);
        self.0.get()
    }
}

struct Subject<'a> {
    entry: &'a Entry,
    registry: &'a Registry,
}

impl Subject<'_> {
    fn name(&self) -> &str {
        &self.entry.node_type
    }

    /// Params that are enough: the defaults, words for a required list of strings, and nothing for optional ones.
    fn params(&self) -> JsonMap<String, Json> {
        let words =
            |name: &String| self.entry.params.required.contains(name).then(|| json!(["left", "right"]));
        let properties = self.entry.params.properties.iter();
        let params = properties.filter_map(|(name, schema)| {
            Some((name.clone(), schema.get("default").cloned().or_else(|| words(name))?))
        });
        params.collect()
    }

    /// The input ports with these params; `in` for the ticks of a generating source.
    fn ports(&self) -> Vec<String> {
        let ports = self.entry.input_ports(Some(&self.params())).unwrap();
        if ports.is_empty() { vec!["in".to_owned()] } else { ports }
    }

    fn node(&self) -> Box<dyn crate::node::Node> {
        let (_, node_type) = self.registry.find(self.name()).unwrap();
        (node_type.create)(&Params::new(self.params()))
            .unwrap_or_else(|failure| panic!("{}: {failure:?}", self.name()))
    }

    fn out(&self) -> Out {
        Out::new(self.entry.outputs.keys().cloned().collect())
    }

    fn entry_is_complete(&self, json: &Json) {
        let name = self.name();
        let fields = [
            "type", "aliases", "summary", "category", "params", "inputs", "outputs", "runtime", "stateful",
            "requires",
        ];
        let mut keys: Vec<&String> = json.as_object().unwrap().keys().collect();
        let mut expected = fields.to_vec();
        keys.sort();
        expected.sort_unstable();
        assert_eq!(keys, expected, "{name}: fields of the catalog entry");
        assert!(
            name.ends_with("Node") && name.bytes().all(|c| c.is_ascii_alphanumeric()),
            "{name}: type name"
        );
        assert!(
            json["summary"].as_str().is_some_and(|text| text.ends_with('.')),
            "{name}: summary is a sentence"
        );
        assert_eq!(json["runtime"], "rust", "{name}");
        assert!(json["stateful"].is_boolean() && json["requires"] == json!([]), "{name}");
        assert_eq!(
            (&json["params"]["type"], &json["params"]["additionalProperties"]),
            (&json!("object"), &json!(false))
        );
        for (port, kinds) in self.entry.inputs.iter().chain(&self.entry.outputs) {
            let kinds = kinds["kinds"].as_array().unwrap_or_else(|| panic!("{name}.{port}: kinds"));
            let known = |kind: &Json| KINDS.contains(&kind.as_str().unwrap_or_default());
            assert!(!kinds.is_empty() && kinds.iter().all(known), "{name}.{port}: {kinds:?}");
        }
        for (param, schema) in &self.entry.params.properties {
            let schema = schema.as_object().unwrap();
            assert!(schema.keys().all(|key| KEYWORDS.contains(&key.as_str())), "{name}.{param}: keywords");
            assert!(TYPES.contains(&schema["type"].as_str().unwrap_or_default()), "{name}.{param}: type");
            let text = schema.get("description").and_then(Json::as_str).unwrap_or_default();
            assert!(text.ends_with('.'), "{name}.{param}: description is a sentence");
        }
    }

    fn issues(&self, params: &Json) -> Vec<&'static str> {
        let mut catalogs = Catalogs::default();
        catalogs.add(Place::Rust, self.registry.entries());
        let node = json!({"id": "n", "node_type": self.name(), "params": params});
        let checked = validate(&json!({"version": "v1", "nodes": [node]}), &catalogs, None);
        // Nothing is connected, which a node without the port `in` does not like.
        let codes = checked.issues.iter().map(|issue| issue.code);
        codes.filter(|&code| code != "unknown_port").collect()
    }

    fn defaults_are_valid_and_unknown_params_are_not(&self) {
        let name = self.name();
        if self.entry.params.required.is_empty() {
            assert!(self.issues(&json!({})).is_empty(), "{name} needs no params");
        }
        assert_eq!(self.issues(&self.params().into()), [""; 0], "{name}: defaults fit their schema");
        let mut unknown = self.params();
        unknown.insert("no_such_param".to_owned(), json!(1));
        assert_eq!(self.issues(&unknown.into()), ["unknown_param"], "{name}");
        self.node();
    }

    /// Which samples a fresh node accepts. Those must be of the kinds in the catalog, and so must the outputs.
    fn takes_only_its_kinds(&self, samples: &[Value]) -> Vec<bool> {
        let allowed = |ports: &JsonMap<String, Json>, value: &Value| {
            let mut kinds = ports.values().flat_map(|port| port["kinds"].as_array().unwrap());
            kinds.any(|kind| kind == "any" || kind == value.kind())
        };
        let accepts = |sample: &Value| {
            let (mut node, mut out) = (self.node(), self.out());
            let process =
                |port: &String| node.process(sample, port, &mut out).is_ok() && out.settle().is_ok();
            let accepted = self.ports().iter().all(process);
            if accepted {
                let taken = self.entry.inputs.is_empty() || allowed(&self.entry.inputs, sample);
                assert!(taken, "{} takes a {}", self.name(), sample.kind());
                node.flush(&mut out).unwrap();
                for output in out.take() {
                    assert!(
                        allowed(&self.entry.outputs, &output),
                        "{} gives a {}",
                        self.name(),
                        output.kind()
                    );
                }
            }
            node.close();
            accepted
        };
        let accepted: Vec<bool> = samples.iter().map(accepts).collect();
        assert!(accepted.contains(&true), "{} accepts none of the samples", self.name());
        accepted
    }

    fn leaves_its_input_alone(&self, samples: &[Value]) {
        let before: Vec<Json> = samples.iter().map(to_json).collect();
        self.run(samples, 3);
        let after: Vec<Json> = samples.iter().map(to_json).collect();
        assert!(before == after, "{} changed its input", self.name());
    }

    fn is_independent_of_batches(&self, samples: &[Value]) {
        let one_by_one = self.run(samples, 1);
        for batch in [2, 7, 256] {
            assert!(self.run(samples, batch) == one_by_one, "{} depends on batches of {batch}", self.name());
        }
    }

    /// A call that fails leaves no trace, so that it can be retried or skipped.
    fn forgets_failed_calls(&self, samples: &[Value], accepted: &[bool]) {
        let good: Vec<Value> =
            samples.iter().zip(accepted).filter(|(_, good)| **good).map(|(value, _)| value.clone()).collect();
        let without: Vec<Value> = self.run(&good, 256).into_iter().map(|(_, value)| value).collect();
        let with: Vec<Value> = self.run(samples, 256).into_iter().map(|(_, value)| value).collect();
        assert!(with == without, "{}: a failed call left a trace", self.name());
    }

    fn survives_every_order_of_calls(&self, samples: &[Value]) {
        self.node().close();
        let (mut node, mut out) = (self.node(), self.out());
        node.flush(&mut out)
            .unwrap_or_else(|failure| panic!("{}: flush of nothing: {failure:?}", self.name()));
        for sample in samples {
            for port in self.ports() {
                let _ = node.process(sample, &port, &mut out);
            }
        }
        out.discard();
        let _ = (node.flush(&mut out), node.flush(&mut out));
        assert!(node.flushes() || out.take().is_empty(), "{} does not say that it flushes", self.name());
        node.close();
    }

    /// All outputs with their rounds, `batch` items at a time; refused items are skipped.
    fn run(&self, samples: &[Value], batch: usize) -> Vec<(u64, Value)> {
        let mut wires: Vec<Json> = self
            .ports()
            .iter()
            .map(|port| json!({"from": "__in_0.out", "to": format!("n.{port}")}))
            .collect();
        wires.push(json!({"from": "n.*", "to": "__out_1.in"}));
        let segment = json!({
            "nodes": [{"id": "__in_0", "node_type": "__In", "params": {"edge": 0}},
                      {"id": "n", "node_type": self.name(), "params": self.params(), "on_error": "skip"},
                      {"id": "__out_1", "node_type": "__Out", "params": {"edge": 1, "to": null}}],
            "connections": wires,
        });
        let mut engine = Engine::open(&segment, self.registry, Rc::new(Hours::default())).unwrap();
        let mut outputs = Vec::new();
        for (index, part) in samples.chunks(batch).enumerate() {
            let items = part.iter().enumerate();
            let items: Vec<Item> = items
                .map(|(k, value)| Item { round: (index * batch + k) as u64, edge: 0, value: value.clone() })
                .collect();
            let outcome = engine.run(&[Packet::of(&items)], Limit::NONE);
            collect(&mut engine, outcome, &mut outputs);
        }
        let outcome = engine.flush(&[], Limit::NONE);
        collect(&mut engine, outcome, &mut outputs);
        engine.close();
        engine.close();
        outputs
    }
}

fn collect(engine: &mut Engine, mut outcome: Outcome, outputs: &mut Vec<(u64, Value)>) {
    loop {
        let items = outcome.packets.iter().flat_map(|addressed| addressed.packet.items().unwrap());
        outputs.extend(items.map(|item| (item.round, item.value)));
        match outcome.status {
            Status::Done | Status::Ended => return,
            Status::More | Status::Sleep(_) => outcome = engine.resume(),
            Status::Failed(error) => panic!("{error}"),
        }
    }
}
