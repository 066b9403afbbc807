//! Names in a core module: its exports and what its name section calls its functions. They are as many as a module has functions,
//! so they stand in tables.

use crate::core_module::EntityIndex;
use crate::index::{FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TagIndex};
use crate::pod_table::{PodTable, RawTable, Record, read_u32};
use serde::{Deserialize, Serialize};

/// Where a name stands among the bytes of all.
#[derive(Clone, Copy)]
struct NameSpan {
    start: u32,
    len: u32,
}

impl NameSpan {
    /// Appends `name` to `text`; `None` when there are 4 GiB of names.
    fn append(text: &mut Vec<u8>, name: &str) -> Option<NameSpan> {
        let span = NameSpan { start: u32::try_from(text.len()).ok()?, len: u32::try_from(name.len()).ok()? };
        text.extend_from_slice(name.as_bytes());
        Some(span)
    }

    fn of(self, text: &RawTable) -> &str {
        let (start, len) = (self.start as usize, self.len as usize);
        let bytes = start.checked_add(len).and_then(|end| text.bytes().get(start..end));
        bytes.and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl Record for NameSpan {
    const SIZE: usize = 8;

    fn read(bytes: &[u8]) -> NameSpan {
        NameSpan { start: read_u32(bytes), len: read_u32(&bytes[4..]) }
    }

    fn write(self, bytes: &mut Vec<u8>) {
        self.start.write(bytes);
        self.len.write(bytes);
    }
}

/// The exports of a core module by name, in order.
///
/// ```
/// use gusset_artifact::{CoreExports, EntityIndex, FuncIndex};
/// let func = |index| EntityIndex::Func(FuncIndex::from_u32(index));
/// let exports: CoreExports = [("run", func(3)), ("alloc", func(1))].into_iter().collect();
/// assert_eq!(exports.get("alloc"), Some(func(1)));
/// assert_eq!(exports.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["run", "alloc"]);
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct CoreExports {
    entries: PodTable<u32, ExportRecord>,
    /// Positions of the entries, by name.
    sorted: PodTable<u32, u32>,
    text: RawTable,
}

#[derive(Clone, Copy)]
struct ExportRecord {
    name: NameSpan,
    entity: EntityIndex,
}

impl Record for ExportRecord {
    const SIZE: usize = NameSpan::SIZE + 5;

    fn read(bytes: &[u8]) -> ExportRecord {
        let index = read_u32(&bytes[9..]);
        let entity = match bytes[8] {
            0 => EntityIndex::Func(FuncIndex::from_u32(index)),
            1 => EntityIndex::Table(TableIndex::from_u32(index)),
            2 => EntityIndex::Memory(MemoryIndex::from_u32(index)),
            3 => EntityIndex::Global(GlobalIndex::from_u32(index)),
            _ => EntityIndex::Tag(TagIndex::from_u32(index)),
        };
        ExportRecord { name: NameSpan::read(bytes), entity }
    }

    fn write(self, bytes: &mut Vec<u8>) {
        self.name.write(bytes);
        let (kind, index) = match self.entity {
            EntityIndex::Func(index) => (0, index.as_u32()),
            EntityIndex::Table(index) => (1, index.as_u32()),
            EntityIndex::Memory(index) => (2, index.as_u32()),
            EntityIndex::Global(index) => (3, index.as_u32()),
            EntityIndex::Tag(index) => (4, index.as_u32()),
        };
        bytes.push(kind);
        index.write(bytes);
    }
}

impl CoreExports {
    /// Number of exports.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no export.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What is exported as `name`.
    pub fn get(&self, name: &str) -> Option<EntityIndex> {
        let entry = |position| self.entries.get(position);
        let order = |position| entry(position).map_or("", |entry| entry.name.of(&self.text)).cmp(name);
        Some(entry(self.sorted.find(order)?.1)?.entity)
    }

    /// The first name that something is exported as.
    pub fn name_of(&self, entity: EntityIndex) -> Option<&str> {
        self.iter().find(|(_, exported)| *exported == entity).map(|(name, _)| name)
    }

    /// Exports in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, EntityIndex)> {
        self.entries.iter().map(|entry| (entry.name.of(&self.text), entry.entity))
    }

    pub(crate) fn each_table(&mut self, visit: &mut dyn FnMut(&mut RawTable)) {
        visit(self.entries.raw_mut());
        visit(self.sorted.raw_mut());
        visit(&mut self.text);
    }
}

/// No name comes twice. What has no room in 4 GiB of names is left out, which no valid module comes near.
impl<'a> FromIterator<(&'a str, EntityIndex)> for CoreExports {
    fn from_iter<I: IntoIterator<Item = (&'a str, EntityIndex)>>(exports: I) -> CoreExports {
        let (mut text, mut names) = (Vec::new(), Vec::new());
        let entries = exports.into_iter().filter_map(|(name, entity)| {
            let span = NameSpan::append(&mut text, name)?;
            names.push(name);
            Some(ExportRecord { name: span, entity })
        });
        let entries = entries.collect();
        let mut sorted: Vec<u32> = (0..names.len() as u32).collect();
        sorted.sort_by_key(|&position| names[position as usize]);
        CoreExports { entries, sorted: sorted.into_iter().collect(), text: text.into() }
    }
}

