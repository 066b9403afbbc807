//! [`Store`]: owns everything that instances are made of, and the host's data beside it. Nothing of one store is ever
//! used with another.

use crate::component_instance::ComponentInstanceState;
use crate::deadline::StoreDeadlines;
use crate::engine::Engine;
use crate::erased_store::ErasedStore;
use crate::limits::ResourceLimiter;
use crate::metering::OnEpoch;
use crate::resource::HeldHandles;
use crate::vm::{Limiter, VmStore};
use std::marker::PhantomData;

/// All instances of a host's unit of work (a request, a plug-in, a program), and the host's own data `T`.
///
/// What instances are made of lives as long as the store; dropping the store frees all of it. Nothing is freed before,
/// so a store that serves many requests grows with each instantiation. It can be sent to another thread if `T` can.
///
/// ```
/// use gusset::{Engine, Store};
/// let mut store = Store::new(&Engine::default(), vec!["started"]);
/// store.data_mut().push("running");
/// assert_eq!(store.into_data(), ["started", "running"]);
/// ```
pub struct Store<T: 'static>(pub(crate) Box<StoreInner<T>>);

/// What a store is made of.
///
/// While a guest runs, pointers to it lead back from host functions: it is never moved, and never exchanged with
/// another.
///
/// Its host functions rely on `T`, so a store of one type is no store of a super- or subtype:
///
/// ```
/// fn same(store: gusset::Store<fn(&'static str)>) -> gusset::Store<fn(&'static str)> {
///     store
/// }
/// ```
/// ```compile_fail
/// fn of_supertype(store: gusset::Store<for<'a> fn(&'a str)>) -> gusset::Store<fn(&'static str)> {
///     store
/// }
/// ```
/// ```compile_fail
/// fn of_subtype(store: gusset::Store<fn(fn(&'static str))>) -> gusset::Store<fn(for<'a> fn(&'a str))> {
///     store
/// }
/// ```
pub(crate) struct StoreInner<T: 'static> {
    pub(crate) vm: VmStore,
    /// Instances of components, in the order in which they were begun. Those that failed after something had run stay, and
    /// nobody has their handles.
    pub(crate) components: Vec<ComponentInstanceState>,
    /// The handles that the host has.
    pub(crate) held: HeldHandles,
    /// Whether one of them is locked: what a return into a guest asks first.
    pub(crate) any_locked: bool,
    /// What happens when the epoch of the deadline has come.
    pub(crate) on_epoch: OnEpoch<T>,
    pub(crate) deadlines: StoreDeadlines,
    data: T,
    limiter: Option<FindLimiter<T>>,
    /// Makes it invariant in `T`.
    invariant: PhantomData<fn(T) -> T>,
}

/// Where the limiter is in the host's data.
type FindLimiter<T> = Box<dyn (FnMut(&mut T) -> &mut dyn ResourceLimiter) + Send + Sync>;

