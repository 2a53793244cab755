//! Memory of outputs, filled again: for nodes that give something of the same form for every item.
//!
//! A pool remembers the last outputs that it made. Values are immutable while they are shared; once nobody else refers
//! to the oldest of them, it becomes the next output. So a stream whose consumers let go of their items runs without
//! allocations, and any other allocates as if there were no pool.
//!
//! Pools are bounded: they remember few outputs, and only small ones. A remembered map keeps its values until it is
//! filled again.

use std::collections::VecDeque;
use std::mem;
use std::rc::Rc;

use crate::array::{Audio, DType, Tensor};
use crate::buffer::Element;
use crate::value::{self, Map, Value};

/// How many outputs are remembered.
const KEPT: usize = 4;

/// Size of the largest output that is remembered, in bytes: 10 ms of eight channels at 192 kHz fit.
const MAX_BYTES: usize = 64 << 10;

/// The last outputs, oldest first.
#[derive(Debug)]
struct Given<T>(VecDeque<Rc<T>>);

impl<T> Default for Given<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T: Clone> Given<T> {
    /// The oldest, if nobody else refers to it any more.
    fn take(&mut self) -> Option<Rc<T>> {
        self.0.pop_front_if(|oldest| Rc::get_mut(oldest).is_some())
    }

    /// Gives `output`, which has so many bytes, in the place of one that was taken.
    fn give(&mut self, taken: Option<Rc<T>>, output: T, bytes: usize) -> Rc<T> {
        let output = match taken {
            Some(mut place) => {
                *Rc::make_mut(&mut place) = output;
                place
            }
            None => Rc::new(output),
        };
        if bytes <= MAX_BYTES {
            if self.0.len() == KEPT {
                self.0.pop_front();
            }
            self.0.push_back(Rc::clone(&output));
        }
        output
    }
}

/// Makes audio.
#[derive(Debug, Default)]
pub struct AudioPool {
    given: Given<Audio>,
    next: Vec<f32>,
}

impl AudioPool {
    /// Where the next samples are put, channel after channel: empty, with the memory of earlier ones.
    pub fn samples(&mut self) -> &mut Vec<f32> {
        self.next.clear();
        &mut self.next
    }

    /// Audio of the samples put into [`AudioPool::samples`]; `None` where [`Audio::new`] gives none.
    pub fn audio(
        &mut self,
        sample_rate: u32,
        timestamp: Option<f64>,
        channels: usize,
        frames: usize,
    ) -> Option<Rc<Audio>> {
        let mut taken = self.given.take();
        let data = match taken.as_mut().and_then(Rc::get_mut) {
            Some(old) => old.data.refilled(&mut self.next),
            None => mem::take(&mut self.next).into(),
        };
        let bytes = data.len();
        let audio = Audio::new(sample_rate, timestamp, channels, frames, data)?;
        Some(self.given.give(taken, audio, bytes))
    }
}

/// Makes tensors.
#[derive(Debug)]
pub struct TensorPool<T> {
    given: Given<Tensor>,
    next: Vec<T>,
}

impl<T> Default for TensorPool<T> {
    fn default() -> Self {
        Self { given: Given::default(), next: Vec::new() }
    }
}

impl<T: Element> TensorPool<T> {
    /// Where the next elements are put: empty, with the memory of earlier ones.
    pub fn elements(&mut self) -> &mut Vec<T> {
        self.next.clear();
        &mut self.next
    }

    /// A tensor of the elements put into [`TensorPool::elements`]; `None` where [`Tensor::new`] gives none.
    pub fn tensor(&mut self, dtype: DType, shape: &[usize]) -> Option<Rc<Tensor>> {
        let mut taken = self.given.take();
        let (mut own_shape, data) = match taken.as_mut().and_then(Rc::get_mut) {
            Some(old) => (mem::take(&mut old.shape), old.data.refilled(&mut self.next)),
            None => (Vec::new(), mem::take(&mut self.next).into()),
        };
        own_shape.clear();
        own_shape.extend(shape);
        let bytes = data.len();
        let tensor = Tensor::new(dtype, own_shape, data)?;
        Some(self.given.give(taken, tensor, bytes))
    }
}

