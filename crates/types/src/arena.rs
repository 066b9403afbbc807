//! A vector whose positions have a type of their own. It never removes an entry, so an index stays valid for its arena.

use serde::{Deserialize, Serialize};
use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// An index into an [`Arena`]: a `u32` that says by its type what it counts.
pub trait ArenaIndex: Copy + Eq {
    /// The index of position `index`; panics beyond `u32::MAX`, which no validated input reaches.
    fn from_usize(index: usize) -> Self;
    /// The position.
    fn as_usize(self) -> usize;
}

/// A position, of what has no index type of its own.
impl ArenaIndex for u32 {
    fn from_usize(index: usize) -> u32 {
        u32::try_from(index).expect("an arena holds at most 2^32 entries")
    }
    fn as_usize(self) -> usize {
        self as usize
    }
}

/// A growable array of `V`, indexed by `K` only.
///
/// ```
/// use gusset_types::{Arena, CoreDefIndex};
/// let mut arena = Arena::<CoreDefIndex, &str>::default();
/// let a = arena.push("a");
/// assert_eq!(arena[a], "a");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Arena<K, V> {
    items: Vec<V>,
    key: PhantomData<fn(K)>,
}

impl<K, V> Default for Arena<K, V> {
    fn default() -> Self {
        Arena { items: Vec::new(), key: PhantomData }
    }
}

impl<K: ArenaIndex, V> Arena<K, V> {
    /// Appends `value` and returns where it stands.
    pub fn push(&mut self, value: V) -> K {
        let key = self.next_key();
        self.items.push(value);
        key
    }

    /// The index that the next [`push`](Arena::push) returns.
    pub fn next_key(&self) -> K {
        K::from_usize(self.items.len())
    }

    /// The entry at `key`, if there is one.
    pub fn get(&self, key: K) -> Option<&V> {
        self.items.get(key.as_usize())
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Entries with their indices, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (K, &V)> + ExactSizeIterator {
        self.items.iter().enumerate().map(|(i, v)| (K::from_usize(i), v))
    }

    /// Entries in order, mutable, with their indices.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (K, &mut V)> + ExactSizeIterator {
        self.items.iter_mut().enumerate().map(|(i, v)| (K::from_usize(i), v))
    }

    /// Entries in order.
    pub fn values(&self) -> std::slice::Iter<'_, V> {
        self.items.iter()
    }

    /// Indices in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = K> + ExactSizeIterator + use<K, V> {
        (0..self.items.len()).map(K::from_usize)
    }

    /// The entries as a slice, in index order.
    pub fn as_slice(&self) -> &[V] {
        &self.items
    }
}

impl<K: ArenaIndex, V> Index<K> for Arena<K, V> {
    type Output = V;
    fn index(&self, key: K) -> &V {
        &self.items[key.as_usize()]
    }
}

impl<K: ArenaIndex, V> IndexMut<K> for Arena<K, V> {
    fn index_mut(&mut self, key: K) -> &mut V {
        &mut self.items[key.as_usize()]
    }
}

impl<K, V> FromIterator<V> for Arena<K, V> {
    fn from_iter<I: IntoIterator<Item = V>>(iter: I) -> Self {
        Arena { items: iter.into_iter().collect(), key: PhantomData }
    }
}

impl<K, V> Extend<V> for Arena<K, V> {
    fn extend<I: IntoIterator<Item = V>>(&mut self, iter: I) {
        self.items.extend(iter);
    }
}

impl<K, V> IntoIterator for Arena<K, V> {
    type Item = V;
    type IntoIter = std::vec::IntoIter<V>;
    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}
