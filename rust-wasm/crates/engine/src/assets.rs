//! Files that a bundle brings along: what lies in its `models/` and `assets/`. Nodes read them with [`std::fs`], or whole
//! with [`read`]; hosts let nobody write.

use std::path::PathBuf;
use std::sync::RwLock;

use crate::error::Failure;

/// Where the bundle lies natively; in WebAssembly it is always at [`ROOT`].
static FOLDER: RwLock<Option<PathBuf>> = RwLock::new(None);

/// Where hosts put the files of the bundle.
const ROOT: &str = "/bundle";

/// The path of a file of the bundle, such as `models/net.bin`.
#[must_use]
pub fn path(name: &str) -> PathBuf {
    let folder = FOLDER.read().ok().and_then(|folder| folder.clone());
    folder.unwrap_or_else(|| ROOT.into()).join(name)
}

/// A whole file of the bundle, or a failure that names it.
pub fn read(name: &str) -> Result<Vec<u8>, Failure> {
    std::fs::read(path(name)).map_err(|error| Failure::new(format!("{name} cannot be read: {error}")))
}

/// Says where the bundle's files lie, for tests that run natively: the folder with `assets/` and `models/`.
pub fn lie_in(folder: impl Into<PathBuf>) {
    if let Ok(mut place) = FOLDER.write() {
        *place = Some(folder.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_lie_in_the_bundle_or_where_a_test_says() {
        assert_eq!(path("models/net.bin"), PathBuf::from("/bundle/models/net.bin"));
        lie_in(env!("CARGO_MANIFEST_DIR"));
        assert!(read("Cargo.toml").unwrap().starts_with(b"[package]"));
        let failure = read("assets/none.bin").unwrap_err();
        assert!(format!("{failure:?}").contains("assets/none.bin cannot be read"), "{failure:?}");
    }
}
