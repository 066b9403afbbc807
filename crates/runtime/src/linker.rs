//! [`Linker`]: the host's functions by name, and what a component needs of them. All that can be wrong between a host and a
//! component's imports is found out here, before anything runs.

mod async_host;

use crate::canon::{LiftList, LowerList};
use crate::component::Component;
use crate::core::Module;
use crate::engine::Engine;
use crate::error::{Result, bail};
use crate::func::Func;
use crate::host_func::{DynamicHostFunction, TypedHostFunction};
use crate::instance::Instance;
use crate::instantiate::InstancePre;
use crate::link::{FuncSlot, HostItem, LinkedFunc, Names, define_unknown_imports, exports, resolve};
use crate::resource::ResourceType;
use crate::store::{AsContext, AsContextMut, StoreContextMut};
use crate::typed::ValueList;
use crate::val::Val;
use gusset_types::{Printable, join_names};
use std::sync::Arc;

/// The host's side of a component's [imports]: functions, core modules, and instances of them, by name.
///
/// A name is met by the same name. Where there is none, one with a compatible version will do, the newest of several: an
/// import of `wasi:clocks/wall-clock@0.2.1` is met by `@0.2.0` or `@0.2.6`, not by `@0.3.0`. Versions are compatible as
/// the [canonical interface name] has it: from 1.0.0 on with the same major version, from 0.1.0 on with the same minor one;
/// those of 0.0 and pre-releases with none.
///
/// An instance for which there is neither is met by one whose name leaves out what goes without saying, or whose name says what
/// the import's leaves out: the version, or namespace and package too, so that `clock` and `wasi:clocks/clock` stand for
/// `wasi:clocks/clock@0.2.0`. That holds only where no other definition can be meant by the import, and no other import
/// by the definition; what can be meant to be several is told, with what is missing.
///
/// Definitions that a component does not import do no harm, and imported types need none.
///
/// ```
/// use gusset::{Engine, Linker, StoreContextMut};
/// let mut linker = Linker::<u32>::new(&Engine::default());
/// linker.root().func_wrap("double", |_: StoreContextMut<'_, u32>, (x,): (u32,)| Ok((x.wrapping_mul(2),)))?;
/// let mut clock = linker.instance("docs:demo/clock")?;
/// clock.func_wrap("now", |store: StoreContextMut<'_, u32>, (): ()| Ok((*store.data(),)))?;
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// [imports]: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#import-and-export-definitions
/// [canonical interface name]: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#-canonical-interface-name
pub struct Linker<T: 'static> {
    engine: Engine,
    root: Names<T>,
    allow_shadowing: bool,
}

/// The names within an instance of a [`Linker`], or at its root.
///
/// ```
/// use gusset::{Engine, Linker, StoreContextMut};
/// let mut linker = Linker::<()>::new(&Engine::default());
/// let mut math = linker.instance("docs:demo/math")?;
/// math.func_wrap("negate", |_: StoreContextMut<'_, ()>, (x,): (f64,)| Ok((-x,)))?;
/// math.func_new("same", |_, params, results| {
///     results.clone_from_slice(params);
///     Ok(())
/// })?;
/// assert!(math.func_new("same", |_, _, _| Ok(())).is_err());
/// # Ok::<(), gusset::Error>(())
/// ```
pub struct LinkerInstance<'a, T: 'static> {
    names: &'a mut Names<T>,
    /// The names that lead here.
    path: Vec<Box<str>>,
    allow_shadowing: bool,
}

impl<T: 'static> Clone for Linker<T> {
    fn clone(&self) -> Self {
        Linker { engine: self.engine.clone(), root: self.root.clone(), allow_shadowing: self.allow_shadowing }
    }
}

