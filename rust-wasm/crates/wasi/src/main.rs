//! `remotemedia-command`: reads a request such as `{"manifest", "input_data"}` or a bare manifest from stdin and writes
//! the result to stdout. Errors go to stderr as JSON; the exit code is 1 for a failed run and 2 for bad input.
//!
//! What it does is compiled into the command by itself: the library would bring the module's exports, and with them an
//! import that a plain `wasmtime` does not have.
#![forbid(unsafe_code)]

mod command;

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use remotemedia_engine::error::Error;
use serde_json::Value as Json;

use crate::command::{Failed, execute};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => report(&failed),
    }
}

fn run() -> Result<(), Failed> {
    let unreadable = |error: std::io::Error| Failed::Input(Error::bad_request(format!("stdin: {error}")));
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(unreadable)?;
    let result =
        execute(&text, &remotemedia_nodes::registry().map_err(|error| Failed::Run(error, Json::Null))?)?;
    let written = writeln!(std::io::stdout(), "{result}");
    written.map_err(|error| Failed::Run(Error::bad_request(format!("stdout: {error}")), Json::Null))
}

fn report(failed: &Failed) -> ExitCode {
    // Nothing is left to be done if stderr is closed.
    let _ = writeln!(std::io::stderr(), "{}", failed.to_json());
    ExitCode::from(if matches!(failed, Failed::Run(..)) { 1 } else { 2 })
}
