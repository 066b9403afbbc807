//! Bytes that several owners share and nobody changes: in memory, or in the mapping of a file.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// A part of what an owner holds. Cheap to clone; the owner lives as long as one of its parts.
#[derive(Clone)]
pub struct SharedBytes {
    owner: Arc<dyn AsRef<[u8]> + Send + Sync>,
    range: Range<usize>,
}

impl SharedBytes {
    /// All bytes of `owner`, which always gives the same ones.
    pub fn new(owner: Arc<dyn AsRef<[u8]> + Send + Sync>) -> SharedBytes {
        let range = 0..(*owner).as_ref().len();
        SharedBytes { owner, range }
    }

    /// A part of these bytes, if they reach that far.
    pub fn slice(&self, range: Range<usize>) -> Option<SharedBytes> {
        self.get(range.clone())?;
        let start = self.range.start;
        Some(SharedBytes { owner: self.owner.clone(), range: start + range.start..start + range.end })
    }
}

impl Deref for SharedBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &(*self.owner).as_ref()[self.range.clone()]
    }
}

impl From<Vec<u8>> for SharedBytes {
    fn from(bytes: Vec<u8>) -> SharedBytes {
        SharedBytes::new(Arc::new(bytes))
    }
}

impl Default for SharedBytes {
    fn default() -> SharedBytes {
        SharedBytes::new(Arc::new([]))
    }
}

impl PartialEq for SharedBytes {
    fn eq(&self, other: &SharedBytes) -> bool {
        **self == **other
    }
}

impl Eq for SharedBytes {}

impl fmt::Debug for SharedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}
