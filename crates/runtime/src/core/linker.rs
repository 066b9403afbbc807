//! [`Linker`]: gives modules their imports by name.

mod async_host;
mod names;
mod pre;

pub use pre::InstancePre;

use super::caller::Importer;
use super::func::host_func;
use super::into_func::{type_of, typed_host_func};
use super::item::{Extern, ExternType};
use super::{Caller, Func, Instance, IntoFunc, Module, Val, WasmRet, WasmTyList};
use crate::engine::Engine;
use crate::error::{Error, LinkError, Result, bail};
use crate::signatures::RegisteredSignature;
use crate::store::{AsContextMut, StoreContextMut, StoreInner};
use crate::vm::HostFunc;
use gusset_artifact::CoreFuncType;
use gusset_types::{Printable, nearest};
use indexmap::IndexMap;
use std::sync::Arc;

/// How many imports that are not defined are told.
const MAX_TOLD: usize = 20;

/// What modules import, by name. It can be used with any number of stores, as long as what it holds is of none or of
/// that store.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::core::{FuncType, Linker, Module, Val, ValType};
/// use gusset::{Engine, Store};
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module
///     (import "host" "put" (func $put (param i32)))
///     (func (export "run") (call $put (i32.const 3)) (call $put (i32.const 4))))"#)?;
/// let mut linker = Linker::<Vec<Val>>::new(&engine);
/// let ty = FuncType { params: [ValType::I32].into(), results: [].into() };
/// linker.func_new("host", "put", ty, |mut store, params, _| {
///     store.data_mut().extend(params);
///     Ok(())
/// })?;
/// let mut store = Store::new(&engine, Vec::new());
/// let instance = linker.instantiate(&mut store, &module)?;
/// instance.get_func(&mut store, "run").expect("it is exported").call(&mut store, &[], &mut [])?;
/// assert_eq!(store.data(), &[Val::I32(3), Val::I32(4)]);
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
pub struct Linker<T: 'static> {
    engine: Engine,
    definitions: IndexMap<Box<str>, IndexMap<Box<str>, CoreDefinition<T>>>,
    allow_shadowing: bool,
}

enum CoreDefinition<T: 'static> {
    Item(Extern),
    HostFunc(RegisteredSignature, MakeHostFunc<T>),
}

/// Makes the host function that a closure is for an importer: one of its own, so that a call knows who calls without asking.
type MakeHostFunc<T> = Arc<dyn Fn(Option<Importer>) -> HostFunc<T> + Send + Sync>;

