//! How often a chunk of live audio asks for memory on its way through the whole module. Its nodes do not
//! (`crates/nodes/tests/live_allocations.rs`); packets, which are made and read anew in every call, do.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use allocation_counter::measure;
use remotemedia_engine::buffer::Buffer;
use remotemedia_engine::engine::Limit;
use remotemedia_engine::packet::{Item, Packet, contiguous};
use remotemedia_engine::value::Value;
use remotemedia_module::reactor::{DONE, Reactor};
use serde_json::{Value as Json, json};

const CHUNKS: usize = 300;

/// Writes into the input block as a host does.
fn put(reactor: &mut Reactor, bytes: &[u8]) -> usize {
    assert!(reactor.input.reserve(bytes.len()));
    reactor.input.bytes_mut()[..bytes.len()].copy_from_slice(bytes);
    bytes.len()
}

fn open(reactor: &mut Reactor, manifest: &Json) -> u32 {
    let len = put(reactor, json!({"manifest": manifest}).to_string().as_bytes());
    assert_eq!(reactor.plan(len), DONE);
    let answer: Json = serde_json::from_str(&reactor.answer.json).unwrap();
    let len = put(reactor, answer["plan"]["segments"][0].to_string().as_bytes());
    reactor.open(len)
}

/// A recording at 48 kHz that has not ended, in portions of 10 ms, each a packet.
fn packets() -> Vec<Vec<u8>> {
    let mut file = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    file.extend([48_000u32.to_le_bytes(), 96_000u32.to_le_bytes()].concat());
    file.extend(b"\x02\0\x10\0data\xff\xff\xff\xff");
    file.extend((0..2 * CHUNKS * 960).map(|n| (n * n * 7 / 13 % 251) as u8));
    let packet = |(bytes, round): (&[u8], u64)| {
        let item = Item { round, edge: 0, value: Value::Bytes(bytes.to_vec().into()) };
        contiguous::write(&Packet::of(&[item])).unwrap()
    };
    file.chunks_exact(960).zip(0..).map(packet).collect()
}

#[test]
fn a_chunk_through_the_module() {
    let mut reactor = Reactor::new(remotemedia_nodes::registry().unwrap(), |_, _, _| {});
    let handle = open(
        &mut reactor,
        &json!({"version": "v1",
            "nodes": [{"id": "decode", "node_type": "WavDecodeNode", "params": {"streaming": true}},
                      {"id": "resample", "node_type": "AudioResampleNode"},
                      {"id": "vad", "node_type": "VADNode"}],
            "connections": [{"from": "decode", "to": "resample"}, {"from": "resample", "to": "vad"}]}),
    );
    let packets = packets();
    let (first, then) = packets.split_at(CHUNKS);
    let mut run = |packets: &[Vec<u8>]| {
        for packet in packets {
            let len = put(&mut reactor, packet);
            assert_eq!(reactor.run(handle, len, Limit::NONE), DONE);
            assert_eq!(reactor.answer.packets.len(), 1);
        }
    };
    run(first);
    let whole = measure(|| run(then)).count_total;
    let block = Buffer::copy_of(&packets[0]);
    let read = measure(|| drop(contiguous::read_all(&block).map(|packets| packets[0].items()))).count_total;
    let items = reactor.answer.packets[0].packet.items().unwrap();
    let written = measure(|| drop(Packet::of(&items))).count_total;
    let rest = whole / CHUNKS as u64 - read - written;
    // The rest: the view of the input block, lists of the items that come and go and of packets, edges that were seen.
    assert_eq!((whole % CHUNKS as u64, read, written, rest), (0, 10, 6, 6));
}
