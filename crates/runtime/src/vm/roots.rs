//! [`Roots`]: the references that the host holds. Scoped ones stand on a stack, and are let go with the scope that they were made in: a call of
//! a host function is one. Owned ones are held until the last handle of theirs is dropped.

use super::handle::StoreId;
use super::store::VmStore;
use crate::error::{Result, bail, format_err};
use std::sync::Arc;

/// A reference, and which of the values it is that have stood in its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct HeldReference {
    pub(super) reference: u32,
    generation: u32,
}

/// A reference that is held until its scope ends. Two are equal when they refer to one thing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScopedRoot {
    store: StoreId,
    held: HeldReference,
    /// Where it stands on the stack.
    at: u32,
}

impl PartialEq for ScopedRoot {
    fn eq(&self, other: &ScopedRoot) -> bool {
        (self.store, self.held) == (other.store, other.held)
    }
}

impl Eq for ScopedRoot {}

/// A reference that is held until all copies are dropped.
#[derive(Clone, Debug)]
pub(crate) struct OwnedRoot {
    store: StoreId,
    held: HeldReference,
    /// The store has the other one.
    _holder: Arc<()>,
}

impl OwnedRoot {
    /// Whether both refer to one thing.
    pub(crate) fn is_same(&self, other: &OwnedRoot) -> bool {
        (self.store, self.held) == (other.store, other.held)
    }
}

/// How many references a scope has found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RootMark(usize);

/// What the host holds of a store.
#[derive(Default)]
pub(super) struct Roots {
    scoped: Vec<HeldReference>,
    owned: Vec<(HeldReference, Arc<()>)>,
    /// With so many owned ones, those are looked for that nobody has any more.
    owned_limit: usize,
}

/// The least of these limits.
const LEAST_OWNED: usize = 64;

impl Roots {
    /// All of them; owned ones that nobody has any more are forgotten.
    pub(super) fn all(&mut self) -> impl Iterator<Item = HeldReference> {
        self.trim();
        self.scoped.iter().copied().chain(self.owned.iter().map(|(held, _)| *held))
    }

    fn trim(&mut self) {
        self.owned.retain(|(_, holder)| Arc::strong_count(holder) > 1);
        self.owned_limit = LEAST_OWNED.max(2 * self.owned.len());
    }

    fn own(&mut self, held: HeldReference) -> Arc<()> {
        if self.owned.len() >= self.owned_limit {
            self.trim();
        }
        let holder = Arc::new(());
        self.owned.push((held, holder.clone()));
        holder
    }
}

impl VmStore {
    /// What the scope that is open has found; see [`unroot_since`](VmStore::unroot_since).
    #[inline]
    pub(crate) fn root_mark(&self) -> RootMark {
        RootMark(self.roots.scoped.len())
    }

    /// Ends a scope: lets go of what it has not found.
    #[inline]
    pub(crate) fn unroot_since(&mut self, mark: RootMark) {
        self.roots.scoped.truncate(mark.0);
    }

    /// Holds a reference that compiled code has, until the scope ends.
    ///
    /// # Errors
    ///
    /// When it refers to nothing, which would be a bug of ours, or there are too many.
    pub(crate) fn root(&mut self, reference: u32) -> Result<ScopedRoot> {
        let generation = self.externs.generation(reference).or_else(|| self.exceptions.generation(reference));
        let Some(generation) = generation else {
            bail!("internal error: a guest has a reference to what was reclaimed");
        };
        let held = HeldReference { reference, generation };
        self.hold(held)
    }

    fn hold(&mut self, held: HeldReference) -> Result<ScopedRoot> {
        let at = u32::try_from(self.roots.scoped.len());
        let at = at.map_err(|_| format_err!("a host holds at most 2^32-1 references in its scopes"))?;
        self.roots.scoped.push(held);
        Ok(ScopedRoot { store: self.id(), held, at })
    }

    /// The reference, as compiled code has it.
    ///
    /// # Errors
    ///
    /// When it is one of another store, or its scope has ended.
    pub(crate) fn rooted(&self, root: ScopedRoot) -> Result<u32> {
        if root.store != self.id() {
            bail!("a reference of one store was used with another");
        }
        if self.roots.scoped.get(root.at as usize) != Some(&root.held) {
            bail!(
                "a reference was used after the scope that held it had ended: the call of a host function, or a `RootScope`. \
                 An `OwnedRooted` holds it for longer"
            );
        }
        Ok(root.held.reference)
    }

    /// Holds a reference beyond its scope.
    ///
    /// # Errors
    ///
    /// As for [`rooted`](VmStore::rooted).
    pub(crate) fn own_root(&mut self, root: ScopedRoot) -> Result<OwnedRoot> {
        self.rooted(root)?;
        Ok(OwnedRoot { store: self.id(), held: root.held, _holder: self.roots.own(root.held) })
    }

    /// Holds it until the present scope ends, too.
    ///
    /// # Errors
    ///
    /// When it is one of another store, or there are too many.
    pub(crate) fn scope_root(&mut self, root: &OwnedRoot) -> Result<ScopedRoot> {
        if root.store != self.id() {
            bail!("a reference of one store was used with another");
        }
        self.hold(root.held)
    }
}
