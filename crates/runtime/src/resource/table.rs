//! [`ResourceTable`]: where a host keeps what its resources stand for, by the numbers that handles carry. It knows no guest.

use super::Resource;
use std::any::{Any, type_name};
use std::collections::BTreeSet;
use std::fmt;

/// A host's resources, of any types, by their representations. A [`Resource`] leads to one.
///
/// A resource may be the child of another, which cannot be deleted as long as it has children.
///
/// ```
/// use gusset::{ResourceTable, ResourceTableError};
/// struct Directory(&'static str);
/// struct Entries(u32);
/// let mut table = ResourceTable::new();
/// let directory = table.push(Directory("/tmp"))?;
/// let entries = table.push_child(Entries(3), &directory)?;
/// assert_eq!(table.get(&directory)?.0, "/tmp");
/// table.get_mut(&entries)?.0 -= 1;
/// let entries = table.delete(entries)?;
/// assert_eq!(entries.0, 2);
/// assert!(table.delete(directory).is_ok());
/// # Ok::<(), ResourceTableError>(())
/// ```
pub struct ResourceTable {
    entries: Vec<Option<TableEntry>>,
    /// Positions without an entry; the last is used first.
    free: Vec<u32>,
    max_capacity: usize,
}

struct TableEntry {
    value: Box<dyn Any + Send>,
    parent: Option<u32>,
    children: BTreeSet<u32>,
}

/// Why something could not be done with a [`ResourceTable`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ResourceTableError {
    /// The table has as many entries as it may have.
    Full,
    /// There is no such resource, or it has been deleted.
    NotPresent,
    /// The resource is of another Rust type.
    WrongType,
    /// The resource has children.
    HasChildren,
}

impl fmt::Display for ResourceTableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ResourceTableError::Full => "the resource table is full",
            ResourceTableError::NotPresent => "there is no such resource",
            ResourceTableError::WrongType => "the resource is of another type",
            ResourceTableError::HasChildren => "the resource has children",
        })
    }
}

impl std::error::Error for ResourceTableError {}

/// Most entries of a table, unless the host says otherwise.
const DEFAULT_CAPACITY: usize = 1_000_000;

impl Default for ResourceTable {
    fn default() -> Self {
        ResourceTable::new()
    }
}

impl ResourceTable {
    /// An empty table of at most 1,000,000 entries.
    pub fn new() -> ResourceTable {
        ResourceTable { entries: Vec::new(), free: Vec::new(), max_capacity: DEFAULT_CAPACITY }
    }

    /// An empty table with room for `capacity` entries before it allocates again.
    pub fn with_capacity(capacity: usize) -> ResourceTable {
        ResourceTable { entries: Vec::with_capacity(capacity), ..ResourceTable::new() }
    }

    /// How many entries there may be.
    pub fn max_capacity(&self) -> usize {
        self.max_capacity
    }

    /// Says how many entries there may be. Those that are there stay.
    pub fn set_max_capacity(&mut self, max: usize) {
        self.max_capacity = max;
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.free.len() == self.entries.len()
    }

