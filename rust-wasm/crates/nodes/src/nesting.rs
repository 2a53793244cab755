//! For nodes that keep items and later wrap them.

use remotemedia_engine::error::Failure;
use remotemedia_engine::value::{MAX_DEPTH, Value};

/// Refuses an item that could not stand in a list or map. Later it would be too late: other items would fail with it.
pub(crate) fn check_nesting(item: &Value) -> Result<(), Failure> {
    if matches!(item, Value::List(_) | Value::Map(_)) {
        Value::from(vec![item.clone()]).measure().map_err(|path| {
            let inner = path.strip_prefix("[0]").unwrap_or(&path);
            Failure::unrepresentable(format!("nests too deeply for an output of {MAX_DEPTH} levels"))
                .at(format!("${inner}"))
        })?;
    }
    Ok(())
}
