//! [`Linker`]: the host's functions by name, and what a component needs of them. All that can be wrong between a host and a
//! component's imports is found out here, before anything runs.

use crate::canon::{LiftList, LowerList};
use crate::component::Component;
use crate::engine::Engine;
use crate::error::{LinkError, Result, bail, format_err};
use crate::host_func::{DynamicHostFunction, HostFunction, TypedHostFunction};
use crate::instance::Instance;
use crate::instantiate::InstancePre;
use crate::store::{AsContextMut, StoreContextMut};
use crate::typed::ValueList;
use crate::val::Val;
use gusset_artifact::{ExternItem, NamedItems, Plan, RootImport};
use gusset_types::Printable;
use indexmap::IndexMap;
use indexmap::map::Entry;
use std::sync::Arc;

/// The host's side of a component's [imports]: functions, and instances of them, by name.
///
/// Names are compared letter by letter: an import of `wasi:clocks/wall-clock@0.2.0` is met by that name alone.
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
pub struct Linker<T: 'static> {
    engine: Engine,
    root: Names<T>,
    allow_shadowing: bool,
}

type Names<T> = IndexMap<Box<str>, HostItem<T>>;

enum HostItem<T: 'static> {
    Func(Arc<dyn HostFunction<T>>),
    Instance(Names<T>),
}

impl<T: 'static> Clone for HostItem<T> {
    fn clone(&self) -> Self {
        match self {
            HostItem::Func(func) => HostItem::Func(func.clone()),
            HostItem::Instance(names) => HostItem::Instance(names.clone()),
        }
    }
}

impl<T: 'static> HostItem<T> {
    fn what(&self) -> &'static str {
        match self {
            HostItem::Func(_) => "a function",
            HostItem::Instance(_) => "an instance",
        }
    }
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
        Linker { engine: engine.clone(), root: IndexMap::new(), allow_shadowing: false }
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
    /// When the name stands for a function.
    pub fn instance(&mut self, name: &str) -> Result<LinkerInstance<'_, T>> {
        self.root().into_instance(name)
    }

    /// Finds what a component imports, and checks all types.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// # use gusset::{Component, Engine, Linker};
    /// let engine = Engine::default();
    /// let component = Component::new(&engine, r#"(component (import "now" (func (result u64))))"#)?;
    /// let mut linker = Linker::<()>::new(&engine);
    /// let error = linker.instantiate_pre(&component).err().expect("nothing is defined");
    /// assert_eq!(error.to_string(), "import \"now\" (function) is missing");
    /// linker.root().func_wrap("now", |_, (): ()| Ok((1_700_000_000_u64,)))?;
    /// assert!(linker.instantiate_pre(&component).is_ok());
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When an import is missing or of another type; the error names it by its whole path.
    ///
    /// # Panics
    ///
    /// When the component is of another engine.
    pub fn instantiate_pre(&self, component: &Component) -> Result<InstancePre<T>> {
        assert!(Engine::same(&self.engine, component.engine()), "a component and a linker must be of one engine");
        let plan = component.plan();
        let mut found = vec![None; plan.imported_funcs.len()];
        for (name, item) in &plan.imports.items {
            let resolved = resolve(plan, item, self.root.get(&**name), &mut vec![&**name], &mut found);
            resolved.map_err(LinkError::error)?;
        }
        let imports = found.into_iter().zip(plan.imported_funcs.values()).map(|(func, import)| {
            func.ok_or_else(|| {
                format_err!("internal error: import `{}` is not among the imports", Printable::name(&import.name))
            })
        });
        Ok(InstancePre::new(component.clone(), imports.collect::<Result<_>>()?))
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
    pub fn instantiate(&self, store: impl AsContextMut<Data = T>, component: &Component) -> Result<Instance> {
        self.instantiate_pre(component)?.instantiate(store)
    }
}

/// How many functions of an instance that is missing are named.
const NAMED_FUNCS: usize = 10;

