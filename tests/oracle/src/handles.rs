//! Handle tables once more, as the specification has them: tables, lends and borrow scopes of a few component instances. Written from
//! the specification, and from nothing in Gusset.

use gusset::TrapCode;

/// A handle in a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExpectedHandle {
    /// The number of its resource type.
    pub(crate) ty: usize,
    pub(crate) rep: u32,
    pub(crate) own: bool,
    /// The task that a borrowed handle belongs to.
    pub(crate) scope: Option<usize>,
    pub(crate) lends: u32,
}

/// The handles of one component instance.
#[derive(Clone, Debug)]
pub(crate) struct ExpectedTable {
    array: Vec<Option<ExpectedHandle>>,
    free: Vec<usize>,
}

impl ExpectedTable {
    pub(crate) fn new() -> ExpectedTable {
        ExpectedTable { array: vec![None], free: Vec::new() }
    }

    fn get(&mut self, index: u32) -> Result<&mut ExpectedHandle, TrapCode> {
        let handle = self.array.get_mut(index as usize).and_then(Option::as_mut);
        handle.ok_or(TrapCode::UnknownHandle)
    }

    /// The handle, if it is of this type.
    pub(crate) fn typed(&mut self, index: u32, ty: usize) -> Result<&mut ExpectedHandle, TrapCode> {
        let handle = self.get(index)?;
        if handle.ty == ty { Ok(handle) } else { Err(TrapCode::HandleTypeMismatch) }
    }

    pub(crate) fn add(&mut self, handle: ExpectedHandle) -> u32 {
        let index = self.free.pop().unwrap_or_else(|| {
            self.array.push(None);
            self.array.len() - 1
        });
        self.array[index] = Some(handle);
        index as u32
    }

    /// What `resource.drop` and lifting `own` have in common.
    pub(crate) fn remove(&mut self, index: u32, ty: usize) -> Result<ExpectedHandle, TrapCode> {
        let handle = *self.typed(index, ty)?;
        if handle.lends > 0 {
            return Err(TrapCode::HandleLent);
        }
        self.array[index as usize] = None;
        self.free.push(index as usize);
        Ok(handle)
    }

    /// Lifts `own`: the representation.
    pub(crate) fn lift_own(&mut self, index: u32, ty: usize) -> Result<u32, TrapCode> {
        let handle = self.remove(index, ty)?;
        if handle.own { Ok(handle.rep) } else { Err(TrapCode::HandleNotOwned) }
    }

    /// A call that a handle was lent to has returned. The handle is there, since lent ones cannot be removed.
    pub(crate) fn lent_back(&mut self, index: u32) {
        let handle = self.array[index as usize].as_mut().expect("what is lent stays");
        handle.lends -= 1;
    }

    /// Indices and handles that are there.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (u32, &ExpectedHandle)> {
        let entries = self.array.iter().enumerate();
        entries.filter_map(|(index, handle)| handle.as_ref().map(|handle| (index as u32, handle)))
    }
}