    /// Adds a resource; an owned handle of it.
    ///
    /// # Errors
    ///
    /// [`ResourceTableError::Full`].
    pub fn push<T: Send + 'static>(&mut self, value: T) -> Result<Resource<T>, ResourceTableError> {
        self.add(value, None)
    }

    /// Adds a resource that is a child of `parent`.
    ///
    /// # Errors
    ///
    /// [`ResourceTableError::Full`], and when there is no such parent.
    pub fn push_child<T: Send + 'static, U: 'static>(
        &mut self,
        value: T,
        parent: &Resource<U>,
    ) -> Result<Resource<T>, ResourceTableError> {
        self.entry(parent.rep())?;
        self.add(value, Some(parent.rep()))
    }

    fn add<T: Send + 'static>(&mut self, value: T, parent: Option<u32>) -> Result<Resource<T>, ResourceTableError> {
        if self.entries.len() - self.free.len() >= self.max_capacity {
            return Err(ResourceTableError::Full);
        }
        let entry = Some(TableEntry { value: Box::new(value), parent, children: BTreeSet::new() });
        let rep = match self.free.pop() {
            Some(rep) => {
                self.entries[rep as usize] = entry;
                rep
            }
            None => {
                let rep = u32::try_from(self.entries.len()).map_err(|_| ResourceTableError::Full)?;
                self.entries.push(entry);
                rep
            }
        };
        if let Some(parent) = parent {
            self.entry_mut(parent)?.children.insert(rep);
        }
        Ok(Resource::new_own(rep))
    }

    fn entry(&self, rep: u32) -> Result<&TableEntry, ResourceTableError> {
        self.entries.get(rep as usize).and_then(Option::as_ref).ok_or(ResourceTableError::NotPresent)
    }

    fn entry_mut(&mut self, rep: u32) -> Result<&mut TableEntry, ResourceTableError> {
        self.entries.get_mut(rep as usize).and_then(Option::as_mut).ok_or(ResourceTableError::NotPresent)
    }

    /// What a handle stands for, owned or borrowed.
    ///
    /// # Errors
    ///
    /// When there is no such resource, or it is of another type.
    pub fn get<T: 'static>(&self, resource: &Resource<T>) -> Result<&T, ResourceTableError> {
        self.entry(resource.rep())?.value.downcast_ref().ok_or(ResourceTableError::WrongType)
    }

    /// What a handle stands for, owned or borrowed.
    ///
    /// # Errors
    ///
    /// When there is no such resource, or it is of another type.
    pub fn get_mut<T: 'static>(&mut self, resource: &Resource<T>) -> Result<&mut T, ResourceTableError> {
        self.get_any_mut(resource.rep())?.downcast_mut().ok_or(ResourceTableError::WrongType)
    }

    /// What the representation `rep` stands for.
    ///
    /// # Errors
    ///
    /// When there is no such resource.
    pub fn get_any_mut(&mut self, rep: u32) -> Result<&mut (dyn Any + Send), ResourceTableError> {
        Ok(&mut *self.entry_mut(rep)?.value)
    }

    /// Takes a resource out of the table. Its number may stand for another one from now on.
    ///
    /// # Errors
    ///
    /// When there is no such resource, it is of another type, or it has children. It stays then.
    pub fn delete<T: 'static>(&mut self, resource: Resource<T>) -> Result<T, ResourceTableError> {
        let entry = self.entry(resource.rep())?;
        if !entry.value.is::<T>() {
            return Err(ResourceTableError::WrongType);
        }
        if !entry.children.is_empty() {
            return Err(ResourceTableError::HasChildren);
        }
        let entry = self.entries[resource.rep() as usize].take().ok_or(ResourceTableError::NotPresent)?;
        self.free.push(resource.rep());
        if let Some(parent) = entry.parent {
            self.entry_mut(parent)?.children.remove(&resource.rep());
        }
        entry.value.downcast().map(|value| *value).map_err(|_| ResourceTableError::WrongType)
    }

    /// The children of a resource, in order of their representations.
    ///
    /// # Errors
    ///
    /// When there is no such resource.
    pub fn iter_children<T: 'static>(
        &self,
        parent: &Resource<T>,
    ) -> Result<impl Iterator<Item = &(dyn Any + Send)>, ResourceTableError> {
        let children = &self.entry(parent.rep())?.children;
        Ok(children.iter().filter_map(|rep| self.entry(*rep).ok()).map(|entry| &*entry.value))
    }
}

impl fmt::Debug for ResourceTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {} entries", type_name::<Self>(), self.entries.len() - self.free.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_apart() {
        let mut table = ResourceTable::new();
        let parent = table.push(1_u8).unwrap();
        let child = table.push_child("child", &parent).unwrap();
        let other = Resource::<u64>::new_borrow(parent.rep());
        assert_eq!(table.get(&other), Err(ResourceTableError::WrongType));
        assert_eq!(table.get_mut(&Resource::<u8>::new_borrow(9)), Err(ResourceTableError::NotPresent));
        assert_eq!(table.delete(Resource::<u64>::new_own(parent.rep())), Err(ResourceTableError::WrongType));
        assert_eq!(table.delete(Resource::<u8>::new_own(parent.rep())), Err(ResourceTableError::HasChildren));
        let children: Vec<_> = table.iter_children(&parent).unwrap().map(|any| any.downcast_ref::<&str>()).collect();
        assert_eq!(children, [Some(&"child")]);
        assert_eq!(table.delete(child), Ok("child"));
        assert_eq!(table.delete(parent), Ok(1));
        assert!(table.is_empty());
        table.set_max_capacity(1);
        let only = table.push(2_u8).unwrap();
        assert_eq!(table.push(3_u8).err(), Some(ResourceTableError::Full));
        assert_eq!(table.delete(only), Ok(2));
        assert!(table.push(3_u8).is_ok());
    }
}
