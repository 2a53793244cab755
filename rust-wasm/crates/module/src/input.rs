//! The input block: where the host writes requests and packets, read in place.

use std::rc::Rc;

use remotemedia_engine::buffer::{Block, Buffer};

/// Blocks kept for reuse while values still refer to them. Older ones are freed with their last value.
const KEPT: usize = 4;

/// The current block, and blocks that values of earlier calls still refer to.
#[derive(Default)]
pub struct Input {
    block: Rc<Block>,
    earlier: Vec<Rc<Block>>,
}

impl Input {
    /// Makes the block at least `bytes` large. False if memory is short.
    pub fn reserve(&mut self, bytes: usize) -> bool {
        if self.capacity() >= bytes {
            return true;
        }
        match Block::zeroed(bytes) {
            Some(block) => {
                self.block = Rc::new(block);
                true
            }
            None => false,
        }
    }

    /// Size of the block in bytes.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.block.bytes().len()
    }

    /// The block, for the host to write into. Empty while values refer to it, which is never the case between calls.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        Rc::get_mut(&mut self.block).map(Block::bytes_mut).unwrap_or_default()
    }

    /// The first `len` bytes; `None` if the block is smaller.
    #[must_use]
    pub fn read(&self, len: usize) -> Option<Buffer> {
        Buffer::of_block(Rc::clone(&self.block)).slice(0, len)
    }

    /// If values refer to the block, leaves it to them and takes another one of the same size.
    pub fn renew(&mut self) {
        if Rc::strong_count(&self.block) == 1 {
            return;
        }
        let wanted = self.capacity();
        let is_free = |block: &Rc<Block>| Rc::strong_count(block) == 1 && block.bytes().len() >= wanted;
        let fresh = match self.earlier.iter().position(is_free) {
            Some(index) => self.earlier.swap_remove(index),
            // Without memory the block is empty, and the host's `rm_alloc` says so.
            None => Rc::new(Block::zeroed(wanted).unwrap_or_default()),
        };
        self.earlier.push(std::mem::replace(&mut self.block, fresh));
        if self.earlier.len() > KEPT {
            self.earlier.remove(0);
        }
    }

    /// Gives all memory back.
    pub fn free(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_that_is_in_use_is_replaced_and_later_reused() {
        let mut input = Input::default();
        assert!(input.reserve(64));
        input.bytes_mut()[0] = 7;
        let first = input.bytes_mut().as_ptr();
        let view = input.read(16).unwrap();
        input.renew();
        input.bytes_mut()[0] = 9;
        assert_eq!(view.bytes()[0], 7, "the value's memory is left alone");
        assert_eq!(input.capacity(), 64);
        drop(view);
        let other = input.read(1);
        input.renew();
        assert_eq!(input.bytes_mut().as_ptr(), first);
        drop(other);
        input.renew();
        assert_eq!(input.bytes_mut().as_ptr(), first, "a free block stays");
    }

    #[test]
    fn reads_stay_inside() {
        let mut input = Input::default();
        assert!(input.read(0).is_some());
        assert!(input.read(1).is_none());
        assert!(input.reserve(10));
        assert!(input.read(17).is_none());
        assert!(!input.reserve(usize::MAX - 32));
    }
}
