//! The shared vectors of pipelines that Rust can run alone, at several batch sizes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, reason = "tests")]

mod support;

use remotemedia_nodes::registry;

#[test]
fn pipelines_give_what_the_vectors_say() {
    let registry = registry().unwrap();
    let mut ran = 0;
    for (file, vector) in support::vectors("pipelines") {
        let runs_here =
            vector.get("runtimes").is_none_or(|list| list.as_array().unwrap().contains(&"rust".into()));
        if runs_here {
            ran += 1;
            for batch in [1, 2, 7, 256] {
                assert_eq!(support::vector::failure(&vector, &registry, batch, None), None, "{file}");
            }
        }
    }
    assert!(ran > 20, "only {ran} vectors for Rust");
}
