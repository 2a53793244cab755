//! `RangeGeneratorNode`: a generating source of evenly spaced numbers.

use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out};
use remotemedia_engine::value::Value;

use crate::arithmetic::whole;

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "RangeGeneratorNode", "aliases": [],
        "summary": "Generates evenly spaced numbers.", "category": "sources",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {
            "start": {"type": "number", "default": 0.0, "description": "The first number."},
            "end": {"type": "number", "default": 10.0, "description": "The numbers stop before this one."},
            "step": {"type": "number", "default": 1.0,
                     "description": "The distance from one number to the next; negative to count down."}}},
        "inputs": {}, "outputs": {"out": {"kinds": ["number"]}},
        "runtime": "rust", "stateful": true, "requires": []
    }"#,
    create: |params| {
        let (start, end, step) = (params.number("start")?, params.number("end")?, params.number("step")?);
        Ok(Box::new(RangeGenerator { start, end, step, next: 0.0 }))
    },
};

struct RangeGenerator {
    start: f64,
    end: f64,
    step: f64,
    /// How many numbers were given.
    next: f64,
}

impl RangeGenerator {
    /// The number `k` steps from the start, if the range has it.
    fn at(&self, k: f64) -> Option<f64> {
        let number = self.start + k * self.step;
        let inside = if self.step > 0.0 { number < self.end } else { number > self.end };
        inside.then_some(number)
    }
}

impl Node for RangeGenerator {
    fn process(&mut self, _tick: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        if self.step == 0.0 {
            return Err(Failure::new("step is 0"));
        }
        if let Some(number) = self.at(self.next) {
            out.emit(whole(number));
            self.next += 1.0;
        }
        if self.at(self.next).is_none() {
            out.end();
        }
        Ok(())
    }
}
