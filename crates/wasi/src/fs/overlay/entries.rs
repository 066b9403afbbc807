//! [`OverlayEntries`]: what is in a directory of an overlay, each name once: first the lower layer's, then what the upper one alone has.
//! What is copied up meanwhile keeps its place, and nothing has to be remembered of what was told.

use super::node::{OverlayNode, if_there};
use super::state::identity;
use crate::error::{ErrorCode, WasiResult};
use crate::fs::lock::reading;
use crate::fs::{Directory, DirectoryEntries, DirectoryEntry, FileType, RelativePath};
use std::sync::Arc;

pub(super) struct OverlayEntries {
    node: Arc<OverlayNode>,
    lower: Option<DirectoryEntries>,
    upper: Option<Arc<dyn Directory>>,
    /// Once the lower layer's have been told.
    upper_entries: Option<DirectoryEntries>,
    /// The upper layer's device, of which its files are.
    device: u64,
}

impl OverlayEntries {
    pub(super) fn new(node: Arc<OverlayNode>) -> WasiResult<OverlayEntries> {
        let state = reading(&node.layers.state);
        let (upper, lower) = node.parts(&state)?;
        let lower = lower.map(|lower| lower.directory.entries()).transpose()?;
        drop(state);
        let upper_entries = match (&upper, &lower) {
            (None, None) => return Err(ErrorCode::NoEntry.into()),
            (Some(upper), None) => Some(upper.entries()?),
            (_, Some(_)) => None,
        };
        let mut entries = OverlayEntries { node, lower, upper: None, upper_entries, device: 0 };
        entries.set_upper(upper)?;
        Ok(entries)
    }

    fn set_upper(&mut self, upper: Option<Arc<dyn Directory>>) -> WasiResult<()> {
        if let Some(upper) = &upper {
            self.device = upper.metadata(RelativePath::HERE, true)?.device;
        }
        self.upper = upper;
        Ok(())
    }

    /// An entry of the lower layer, if it is to be seen, as what the upper layer has made of it.
    fn of_lower(&self, mut entry: DirectoryEntry) -> WasiResult<Option<DirectoryEntry>> {
        let state = reading(&self.node.layers.state);
        let Some(path) = self.node.lower_path(&entry.name) else { return Ok(None) };
        if state.is_hidden(&path) {
            return Ok(None);
        }
        // Half of a copy is not looked at.
        if let Some(upper) = self.upper.as_ref().filter(|_| !state.copying.contains(&path))
            && let Some(found) = if_there(upper.metadata(RelativePath::new(&entry.name)?, false))?
            // One that both layers have is what it is in the lower one.
            && (found.file_type, entry.file_type) != (FileType::Directory, FileType::Directory)
        {
            entry.inode = state.origin(identity(&found)).1;
            entry.file_type = found.file_type;
        }
        Ok(Some(entry))
    }

    /// The upper layer has part in it by now, if it ever has.
    fn open_upper(&mut self) -> WasiResult<()> {
        if self.upper.is_none() {
            let upper = self.node.upper_part(&reading(&self.node.layers.state))?;
            self.set_upper(upper)?;
        }
        self.upper_entries = self.upper.as_ref().map(|upper| upper.entries()).transpose()?;
        Ok(())
    }

    /// An entry of the upper layer, if it has not been told as one of the lower, with the inode that asking for it tells.
    fn of_upper(&self, mut entry: DirectoryEntry) -> WasiResult<Option<DirectoryEntry>> {
        let state = reading(&self.node.layers.state);
        if self.node.has_lower(&state, &entry.name)? {
            return Ok(None);
        }
        entry.inode = state.origin((self.device, entry.inode)).1;
        Ok(Some(entry))
    }

    fn next_entry(&mut self) -> WasiResult<Option<DirectoryEntry>> {
        while let Some(lower) = &mut self.lower {
            match lower.next().transpose()? {
                Some(entry) => {
                    if let Some(entry) = self.of_lower(entry)? {
                        return Ok(Some(entry));
                    }
                }
                None => {
                    self.lower = None;
                    self.open_upper()?;
                }
            }
        }
        while let Some(upper) = &mut self.upper_entries {
            match upper.next().transpose()? {
                Some(entry) => {
                    if let Some(entry) = self.of_upper(entry)? {
                        return Ok(Some(entry));
                    }
                }
                None => self.upper_entries = None,
            }
        }
        Ok(None)
    }
}

impl Iterator for OverlayEntries {
    type Item = WasiResult<DirectoryEntry>;

    fn next(&mut self) -> Option<WasiResult<DirectoryEntry>> {
        self.next_entry().transpose()
    }
}