impl<T: 'static> Linker<T> {
    /// An empty linker, for stores with data `T`.
    pub fn new(engine: &Engine) -> Linker<T> {
        Linker { engine: engine.clone(), definitions: IndexMap::new(), allow_shadowing: false }
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether a name may be defined again (default: no). The last definition counts.
    pub fn allow_shadowing(&mut self, allow: bool) -> &mut Linker<T> {
        self.allow_shadowing = allow;
        self
    }

    /// Defines a name: what is imported as `module` and `name`.
    ///
    /// # Errors
    ///
    /// When the name is defined already.
    pub fn define(&mut self, module: &str, name: &str, item: impl Into<Extern>) -> Result<&mut Linker<T>> {
        self.insert(module, name, CoreDefinition::Item(item.into()))
    }

    /// Defines a name as a closure of the host's, which is told who calls it; see [`Func::new`] for its arguments and results.
    ///
    /// # Errors
    ///
    /// When the name is defined already, or the signature is not supported.
    pub fn func_new(
        &mut self,
        module: &str,
        name: &str,
        ty: CoreFuncType,
        func: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    ) -> Result<&mut Linker<T>> {
        let signature = self.engine.signatures().register(&ty)?;
        let (ty, func) = (signature.clone(), Arc::new(func));
        let make = move |importer: Option<Importer>| {
            let func = func.clone();
            host_func(&ty, move |store: StoreContextMut<'_, T>, params: &[Val], results: &mut [Val]| {
                func(Caller::new(store, importer.as_ref()), params, results)
            })
        };
        self.insert(module, name, CoreDefinition::HostFunc(signature, Arc::new(make)))
    }

    /// Defines a name as a closure of the host's over Rust values, whose types are the function's: see [`IntoFunc`]. It may take a
    /// [`Caller`] first, which has the store and knows who calls.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::core::{Caller, Linker, Module};
    /// use gusset::{Engine, Store};
    /// let engine = Engine::default();
    /// let module = Module::new(&engine, r#"(module
    ///     (import "host" "next" (func $next (result i32)))
    ///     (import "host" "root" (func $root (param f64) (result f64)))
    ///     (func (export "run") (result f64)
    ///         (drop (call $next))
    ///         (call $root (f64.convert_i32_s (call $next)))))"#)?;
    /// let mut linker = Linker::<i32>::new(&engine);
    /// linker.func_wrap("host", "root", |value: f64| value.sqrt())?;
    /// linker.func_wrap("host", "next", |mut caller: Caller<'_, i32>| {
    ///     *caller.data_mut() += 2;
    ///     *caller.data()
    /// })?;
    /// let mut store = Store::new(&engine, 0);
    /// let instance = linker.instantiate(&mut store, &module)?;
    /// let run = instance.get_typed_func::<(), f64>(&mut store, "run")?;
    /// assert_eq!(run.call(&mut store, ())?, 2.0);
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the name is defined already.
    pub fn func_wrap<Params, Results>(
        &mut self,
        module: &str,
        name: &str,
        func: impl IntoFunc<T, Params, Results>,
    ) -> Result<&mut Linker<T>> {
        let signature = self.engine.signatures().register_closed(&type_of(&func));
        let func = Arc::new(func);
        let make = move |importer| typed_host_func(func.clone(), importer);
        self.insert(module, name, CoreDefinition::HostFunc(signature, Arc::new(make)))
    }

    /// The same of a closure that takes its parameters as one list, and may fail before it has results.
    fn func_wrap_list<P: WasmTyList + 'static, R: WasmRet + 'static>(
        &mut self,
        module: &str,
        name: &str,
        func: impl Fn(Caller<'_, T>, P) -> Result<R> + Send + Sync + 'static,
    ) -> Result<&mut Linker<T>> {
        let ty = CoreFuncType { params: P::TYPES.into(), results: R::TYPES.into() };
        let signature = self.engine.signatures().register_closed(&ty);
        let func = Arc::new(func);
        let make = move |importer: Option<Importer>| -> HostFunc<T> {
            let func = func.clone();
            Arc::new(move |mut store, values| {
                let params = P::read(&mut store.0.vm, values)?;
                let results = func(Caller::new(store.as_context_mut(), importer.as_ref()), params)?;
                results.write(&mut store.0.vm, values)
            })
        };
        self.insert(module, name, CoreDefinition::HostFunc(signature, Arc::new(make)))
    }

    /// Defines all exports of an instance under `module`.
    ///
    /// # Errors
    ///
    /// When a name is defined already, or the instance is of another store.
    pub fn instance(
        &mut self,
        mut store: impl AsContextMut<Data = T>,
        module: &str,
        instance: Instance,
    ) -> Result<&mut Linker<T>> {
        instance.check(&store.as_context_mut().0.vm)?;
        for (name, item) in instance.exports(&mut store) {
            self.insert(module, &name, CoreDefinition::Item(item))?;
        }
        Ok(self)
    }

    /// Whether a name has been defined.
    pub fn defines(&self, module: &str, name: &str) -> bool {
        self.definitions.get(module).is_some_and(|names| names.contains_key(name))
    }

    /// What a name is defined as, in a store; `None` if it is not. A closure of the host's becomes a new function of
    /// the store each time.
    ///
    /// # Errors
    ///
    /// When the store is of another engine.
    pub fn get(&self, mut store: impl AsContextMut<Data = T>, module: &str, name: &str) -> Result<Option<Extern>> {
        self.item(store.as_context_mut().0, module, name, None)
    }

    /// What a name is defined as, for an import of `importer`.
    fn item(
        &self,
        store: &mut StoreInner<T>,
        module: &str,
        name: &str,
        importer: Option<Instance>,
    ) -> Result<Option<Extern>> {
        let Some(definition) = self.definition(module, name) else { return Ok(None) };
        check_engine(&self.engine, store)?;
        Ok(Some(definition.item(store, importer)))
    }

    fn definition(&self, module: &str, name: &str) -> Option<&CoreDefinition<T>> {
        self.definitions.get(module)?.get(name)
    }

    /// Makes an instance of a module with what its imports' names are defined as.
    ///
    /// # Errors
    ///
    /// When imports have not been defined: a [`LinkError`](crate::LinkError), which tells all of them (of many the first twenty) with
    /// their types and what is defined that is near. And as [`Instance::new`].
    pub fn instantiate(&self, mut store: impl AsContextMut<Data = T>, module: &Module) -> Result<Instance> {
        let mut imports = Vec::with_capacity(module.module().imports.len());
        let importer = Some(Instance::next(&store.as_context_mut().0.vm));
        for import in &module.module().imports {
            let item = self.item(store.as_context_mut().0, &import.module, &import.name, importer)?;
            imports.push(item.ok_or_else(|| self.unknown(module))?);
        }
        Instance::new(store, module, &imports)
    }

    /// The error that tells which imports of a module have not been defined, with their types and what is near.
    #[cold]
    fn unknown(&self, module: &Module) -> Error {
        let missing = || module.imports().filter(|(from, name, _)| !self.defines(from, name));
        let text = |(module, name, ty): (&str, &str, ExternType)| {
            let near = self.near(module, name).map_or_else(String::new, |near| format!("; {near} is defined"));
            (format!("`{}::{}`", Printable::name(module), Printable::name(name)), ty, near)
        };
        let (count, first) = (missing().count(), missing().next());
        let location = first.as_ref().and_then(|(from, name, _)| module.code().0.locate_import(&[from, name]));
        if let (1, Some((name, _, near))) = (count, first.map(text)) {
            return LinkError::located(format_args!("unknown import: {name} has not been defined{near}"), location);
        }
        let lines = missing().take(MAX_TOLD).map(text).map(|(name, ty, near)| format!("\n  {name}: {ty}{near}"));
        let mut told: String = lines.collect();
        if count > MAX_TOLD {
            told.push_str(&format!("\n  and {} more", count - MAX_TOLD));
        }
        LinkError::located(format_args!("unknown imports: {count} have not been defined{told}"), location)
    }

    /// What may have been meant to be an import: a name that is spelled like it, or the same in another module.
    fn near(&self, module: &str, name: &str) -> Option<String> {
        let quoted = |module: &str, name: &str| format!("`{}::{}`", Printable::name(module), Printable::name(name));
        let names = self.definitions.get(module);
        let spelled = names.and_then(|names| nearest(name, names.keys().map(|name| &**name)));
        let elsewhere = || self.definitions.iter().find(|(_, names)| names.contains_key(name));
        spelled.map(|near| quoted(module, near)).or_else(|| elsewhere().map(|(module, _)| quoted(module, name)))
    }

    fn insert(&mut self, module: &str, name: &str, definition: CoreDefinition<T>) -> Result<&mut Linker<T>> {
        let names = self.definitions.entry(module.into()).or_default();
        if names.contains_key(name) && !self.allow_shadowing {
            bail!("`{}::{}` is defined already", Printable::name(module), Printable::name(name));
        }
        names.insert(name.into(), definition);
        Ok(self)
    }
}

