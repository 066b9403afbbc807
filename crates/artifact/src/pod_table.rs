//! [`PodTable`]: what grows with the number of functions, elements or instructions, as records of a fixed size that are read where
//! they stand. Nothing is done for each record when a table is made of bytes.

use crate::shared_bytes::SharedBytes;
use gusset_types::ArenaIndex;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;
use std::marker::PhantomData;

/// Something of a fixed size in bytes.
pub trait Record: Copy {
    /// How many.
    const SIZE: usize;
    /// What stands in these bytes, of which there are [`SIZE`](Record::SIZE). Any bytes are something.
    fn read(bytes: &[u8]) -> Self;
    /// Appends the bytes.
    fn write(self, bytes: &mut Vec<u8>);
}

/// The little-endian number in 4 bytes.
pub(crate) fn read_u32(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

impl Record for u32 {
    const SIZE: usize = 4;

    fn read(bytes: &[u8]) -> u32 {
        read_u32(bytes)
    }

    fn write(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_le_bytes());
    }
}

/// `u32::MAX` is none.
impl Record for Option<u32> {
    const SIZE: usize = 4;

    fn read(bytes: &[u8]) -> Option<u32> {
        Some(read_u32(bytes)).filter(|number| *number != u32::MAX)
    }

    fn write(self, bytes: &mut Vec<u8>) {
        self.unwrap_or(u32::MAX).write(bytes);
    }
}

/// The bytes of a table, or of text. Serialized, it is the place where they stand among all tables of an artefact, where
/// `place` put them and `attach` finds them.
#[derive(Clone, Default)]
pub struct RawTable {
    bytes: SharedBytes,
    /// Where they stand, in bytes from the start of all tables.
    place: (u64, u64),
}

impl RawTable {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, for who keeps them.
    pub(crate) fn shared(&self) -> &SharedBytes {
        &self.bytes
    }

    /// Appends the bytes to `tables`, and notes where.
    pub(crate) fn place(&mut self, tables: &mut Vec<u8>) {
        self.place = (tables.len() as u64, self.bytes.len() as u64);
        tables.extend_from_slice(&self.bytes);
    }

    /// Takes the bytes from where they were placed; false if there are none.
    pub(crate) fn attach(&mut self, tables: &SharedBytes) -> bool {
        let (start, len) = self.place;
        let range = usize::try_from(start).ok().zip(usize::try_from(len).ok());
        let bytes = range.and_then(|(start, len)| tables.slice(start..start.checked_add(len)?));
        bytes.map(|bytes| self.bytes = bytes).is_some()
    }
}

impl From<Vec<u8>> for RawTable {
    fn from(bytes: Vec<u8>) -> RawTable {
        RawTable { bytes: bytes.into(), place: (0, 0) }
    }
}

impl PartialEq for RawTable {
    fn eq(&self, other: &RawTable) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for RawTable {}

impl fmt::Debug for RawTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes.fmt(f)
    }
}

impl Serialize for RawTable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.place.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawTable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RawTable, D::Error> {
        Ok(RawTable { bytes: SharedBytes::default(), place: Deserialize::deserialize(deserializer)? })
    }
}

/// A table of `R`, by `K`.
///
/// ```
/// use gusset_artifact::{FuncIndex, PodTable, SignatureIndex};
/// let table: PodTable<FuncIndex, SignatureIndex> = [7, 9].into_iter().map(SignatureIndex::from_u32).collect();
/// assert_eq!(table.get(FuncIndex::from_u32(1)), Some(SignatureIndex::from_u32(9)));
/// assert_eq!(table.get(FuncIndex::from_u32(2)), None);
/// ```
pub struct PodTable<K, R> {
    raw: RawTable,
    types: PhantomData<fn(K) -> R>,
}

impl<K: ArenaIndex, R: Record> PodTable<K, R> {
    /// The record at `key`, if there is one.
    pub fn get(&self, key: K) -> Option<R> {
        let start = key.as_usize().checked_mul(R::SIZE)?;
        Some(R::read(self.raw.bytes().get(start..start.checked_add(R::SIZE)?)?))
    }