/// Makes maps that have the same keys every time, and share them.
#[derive(Debug, Default)]
pub struct MapPool(Given<Map>);

impl MapPool {
    /// As [`Value::map`].
    pub fn map<const N: usize>(&mut self, entries: [(&str, Value); N]) -> Value {
        let mut taken = self.0.take();
        let mut map = taken.as_mut().and_then(Rc::get_mut).map(mem::take).unwrap_or_default();
        if map.len() != N || !entries.iter().all(|(key, _)| map.contains_key(*key)) {
            map.clear();
        }
        for (key, value) in entries {
            match map.get_mut(key) {
                Some(place) => *place = value,
                None => drop(map.insert(Rc::from(key), value)),
            }
        }
        let bytes = value::measure_map(&map, 0).unwrap_or(usize::MAX);
        Value::Map(self.0.give(taken, map, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audio(pool: &mut AudioPool, samples: &[f32]) -> Rc<Audio> {
        pool.samples().extend(samples);
        pool.audio(8_000, None, 1, samples.len()).unwrap()
    }

    fn samples(audio: &Audio) -> Vec<f32> {
        audio.data().elements().into_owned()
    }

    #[test]
    fn an_output_is_filled_again_only_when_it_is_gone() {
        let mut pool = AudioPool::default();
        let first = audio(&mut pool, &[1.0, 2.0]);
        let second = audio(&mut pool, &[3.0]);
        let view = first.data().slice(4, 4).unwrap();
        let address = Rc::as_ptr(&first);
        drop(first);
        // Its samples still have a view, so they stay as they are.
        let third = audio(&mut pool, &[4.0]);
        assert_eq!(Rc::as_ptr(&third), address);
        assert_eq!(*view.elements::<f32>(), [2.0]);
        assert_eq!((samples(&second), samples(&third)), (vec![3.0], vec![4.0]));
    }

    #[test]
    fn few_and_small_outputs_are_remembered() {
        let mut pool = AudioPool::default();
        let kept: Vec<_> = (0..2 * KEPT).map(|_| audio(&mut pool, &[0.0])).collect();
        assert_eq!(pool.given.0.len(), KEPT);
        assert_eq!(Rc::strong_count(&kept[0]), 1);
        let long = audio(&mut pool, &vec![0.0; MAX_BYTES / 4 + 1]);
        assert_eq!(Rc::strong_count(&long), 1);
        let map = MapPool::default().map([("audio", Value::Audio(Rc::clone(&long)))]);
        assert!(matches!(map, Value::Map(map) if Rc::strong_count(&map) == 1));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut pool = AudioPool::default();
        for _ in 0..2 {
            drop(audio(&mut pool, &[0.0; 6]));
            pool.samples().extend([0.0; 6]);
            assert!(pool.audio(8_000, None, 2, 2).is_none());
            assert!(pool.audio(8_000, Some(f64::NAN), 2, 3).is_none());
        }
        let mut pool = TensorPool::default();
        for shape in [[2, 3], [3, 2], [3, 1], [2, 3]] {
            pool.elements().extend([1u8; 6]);
            let tensor = pool.tensor(DType::U8, &shape);
            assert_eq!(
                tensor.map(|tensor| tensor.shape().to_vec()),
                (shape != [3, 1]).then(|| shape.to_vec())
            );
        }
        pool.elements().extend([1; 8]);
        let tensor = pool.tensor(DType::F32, &[2]).unwrap();
        assert_eq!((tensor.dtype(), tensor.data().len()), (DType::F32, 8));
    }

    #[test]
    fn maps_share_their_keys_and_nothing_else() {
        let mut pool = MapPool::default();
        let first = pool.map([("a", 1i64.into()), ("b", 2i64.into())]);
        let second = pool.map([("a", 3i64.into()), ("b", 4i64.into())]);
        assert_eq!(first, Value::map([("a", 1i64.into()), ("b", 2i64.into())]));
        drop(first);
        let third = pool.map([("c", 5i64.into()), ("b", 6i64.into())]);
        assert_eq!(second, Value::map([("a", 3i64.into()), ("b", 4i64.into())]));
        assert_eq!(third, Value::map([("b", 6i64.into()), ("c", 5i64.into())]));
    }
}
