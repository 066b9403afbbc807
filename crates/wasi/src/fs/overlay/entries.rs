//! [`OverlayEntries`]: what is in a directory of an overlay, each name once: first the upper layer's, then what else the lower one has.

use super::node::{OverlayEntry, OverlayNode};
use crate::error::{ErrorCode, WasiResult};
use crate::fs::lock::reading;
use crate::fs::{Directory, DirectoryEntries, DirectoryEntry, FileType, RelativePath};
use std::collections::HashSet;
use std::sync::Arc;

pub(super) struct OverlayEntries {
    node: Arc<OverlayNode>,
    upper: Option<DirectoryEntries>,
    lower: Option<DirectoryEntries>,
    /// The upper layer's device, of which its files are.
    device: u64,
    /// The names that the upper layer has.
    seen: HashSet<String>,
}

impl OverlayEntries {
    pub(super) fn new(node: Arc<OverlayNode>) -> WasiResult<OverlayEntries> {
        let state = reading(&node.layers.state);
        let (upper, lower) = node.parts(&state)?;
        let lower = lower.map(|lower| lower.directory.entries()).transpose()?;
        drop(state);
        if upper.is_none() && lower.is_none() {
            return Err(ErrorCode::NoEntry.into());
        }
        let device = match &upper {
            Some(upper) => upper.metadata(RelativePath::HERE, true)?.device,
            None => 0,
        };
        let upper = upper.map(|upper| upper.entries()).transpose()?;
        Ok(OverlayEntries { node, upper, lower, device, seen: HashSet::new() })
    }

    /// An entry of the upper layer, if it is to be seen, with the inode that asking for it tells.
    fn of_upper(&mut self, mut entry: DirectoryEntry) -> WasiResult<Option<DirectoryEntry>> {
        let state = reading(&self.node.layers.state);
        let path = self.node.lower_path(&entry.name);
        if path.is_some_and(|path| state.copying.contains(&path)) {
            return Ok(None);
        }
        if self.lower.is_some() && entry.file_type == FileType::Directory {
            let found = self.node.look_up(&state, &entry.name)?;
            drop(state);
            if let Some(OverlayEntry::Directory(directory)) = found {
                entry.inode = directory.metadata()?.inode;
            }
        } else {
            entry.inode = state.origin((self.device, entry.inode)).1;
        }
        if self.lower.is_some() {
            self.seen.insert(entry.name.clone());
        }
        Ok(Some(entry))
    }

    fn is_seen_below(&self, entry: &DirectoryEntry) -> bool {
        let state = reading(&self.node.layers.state);
        let path = self.node.lower_path(&entry.name);
        !self.seen.contains(&entry.name) && path.is_some_and(|path| !state.is_hidden(&path))
    }
}

impl Iterator for OverlayEntries {
    type Item = WasiResult<DirectoryEntry>;

    fn next(&mut self) -> Option<WasiResult<DirectoryEntry>> {
        while let Some(entry) = self.upper.as_mut().and_then(Iterator::next) {
            match entry.and_then(|entry| self.of_upper(entry)) {
                Ok(None) => (),
                Ok(Some(entry)) => return Some(Ok(entry)),
                Err(error) => return Some(Err(error)),
            }
        }
        self.upper = None;
        loop {
            match self.lower.as_mut()?.next()? {
                Ok(entry) if !self.is_seen_below(&entry) => (),
                outcome => return Some(outcome),
            }
        }
    }
}