    /// The record at `key`.
    ///
    /// # Panics
    ///
    /// When there is none, as an index of an array.
    #[track_caller]
    pub fn at(&self, key: K) -> R {
        match self.get(key) {
            Some(record) => record,
            None => panic!("record {} of a table of {}", key.as_usize(), self.len()),
        }
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.raw.bytes().len() / R::SIZE
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Records in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = R> + ExactSizeIterator + use<'_, K, R> {
        self.raw.bytes().chunks_exact(R::SIZE).map(R::read)
    }

    /// The last record.
    pub fn last(&self) -> Option<R> {
        self.iter().next_back()
    }

    /// How many records at the start `holds` is true of; of those behind it is false.
    pub fn partition_point(&self, mut holds: impl FnMut(R) -> bool) -> usize {
        let bytes = self.raw.bytes();
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match holds(R::read(&bytes[middle * R::SIZE..][..R::SIZE])) {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    }

    /// A record for which `order` is equal, and its key: records stand in the order that it tells.
    pub fn find(&self, mut order: impl FnMut(R) -> Ordering) -> Option<(K, R)> {
        let key = K::from_usize(self.partition_point(|record| order(record).is_lt()));
        let record = self.get(key)?;
        order(record).is_eq().then_some((key, record))
    }

    /// The bytes.
    pub(crate) fn raw_mut(&mut self) -> &mut RawTable {
        &mut self.raw
    }
}

impl<K, R: Record> FromIterator<R> for PodTable<K, R> {
    fn from_iter<I: IntoIterator<Item = R>>(records: I) -> Self {
        let records = records.into_iter();
        let mut bytes = Vec::with_capacity(records.size_hint().0 * R::SIZE);
        records.for_each(|record| record.write(&mut bytes));
        PodTable { raw: bytes.into(), types: PhantomData }
    }
}

impl<K, R> Clone for PodTable<K, R> {
    fn clone(&self) -> Self {
        PodTable { raw: self.raw.clone(), types: PhantomData }
    }
}

impl<K, R> Default for PodTable<K, R> {
    fn default() -> Self {
        PodTable { raw: RawTable::default(), types: PhantomData }
    }
}

impl<K, R> PartialEq for PodTable<K, R> {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl<K, R> Eq for PodTable<K, R> {}

impl<K, R> fmt::Debug for PodTable<K, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.raw.fmt(f)
    }
}

impl<K, R> Serialize for PodTable<K, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.raw.serialize(serializer)
    }
}

impl<'de, K, R> Deserialize<'de> for PodTable<K, R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(PodTable { raw: Deserialize::deserialize(deserializer)?, types: PhantomData })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_found_in_order() {
        let table: PodTable<u32, u32> = [1, 3, 5, 7].into_iter().collect();
        assert_eq!(table.len(), 4);
        assert_eq!(table.iter().rev().collect::<Vec<_>>(), [7, 5, 3, 1]);
        for wanted in 0..9 {
            let found = table.find(|record| record.cmp(&wanted));
            assert_eq!(found.map(|(_, record)| record), Some(wanted).filter(|wanted| wanted % 2 == 1 && *wanted < 8));
            assert_eq!(table.partition_point(|record| record < wanted), (wanted as usize / 2).min(4));
        }
        assert_eq!(PodTable::<u32, u32>::default().find(|record| record.cmp(&0)), None);
    }

    #[test]
    fn a_table_is_found_where_it_was_placed_and_nowhere_else() {
        let mut tables = vec![1, 2, 3];
        let mut raw = RawTable::from(vec![4, 5]);
        raw.place(&mut tables);
        let mut found = RawTable { bytes: SharedBytes::default(), place: raw.place };
        assert!(found.attach(&tables.clone().into()));
        assert_eq!(found.bytes(), [4, 5]);
        assert!(!found.attach(&tables[..4].to_vec().into()));
        found.place = (u64::MAX, 2);
        assert!(!found.attach(&tables.into()));
    }
}