/// What is defined is of one engine.
fn check_engine<T: 'static>(engine: &Engine, store: &StoreInner<T>) -> Result<()> {
    if !Engine::same(engine, store.vm.engine()) {
        bail!("a linker of one engine was used with a store of another");
    }
    Ok(())
}

impl<T: 'static> CoreDefinition<T> {
    /// What it is in a store of its engine, for an import of `importer`.
    fn item(&self, store: &mut StoreInner<T>, importer: Option<Instance>) -> Extern {
        match self {
            CoreDefinition::Item(item) => item.clone(),
            CoreDefinition::HostFunc(signature, make) => {
                let func = make(importer.map(Importer::new));
                let func = store.add_host_func(signature.clone(), move |store, values| func(store, values));
                Extern::Func(Func::from_handle(func))
            }
        }
    }
}

impl<T: 'static> Clone for Linker<T> {
    fn clone(&self) -> Linker<T> {
        let definitions = self.definitions.iter().map(|(module, names)| {
            let names = names.iter().map(|(name, definition)| (name.clone(), definition.clone()));
            (module.clone(), names.collect())
        });
        Linker {
            engine: self.engine.clone(),
            definitions: definitions.collect(),
            allow_shadowing: self.allow_shadowing,
        }
    }
}

impl<T: 'static> Clone for CoreDefinition<T> {
    fn clone(&self) -> CoreDefinition<T> {
        match self {
            CoreDefinition::Item(item) => CoreDefinition::Item(item.clone()),
            CoreDefinition::HostFunc(ty, make) => CoreDefinition::HostFunc(ty.clone(), make.clone()),
        }
    }
}
