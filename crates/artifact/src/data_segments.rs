//! [`DataSegments`]: a module's data segments. Large programs have tens of thousands, nearly all of which stand in the image of a memory;
//! of those nothing is kept but how many there are.

use crate::core_module::SegmentMode;
use crate::index::{DataIndex, MemoryIndex};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A data segment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct DataSegment {
    /// When it is applied.
    pub mode: SegmentMode<MemoryIndex>,
    /// Where its bytes stand in the image's [`data`](crate::CodeImage::data).
    pub bytes: Range<u32>,
}

/// The data segments of a module, but for those that the image of a memory holds: they are active, so that they have no bytes
/// once an instance is made, and nobody can ask for them before.
///
/// ```
/// use gusset_artifact::{DataSegment, DataSegments, SegmentMode};
/// let mut segments = DataSegments::default();
/// let [first, second] = [0..3, 3..9].map(|bytes| segments.push(DataSegment { mode: SegmentMode::Passive, bytes }));
/// segments.retain(|index, _| index == second);
/// assert!(segments.get(first).is_none());
/// assert_eq!(segments.get(second).map(|segment| segment.bytes.len()), Some(6));
/// assert_eq!(segments.len(), 2);
/// ```
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct DataSegments {
    /// How many the module has.
    len: u32,
    /// Those that no image holds, in order.
    kept: Vec<(DataIndex, DataSegment)>,
}

impl DataSegments {
    /// Appends a segment.
    pub fn push(&mut self, segment: DataSegment) -> DataIndex {
        let index = DataIndex::from_u32(self.len);
        self.kept.push((index, segment));
        self.len += 1;
        index
    }

    /// How many the module has, those in images among them.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether the module has none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A segment, if no image holds it.
    pub fn get(&self, index: DataIndex) -> Option<&DataSegment> {
        let at = self.kept.binary_search_by_key(&index, |(index, _)| *index).ok()?;
        Some(&self.kept[at].1)
    }

    /// Those that no image holds, in order.
    pub fn iter(&self) -> impl Iterator<Item = (DataIndex, &DataSegment)> {
        self.kept.iter().map(|(index, segment)| (*index, segment))
    }

    /// Keeps the segments for which `keep` is true; it may change them.
    pub fn retain(&mut self, mut keep: impl FnMut(DataIndex, &mut DataSegment) -> bool) {
        self.kept.retain_mut(|(index, segment)| keep(*index, segment));
        self.kept.shrink_to_fit();
    }
}