/// Finds the functions of one import.
fn resolve<'a, T: 'static>(
    plan: &'a Plan,
    item: &'a ExternItem<RootImport>,
    definition: Option<&HostItem<T>>,
    path: &mut Vec<&'a str>,
    found: &mut [Option<Arc<dyn HostFunction<T>>>],
) -> Result<()> {
    match (item, definition) {
        (ExternItem::Item(RootImport::Type(_)), _) => Ok(()),
        (ExternItem::Item(RootImport::Resource(_)), _) => {
            bail!("not supported: {}", import_name(path, "resource type"))
        }
        (ExternItem::Item(RootImport::Func(index)), Some(HostItem::Func(func))) => {
            let ty = plan.types.func(plan.imported_funcs[*index].ty);
            if let Some(mismatch) = func.mismatch(&plan.types, ty) {
                bail!("{}: {mismatch}", import_name(path, "function"));
            }
            found[index.as_u32() as usize] = Some(func.clone());
            Ok(())
        }
        (ExternItem::Item(RootImport::Func(_)), Some(other)) => {
            bail!("{} is defined as {}", import_name(path, "function"), other.what())
        }
        (ExternItem::Item(RootImport::Func(_)), None) => bail!("{} is missing", import_name(path, "function")),
        (ExternItem::Instance(_), Some(other @ HostItem::Func(_))) => {
            bail!("{} is defined as {}", import_name(path, "instance"), other.what())
        }
        (ExternItem::Instance(instance), definition) => {
            let items = &plan.imports.instances[*instance];
            if definition.is_none() {
                let (count, names) = funcs(plan, items);
                if count != 0 {
                    bail!("{} is missing (functions {names})", import_name(path, "instance"));
                }
                return Ok(());
            }
            for (name, item) in items {
                let definition = match definition {
                    Some(HostItem::Instance(names)) => names.get(&**name),
                    _ => None,
                };
                path.push(name);
                resolve(plan, item, definition, path, found)?;
                path.pop();
            }
            Ok(())
        }
    }
}

/// The functions among the items, those of instances in them too: how many, and some of the names.
fn funcs<'a>(plan: &'a Plan, items: &'a NamedItems<RootImport>) -> (usize, String) {
    let (mut count, mut names) = (0, Vec::new());
    let mut instances = vec![items.iter()];
    while let Some(items) = instances.last_mut() {
        match items.next() {
            Some((_, ExternItem::Instance(instance))) => instances.push(plan.imports.instances[*instance].iter()),
            Some((name, ExternItem::Item(RootImport::Func(_)))) => {
                count += 1;
                if count <= NAMED_FUNCS {
                    names.push(format!("\"{}\"", Printable::name(name)));
                }
            }
            Some((_, ExternItem::Item(RootImport::Type(_) | RootImport::Resource(_)))) => {}
            None => {
                instances.pop();
            }
        }
    }
    let names = names.join(", ");
    (count, if count > NAMED_FUNCS { format!("{names} and {} more", count - NAMED_FUNCS) } else { names })
}

/// `import "pkg:ns/iface@1.0.0": function "f"`.
fn import_name(path: &[&str], what: &str) -> String {
    let (last, outer) = path.split_last().expect("an import has a name");
    let last = Printable::name(last);
    if outer.is_empty() {
        return format!("import \"{last}\" ({what})");
    }
    let outer: Vec<String> = outer.iter().map(|name| format!("\"{}\"", Printable::name(name))).collect();
    format!("import {}: {what} \"{last}\"", outer.join(" "))
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

    /// The instance `name` within this one; it is made if it is not there.
    ///
    /// # Errors
    ///
    /// When the name stands for a function.
    pub fn instance(&mut self, name: &str) -> Result<LinkerInstance<'_, T>> {
        let inner =
            LinkerInstance { names: &mut *self.names, path: self.path.clone(), allow_shadowing: self.allow_shadowing };
        inner.into_instance(name)
    }

    /// [`instance`](LinkerInstance::instance), for as long as the linker is borrowed.
    ///
    /// # Errors
    ///
    /// When the name stands for a function.
    pub fn into_instance(mut self, name: &str) -> Result<LinkerInstance<'a, T>> {
        self.path.push(name.into());
        let definition = self.names.entry(name.into()).or_insert_with(|| HostItem::Instance(IndexMap::new()));
        if self.allow_shadowing && matches!(definition, HostItem::Func(_)) {
            *definition = HostItem::Instance(IndexMap::new());
        }
        match definition {
            HostItem::Instance(names) => {
                Ok(LinkerInstance { names, path: self.path, allow_shadowing: self.allow_shadowing })
            }
            HostItem::Func(_) => {
                bail!("`{}` is defined as a function, not as an instance", Printable::name(&self.path.join("#")))
            }
        }
    }

    fn define(&mut self, name: &str, definition: HostItem<T>) -> Result<()> {
        match self.names.entry(name.into()) {
            Entry::Vacant(entry) => {
                entry.insert(definition);
            }
            Entry::Occupied(mut entry) if self.allow_shadowing => {
                entry.insert(definition);
            }
            Entry::Occupied(entry) => {
                self.path.push(name.into());
                let (path, what) = (self.path.join("#"), entry.get().what());
                self.path.pop();
                bail!("`{}` is already defined as {what}", Printable::name(&path));
            }
        }
        Ok(())
    }
}