impl<T: 'static> Store<T> {
    /// An empty store with the host's data.
    pub fn new(engine: &Engine, data: T) -> Store<T> {
        let vm = VmStore::new::<T>(engine);
        let held = HeldHandles::new(vm.id(), vm.budget().clone());
        Store(Box::new(StoreInner {
            vm,
            components: Vec::new(),
            held,
            any_locked: false,
            on_epoch: OnEpoch::Trap,
            deadlines: StoreDeadlines::default(),
            data,
            limiter: None,
            invariant: PhantomData,
        }))
    }

    /// Has the store ask a limiter before its guests get larger: `limiter` finds it in the host's data. It is asked about what is made
    /// from now on; what there is already counts. Without one, nothing of what it would be asked about is limited but by
    /// [`Config`](crate::Config).
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::{Component, Engine, LimitExceeded, Linker, Store, StoreLimits, StoreLimitsBuilder};
    /// # let engine = Engine::default();
    /// # let component = Component::new(&engine, r#"(component
    /// #     (core module $m (memory 16)) (core instance (instantiate $m)))"#)?;
    /// let limits = StoreLimitsBuilder::new().memory_size(1 << 20).instances(5).build();
    /// let mut store = Store::new(&engine, limits);
    /// store.limiter(|limits: &mut StoreLimits| limits);
    /// let ready = Linker::new(&engine).instantiate_pre(&component)?;
    /// for _ in 0..5 {
    ///     ready.instantiate(&mut store)?;
    /// }
    /// let error = ready.instantiate(&mut store).unwrap_err();
    /// assert!(error.is::<LimitExceeded>());
    /// assert_eq!(error.to_string(), "6 core instances: the limit is 5");
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn limiter(&mut self, limiter: impl (FnMut(&mut T) -> &mut dyn ResourceLimiter) + Send + Sync + 'static) {
        self.0.limiter = Some(Box::new(limiter));
    }

    /// How many bytes of the host the runtime keeps for the guests of this store:
    /// what [`Config::max_host_bytes`](crate::Config::max_host_bytes) is about.
    pub fn host_bytes(&self) -> u64 {
        self.0.vm.budget().used()
    }

    /// Bounds [`host_bytes`](Store::host_bytes) for this store: in place of [`Config::max_host_bytes`](crate::Config::max_host_bytes),
    /// which is all the same for a new one. What is in use stays.
    pub fn set_max_host_bytes(&mut self, bytes: u64) {
        self.0.vm.budget().set_limit(bytes);
    }

    /// Drops all values of the host's that nobody has a [reference](crate::core::ExternRef) to any more, and what is kept of exceptions that
    /// nobody has a reference to. That is done without a word, too, whenever as much has been made as was found to be in use the last time:
    /// who wants to be sure that a value is dropped now calls this.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::core::{ExternRef, RootScope};
    /// use gusset::{Engine, Store};
    /// use std::sync::Arc;
    /// let mut store = Store::new(&Engine::default(), ());
    /// let file = Arc::new("notes.txt");
    /// ExternRef::new(RootScope::new(&mut store), file.clone())?;
    /// assert_eq!(Arc::strong_count(&file), 2);
    /// store.gc()?;
    /// assert_eq!(Arc::strong_count(&file), 1);
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The panic of a value that is dropped, a [`HostPanic`](crate::HostPanic). The others have been dropped then, too.
    pub fn gc(&mut self) -> crate::Result<()> {
        self.0.vm.collect()
    }

    /// The host's data.
    pub fn data(&self) -> &T {
        &self.0.data
    }

    /// The host's data.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.0.data
    }

    /// Drops the store, with all instances, and returns the host's data.
    pub fn into_data(self) -> T {
        self.0.data
    }

    /// The engine that the store belongs to.
    pub fn engine(&self) -> &Engine {
        self.0.vm.engine()
    }
}

impl<T: 'static> StoreInner<T> {
    /// What guests work on, and the host's data beside it.
    pub(crate) fn vm_and_data(&mut self) -> (&mut VmStore, &mut T) {
        (&mut self.vm, &mut self.data)
    }
}

impl<T: 'static> ErasedStore for StoreInner<T> {
    fn has_limiter(&self) -> bool {
        self.limiter.is_some()
    }

    fn vm_and_limiter(&mut self) -> (&mut VmStore, Limiter<'_>) {
        let limiter = self.limiter.as_mut().map(|limiter| limiter(&mut self.data));
        (&mut self.vm, limiter)
    }

    #[cfg(feature = "compile")]
    fn waited_for_compiler(&mut self, time: std::time::Duration) {
        self.put_off_deadline(time);
    }
}

/// A shared borrow of a [`Store`]; see [`AsContext`].
pub struct StoreContext<'a, T: 'static>(pub(crate) &'a StoreInner<T>);

/// An exclusive borrow of a [`Store`]: what host functions are given. It can be used like the store itself, to call
/// other instances of it for example.
///
/// ```
/// use gusset::{AsContextMut, Engine, Store, StoreContextMut};
/// fn count(mut store: StoreContextMut<'_, u32>) {
///     *store.data_mut() += 1;
/// }
/// let mut store = Store::new(&Engine::default(), 0);
/// let mut context = store.as_context_mut();
/// count(context.as_context_mut()); // A reborrow: `context` can be used again.
/// count(context);
/// assert_eq!(*store.data(), 2);
/// ```
pub struct StoreContextMut<'a, T: 'static>(pub(crate) &'a mut StoreInner<T>);

impl<'a, T: 'static> StoreContext<'a, T> {
    /// The host's data.
    pub fn data(&self) -> &'a T {
        &self.0.data
    }

    /// The engine that the store belongs to.
    pub fn engine(&self) -> &'a Engine {
        self.0.vm.engine()
    }
}

