//! The sections of a module that debuggers read, kept for backtraces where a host wants these to tell lines of sources.

use crate::pod_table::RawTable;
use crate::shared_bytes::SharedBytes;
use serde::{Deserialize, Serialize};

/// The custom sections of a core module whose names begin with `.debug_`, [DWARF for WebAssembly].
///
/// [DWARF for WebAssembly]: https://yurydelendik.github.io/webassembly-dwarf/
///
/// ```
/// use gusset_artifact::DebugSections;
/// let mut sections = DebugSections::default();
/// assert!(sections.is_empty());
/// sections.add(".debug_line", b"lines");
/// sections.set_code_start(0x20);
/// assert_eq!(&*sections.get(".debug_line"), b"lines");
/// assert!(sections.get(".debug_info").is_empty());
/// assert_eq!(sections.address(0x2a), Some(10));
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct DebugSections {
    /// Where the content of the code section begins in the input, which addresses are relative to.
    code_start: u32,
    sections: Vec<(Box<str>, RawTable)>,
}

impl DebugSections {
    /// What the names of the sections begin with.
    pub const PREFIX: &str = ".debug_";

    /// Adds a section. Of several with one name the first one counts.
    pub fn add(&mut self, name: &str, bytes: &[u8]) {
        self.sections.push((name.into(), bytes.to_vec().into()));
    }

    /// Says where the content of the code section begins in the input, in bytes.
    pub fn set_code_start(&mut self, start: u32) {
        self.code_start = start;
    }

    /// The address of an offset in the input; `None` before the code.
    pub fn address(&self, offset: u32) -> Option<u32> {
        offset.checked_sub(self.code_start)
    }

    /// Whether there is no section.
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }

    /// Bytes of all sections.
    pub fn len(&self) -> usize {
        self.sections.iter().map(|(_, bytes)| bytes.bytes().len()).sum()
    }

    /// The bytes of a section; none if it is not there.
    pub fn get(&self, name: &str) -> SharedBytes {
        let found = self.sections.iter().find(|(known, _)| **known == *name);
        found.map(|(_, bytes)| bytes.shared().clone()).unwrap_or_default()
    }

    pub(crate) fn each_table(&mut self, visit: &mut dyn FnMut(&mut RawTable)) {
        self.sections.iter_mut().for_each(|(_, bytes)| visit(bytes));
    }
}