/// Names of functions.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct FunctionNames {
    /// Sorted by function.
    entries: PodTable<u32, NameRecord>,
    text: RawTable,
}

#[derive(Clone, Copy)]
struct NameRecord {
    func: FuncIndex,
    name: NameSpan,
}

impl Record for NameRecord {
    const SIZE: usize = 4 + NameSpan::SIZE;

    fn read(bytes: &[u8]) -> NameRecord {
        NameRecord { func: FuncIndex::read(bytes), name: NameSpan::read(&bytes[4..]) }
    }

    fn write(self, bytes: &mut Vec<u8>) {
        self.func.write(bytes);
        self.name.write(bytes);
    }
}

impl FunctionNames {
    /// The name of a function, if it has one.
    pub fn get(&self, func: FuncIndex) -> Option<&str> {
        let (_, entry) = self.entries.find(|entry| entry.func.cmp(&func))?;
        Some(entry.name.of(&self.text))
    }

    /// Whether no function has a name.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn each_table(&mut self, visit: &mut dyn FnMut(&mut RawTable)) {
        visit(self.entries.raw_mut());
        visit(&mut self.text);
    }
}

/// Of functions in increasing order.
impl<'a> FromIterator<(FuncIndex, &'a str)> for FunctionNames {
    fn from_iter<I: IntoIterator<Item = (FuncIndex, &'a str)>>(names: I) -> FunctionNames {
        let mut text = Vec::new();
        let entries = names
            .into_iter()
            .filter_map(|(func, name)| Some(NameRecord { func, name: NameSpan::append(&mut text, name)? }));
        let entries = entries.collect();
        FunctionNames { entries, text: text.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_are_found_by_name_and_by_what_they_are() {
        let memory = EntityIndex::Memory(MemoryIndex::from_u32(0));
        let func = EntityIndex::Func(FuncIndex::from_u32(2));
        let tag = EntityIndex::Tag(TagIndex::from_u32(9));
        let exports: CoreExports = [("z", memory), ("", func), ("a", func), ("é", tag)].into_iter().collect();
        for (name, entity) in [("z", memory), ("", func), ("a", func), ("é", tag)] {
            assert_eq!(exports.get(name), Some(entity));
        }
        assert_eq!((exports.get("b"), exports.len()), (None, 4));
        assert_eq!(exports.name_of(func), Some(""));
        assert_eq!(exports.iter().next(), Some(("z", memory)));
    }

    #[test]
    fn functions_are_found_by_number() {
        let func = FuncIndex::from_u32;
        let names: FunctionNames = [(func(1), "one"), (func(7), "")].into_iter().collect();
        assert_eq!([0, 1, 7].map(|index| names.get(func(index))), [None, Some("one"), Some("")]);
    }
}
