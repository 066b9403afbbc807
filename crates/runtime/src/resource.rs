//! Resources as hosts see them: [`ResourceType`] says which type a handle is of, for hosts and guests alike; the handles
//! themselves stand in the files below.

mod any;
mod held;
mod table;
mod typed;

use std::any::TypeId;
use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

pub use any::ResourceAny;
pub(crate) use any::destructor_of;
pub use table::{ResourceTable, ResourceTableError};
pub use typed::Resource;

pub(crate) use held::{Destructor, HandleIdentity, HeldHandles, HeldMark, HostHandle};

/// A [resource type]: of the host, or of a guest. Each instance of a component that defines one has its own, so that it
/// is equal to itself alone.
///
/// ```
/// use gusset::ResourceType;
/// struct File;
/// struct Socket;
/// assert_eq!(ResourceType::host::<File>(), ResourceType::host::<File>());
/// assert_ne!(ResourceType::host::<File>(), ResourceType::host::<Socket>());
/// ```
///
/// [resource type]: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#type-definitions
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ResourceType(NonZeroU64);

/// The numbers of resource types that the host has asked for, by the Rust types that stand for them.
static OF_HOST: Mutex<Option<HashMap<TypeId, ResourceType>>> = Mutex::new(None);

impl ResourceType {
    /// The host's resource type that `T` stands for: [`Resource<T>`](crate::Resource) is a handle of it. No value of `T`
    /// need exist.
    pub fn host<T: 'static>() -> ResourceType {
        let mut known = OF_HOST.lock().unwrap_or_else(PoisonError::into_inner);
        *known.get_or_insert_default().entry(TypeId::of::<T>()).or_insert_with(ResourceType::new)
    }

    /// A type that no other is equal to.
    pub(crate) fn new() -> ResourceType {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NonZeroU64::new(NEXT.fetch_add(1, Ordering::Relaxed));
        ResourceType(number.expect("there are fewer than 2^64 resource types"))
    }
}

impl fmt::Debug for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResourceType({})", self.0)
    }
}
