//! `SurroundingsNode`: tells what a module can learn of where it runs.

use std::env;
use std::time::{Instant, SystemTime};

use remotemedia_module::{Failure, Node, NodeType, Out, Value};

/// Catalog entry and factory.
pub(crate) const SURROUNDINGS: NodeType = NodeType {
    entry: r#"{"type": "SurroundingsNode", "summary": "Tells what a module can learn of where it runs.", "category": "test",
               "inputs": {"in": {"kinds": ["any"]}}, "outputs": {"out": {"kinds": ["map"]}}, "stateful": false}"#,
    create: |_| Ok(Box::new(Surroundings(Instant::now()))),
};

struct Surroundings(Instant);

impl Node for Surroundings {
    fn process(&mut self, _item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        println!("printed");
        eprintln!("complained");
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        out.emit(Value::map([
            ("arguments", (env::args_os().count() as i64).into()),
            ("variables", (env::vars_os().count() as i64).into()),
            ("since_1970_s", since_1970.map_or(-1.0, |time| time.as_secs_f64()).into()),
            ("since_start_s", self.0.elapsed().as_secs_f64().into()),
        ]));
        Ok(())
    }
}