impl<T: 'static> Linker<T> {
    /// A linker without names, for components of `engine` and stores with data `T`.
    pub fn new(engine: &Engine) -> Linker<T> {
        Linker { engine: engine.clone(), root: Names::default(), allow_shadowing: false }
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether a name can be defined again, the last definition counting (default: that is an error).
    pub fn allow_shadowing(&mut self, allow: bool) -> &mut Self {
        self.allow_shadowing = allow;
        self
    }

    /// The names that stand by themselves: what a component imports outside of any instance.
    pub fn root(&mut self) -> LinkerInstance<'_, T> {
        LinkerInstance { names: &mut self.root, path: Vec::new(), allow_shadowing: self.allow_shadowing }
    }

    /// The instance `name`, such as `wasi:clocks/wall-clock@0.2.0`; it is made if it is not there.
    ///
    /// # Errors
    ///
    /// When the name stands for a function, a core module or a resource type.
    pub fn instance(&mut self, name: &str) -> Result<LinkerInstance<'_, T>> {
        self.root().into_instance(name)
    }

    /// Defines each function that `component` imports and that is not defined, so that it fails when it is called, and each
    /// such resource type: what imports more than it uses can run all the same. Instances that are defined in part are completed,
    /// those whose names leave something out in a copy under the import's name.
    ///
    /// Such a function stops its guest as a trap does, and locks its instance. The error is not a [`Trap`](crate::Trap),
    /// because no guest is at fault, but a [`LinkError`](crate::LinkError) that names the import, with the guest's
    /// [backtrace](crate::WasmBacktrace). Dropping a resource of such a type does nothing.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// # use gusset::{Component, Engine, Linker};
    /// let engine = Engine::default();
    /// let component = Component::new(&engine, r#"(component (import "now" (func (result u64))))"#)?;
    /// let mut linker = Linker::<()>::new(&engine);
    /// linker.define_unknown_imports_as_traps(&component)?;
    /// assert!(linker.instantiate_pre(&component).is_ok());
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// None: what is defined as something else, or is no function, is for [`instantiate_pre`](Linker::instantiate_pre) to
    /// tell.
    pub fn define_unknown_imports_as_traps(&mut self, component: &Component) -> Result<()> {
        define_unknown_imports(component.plan(), &mut self.root);
        Ok(())
    }

    /// Finds what a component imports, and checks all types.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// # use gusset::{Component, Engine, Linker};
    /// let engine = Engine::default();
    /// let component = Component::new(&engine, r#"(component (import "now" (func (result u64))))"#)?;
    /// let mut linker = Linker::<()>::new(&engine);
    /// let error = linker.instantiate_pre(&component).expect_err("nothing is defined");
    /// assert_eq!(error.to_string(), "import \"now\" (function) is missing: func() -> u64");
    /// linker.root().func_wrap("now", |_, (): ()| Ok((1_700_000_000_u64,)))?;
    /// assert!(linker.instantiate_pre(&component).is_ok());
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When imports are missing or of another type: a [`LinkError`](crate::LinkError), which tells all of them (of many the
    /// first twenty) by their whole paths.
    ///
    /// # Panics
    ///
    /// When the component is of another engine.
    #[track_caller]
    pub fn instantiate_pre(&self, component: &Component) -> Result<InstancePre<T>> {
        assert!(Engine::same(&self.engine, component.engine()), "a component and a linker must be of one engine");
        let locate = |paths: &[Vec<&str>]| component.code().locate_imports(paths);
        let imports = resolve(&self.engine, component.tables(), &self.root, locate)?;
        Ok(InstancePre::new(component.clone(), imports))
    }

    /// [`instantiate_pre`](Linker::instantiate_pre), then [`InstancePre::instantiate`].
    ///
    /// # Errors
    ///
    /// What either returns.
    ///
    /// # Panics
    ///
    /// When the component or the store is of another engine.
    #[track_caller]
    pub fn instantiate(&self, store: impl AsContextMut<Data = T>, component: &Component) -> Result<Instance> {
        self.instantiate_pre(component)?.instantiate(store)
    }
}

