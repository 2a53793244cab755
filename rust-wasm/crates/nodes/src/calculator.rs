//! `CalculatorNode`: one operation with a fixed operand, or the operation that an item brings along.

use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out};
use remotemedia_engine::value::{Map, Value};

use crate::arithmetic::{Operation, apply};

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "CalculatorNode", "aliases": [],
        "summary": "Computes item operation operand, or an item {operation, args: [a, b]}.", "category": "math",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {
            "operation": {"type": "string", "enum": ["add", "subtract", "multiply", "divide", "power", "modulo"],
                          "default": "add", "description": "What to compute; modulo has the sign of the divisor."},
            "operand": {"type": "number", "default": 0.0, "description": "The second operand."}}},
        "inputs": {"in": {"kinds": ["number", "list", "tensor", "map"]}},
        "outputs": {"out": {"kinds": ["number", "list", "tensor", "map"]}},
        "runtime": "rust", "stateful": false, "requires": []
    }"#,
    create: |params| {
        let operation = Operation::from_name(params.text("operation")?)?;
        Ok(Box::new(Calculator { operation, operand: params.number("operand")? }))
    },
};

struct Calculator {
    operation: Operation,
    operand: f64,
}

impl Node for Calculator {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        match item {
            Value::Map(map) => out.emit(by_itself(map)?),
            _ => out.emit(apply(self.operation, item, self.operand)?),
        }
        Ok(())
    }
}

/// `{operation, args: [a, b]}` with its result.
fn by_itself(map: &Map) -> Result<Value, Failure> {
    let wrong = || Failure::new("a map is computed if it is {operation, args: [a, b]}");
    let name = map.get("operation").and_then(Value::as_str).ok_or_else(wrong)?;
    let Some(Value::List(args)) = map.get("args") else { return Err(wrong()) };
    let [a, b] = &args[..] else { return Err(wrong().at("$.args")) };
    let number = |value: &Value, path: &str| {
        value.as_number().ok_or_else(|| Failure::new(format!("not a number but {}", value.kind())).at(path))
    };
    number(a, "$.args[0]")?;
    let operand = number(b, "$.args[1]")?;
    let result = apply(Operation::from_name(name)?, a, operand)?;
    Ok(Value::map([("operation", name.into()), ("args", Value::List(args.clone())), ("result", result)]))
}
