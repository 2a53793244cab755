//! `remotemedia-command`: reads `{"manifest", "input_data"}` or a bare manifest from stdin and writes the result to
//! stdout. Errors go to stderr as JSON; the exit code is 1 for a failed run and 2 for bad input.
//!
//! The modules are compiled into the command by themselves: the library would bring the reactor's exports, and with
//! them an import that a plain `wasmtime` does not have.
#![forbid(unsafe_code)]

mod command;
mod host;

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use remotemedia_engine::error::Error;

use crate::command::{Failed, execute};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed::Run(error)) => report(&error, 1),
        Err(Failed::Input(error)) => report(&error, 2),
    }
}

fn run() -> Result<(), Failed> {
    let unreadable = |error: std::io::Error| Failed::Input(Error::bad_request(format!("stdin: {error}")));
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(unreadable)?;
    let result = execute(&text, &remotemedia_nodes::registry()?)?;
    let written = writeln!(std::io::stdout(), "{result}");
    written.map_err(|error| Failed::Run(Error::bad_request(format!("stdout: {error}"))))
}

fn report(error: &Error, code: u8) -> ExitCode {
    // Nothing is left to be done if stderr is closed.
    let _ = writeln!(std::io::stderr(), "{}", error.to_json());
    ExitCode::from(code)
}
