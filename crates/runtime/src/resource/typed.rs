//! [`Resource`]: a handle of a resource of the host, with the Rust type that stands for its resource type.

use super::held::{HandleIdentity, HeldHandles, HostHandle};
use super::{ResourceAny, ResourceType};
use crate::error::{Result, bail};
use crate::store::AsContextMut;
use crate::vm::StoreId;
use std::any::type_name;
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

/// A handle of a resource that the host defines as [`ResourceType::host::<T>()`](ResourceType::host). What the resource is, is
/// for the host to know, by the number that stands for it, its representation: mostly the position in a
/// [`ResourceTable`](crate::ResourceTable).
///
/// It stands for `own` and `borrow` of its type in parameters and results. An owned one can be given to a guest once; while
/// a call of a guest has it borrowed, it cannot be given away. A borrowed one that a host function was given ends when that
/// function returns. These are checked where a handle is given to a guest.
///
/// ```
/// use gusset::Resource;
/// struct File;
/// let file = Resource::<File>::new_own(3);
/// assert_eq!((file.rep(), file.owned()), (3, true));
/// ```
pub struct Resource<T: 'static> {
    rep: u32,
    kind: ResourceKind,
    ty: PhantomData<fn() -> T>,
}

enum ResourceKind {
    Own {
        /// Whether it has been given away.
        given: AtomicBool,
        /// How often it is lent; none was there before it was lent for the first time.
        lends: OnceLock<Arc<AtomicU32>>,
    },
    /// The host vouches for it.
    Borrow,
    /// Lent to a host function, for this call in this store.
    Lent { store: StoreId, call: u64 },
}

impl<T: 'static> Resource<T> {
    /// An owned handle of the resource that the host knows by `rep`.
    pub fn new_own(rep: u32) -> Resource<T> {
        Resource {
            rep,
            kind: ResourceKind::Own { given: AtomicBool::new(false), lends: OnceLock::new() },
            ty: PhantomData,
        }
    }

    /// A borrowed handle of the resource that the host knows by `rep`; that it exists is for the host to see to.
    pub fn new_borrow(rep: u32) -> Resource<T> {
        Resource { rep, kind: ResourceKind::Borrow, ty: PhantomData }
    }

    /// A handle that is lent for the innermost call of a host function. Where there is none, the host vouches for it.
    pub(crate) fn lent(rep: u32, held: &HeldHandles) -> Resource<T> {
        let kind = match held.current_call() {
            0 => ResourceKind::Borrow,
            call => ResourceKind::Lent { store: held.store(), call },
        };
        Resource { rep, kind, ty: PhantomData }
    }

    /// The number by which the host knows the resource.
    pub fn rep(&self) -> u32 {
        self.rep
    }

    /// Whether the handle is owned, or was before it was given away. Else it is borrowed.
    pub fn owned(&self) -> bool {
        matches!(self.kind, ResourceKind::Own { .. })
    }

    /// The same handle without its Rust type.
    ///
    /// # Errors
    ///
    /// When it has been given away, is lent, or is a borrow whose call is over.
    pub fn try_into_resource_any(self, mut store: impl AsContextMut) -> Result<ResourceAny> {
        let store = store.as_context_mut();
        let (held, ty) = (&mut store.0.held, ResourceType::host::<T>());
        match self.kind {
            ResourceKind::Own { .. } => {
                let rep = self.pass(held, ty, true)?;
                Ok(held.hold_own(ty, rep, None)?)
            }
            ResourceKind::Borrow | ResourceKind::Lent { .. } => {
                let rep = self.pass(held, ty, false)?;
                Ok(held.hold_borrow(ty, rep)?)
            }
        }
    }

    /// The handle `any` with the Rust type that stands for its resource type.
    ///
    /// # Errors
    ///
    /// Those of [`ResourceAny::try_into_resource`].
    pub fn try_from_resource_any(any: ResourceAny, store: impl AsContextMut) -> Result<Resource<T>> {
        any.try_into_resource(store)
    }
}

impl<T: 'static> HostHandle for Resource<T> {
    fn identity(&self) -> HandleIdentity {
        HandleIdentity::Typed(std::ptr::from_ref(self).addr())
    }

    fn check(&self, held: &mut HeldHandles, _: ResourceType, own: bool) -> Result<u32> {
        match &self.kind {
            ResourceKind::Own { given, lends } => {
                if own && lends.get().is_some_and(|lends| lends.load(Ordering::Relaxed) != 0) {
                    bail!("a Resource<{}> was given away while it is lent", type_name::<T>());
                }
                if given.load(Ordering::Relaxed) {
                    bail!("a Resource<{}> was used after it was given away", type_name::<T>());
                }
            }
            _ if own => bail!("a borrowed Resource<{}> was given where an owned one is needed", type_name::<T>()),
            ResourceKind::Borrow => {}
            ResourceKind::Lent { store, call } => {
                if *store != held.store() || !held.is_running(*call) {
                    bail!("a borrowed Resource<{}> was used after the call that it was lent for", type_name::<T>());
                }
            }
        }
        Ok(self.rep)
    }

    fn pass(&self, held: &mut HeldHandles, ty: ResourceType, own: bool) -> Result<u32> {
        let rep = self.check(held, ty, own)?;
        match &self.kind {
            // It may be another thread that gives it away meanwhile.
            ResourceKind::Own { given, .. } if own => {
                if given.swap(true, Ordering::Relaxed) {
                    bail!("a Resource<{}> was used after it was given away", type_name::<T>());
                }
            }
            ResourceKind::Own { lends, .. } => held.lend_counted(lends.get_or_init(Arc::default).clone()),
            ResourceKind::Borrow | ResourceKind::Lent { .. } => {}
        }
        Ok(rep)
    }
}

impl<T: 'static> fmt::Debug for Resource<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.kind {
            ResourceKind::Own { given, .. } if given.load(Ordering::Relaxed) => "given away",
            ResourceKind::Own { .. } => "own",
            ResourceKind::Borrow | ResourceKind::Lent { .. } => "borrow",
        };
        write!(f, "Resource<{}>({}, {state})", type_name::<T>(), self.rep)
    }
}
