//! [`CountedSection`]: a section of DWARF, of which no more is read than there is work left for all of them.

use addr2line::gimli::{self, LittleEndian, Reader, ReaderOffsetId};
use gusset_artifact::SharedBytes;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The bytes of a section, and how many bytes of all sections may still be read.
pub(super) trait SectionSource: Clone {
    fn bytes(&self) -> &[u8];

    fn work(&self) -> &AtomicU64;
}

/// Bytes that are kept. As small as can be: what addr2line keeps holds very many.
#[derive(Clone)]
pub(super) struct KeptSource(Arc<(SharedBytes, Arc<AtomicU64>)>);

impl KeptSource {
    pub(super) fn new(bytes: SharedBytes, work: &Arc<AtomicU64>) -> KeptSource {
        KeptSource(Arc::new((bytes, work.clone())))
    }
}

impl SectionSource for KeptSource {
    fn bytes(&self) -> &[u8] {
        &self.0.0
    }

    fn work(&self) -> &AtomicU64 {
        &self.0.1
    }
}

/// Bytes that are looked through.
#[derive(Clone, Copy)]
pub(super) struct BorrowedSource<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) work: &'a AtomicU64,
}

impl SectionSource for BorrowedSource<'_> {
    fn bytes(&self) -> &[u8] {
        self.bytes
    }

    fn work(&self) -> &AtomicU64 {
        self.work
    }
}

/// Accounts for `amount` bytes; `false` where there is less left, and then nothing is left. Whoever reads holds a lock or is alone: a sum
/// that is lost otherwise is no harm.
pub(super) fn spend(work: &AtomicU64, amount: usize) -> bool {
    let left = work.load(Ordering::Relaxed).checked_sub(amount as u64);
    work.store(left.unwrap_or(0), Ordering::Relaxed);
    left.is_some()
}

/// A part of a section.
#[derive(Clone)]
pub(super) struct CountedSection<S> {
    source: S,
    start: usize,
    end: usize,
}

impl<S: SectionSource> CountedSection<S> {
    pub(super) fn new(source: S) -> CountedSection<S> {
        CountedSection { start: 0, end: source.bytes().len(), source }
    }

    fn rest(&self) -> &[u8] {
        &self.source.bytes()[self.start..self.end]
    }

    fn spend(&self, amount: usize) -> gimli::Result<()> {
        if spend(self.source.work(), amount) { Ok(()) } else { Err(self.eof()) }
    }

    fn eof(&self) -> gimli::Error {
        gimli::Error::UnexpectedEof(self.offset_id())
    }
}

impl<S> fmt::Debug for CountedSection<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.end - self.start)
    }
}

impl<S: SectionSource> Reader for CountedSection<S> {
    type Endian = LittleEndian;
    type Offset = usize;

    fn endian(&self) -> LittleEndian {
        LittleEndian
    }

    fn len(&self) -> usize {
        self.end - self.start
    }

    fn empty(&mut self) {
        self.end = self.start;
    }

    fn truncate(&mut self, len: usize) -> gimli::Result<()> {
        if len > self.len() {
            return Err(self.eof());
        }
        self.end = self.start + len;
        Ok(())
    }

    fn offset_from(&self, base: &CountedSection<S>) -> usize {
        self.start.wrapping_sub(base.start)
    }

    fn offset_id(&self) -> ReaderOffsetId {
        ReaderOffsetId((self.source.bytes().as_ptr() as u64).wrapping_add(self.start as u64))
    }

    fn lookup_offset_id(&self, id: ReaderOffsetId) -> Option<usize> {
        let offset = usize::try_from(id.0.checked_sub(self.offset_id().0)?).ok()?;
        (offset <= self.len()).then_some(offset)
    }

    fn find(&self, byte: u8) -> gimli::Result<usize> {
        let found = self.rest().iter().position(|&other| other == byte);
        self.spend(found.unwrap_or(self.len()))?;
        found.ok_or_else(|| self.eof())
    }

    fn skip(&mut self, len: usize) -> gimli::Result<()> {
        self.spend(1)?;
        if len > self.len() {
            return Err(self.eof());
        }
        self.start += len;
        Ok(())
    }

    fn split(&mut self, len: usize) -> gimli::Result<CountedSection<S>> {
        let mut first = self.clone();
        self.skip(len)?;
        first.truncate(len)?;
        Ok(first)
    }

    fn to_slice(&self) -> gimli::Result<Cow<'_, [u8]>> {
        self.spend(self.len())?;
        Ok(Cow::Borrowed(self.rest()))
    }

    fn to_string(&self) -> gimli::Result<Cow<'_, str>> {
        self.spend(self.len())?;
        std::str::from_utf8(self.rest()).map(Cow::Borrowed).map_err(|_| gimli::Error::BadUtf8)
    }

    fn to_string_lossy(&self) -> gimli::Result<Cow<'_, str>> {
        self.spend(self.len())?;
        Ok(String::from_utf8_lossy(self.rest()))
    }

    fn read_slice(&mut self, buffer: &mut [u8]) -> gimli::Result<()> {
        self.spend(buffer.len())?;
        let Some(bytes) = self.rest().get(..buffer.len()) else { return Err(self.eof()) };
        buffer.copy_from_slice(bytes);
        self.start += buffer.len();
        Ok(())
    }
}
