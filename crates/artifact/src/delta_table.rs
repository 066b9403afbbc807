//! [`DeltaTable`]: pairs of numbers, sorted by the first, of which there is one for every few instructions. Most differ little from the one before,
//! and take two bytes. Each block of them starts anew, so that looking one up reads one block.

use crate::pod_table::{PodTable, RawTable, Record, read_u32};
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;

/// How many entries one block has.
const BLOCK: usize = 64;

/// What stands for two numbers. `u32::MAX` for the second is none.
pub trait NumberPair: Copy {
    /// The two.
    fn numbers(self) -> (u32, u32);
    /// What they stand for.
    fn of(first: u32, second: u32) -> Self;
}

/// Where a block starts.
#[derive(Clone, Copy)]
struct Block {
    first: u32,
    start: u32,
}

impl Record for Block {
    const SIZE: usize = 8;

    fn read(bytes: &[u8]) -> Block {
        Block { first: read_u32(bytes), start: read_u32(&bytes[4..]) }
    }

    fn write(self, bytes: &mut Vec<u8>) {
        self.first.write(bytes);
        self.start.write(bytes);
    }
}

/// A sorted table of pairs.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub struct DeltaTable<P> {
    blocks: PodTable<u32, Block>,
    entries: RawTable,
    pair: PhantomData<fn() -> P>,
}

impl<P: NumberPair> DeltaTable<P> {
    /// All pairs, in order.
    pub fn iter(&self) -> impl Iterator<Item = P> {
        (0..self.blocks.len() as u32).flat_map(|block| self.block(block))
    }

    /// The last pair whose first number is not larger. It neither allocates nor locks.
    pub fn at_or_before(&self, first: u32) -> Option<P> {
        let after = self.blocks.partition_point(|block| block.first <= first);
        let block = self.block(after.checked_sub(1)? as u32);
        block.take_while(|pair| pair.numbers().0 <= first).last()
    }

    /// The pair with this first number.
    pub fn at(&self, first: u32) -> Option<P> {
        self.at_or_before(first).filter(|pair| pair.numbers().0 == first)
    }

    fn block(&self, index: u32) -> impl Iterator<Item = P> {
        let bytes = self.entries.bytes();
        let start = |index| self.blocks.get(index).map(|block: Block| block.start as usize);
        let end = start(index + 1).unwrap_or(bytes.len());
        let bytes = start(index).and_then(|start| bytes.get(start..end)).unwrap_or_default();
        Entries { bytes, last: self.blocks.get(index).map_or(0, |block| block.first), second: 0 }
            .map(|(first, second)| P::of(first, second))
    }

    pub(crate) fn each_table(&mut self, visit: &mut dyn FnMut(&mut RawTable)) {
        visit(self.blocks.raw_mut());
        visit(&mut self.entries);
    }
}

/// Reads a block.
struct Entries<'a> {
    bytes: &'a [u8],
    last: u32,
    second: u32,
}

impl Entries<'_> {
    /// A number in seven bits for each byte, the lowest first.
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
}

impl Iterator for Entries<'_> {
    type Item = (u32, u32);

    fn next(&mut self) -> Option<(u32, u32)> {
        self.last = self.last.wrapping_add(self.number()? as u32);
        let second = match self.number()?.checked_sub(1) {
            None => u32::MAX,
            Some(change) => {
                // Whether it is negative stands in the lowest bit.
                let change = (change >> 1) as i64 ^ -((change & 1) as i64);
                self.second = self.second.wrapping_add(change as u32);
                self.second
            }
        };
        Some((self.last, second))
    }
}

fn write_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Of pairs that are sorted, none of which has the first number of another.
impl<P: NumberPair> FromIterator<P> for DeltaTable<P> {
    fn from_iter<I: IntoIterator<Item = P>>(pairs: I) -> Self {
        let (mut blocks, mut entries) = (Vec::new(), Vec::new());
        let (mut last, mut known) = (0_u32, 0_u32);
        for (at, (first, second)) in pairs.into_iter().map(NumberPair::numbers).enumerate() {
            if at % BLOCK == 0 {
                blocks.push(Block { first, start: entries.len() as u32 });
                (last, known) = (first, 0);
            }
            write_number(&mut entries, u64::from(first.wrapping_sub(last)));
            last = first;
            if second == u32::MAX {
                entries.push(0);
            } else {
                let change = i64::from(second) - i64::from(known);
                write_number(&mut entries, ((change << 1) ^ (change >> 63)) as u64 + 1);
                known = second;
            }
        }
        DeltaTable { blocks: blocks.into_iter().collect(), entries: entries.into(), pair: PhantomData }
    }
}

impl<P> Clone for DeltaTable<P> {
    fn clone(&self) -> Self {
        DeltaTable { blocks: self.blocks.clone(), entries: self.entries.clone(), pair: PhantomData }
    }
}

impl<P> Default for DeltaTable<P> {
    fn default() -> Self {
        DeltaTable { blocks: PodTable::default(), entries: RawTable::default(), pair: PhantomData }
    }
}

impl<P> PartialEq for DeltaTable<P> {
    fn eq(&self, other: &Self) -> bool {
        self.blocks == other.blocks && self.entries == other.entries
    }
}

impl<P> Eq for DeltaTable<P> {}

impl<P> std::fmt::Debug for DeltaTable<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.entries.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl NumberPair for (u32, u32) {
        fn numbers(self) -> (u32, u32) {
            self
        }

        fn of(first: u32, second: u32) -> (u32, u32) {
            (first, second)
        }
    }

    #[test]
    fn pairs_are_found_as_they_were_put_in() {
        let values = [0, u32::MAX, 5, u32::MAX - 1, 1 << 20, 3, u32::MAX, 3];
        let pairs: Vec<(u32, u32)> = (0..1000).map(|n| (n * n * 7 + 2, values[n as usize % values.len()])).collect();
        for len in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, pairs.len()] {
            let pairs = &pairs[..len];
            let table: DeltaTable<(u32, u32)> = pairs.iter().copied().collect();
            assert_eq!(table.iter().collect::<Vec<_>>(), pairs);
            assert_eq!(table.at_or_before(1), None);
            for (at, pair) in pairs.iter().enumerate() {
                assert_eq!((table.at(pair.0), table.at(pair.0 + 1)), (Some(*pair), None));
                assert_eq!(table.at_or_before(pair.0 - 1), at.checked_sub(1).map(|at| pairs[at]));
            }
            assert_eq!(table.at_or_before(u32::MAX), pairs.last().copied());
        }
    }

    #[test]
    fn pairs_that_differ_little_take_two_bytes() {
        let table: DeltaTable<(u32, u32)> = (0..6400).map(|n| (n * 9, 1000 + n * 2)).collect();
        assert!(table.entries.bytes().len() < 2 * 6400 + 2 * 100, "{table:?}");
    }
}
