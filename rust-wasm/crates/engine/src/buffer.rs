//! Shared, immutable memory behind tensors, audio, bytes and packet buffers.
//!
//! A [`Buffer`] either owns a vector that a node filled, or is a view into a [`Block`] that the host filled.
//! Cloning shares; nothing is ever copied unless a caller asks for elements that do not lie aligned.

use std::borrow::Cow;
use std::rc::Rc;

use bytemuck::{AnyBitPattern, NoUninit, cast_slice, cast_slice_mut};
use sealed::Store;

/// What every buffer of a packet is aligned to, in bytes.
pub const ALIGNMENT: usize = 16;

const _: () = assert!(align_of::<u128>() == ALIGNMENT);

#[cfg(target_endian = "big")]
compile_error!("packets are little-endian and are read in place");

/// A block of 16-aligned bytes that a host may fill and then share.
#[derive(Debug, Default)]
pub struct Block {
    words: Vec<u128>,
}

impl Block {
    /// A block of at least `bytes` zeros; `None` if memory is short.
    #[must_use]
    pub fn zeroed(bytes: usize) -> Option<Self> {
        let count = bytes.div_ceil(ALIGNMENT);
        let mut words = Vec::new();
        words.try_reserve_exact(count).ok()?;
        words.resize(count, 0);
        Some(Self { words })
    }

    /// A block with a copy of `bytes`, padded with zeros to the alignment.
    #[must_use]
    pub fn copy_of(bytes: &[u8]) -> Self {
        let mut words = vec![0u128; bytes.len().div_ceil(ALIGNMENT)];
        if let Some(target) = cast_slice_mut::<u128, u8>(&mut words).get_mut(..bytes.len()) {
            target.copy_from_slice(bytes);
        }
        Self { words }
    }

    /// All bytes of the block.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        cast_slice(&self.words)
    }

    /// All bytes of the block, to be filled before it is shared.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        cast_slice_mut(&mut self.words)
    }
}

impl Store {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Block(block) => block.bytes(),
            Self::U8(v) => v,
            Self::F32(v) => cast_slice(v),
            Self::F64(v) => cast_slice(v),
            Self::I64(v) => cast_slice(v),
        }
    }
}

/// A read-only range of shared bytes.
#[derive(Clone, Debug)]
pub struct Buffer {
    store: Rc<Store>,
    start: usize,
    len: usize,
}

impl Buffer {
    fn own(store: Store) -> Self {
        let len = store.bytes().len();
        Self { store: Rc::new(store), start: 0, len }
    }

    /// The whole of `block`, without a copy.
    #[must_use]
    pub fn of_block(block: Rc<Block>) -> Self {
        Self::own(Store::Block(block))
    }

    /// A 16-aligned copy of `bytes`.
    #[must_use]
    pub fn copy_of(bytes: &[u8]) -> Self {
        let whole = Self::of_block(Rc::new(Block::copy_of(bytes)));
        Self { len: bytes.len(), ..whole }
    }

    /// Part of this buffer, sharing its memory; `None` if it does not lie inside.
    #[must_use]
    pub fn slice(&self, start: usize, len: usize) -> Option<Self> {
        let end = start.checked_add(len)?;
        (end <= self.len).then(|| Self { store: Rc::clone(&self.store), start: self.start + start, len })
    }

    /// A buffer of these elements in the place of this one, which gives its own for them if nobody shares those.
    pub(crate) fn refilled<T: Element>(&mut self, elements: &mut Vec<T>) -> Self {
        let len = elements.len() * size_of::<T>();
        match Rc::get_mut(&mut self.store).and_then(T::elements) {
            Some(own) => std::mem::swap(own, elements),
            None => self.store = Rc::new(T::store(std::mem::take(elements))),
        }
        Self { store: Rc::clone(&self.store), start: 0, len }
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.store.bytes().get(self.start..self.start + self.len).unwrap_or_default()
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is not a single byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes as elements of `T`: a view where they lie aligned, else a copy. Trailing bytes that do not fill an
    /// element are left out.
    #[must_use]
    pub fn elements<T: AnyBitPattern + NoUninit>(&self) -> Cow<'_, [T]> {
        let bytes = self.bytes();
        let whole = bytes.get(..bytes.len() / size_of::<T>() * size_of::<T>()).unwrap_or_default();
        if whole.is_empty() {
            return Cow::Borrowed(&[]);
        }
        match bytemuck::try_cast_slice(whole) {
            Ok(view) => Cow::Borrowed(view),
            Err(_) => Cow::Owned(bytemuck::pod_collect_to_vec(whole)),
        }
    }
}

/// Elements of a vector that becomes a buffer without a copy.
pub trait Element: sealed::Element {}

mod sealed {
    use std::rc::Rc;

    use super::Block;

    #[derive(Debug)]
    pub enum Store {
        Block(Rc<Block>),
        U8(Vec<u8>),
        F32(Vec<f32>),
        F64(Vec<f64>),
        I64(Vec<i64>),
    }

    pub trait Element: Sized {
        fn store(elements: Vec<Self>) -> Store;
        fn elements(store: &mut Store) -> Option<&mut Vec<Self>>;
    }
}

macro_rules! element {
    ($($kind:ident of $element:ty),*) => {$(
        impl Element for $element {}

        impl sealed::Element for $element {
            fn store(elements: Vec<Self>) -> Store {
                Store::$kind(elements)
            }

            fn elements(store: &mut Store) -> Option<&mut Vec<Self>> {
                if let Store::$kind(elements) = store { Some(elements) } else { None }
            }
        }
    )*};
}

element!(U8 of u8, F32 of f32, F64 of f64, I64 of i64);

impl<T: Element> From<Vec<T>> for Buffer {
    fn from(elements: Vec<T>) -> Self {
        Self::own(T::store(elements))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_shares_the_block_and_keeps_it_alive() {
        let block = Rc::new(Block::copy_of(&[1, 2, 3, 4, 5]));
        let view = Buffer::of_block(Rc::clone(&block)).slice(1, 3).unwrap();
        assert_eq!(view.bytes(), [2, 3, 4]);
        assert_eq!(Rc::strong_count(&block), 2);
        assert!(std::ptr::eq(view.bytes().as_ptr(), &raw const block.bytes()[1]));
    }

    #[test]
    fn a_slice_never_leaves_its_buffer() {
        let buffer = Buffer::from(vec![1u8, 2, 3]).slice(1, 2).unwrap();
        assert!(buffer.slice(0, 3).is_none());
        assert!(buffer.slice(usize::MAX, 2).is_none());
        assert!(buffer.slice(2, 0).unwrap().is_empty());
    }

    #[test]
    fn unaligned_elements_are_copied() {
        let bytes: Vec<u8> = [0u8, 0, 0].into_iter().chain(1.5f32.to_le_bytes()).collect();
        let aligned = Buffer::copy_of(&bytes);
        assert_eq!(*aligned.slice(3, 4).unwrap().elements::<f32>(), [1.5]);
        assert_eq!(Buffer::from(vec![0.5f32, 2.0]).elements::<f32>().len(), 2);
        assert!(matches!(Buffer::from(vec![0.5f32, 2.0]).elements::<f32>(), Cow::Borrowed(_)));
    }

    #[test]
    fn blocks_are_aligned() {
        let block = Block::zeroed(5).unwrap();
        assert_eq!(block.bytes().len(), 16);
        assert_eq!(block.bytes().as_ptr().addr() % ALIGNMENT, 0);
    }
}
