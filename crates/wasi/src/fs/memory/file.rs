//! [`MemoryFile`]: an open file in memory. It outlives its names.

use super::contents::Contents;
use super::node::{Node, NodeKind};
use crate::error::{ErrorCode, WasiResult};
use crate::fs::lock::{reading, writing};
use crate::fs::{File, Metadata, SetTimes};
use crate::wait::Pollable;
use std::sync::{Arc, RwLock};

pub(super) struct MemoryFile {
    node: Arc<Node>,
    read: bool,
    write: bool,
}

impl MemoryFile {
    /// The node is a file.
    pub(super) fn new(node: Arc<Node>, read: bool, write: bool) -> MemoryFile {
        MemoryFile { node, read, write }
    }

    fn contents(&self, permitted: bool) -> WasiResult<&RwLock<Contents>> {
        match &self.node.kind {
            NodeKind::File(contents) if permitted => Ok(contents),
            _ => Err(ErrorCode::BadDescriptor.into()),
        }
    }

    fn change<R>(&self, change: impl FnOnce(&mut Contents) -> WasiResult<R>) -> WasiResult<R> {
        let contents = self.contents(self.write)?;
        let now = self.node.volume().now();
        let mut contents = writing(contents);
        let outcome = change(&mut contents)?;
        self.node.times.modify(now);
        Ok(outcome)
    }
}

/// Always ready.
impl Pollable for MemoryFile {}

impl File for MemoryFile {
    fn metadata(&self) -> WasiResult<Metadata> {
        Ok(self.node.metadata())
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> WasiResult<usize> {
        let count = reading(self.contents(self.read)?).read(bytes, offset);
        self.node.times.access(self.node.volume());
        Ok(count)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> WasiResult<usize> {
        self.change(|contents| contents.write(&self.node.account, bytes, offset))
    }

    fn append(&self, bytes: &[u8]) -> WasiResult<(usize, u64)> {
        self.change(|contents| {
            let end = contents.size();
            let count = contents.write(&self.node.account, bytes, end)?;
            Ok((count, contents.size()))
        })
    }

    fn set_size(&self, size: u64) -> WasiResult<()> {
        self.change(|contents| contents.set_size(&self.node.account, size))
    }

    fn allocate(&self, offset: u64, length: u64) -> WasiResult<()> {
        self.change(|contents| contents.allocate(&self.node.account, offset, length))
    }

    fn set_times(&self, times: SetTimes) -> WasiResult<()> {
        self.node.times.set(times, self.node.volume().now());
        Ok(())
    }
}
