//! The shared vectors of `tests/vectors`: values and packets.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use remotemedia_engine::array::{DType, Tensor};
use remotemedia_engine::buffer::Buffer;
use remotemedia_engine::json_form::{from_json, to_json};
use remotemedia_engine::packet::{Item, Packet, contiguous};
use remotemedia_engine::value::Value;
use serde_json::Value as Json;

fn vectors(name: &str) -> Vec<Json> {
    let path = format!("{}/../../../tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    let Ok(Json::Array(list)) = remotemedia_engine::json_text::parse(&text) else {
        panic!("{path}: not a list")
    };
    assert!(list.len() > 10);
    list
}

fn through_bytes(packet: &Packet) -> Packet {
    let bytes = contiguous::write(packet).unwrap();
    let mut packets = contiguous::read_all(&Buffer::copy_of(&bytes)).unwrap();
    assert_eq!(packets.len(), 1);
    packets.remove(0)
}

fn packets_of(vector: &Json) -> Result<Vec<Item>, remotemedia_engine::error::Error> {
    let bytes = BASE64.decode(vector["packet"].as_str().unwrap()).unwrap();
    let packets = contiguous::read_all(&Buffer::copy_of(&bytes))?;
    Ok(packets.iter().map(Packet::items).collect::<Result<Vec<_>, _>>()?.concat())
}

#[test]
fn every_value_survives_a_packet_and_its_json_form() {
    let mut items = Vec::new();
    for (index, vector) in vectors("values.json").iter().enumerate() {
        let value = from_json(&vector["value"]).unwrap();
        let item = Item { round: index as u64, edge: 0, value };
        let alone = std::slice::from_ref(&item);
        assert_eq!(Packet::of(alone).items().unwrap(), alone, "{}", vector["name"]);
        assert_eq!(from_json(&to_json(&item.value)).unwrap(), item.value, "{}", vector["name"]);
        items.push(item);
    }
    assert_eq!(through_bytes(&Packet::of(&items)).items().unwrap(), items, "all in one packet");
}

#[test]
fn kinds_survive_not_only_values() {
    // 2 and 2.0 compare equal, but Rust must not turn one into the other.
    let items: Vec<Item> = [Value::Int(2), Value::Float(2.0), Value::Float(1e300)]
        .into_iter()
        .map(|value| Item { round: 0, edge: 0, value })
        .collect();
    let back = Packet::of(&items).items().unwrap();
    assert!(matches!(back[0].value, Value::Int(2)));
    assert!(matches!(back[1].value, Value::Float(_)));
    assert!(matches!(back[2].value, Value::Float(_)));
}

#[test]
fn shared_values_are_sent_once() {
    let tensor: Value = Tensor::new(DType::U8, vec![3], vec![1u8, 2, 3].into()).unwrap().into();
    let list: Value = (0..100).map(Value::Int).collect::<Vec<_>>().into();
    let items: Vec<Item> = [&tensor, &list, &tensor, &list]
        .into_iter()
        .map(|value| Item { round: 0, edge: 0, value: value.clone() })
        .collect();
    let packet = Packet::of(&items);
    assert_eq!(packet.buffers.len(), 2);
    assert_eq!(packet.items().unwrap(), items);
}

#[test]
fn golden_packets_decode_to_their_items() {
    for vector in vectors("packets.json") {
        let items: Vec<Item> = vector["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| Item {
                round: item[0].as_u64().unwrap(),
                edge: item[1].as_u64().unwrap() as u32,
                value: from_json(&item[2]).unwrap(),
            })
            .collect();
        assert_eq!(packets_of(&vector).unwrap(), items, "{}", vector["name"]);
        assert_eq!(through_bytes(&Packet::of(&items)).items().unwrap(), items, "{} again", vector["name"]);
    }
}

#[test]
fn bad_packets_are_refused() {
    for vector in vectors("bad-packets.json") {
        let error = packets_of(&vector).expect_err(vector["name"].as_str().unwrap());
        assert_eq!(error.detail().code, "bad_packet", "{}", vector["name"]);
        assert!(error.detail().path.is_some(), "{}", vector["name"]);
    }
}
