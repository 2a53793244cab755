//! `FileNode`: does with a file what its items say.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};

use remotemedia_module::{Failure, Node, NodeType, Out, Value, assets};

/// Catalog entry and factory.
pub(crate) const FILE: NodeType = NodeType {
    entry: r#"{"type": "FileNode", "summary": "Does with a file what its items say.", "category": "test",
               "inputs": {"in": {"kinds": ["map"]}}, "outputs": {"out": {"kinds": ["any"]}}, "stateful": false}"#,
    create: |_| Ok(Box::new(Files)),
};

struct Files;

impl Node for Files {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        let text = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default();
        if text("do") == "read asset" {
            out.emit(Value::Bytes(assets::read(text("path"))?.into()));
            return Ok(());
        }
        let done = act(text("do"), text("path"));
        out.emit(done.map_err(|error| Failure::new(format!("{} {}: {error}", text("do"), text("path"))))?);
        Ok(())
    }
}

fn act(what: &str, path: &str) -> io::Result<Value> {
    match what {
        "read" => Ok(Value::Bytes(fs::read(path)?.into())),
        "middle" => middle(path),
        "size" => {
            let about = fs::metadata(path)?;
            Ok(vec![(about.len() as i64).into(), about.is_dir().into()].into())
        }
        "list" => {
            let entries =
                fs::read_dir(path)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
            let mut names = entries.collect::<io::Result<Vec<String>>>()?;
            names.sort();
            Ok(names.into_iter().map(|name| name.as_str().into()).collect::<Vec<Value>>().into())
        }
        "write" => fs::write(path, b"x").map(|()| Value::Null),
        "append" => OpenOptions::new().append(true).open(path).map(|_| Value::Null),
        "truncate" => OpenOptions::new().write(true).truncate(true).open(path).map(|_| Value::Null),
        other => Err(io::Error::other(format!("do not know how to {other:?}"))),
    }
}

/// Four bytes from the second on, then the last one, and where that ends.
fn middle(path: &str) -> io::Result<Value> {
    let mut file = File::open(path)?;
    let mut bytes = [0; 4];
    file.seek(SeekFrom::Start(1))?;
    file.read_exact(&mut bytes)?;
    file.seek(SeekFrom::End(-1))?;
    let mut rest = Vec::new();
    file.read_to_end(&mut rest)?;
    let end = file.stream_position()?;
    Ok(vec![Value::Bytes(bytes.to_vec().into()), Value::Bytes(rest.into()), (end as i64).into()].into())
}