impl<T: 'static> StoreContextMut<'_, T> {
    /// [`Store::gc`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn gc(&mut self) -> crate::Result<()> {
        self.0.vm.collect()
    }

    /// The host's data.
    pub fn data(&self) -> &T {
        &self.0.data
    }

    /// The host's data.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.0.data
    }

    /// The engine that the store belongs to.
    pub fn engine(&self) -> &Engine {
        self.0.vm.engine()
    }
}

/// What a store can be borrowed from: a [`Store`], a [`StoreContext`], a [`StoreContextMut`], and references to these.
/// Methods that only read take an `impl AsContext`.
///
/// ```
/// use gusset::{AsContext, Engine, Store};
/// fn length(store: impl AsContext<Data = String>) -> usize {
///     store.as_context().data().len()
/// }
/// let store = Store::new(&Engine::default(), String::from("data"));
/// assert_eq!(length(&store), 4);
/// assert_eq!(length(store.as_context()), 4);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no store",
    label = "a store is wanted here",
    note = "pass `&store`, or in a host function the `StoreContextMut` that it is given"
)]
pub trait AsContext {
    /// The host's data.
    type Data: 'static;

    /// Borrows the store.
    fn as_context(&self) -> StoreContext<'_, Self::Data>;
}

/// What a store can be borrowed from exclusively. Methods that change the store or run a guest take an `impl
/// AsContextMut`: `&mut store` in a host's own code, `&mut context` in a host function.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no store that can be changed",
    label = "a store that can be changed is wanted here",
    note = "pass `&mut store`, or in a host function `&mut` of the `StoreContextMut` that it is given"
)]
pub trait AsContextMut: AsContext {
    /// Borrows the store.
    fn as_context_mut(&mut self) -> StoreContextMut<'_, Self::Data>;
}

impl<T: 'static> AsContext for Store<T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext(&self.0)
    }
}

impl<T: 'static> AsContextMut for Store<T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        StoreContextMut(&mut self.0)
    }
}

impl<T: 'static> AsContext for StoreContext<'_, T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext(self.0)
    }
}

impl<T: 'static> AsContext for StoreContextMut<'_, T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext(self.0)
    }
}

impl<T: 'static> AsContextMut for StoreContextMut<'_, T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        StoreContextMut(self.0)
    }
}

impl<C: AsContext + ?Sized> AsContext for &C {
    type Data = C::Data;

    fn as_context(&self) -> StoreContext<'_, C::Data> {
        C::as_context(self)
    }
}

impl<C: AsContext + ?Sized> AsContext for &mut C {
    type Data = C::Data;

    fn as_context(&self) -> StoreContext<'_, C::Data> {
        C::as_context(self)
    }
}

impl<C: AsContextMut + ?Sized> AsContextMut for &mut C {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, C::Data> {
        C::as_context_mut(self)
    }
}

impl<'a, C: AsContext> From<&'a C> for StoreContext<'a, C::Data> {
    fn from(store: &'a C) -> StoreContext<'a, C::Data> {
        store.as_context()
    }
}

impl<'a, C: AsContextMut> From<&'a mut C> for StoreContextMut<'a, C::Data> {
    fn from(store: &'a mut C) -> StoreContextMut<'a, C::Data> {
        store.as_context_mut()
    }
}

impl<T: Default + 'static> Default for Store<T> {
    /// A store of a new engine with default settings.
    fn default() -> Store<T> {
        Store::new(&Engine::default(), T::default())
    }
}
