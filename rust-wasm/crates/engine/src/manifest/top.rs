//! The top level of a manifest: version, metadata, runtime.

use serde_json::Value as Json;

use crate::catalog::{Catalogs, Runtime};
use crate::issue::index_path;
use crate::manifest::fields::{Fields, Issues};
use crate::manifest::{Graph, connections, nodes};

const FIELDS: [&str; 5] = ["version", "metadata", "runtime", "nodes", "connections"];
const METADATA: [&str; 5] = ["name", "description", "author", "version", "license"];
const RELEASE: &str = env!("CARGO_PKG_VERSION");

pub(super) fn read(
    manifest: &Json,
    catalogs: &Catalogs,
    default_runtime: Option<Runtime>,
    issues: &mut Issues,
) -> Option<Graph> {
    let top = Fields::of(manifest, "$", issues)?;
    top.only(&FIELDS, issues);
    version(&top, issues);
    let name = metadata(&top, issues);
    runtime(&top, issues);
    top.require("nodes", issues);
    let entries = top.array("nodes", issues).map(Vec::as_slice);
    if entries == Some(&[]) {
        issues.error(
            "no_nodes",
            "$.nodes",
            "a manifest has at least one node",
            "at least one node",
            &Json::Null,
        );
    }
    let nodes = nodes::read(entries.unwrap_or_default(), catalogs, default_runtime, issues);
    let wires = top.array("connections", issues).map(Vec::as_slice).unwrap_or_default();
    let connections = connections::read(wires, &nodes, issues);
    let nodes = nodes.into_iter().map(|node| node.chosen).collect::<Option<_>>()?;
    Some(Graph { name, nodes, connections })
}

fn version(top: &Fields<'_>, issues: &mut Issues) {
    top.require("version", issues);
    if let Some(version) = top.string("version", issues)
        && version != "v1"
    {
        issues.error(
            "version_mismatch",
            "$.version",
            format!("manifest version {version:?} is not v1"),
            "v1",
            &version.into(),
        );
    }
}

fn metadata(top: &Fields<'_>, issues: &mut Issues) -> Option<String> {
    let metadata = top.inner("metadata", issues)?;
    for field in METADATA {
        metadata.string(field, issues);
    }
    metadata.object.get("name").and_then(Json::as_str).map(str::to_owned)
}

fn runtime(top: &Fields<'_>, issues: &mut Issues) {
    let Some(runtime) = top.inner("runtime", issues) else { return };
    if let Some(target) = runtime.string("target", issues)
        && !matches!(target, "wasm32-wasi" | "wasm32-wasip1")
    {
        let message = format!("unknown target {target:?}");
        issues.error("wrong_target", runtime.at("target"), message, "wasm32-wasi", &target.into());
    }
    if let Some(wanted) = runtime.string("min_version", issues)
        && release_numbers(wanted).is_none_or(|wanted| Some(wanted) > release_numbers(RELEASE))
    {
        let message = format!("needs version {wanted}, this is {RELEASE}");
        issues.error("version_mismatch", runtime.at("min_version"), message, RELEASE, &wanted.into());
    }
    strings(&runtime, "features", issues);
    // What they may be, the loaders of bundles say.
    if let Some(capabilities) = runtime.inner("capabilities", issues) {
        strings(&capabilities, "network", issues);
    }
}

/// Notes a field that is no list of strings.
fn strings(fields: &Fields<'_>, key: &str, issues: &mut Issues) {
    let list = fields.array(key, issues).map(Vec::as_slice).unwrap_or_default();
    for (index, item) in list.iter().enumerate().filter(|(_, item)| !item.is_string()) {
        issues.wrong_type(index_path(&fields.at(key), index), "string", item);
    }
}

/// Major, minor and patch of a version such as `1.2`, `1.2.3` or `1.2.3-rc.1`.
fn release_numbers(version: &str) -> Option<[u64; 3]> {
    let core = version.split(['-', '+']).next()?;
    let mut numbers = [0; 3];
    let mut parts = core.split('.');
    for (number, part) in numbers.iter_mut().zip(&mut parts) {
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert_eq!(release_numbers("1.2"), Some([1, 2, 0]));
        assert_eq!(release_numbers("1.2.3-rc.1+x"), Some([1, 2, 3]));
        assert!(release_numbers("0.10.0") > release_numbers("0.9.9"));
        for text in ["", "new", "1.2.3.4", "1..2", "v1"] {
            assert_eq!(release_numbers(text), None, "{text}");
        }
    }
}
