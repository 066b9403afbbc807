//! [`SegmentState`]: which segments of an instance are dropped, and so have nothing to give any more.

use gusset_artifact::SegmentMode;

/// The segments of one kind, of one instance. It costs no memory where no passive segment has been dropped.
#[derive(Default)]
pub(super) struct SegmentState {
    /// How many segments instantiation is done with: the active ones among them are dropped.
    done: usize,
    /// The passive segments that have been dropped, a bit each.
    dropped: Vec<u64>,
}

impl SegmentState {
    /// Notes that all segments before this one that are active have been applied.
    pub(super) fn applied_before(&mut self, segment: usize) {
        self.done = segment;
    }

    pub(super) fn drop(&mut self, segment: usize) {
        let word = segment / 64;
        if word >= self.dropped.len() {
            self.dropped.resize(word + 1, 0);
        }
        self.dropped[word] |= 1 << (segment % 64);
    }

    pub(super) fn is_dropped<Index>(&self, segment: usize, mode: &SegmentMode<Index>) -> bool {
        let by_itself = match mode {
            SegmentMode::Active { .. } => segment < self.done,
            SegmentMode::Declared => true,
            SegmentMode::Passive => false,
        };
        by_itself || self.dropped.get(segment / 64).is_some_and(|word| word >> (segment % 64) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gusset_artifact::{ConstExpr, TableIndex};

    #[test]
    fn segments_are_dropped_by_instantiation_and_by_guests() {
        let active = SegmentMode::Active { target: TableIndex::from_u32(0), offset: ConstExpr::default() };
        let passive = SegmentMode::<TableIndex>::Passive;
        let mut state = SegmentState::default();
        assert!(!state.is_dropped(0, &active) && !state.is_dropped(0, &passive));
        assert!(state.is_dropped(0, &SegmentMode::<TableIndex>::Declared));
        state.applied_before(2);
        assert_eq!([0, 1, 2].map(|segment| state.is_dropped(segment, &active)), [true, true, false]);
        assert!(!state.is_dropped(1, &passive));
        state.drop(130);
        assert_eq!([129, 130, 131, 500].map(|at| state.is_dropped(at, &passive)), [false, true, false, false]);
        state.drop(2);
        assert!(state.is_dropped(2, &active));
    }
}
