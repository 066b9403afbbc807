//! [`ArchiveBytes`]: the bytes of an archive or of embedded files, wherever the host has them. They are never copied.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Bytes that stay where they are: of the program itself, as `include_bytes!` has them, or shared.
///
/// ```
/// use gusset_wasi::{ArchiveBytes, ArchiveDirectory};
/// use std::sync::Arc;
/// let shared: Arc<[u8]> = Arc::from(*b"made now");
/// let files: [(&str, ArchiveBytes); 2] = [("built-in", b"always there".into()), ("shared", shared.into())];
/// let directory = ArchiveDirectory::embedded(files)?;
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone)]
pub struct ArchiveBytes(BytesHolder);

#[derive(Clone)]
enum BytesHolder {
    Static(&'static [u8]),
    Shared(Arc<[u8]>),
    /// As they were given, which making a slice of them would copy.
    Vector(Arc<Vec<u8>>),
}

impl ArchiveBytes {
    pub(super) fn as_slice(&self) -> &[u8] {
        match &self.0 {
            BytesHolder::Static(bytes) => bytes,
            BytesHolder::Shared(bytes) => bytes,
            BytesHolder::Vector(bytes) => bytes,
        }
    }
}

impl From<&'static [u8]> for ArchiveBytes {
    fn from(bytes: &'static [u8]) -> ArchiveBytes {
        ArchiveBytes(BytesHolder::Static(bytes))
    }
}

impl<const N: usize> From<&'static [u8; N]> for ArchiveBytes {
    fn from(bytes: &'static [u8; N]) -> ArchiveBytes {
        ArchiveBytes(BytesHolder::Static(bytes))
    }
}

impl From<&'static str> for ArchiveBytes {
    fn from(text: &'static str) -> ArchiveBytes {
        ArchiveBytes(BytesHolder::Static(text.as_bytes()))
    }
}

impl From<Arc<[u8]>> for ArchiveBytes {
    fn from(bytes: Arc<[u8]>) -> ArchiveBytes {
        ArchiveBytes(BytesHolder::Shared(bytes))
    }
}

impl From<Vec<u8>> for ArchiveBytes {
    fn from(bytes: Vec<u8>) -> ArchiveBytes {
        ArchiveBytes(BytesHolder::Vector(Arc::new(bytes)))
    }
}

impl fmt::Debug for ArchiveBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ArchiveBytes({} bytes)", self.as_slice().len())
    }
}

/// What a file holds: a part of bytes that it may share with others. The range is within them.
#[derive(Clone, Debug)]
pub(super) struct ArchivePart {
    pub(super) bytes: ArchiveBytes,
    pub(super) range: Range<usize>,
}

impl ArchivePart {
    pub(super) fn as_slice(&self) -> &[u8] {
        self.bytes.as_slice().get(self.range.clone()).unwrap_or_default()
    }
}
