//! [`OverlayState`]: what an overlay knows beside its layers: what of the lower one is gone, what is being copied, and which file is which.

use super::file::LowerFile;
use crate::fs::Metadata;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Weak};

/// What tells files apart: device and inode.
pub(super) type Identity = (u64, u64);

#[derive(Default)]
pub(super) struct OverlayState {
    /// Paths in the lower layer that are gone, with all below them. What has the same name in the upper layer is something else.
    hidden: BTreeSet<String>,
    /// Paths that are being copied: in the upper layer already, and not yet to be seen there. Added to and taken from with `changes` locked.
    pub(super) copying: HashSet<String>,
    /// Files of the upper layer that were copied from the lower one, and what they were there.
    origins: HashMap<Identity, Identity>,
    /// Files of the lower layer that somebody may have open, by their paths there.
    opened: HashMap<String, Weak<LowerFile>>,
}

impl OverlayState {
    /// Whether a path in the lower layer, or one above it, is gone.
    pub(super) fn is_hidden(&self, path: &str) -> bool {
        if self.hidden.is_empty() {
            return false;
        }
        let above = path.match_indices('/').map(|(at, _)| &path[..at]);
        above.chain([path]).any(|path| self.hidden.contains(path))
    }

    pub(super) fn hide(&mut self, path: String) {
        // `0` comes after `/`.
        let below: Vec<String> = self.hidden.range(format!("{path}/")..format!("{path}0")).cloned().collect();
        for path in below {
            self.hidden.remove(&path);
        }
        self.hidden.insert(path);
    }

    /// The file of the lower layer that whoever opens this path has open already.
    pub(super) fn opened(&self, path: &str) -> Option<Arc<LowerFile>> {
        self.opened.get(path)?.upgrade()
    }

    pub(super) fn set_opened(&mut self, path: String, file: &Arc<LowerFile>) {
        // Nobody has most of them open any more.
        if self.opened.len() == self.opened.capacity() {
            self.opened.retain(|_, file| file.strong_count() > 0);
        }
        self.opened.insert(path, Arc::downgrade(file));
    }

    pub(super) fn hidden(&self) -> impl Iterator<Item = &str> {
        self.hidden.iter().map(String::as_str)
    }

    pub(super) fn origin(&self, file: Identity) -> Identity {
        self.origins.get(&file).copied().unwrap_or(file)
    }

    pub(super) fn set_origin(&mut self, file: Identity, origin: Identity) {
        self.origins.insert(file, origin);
    }

    /// A name of a file of the upper layer goes; with the last one what the file was.
    pub(super) fn forget(&mut self, file: &Metadata) {
        if file.link_count <= 1 {
            self.origins.remove(&identity(file));
        }
    }
}

pub(super) fn identity(found: &Metadata) -> Identity {
    (found.device, found.inode)
}
