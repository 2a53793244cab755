//! Errors that `on_error: "skip"` passed over.

use serde_json::{Value as Json, json};

use crate::error::Error;

const KEPT: usize = 100;

#[derive(Debug, Default)]
pub(super) struct Skipped {
    count: u64,
    errors: Vec<Error>,
}

impl Skipped {
    pub(super) fn add(&mut self, error: Error) {
        self.count += 1;
        if self.errors.len() < KEPT {
            self.errors.push(error);
        }
    }

    pub(super) fn json(&self) -> Json {
        json!({"count": self.count, "errors": self.errors})
    }
}
