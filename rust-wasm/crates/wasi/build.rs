//! Links the library as a WASI *reactor*. Without `_initialize` a `cdylib` becomes a command, and every call of an
//! export would run all constructors and destructors.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = env::var("TARGET").unwrap_or_default();
    if target != "wasm32-wasip1" {
        return;
    }
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let Ok(output) = Command::new(rustc).args(["--print", "target-libdir", "--target", &target]).output()
    else {
        println!("cargo:error=cannot ask rustc for the folder of {target}");
        return;
    };
    let folder = String::from_utf8_lossy(&output.stdout);
    let start = Path::new(folder.trim()).join("self-contained/crt1-reactor.o");
    if !start.exists() {
        println!("cargo:error=crt1-reactor.o is missing; is the target {target} installed? (scripts/setup)");
    }
    println!("cargo:rustc-link-arg-cdylib={}", start.display());
}
