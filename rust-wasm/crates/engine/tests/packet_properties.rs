//! Random packets: round trips, and what happens when bytes change.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used, reason = "tests")]

#[path = "support/fuzz.rs"]
mod fuzz;
#[path = "support/json_change.rs"]
mod json_change;

use std::rc::Rc;

use proptest::prelude::*;
use remotemedia_engine::array::{Audio, DType, Tensor};
use remotemedia_engine::buffer::Buffer;
use remotemedia_engine::error::Error;
use remotemedia_engine::json_form::{from_json, to_json};
use remotemedia_engine::packet::{Item, Packet, contiguous};
use remotemedia_engine::value::{Map, Value};

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::Int),
        (-1000i64..1000).prop_map(Value::Int),
        any::<f64>().prop_map(Value::Float),
        Just(Value::Float(-0.0)),
        Just(Value::Float(f64::NAN)),
        Just(Value::Float(f64::INFINITY)),
    ]
}

fn tensor() -> impl Strategy<Value = Value> {
    (0..DType::ALL.len(), prop::collection::vec(0usize..4, 0..4)).prop_map(|(dtype, shape)| {
        let dtype = DType::ALL[dtype];
        let bytes = shape.iter().product::<usize>() * dtype.size();
        let data: Vec<u8> = (0..bytes).map(|n| (n * 7 % 251) as u8).collect();
        Tensor::new(dtype, shape, Buffer::copy_of(&data)).unwrap().into()
    })
}

fn audio() -> impl Strategy<Value = Value> {
    let timestamp = prop::option::of(-1e6..1e6f64);
    (1u32..200_000, timestamp, 1usize..3, prop::collection::vec(any::<f32>(), 0..5)).prop_map(
        |(rate, timestamp, channels, samples)| {
            let data: Vec<f32> = samples.repeat(channels);
            Audio::new(rate, timestamp, channels, samples.len(), data.into()).unwrap().into()
        },
    )
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number(),
        ".{0,8}".prop_map(|text| Value::from(text.as_str())),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| Value::Bytes(bytes.into())),
        tensor(),
        audio(),
    ];
    leaf.prop_recursive(4, 48, 12, |inner| {
        let key = prop_oneof![
            Just("$".to_owned()),
            Just("__proto__".to_owned()),
            Just("$bytes".to_owned()),
            ".{0,4}"
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..12).prop_map(Value::from),
            prop::collection::vec(number(), 0..12).prop_map(Value::from),
            prop::collection::vec(any::<f64>().prop_map(Value::Float), 8..12).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..5).prop_map(|entries| {
                let map: Map = entries.into_iter().map(|(key, value)| (Rc::from(key), value)).collect();
                map.into()
            }),
        ]
    })
}

fn items() -> impl Strategy<Value = Vec<Item>> {
    let item = (0u64..50, 0u32..3, value()).prop_map(|(round, edge, value)| Item { round, edge, value });
    prop_oneof![
        prop::collection::vec(item, 0..12),
        prop::collection::vec(any::<i64>(), 0..30).prop_map(|numbers| {
            let numbers = numbers.into_iter().enumerate();
            numbers.map(|(i, n)| Item { round: i as u64, edge: 0, value: Value::Int(n) }).collect()
        }),
    ]
}

fn decode(bytes: &[u8]) -> Result<Vec<Item>, Error> {
    let packets = contiguous::read_all(&Buffer::copy_of(bytes))?;
    Ok(packets.iter().map(Packet::items).collect::<Result<Vec<_>, _>>()?.concat())
}

/// What stands in headers.
const WORDS: [&str; 22] = [
    "rounds",
    "edges",
    "values",
    "refs",
    "kind",
    "dtype",
    "shape",
    "buffer",
    "sample_rate",
    "timestamp",
    "list",
    "bytes",
    "tensor",
    "audio",
    "i64",
    "f64",
    "f32",
    "u8",
    "bool",
    "$",
    "-0",
    "9007199254740993",
];

proptest! {
    #![proptest_config(fuzz::config(400))]

    #[test]
    fn items_survive(items in items()) {
        let packet = Packet::of(&items);
        prop_assert_eq!(&packet.items().unwrap(), &items);
        let bytes = contiguous::write(&packet).unwrap();
        prop_assert_eq!(bytes.len() % 16, 0);
        prop_assert_eq!(decode(&bytes).unwrap(), items);
    }

    #[test]
    fn the_json_form_survives(value in value()) {
        let text = to_json(&value).to_string();
        prop_assert_eq!(from_json(&serde_json::from_str(&text).unwrap()).unwrap(), value);
    }

    #[test]
    fn truncated_packets_are_refused(items in items()) {
        let bytes = contiguous::write(&Packet::of(&items)).unwrap();
        for length in 1..bytes.len() {
            prop_assert_eq!(decode(&bytes[..length]).unwrap_err().detail().code, "bad_packet");
        }
    }

    #[test]
    fn changed_packets_are_refused_or_still_packets(
        items in items(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = contiguous::write(&Packet::of(&items)).unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        match decode(&bytes) {
            Err(error) => prop_assert_eq!(error.detail().code, "bad_packet"),
            // What was read must be writable again.
            Ok(items) => prop_assert_eq!(Packet::of(&items).items().unwrap(), items),
        }
    }

    #[test]
    fn changed_headers_are_refused_or_still_packets(
        items in items(),
        changes in prop::collection::vec(json_change::change(&WORDS), 1..5),
        cut in prop::option::of((any::<prop::sample::Index>(), 0usize..20)),
    ) {
        let mut packet = Packet::of(&items);
        let mut header = serde_json::from_slice(packet.header.bytes()).unwrap();
        for change in &changes {
            json_change::apply(&mut header, change);
        }
        packet.header = header.to_string().into_bytes().into();
        if let Some((at, length)) = cut.filter(|_| !packet.buffers.is_empty()) {
            let at = at.index(packet.buffers.len());
            let buffer = &mut packet.buffers[at];
            *buffer = Buffer::from(vec![7u8; length]);
        }
        match decode(&contiguous::write(&packet).unwrap()) {
            Err(error) => {
                prop_assert_eq!(error.detail().code, "bad_packet");
                prop_assert!(error.detail().path.is_some(), "{}", error);
            }
            Ok(items) => prop_assert_eq!(Packet::of(&items).items().unwrap(), items),
        }
    }

    #[test]
    fn any_bytes_are_refused_or_a_packet(bytes in prop::collection::vec(any::<u8>(), 1..200)) {
        prop_assert!(decode(&bytes).is_err());
    }
}