impl<'a, T: 'static> LinkerInstance<'a, T> {
    /// Defines a function with Rust types: a tuple for the parameters, and one for the result.
    ///
    /// Whether they are the import's is checked when a component is linked. The function is called as [`canon lower`]
    /// says: its parameters are copied out of the guest, and its result into it. An error that it returns stops the
    /// guest and reaches the host that called it. It may call the instance that is calling it; see
    /// [`Func::call`](crate::Func::call).
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// # use gusset::{Component, Engine, Linker, Store, StoreContextMut};
    /// # let engine = Engine::default();
    /// # let component = Component::new(&engine, r#"(component
    /// #     (import "next" (func $next (param "step" u32) (result u32)))
    /// #     (core func $next (canon lower (func $next)))
    /// #     (core module $m
    /// #         (import "" "next" (func $next (param i32) (result i32)))
    /// #         (func (export "twice") (result i32)
    /// #             (drop (call $next (i32.const 10)))
    /// #             (call $next (i32.const 10))))
    /// #     (core instance $i (instantiate $m (with "" (instance (export "next" (func $next))))))
    /// #     (func (export "twice") (result u32) (canon lift (core func $i "twice"))))"#)?;
    /// let mut linker = Linker::<u32>::new(&engine);
    /// linker.root().func_wrap("next", |mut store: StoreContextMut<'_, u32>, (step,): (u32,)| {
    ///     *store.data_mut() += step;
    ///     Ok((*store.data(),))
    /// })?;
    /// let mut store = Store::new(&engine, 0);
    /// let instance = linker.instantiate(&mut store, &component)?;
    /// assert_eq!(instance.get_typed_func::<(), (u32,)>(&mut store, "twice")?.call(&mut store, ())?, (20,));
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the name is taken.
    ///
    /// [`canon lower`]: https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#canon-lower
    pub fn func_wrap<P, R, F>(&mut self, name: &str, func: F) -> Result<()>
    where
        F: Fn(StoreContextMut<'_, T>, P) -> Result<R> + Send + Sync + 'static,
        P: ValueList + LiftList + 'static,
        R: ValueList + LowerList + 'static,
    {
        self.define(name, HostItem::Func(Arc::new(TypedHostFunction::<F, P, R>::new(func))))
    }

    /// Defines a resource type: `ty` is [`ResourceType::host::<T>()`](ResourceType::host) for one of the host, or that of an
    /// instance in the same store. One type can have several names.
    ///
    /// `destructor` is called with the representation when a guest drops an owned handle, or the host one that it got from
    /// a guest; a failure of it stops the guest.
    ///
    /// ```
    /// use gusset::{Engine, Linker, Resource, ResourceTable, ResourceType, StoreContextMut};
    /// struct Counter(u32);
    /// type Store<'a> = StoreContextMut<'a, ResourceTable>;
    ///
    /// let mut linker = Linker::<ResourceTable>::new(&Engine::default());
    /// let mut counters = linker.instance("docs:demo/counters")?;
    /// counters.resource("counter", ResourceType::host::<Counter>(), |mut store, rep| {
    ///     store.data_mut().delete(Resource::<Counter>::new_own(rep))?;
    ///     Ok(())
    /// })?;
    /// counters.func_wrap("[constructor]counter", |mut store: Store<'_>, (start,): (u32,)| {
    ///     Ok((store.data_mut().push(Counter(start))?,))
    /// })?;
    /// counters.func_wrap("[method]counter.next", |mut store: Store<'_>, (counter,): (Resource<Counter>,)| {
    ///     let counter = store.data_mut().get_mut(&counter)?;
    ///     counter.0 += 1;
    ///     Ok((counter.0,))
    /// })?;
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the name is taken.
    pub fn resource(
        &mut self,
        name: &str,
        ty: ResourceType,
        destructor: impl Fn(StoreContextMut<'_, T>, u32) -> Result<()> + Send + Sync + 'static,
    ) -> Result<()> {
        self.define(name, HostItem::Resource(ty, Arc::new(destructor)))
    }

    /// Defines a function of whatever type the import has. It is given the parameters, and a slot for the result if
    /// there is one, to be overwritten.
    ///
    /// What it leaves in the slot is checked at each call; a value of another type is an error, a
    /// [`ValMismatch`](crate::ValMismatch).
    ///
    /// # Errors
    ///
    /// When the name is taken.
    pub fn func_new<F>(&mut self, name: &str, func: F) -> Result<()>
    where
        F: Fn(StoreContextMut<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    {
        self.define(name, HostItem::Func(Arc::new(DynamicHostFunction(func))))
    }

    /// Defines a core module, for a component to instantiate.
    ///
    /// Whether it is of the import's type is checked when a component is linked: it may import less and export more.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::{Component, Engine, Linker, Store, core::Module};
    /// let engine = Engine::default();
    /// let component = Component::new(&engine, r#"(component
    ///     (import "code" (core module $code (export "one" (func (result i32)))))
    ///     (core instance $i (instantiate $code))
    ///     (func (export "one") (result u32) (canon lift (core func $i "one"))))"#)?;
    /// let module = Module::new(&engine, r#"(module (func (export "one") (result i32) (i32.const 1)))"#)?;
    /// let mut linker = Linker::new(&engine);
    /// linker.root().module("code", &module)?;
    /// let mut store = Store::new(&engine, ());
    /// let instance = linker.instantiate(&mut store, &component)?;
    /// assert_eq!(instance.get_typed_func::<(), (u32,)>(&mut store, "one")?.call(&mut store, ())?, (1,));
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the name is taken.
    pub fn module(&mut self, name: &str, module: &Module) -> Result<()> {
        self.define(name, HostItem::Module(module.clone()))
    }

    /// The instance `name` within this one; it is made if it is not there.
    ///
    /// # Errors
    ///
    /// When the name stands for a function, a core module or a resource type.
    pub fn instance(&mut self, name: &str) -> Result<LinkerInstance<'_, T>> {
        let inner =
            LinkerInstance { names: &mut *self.names, path: self.path.clone(), allow_shadowing: self.allow_shadowing };
        inner.into_instance(name)
    }

    /// [`instance`](LinkerInstance::instance), for as long as the linker is borrowed.
    ///
    /// # Errors
    ///
    /// When the name stands for a function, a core module or a resource type.
    pub fn into_instance(mut self, name: &str) -> Result<LinkerInstance<'a, T>> {
        self.path.push(name.into());
        let replace = match self.names.exact(name) {
            None => true,
            Some(HostItem::Instance(_)) => false,
            Some(_) => self.allow_shadowing,
        };
        if replace {
            self.names.insert(name, HostItem::Instance(Names::default()));
        }
        match self.names.exact_mut(name) {
            Some(HostItem::Instance(names)) => {
                Ok(LinkerInstance { names, path: self.path, allow_shadowing: self.allow_shadowing })
            }
            other => {
                let what = other.map_or("nothing", |item| item.what());
                bail!("`{}` is defined as {what}, not as an instance", Printable::name(&self.path.join("#")))
            }
        }
    }

    /// Defines a function of a running instance, for another to import: the two are linked without the host in between.
    ///
    /// A component that is linked with it can be instantiated in `store` only. Its calls go into the function's instance as
    /// the host's do: a failure locks that instance and the caller's, and a call of an instance that is locked is a trap.
    /// Instances may call one another, and themselves, in circles; [`func_slot`](LinkerInstance::func_slot) is for
    /// functions that are not there yet.
    ///
    /// # Errors
    ///
    /// When the name is taken.
    ///
    /// # Panics
    ///
    /// When the function is of another store.
    #[track_caller]
    pub fn define_func(&mut self, store: impl AsContext<Data = T>, name: &str, func: Func) -> Result<()> {
        let func = LinkedFunc::new(&store.as_context(), func);
        self.define(name, HostItem::Func(Arc::new(func)))
    }

    /// Defines a function that is given later.
    ///
    /// # Errors
    ///
    /// When the name is taken.
    pub fn func_slot(&mut self, name: &str) -> Result<FuncSlot> {
        self.path.push(name.into());
        let slot = FuncSlot::new(join_names(&self.path).into());
        self.path.pop();
        self.define(name, HostItem::Func(Arc::new(slot.clone())))?;
        Ok(slot)
    }

    /// Defines an instance that exports what `exporter` does, for others to import: functions, core modules, resource types,
    /// and instances of these. Functions are as those of [`define_func`](LinkerInstance::define_func).
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::{Component, Engine, Linker, Store};
    /// let engine = Engine::default();
    /// let library = Component::new(&engine, r#"(component
    ///     (core module $m (func (export "f") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))
    ///     (core instance $i (instantiate $m))
    ///     (func (export "double") (param "n" u32) (result u32) (canon lift (core func $i "f"))))"#)?;
    /// let program = Component::new(&engine, r#"(component
    ///     (import "library" (instance $l (export "double" (func (param "n" u32) (result u32)))))
    ///     (core func $double (canon lower (func $l "double")))
    ///     (core module $m
    ///         (import "" "double" (func $double (param i32) (result i32)))
    ///         (func (export "run") (result i32) (call $double (i32.const 21))))
    ///     (core instance $i (instantiate $m (with "" (instance (export "double" (func $double))))))
    ///     (func (export "run") (result u32) (canon lift (core func $i "run"))))"#)?;
    /// let mut store = Store::new(&engine, ());
    /// let mut linker = Linker::new(&engine);
    /// let library = linker.instantiate(&mut store, &library)?;
    /// linker.root().define_instance(&store, "library", library)?;
    /// let program = linker.instantiate(&mut store, &program)?;
    /// assert_eq!(program.get_typed_func::<(), (u32,)>(&mut store, "run")?.call(&mut store, ())?, (42,));
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the name is taken.
    ///
    /// # Panics
    ///
    /// When the instance is of another store.
    #[track_caller]
    pub fn define_instance(&mut self, store: impl AsContext<Data = T>, name: &str, exporter: Instance) -> Result<()> {
        let mut names = Names::default();
        for (name, item) in exports(&store.as_context(), exporter) {
            names.insert(&name, item);
        }
        self.define(name, HostItem::Instance(names))
    }

    /// Defines here, under their own names, what `exporter` exports: as
    /// [`define_instance`](LinkerInstance::define_instance), without an instance around it.
    ///
    /// # Errors
    ///
    /// When one of the names is taken.
    ///
    /// # Panics
    ///
    /// When the instance is of another store.
    #[track_caller]
    pub fn define_exports(&mut self, store: impl AsContext<Data = T>, exporter: Instance) -> Result<()> {
        exports(&store.as_context(), exporter).try_for_each(|(name, item)| self.define(&name, item))
    }

    /// Defines `as_name` as what `name` is defined as now, here: an instance under a second name, for example. What is added
    /// to the one later is not in the other.
    ///
    /// ```
    /// use gusset::{Engine, Linker};
    /// let mut linker = Linker::<()>::new(&Engine::default());
    /// linker.instance("docs:demo/log@1.0.0")?.func_wrap("line", |_, (_,): (String,)| Ok(()))?;
    /// linker.root().alias("docs:demo/log@1.0.0", "log")?;
    /// assert!(linker.root().alias("docs:demo/log@1.0.0", "log").is_err());
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When `name` is not defined, letter by letter, or `as_name` is taken.
    pub fn alias(&mut self, name: &str, as_name: &str) -> Result<()> {
        let Some(item) = self.names.exact(name) else {
            self.path.push(name.into());
            let path = self.path.join("#");
            self.path.pop();
            bail!("`{}` is not defined", Printable::name(&path));
        };
        self.define(as_name, item.clone())
    }

    fn define(&mut self, name: &str, definition: HostItem<T>) -> Result<()> {
        match self.names.exact(name) {
            Some(taken) if !self.allow_shadowing => {
                let what = taken.what();
                self.path.push(name.into());
                let path = self.path.join("#");
                self.path.pop();
                bail!("`{}` is already defined as {what}", Printable::name(&path));
            }
            _ => {
                self.names.insert(name, definition);
                Ok(())
            }
        }
    }
}
