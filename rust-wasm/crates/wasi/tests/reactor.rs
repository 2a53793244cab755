//! The reactor as a host drives it, without the addresses.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use remotemedia_engine::array::DType;
use remotemedia_engine::array::Tensor;
use remotemedia_engine::engine::Limit;
use remotemedia_engine::packet::{Item, Packet, contiguous};
use remotemedia_engine::value::Value;
use remotemedia_module::reactor::{DONE, FAILED, Reactor};
use serde_json::{Value as Json, json};

fn reactor() -> Reactor {
    Reactor::new(remotemedia_nodes::registry().unwrap(), |_, _, _| {})
}

/// Writes into the input block as a host does.
fn put(reactor: &mut Reactor, bytes: &[u8]) -> usize {
    assert!(reactor.input.reserve(bytes.len()));
    reactor.input.bytes_mut()[..bytes.len()].copy_from_slice(bytes);
    bytes.len()
}

fn json(reactor: &Reactor) -> Json {
    serde_json::from_str(&reactor.answer.json).unwrap()
}

fn open(reactor: &mut Reactor, manifest: &Json) -> u32 {
    let len = put(reactor, json!({"manifest": manifest}).to_string().as_bytes());
    assert_eq!(reactor.plan(len), DONE);
    let segment = json(reactor)["plan"]["segments"][0].to_string();
    let len = put(reactor, segment.as_bytes());
    reactor.open(len)
}

fn calculator() -> Json {
    json!({"version": "v1",
           "nodes": [{"id": "m", "node_type": "MultiplyNode"}, {"id": "a", "node_type": "AddNode", "params": {"addend": 10}}],
           "connections": [{"from": "m", "to": "a"}]})
}

fn items(values: &[Value]) -> Vec<u8> {
    let values = values.iter().enumerate();
    let items: Vec<Item> =
        values.map(|(round, value)| Item { round: round as u64, edge: 0, value: value.clone() }).collect();
    contiguous::write(&Packet::of(&items)).unwrap()
}

fn results(reactor: &Reactor) -> Vec<Value> {
    let items = reactor.answer.packets.iter().flat_map(|packet| packet.packet.items().unwrap());
    items.map(|item| item.value).collect()
}

#[test]
fn the_calculator_runs() {
    let mut reactor = reactor();
    let handle = open(&mut reactor, &calculator());
    assert_eq!(handle, 1);
    let len = put(&mut reactor, &items(&[Value::Int(5), Value::Int(7), Value::Int(3)]));
    assert_eq!(reactor.run(handle, len, Limit::NONE), DONE);
    assert_eq!(results(&reactor), [Value::Int(20), Value::Int(24), Value::Int(16)]);
    assert_eq!(reactor.flush(handle, 0, Limit::NONE), DONE);
    assert_eq!(reactor.metrics(handle), DONE);
    assert_eq!(json(&reactor)["nodes"][0]["execution_count"], 3);
    reactor.close(handle);
    assert_eq!(reactor.run(handle, 0, Limit::NONE), FAILED);
}

#[test]
fn several_packets_of_one_call_are_read() {
    let mut reactor = reactor();
    let handle = open(&mut reactor, &calculator());
    let bytes =
        [items(&[Value::Int(0), Value::Int(1)]), contiguous::write(&Packet::of(&[])).unwrap()].concat();
    let len = put(&mut reactor, &bytes);
    assert_eq!(reactor.run(handle, len, Limit::NONE), DONE);
    assert_eq!(results(&reactor), [Value::Int(10), Value::Int(12)]);
}

#[test]
fn a_value_that_is_still_needed_keeps_its_block() {
    let mut reactor = reactor();
    let pass = json!({"version": "v1", "nodes": [{"id": "p", "node_type": "PassThrough"}]});
    let handle = open(&mut reactor, &pass);
    let tensor =
        |fill: u8| -> Value { Tensor::new(DType::U8, vec![100], vec![fill; 100].into()).unwrap().into() };
    let len = put(&mut reactor, &items(&[tensor(1)]));
    let first = reactor.input.bytes_mut().as_ptr();
    reactor.run(handle, len, Limit::NONE);
    let output = results(&reactor).remove(0);
    let Value::Tensor(view) = &output else { unreachable!() };
    assert!(view.data().bytes().as_ptr() >= first, "a view into the input block, not a copy");
    assert_ne!(reactor.input.bytes_mut().as_ptr(), first);
    put(&mut reactor, &items(&[tensor(2)]));
    assert_eq!(output, tensor(1), "the host wrote elsewhere");
}

#[test]
fn wrong_calls_are_errors_and_nothing_worse() {
    let mut reactor = reactor();
    let handle = open(&mut reactor, &calculator());
    let capacity = reactor.input.capacity();
    assert_eq!(reactor.run(handle, capacity + 1, Limit::NONE), FAILED);
    assert_eq!(reactor.run(99, 0, Limit::NONE), FAILED);
    assert_eq!(reactor.resume(99), FAILED);
    assert_eq!(reactor.flush(99, 0, Limit::NONE), FAILED);
    assert_eq!(reactor.metrics(99), FAILED);
    assert_eq!(json(&reactor)["code"], "bad_request");
    reactor.close(99);
    let len = put(&mut reactor, b"no packet at all");
    assert_eq!(reactor.run(handle, len, Limit::NONE), FAILED);
    assert_eq!(json(&reactor)["code"], "bad_packet");
    for text in [&b"{"[..], b"\xff", b"[]", b"{\"nodes\": 1}"] {
        let len = put(&mut reactor, text);
        assert_eq!(reactor.open(len), 0);
        assert_eq!(json(&reactor)["code"], "bad_request");
        let len = put(&mut reactor, text);
        assert_eq!(reactor.plan(len), FAILED);
    }
    let len = put(&mut reactor, &items(&[Value::Int(1)]));
    assert_eq!(reactor.run(handle, len, Limit::NONE), DONE, "the segment still works");
}

#[test]
fn a_failure_gives_earlier_outputs_and_the_error() {
    let mut reactor = reactor();
    let handle = open(&mut reactor, &calculator());
    let len = put(&mut reactor, &items(&[Value::Int(1), Value::Null]));
    assert_eq!(reactor.run(handle, len, Limit::NONE), FAILED);
    assert_eq!(results(&reactor), [Value::Int(12)]);
    let error = json(&reactor);
    assert_eq!(
        (&error["name"], &error["node_id"], &error["item_index"]),
        (&json!("NodeError"), &json!("m"), &json!(1))
    );
}

#[test]
fn memory_is_given_back() {
    let mut reactor = reactor();
    put(&mut reactor, &[0; 1000]);
    reactor.free();
    assert_eq!(reactor.input.capacity(), 0);
    assert_eq!(reactor.catalog(), DONE);
    assert!(json(&reactor).as_array().unwrap().len() >= 11);
}
