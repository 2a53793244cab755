//! The header's JSON, before its values are read.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::Error;

/// The four fields. Columns stay text until the references they may use are known.
#[derive(Deserialize)]
pub(super) struct Header<'a> {
    #[serde(borrow)]
    pub rounds: &'a RawValue,
    #[serde(borrow)]
    pub edges: &'a RawValue,
    #[serde(borrow)]
    pub values: &'a RawValue,
    #[serde(borrow, default)]
    pub refs: Vec<Reference<'a>>,
}

/// One entry of `refs`.
#[derive(Deserialize)]
pub(super) struct Reference<'a> {
    #[serde(borrow)]
    pub kind: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    pub dtype: Option<std::borrow::Cow<'a, str>>,
    pub shape: Option<Vec<u64>>,
    pub buffer: usize,
    pub sample_rate: Option<u32>,
    #[serde(borrow)]
    pub timestamp: Option<&'a RawValue>,
}

pub(super) fn parse(text: &[u8]) -> Result<Header<'_>, Error> {
    let text = std::str::from_utf8(text)
        .map_err(|error| Error::bad_packet("header", format!("not UTF-8: {error}")))?;
    serde_json::from_str(text).map_err(|error| Error::bad_packet("header", error.to_string()))
}
