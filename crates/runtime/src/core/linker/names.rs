//! Names of a [`Linker`] that stand for others, and for what nobody has defined.

use super::Linker;
use crate::core::{Extern, ExternType, Global, Memory, Module, Ref, SharedMemory, Table, Tag, Val};
use crate::error::{Error, Result, bail, format_err};
use crate::store::AsContextMut;
use gusset_artifact::{CoreFuncType, CoreValType};
use gusset_types::Printable;

impl<T: 'static> Linker<T> {
    /// Defines a name as what another one is defined as now.
    ///
    /// ```
    /// use gusset::core::Linker;
    /// use gusset::Engine;
    /// let mut linker = Linker::<()>::new(&Engine::default());
    /// linker.func_wrap("host", "log", |_: i32| ())?;
    /// linker.alias("host", "log", "env", "print")?;
    /// linker.alias_module("host", "legacy")?;
    /// assert!(linker.defines("env", "print") && linker.defines("legacy", "log"));
    /// assert!(linker.alias("host", "lag", "env", "other").is_err());
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the other one is not defined, or this one is already.
    pub fn alias(&mut self, module: &str, name: &str, as_module: &str, as_name: &str) -> Result<&mut Linker<T>> {
        let Some(definition) = self.definition(module, name).cloned() else {
            bail!("`{}::{}` is not defined", Printable::name(module), Printable::name(name));
        };
        self.insert(as_module, as_name, definition)
    }

    /// Defines all names of a module in another one, too, as what they are defined as now.
    ///
    /// # Errors
    ///
    /// When there is no name in that module, or one is defined in the other already; those before it have been defined then.
    pub fn alias_module(&mut self, module: &str, as_module: &str) -> Result<&mut Linker<T>> {
        let Some(names) = self.definitions.get(module) else {
            bail!("no name of module `{}` is defined", Printable::name(module));
        };
        let names: Vec<_> = names.iter().map(|(name, definition)| (name.clone(), definition.clone())).collect();
        for (name, definition) in names {
            self.insert(as_module, &name, definition)?;
        }
        Ok(self)
    }

    /// All that is defined, as it is in a store: module, name and item. A closure of the host's becomes a new function of the store.
    ///
    /// # Errors
    ///
    /// When the store is of another engine.
    pub fn iter(&self, mut store: impl AsContextMut<Data = T>) -> Result<Vec<(&str, &str, Extern)>> {
        let mut all = Vec::new();
        for (module, names) in &self.definitions {
            for name in names.keys() {
                if let Some(item) = self.get(&mut store, module, name)? {
                    all.push((&**module, &**name, item));
                }
            }
        }
        Ok(all)
    }

    /// Defines all functions that a module imports, and that are not defined, as functions that fail when they are called. What else it
    /// imports stays as it is.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::core::{Linker, Module};
    /// use gusset::{Engine, Store};
    /// let engine = Engine::default();
    /// let module = Module::new(&engine, r#"(module (import "a" "b" (func $f))
    ///     (func (export "run") (call $f)) (func (export "other")))"#)?;
    /// let mut linker = Linker::<()>::new(&engine);
    /// linker.define_unknown_imports_as_traps(&module)?;
    /// let mut store = Store::new(&engine, ());
    /// let instance = linker.instantiate(&mut store, &module)?;
    /// instance.get_typed_func::<(), ()>(&mut store, "other")?.call(&mut store, ())?;
    /// let error = instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ()).unwrap_err();
    /// assert_eq!(error.root_cause().to_string(), "unknown import: `a::b` has not been defined");
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When a signature is not supported.
    pub fn define_unknown_imports_as_traps(&mut self, module: &Module) -> Result<()> {
        self.define_unknown(module, |linker, from, name, ty| {
            let ExternType::Func(ty) = ty else { return Ok(()) };
            let path = format!("`{}::{}`", Printable::name(from), Printable::name(name));
            let fail = move |_: crate::core::Caller<'_, T>, _: &[Val], _: &mut [Val]| -> Result<()> {
                bail!("unknown import: {path} has not been defined")
            };
            linker.func_new(from, name, ty, fail).map(drop)
        })
    }

    /// Defines all that a module imports, and that is not defined, as something of its type: functions return the defaults of their results,
    /// globals have that of their type, memories and tables are as small as they may be. Needs a store for what is no function.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::core::{Linker, Module};
    /// use gusset::{Engine, Store};
    /// let engine = Engine::default();
    /// let module = Module::new(&engine, r#"(module (import "a" "f" (func $f (result i32)))
    ///     (import "a" "m" (memory 1)) (import "a" "g" (global (mut i64))) (import "a" "t" (table 2 externref))
    ///     (func (export "run") (result i32) (call $f)))"#)?;
    /// let (mut linker, mut store) = (Linker::<()>::new(&engine), Store::new(&engine, ()));
    /// linker.define_unknown_imports_as_default_values(&mut store, &module)?;
    /// let instance = linker.instantiate(&mut store, &module)?;
    /// assert_eq!(instance.get_typed_func::<(), i32>(&mut store, "run")?.call(&mut store, ())?, 0);
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When there is no default of a type (a reference that is not null), no room, or a signature is not supported.
    pub fn define_unknown_imports_as_default_values(
        &mut self,
        mut store: impl AsContextMut<Data = T>,
        module: &Module,
    ) -> Result<()> {
        self.define_unknown(module, |linker, from, name, ty| {
            let none = |ty: CoreValType| no_default(from, name, ty);
            let item = match ty {
                ExternType::Func(ty) => return linker.define_default_func(from, name, ty),
                ExternType::Global(ty) => {
                    let value = Val::default_of(ty.content).ok_or_else(|| none(ty.content))?;
                    Extern::Global(Global::new(&mut store, ty, value)?)
                }
                ExternType::Table(ty) if !ty.element.nullable => return Err(none(CoreValType::Ref(ty.element))),
                ExternType::Table(ty) => Extern::Table(Table::new(&mut store, ty, Ref::null(ty.element.heap))?),
                ExternType::Memory(ty) if ty.shared => Extern::SharedMemory(SharedMemory::new(&linker.engine, ty)?),
                ExternType::Memory(ty) => Extern::Memory(Memory::new(&mut store, ty)?),
                ExternType::Tag(ty) => Extern::Tag(Tag::new(&mut store, &ty)?),
            };
            linker.define(from, name, item).map(drop)
        })
    }

    fn define_default_func(&mut self, from: &str, name: &str, ty: CoreFuncType) -> Result<()> {
        if let Some(&ty) = ty.results.iter().find(|&&ty| Val::default_of(ty).is_none()) {
            return Err(no_default(from, name, ty));
        }
        // Results hold the defaults of their types before.
        self.func_new(from, name, ty, |_, _, _| Ok(())).map(drop)
    }

    fn define_unknown(
        &mut self,
        module: &Module,
        mut define: impl FnMut(&mut Linker<T>, &str, &str, ExternType) -> Result<()>,
    ) -> Result<()> {
        for (from, name, ty) in module.imports() {
            if !self.defines(from, name) {
                define(self, from, name, ty)?;
            }
        }
        Ok(())
    }
}

fn no_default(module: &str, name: &str, ty: CoreValType) -> Error {
    let ty = crate::core_text::describe_value(&ty);
    format_err!(
        "import `{}::{}` has no default: there is none of type {ty}",
        Printable::name(module),
        Printable::name(name)
    )
}
