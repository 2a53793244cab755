//! Packets in one block: magic, lengths, header, then the buffers, each aligned to 16.

use crate::buffer::{ALIGNMENT, Buffer};
use crate::error::Error;
use crate::packet::Packet;

/// The first four bytes: "RMP1".
pub const MAGIC: [u8; 4] = *b"RMP1";

/// Magic, total length, header length, number of buffers.
const FIXED: usize = 16;

/// The packet as one piece of bytes; `None` if it would not fit 32-bit lengths.
#[must_use]
pub fn write(packet: &Packet) -> Option<Vec<u8>> {
    let header_at = FIXED + 4 * packet.buffers.len();
    let mut total = (header_at + packet.header.len()).next_multiple_of(ALIGNMENT);
    for buffer in &packet.buffers {
        total = total.checked_add(buffer.len().checked_next_multiple_of(ALIGNMENT)?)?;
    }
    let mut bytes = Vec::with_capacity(total);
    bytes.extend(MAGIC);
    bytes.extend(u32::try_from(total).ok()?.to_le_bytes());
    bytes.extend((packet.header.len() as u32).to_le_bytes());
    bytes.extend((packet.buffers.len() as u32).to_le_bytes());
    for buffer in &packet.buffers {
        bytes.extend((buffer.len() as u32).to_le_bytes());
    }
    for part in std::iter::once(&packet.header).chain(&packet.buffers) {
        bytes.extend_from_slice(part.bytes());
        bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
    }
    Some(bytes)
}

/// All packets that stand back to back in `block`, as views into it.
pub fn read_all(block: &Buffer) -> Result<Vec<Packet>, Error> {
    let mut packets = Vec::new();
    let mut at = 0;
    while at < block.len() {
        let rest = block.slice(at, block.len() - at).ok_or_else(|| cut("length"))?;
        let (packet, length) = read_one(&rest)?;
        packets.push(packet);
        at += length;
    }
    Ok(packets)
}

/// The first packet of `bytes` and its total length.
fn read_one(bytes: &Buffer) -> Result<(Packet, usize), Error> {
    if bytes.bytes().get(..4) != Some(&MAGIC) {
        return Err(Error::bad_packet("magic", "not a packet: the magic is not RMP1"));
    }
    let total = word(bytes, 4).ok_or_else(|| cut("length"))?;
    if total % ALIGNMENT != 0 || total < FIXED || total > bytes.len() {
        let message = format!("total length {total} does not fit the {} bytes that are there", bytes.len());
        return Err(Error::bad_packet("length", message));
    }
    // From here on everything must lie inside the total length, not only inside the block.
    let bytes = bytes.slice(0, total).ok_or_else(|| cut("length"))?;
    let header_len = word(&bytes, 8).ok_or_else(|| cut("header"))?;
    let count = word(&bytes, 12).ok_or_else(|| cut("buffers"))?;
    // A count that does not fit its table is refused before anything of that size is reserved.
    let header_at = count.checked_mul(4).and_then(|table| table.checked_add(FIXED));
    let header_at = header_at.filter(|&end| end <= total).ok_or_else(|| cut("buffers"))?;
    let header = bytes.slice(header_at, header_len).ok_or_else(|| cut("header"))?;
    let mut at = gap(&bytes, header_at + header_len)?;
    let mut buffers = Vec::with_capacity(count);
    for index in 0..count {
        let path = || format!("buffers[{index}]");
        let length = word(&bytes, FIXED + 4 * index).ok_or_else(|| cut(&path()))?;
        buffers.push(bytes.slice(at, length).ok_or_else(|| cut(&path()))?);
        at = gap(&bytes, at + length)?;
    }
    if at != total {
        return Err(Error::bad_packet("length", format!("the parts end at {at}, the packet at {total}")));
    }
    Ok((Packet { header, buffers }, total))
}

/// Where the part after the gap at `end` starts.
fn gap(bytes: &Buffer, end: usize) -> Result<usize, Error> {
    let start = end.next_multiple_of(ALIGNMENT);
    match bytes.bytes().get(end..start) {
        Some(gap) if gap.iter().all(|&byte| byte == 0) => Ok(start),
        Some(_) => Err(Error::bad_packet("length", "a gap is not zero")),
        None => Err(cut("length")),
    }
}

fn word(bytes: &Buffer, at: usize) -> Option<usize> {
    let word = bytes.bytes().get(at..at + 4)?;
    word.try_into().ok().map(|bytes| u32::from_le_bytes(bytes) as usize)
}

fn cut(path: &str) -> Error {
    Error::bad_packet(path, "runs over the end of the packet")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_buffers() -> Packet {
        Packet { header: b"{}".to_vec().into(), buffers: vec![vec![1u8, 2, 3].into(), vec![9u8; 17].into()] }
    }

    #[test]
    fn the_layout_is_the_documented_one() {
        let bytes = write(&two_buffers()).unwrap();
        assert_eq!(bytes.len(), 32 + 16 + 32);
        assert_eq!(bytes[..16], *b"RMP1\x50\0\0\0\x02\0\0\0\x02\0\0\0");
        assert_eq!(bytes[16..24], [3, 0, 0, 0, 17, 0, 0, 0]);
        assert_eq!(bytes[24..32], *b"{}\0\0\0\0\0\0");
        assert_eq!(bytes[32..35], [1, 2, 3]);
        assert_eq!(bytes[48..65], [9; 17]);
    }

    #[test]
    fn packets_stand_back_to_back_and_are_read_in_place() {
        let one = write(&two_buffers()).unwrap();
        let block = Buffer::copy_of(&[one.clone(), one].concat());
        let packets = read_all(&block).unwrap();
        assert_eq!(packets.len(), 2);
        let view = packets[1].buffers[0].bytes();
        assert_eq!(view, [1, 2, 3]);
        assert_eq!(view.as_ptr(), &raw const block.bytes()[80 + 32]);
    }

    #[test]
    fn every_truncation_is_refused() {
        let bytes = write(&two_buffers()).unwrap();
        for length in 1..bytes.len() {
            let error = read_all(&Buffer::copy_of(&bytes[..length])).unwrap_err();
            assert_eq!(error.detail().code, "bad_packet");
        }
        assert!(read_all(&Buffer::copy_of(&[])).unwrap().is_empty());
    }

    #[test]
    fn gaps_are_zero() {
        let bytes = write(&two_buffers()).unwrap();
        for at in (26..32).chain(35..48).chain(65..80) {
            let mut bytes = bytes.clone();
            bytes[at] = 1;
            let error = read_all(&Buffer::copy_of(&bytes)).unwrap_err();
            assert_eq!(error.detail().path.as_deref(), Some("length"), "byte {at}");
        }
    }

    #[test]
    fn huge_counts_are_refused_without_reserving_memory() {
        let mut bytes = write(&two_buffers()).unwrap();
        bytes[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(read_all(&Buffer::copy_of(&bytes)).is_err());
    }
}
