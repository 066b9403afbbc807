//! [`TypedExport`]: an exported function that is found, and compared with Rust types, once for all instances of a component.

use crate::canon::{LiftList, LowerList};
use crate::error::{Result, bail};
use crate::export_name::{FUNCS, find_export};
use crate::export_path::ExportPath;
use crate::func::Func;
use crate::host_func::typed_mismatch;
use crate::instance::Instance;
use crate::instantiate::InstancePre;
use crate::store::AsContext;
use crate::type_scope::TypeTables;
use crate::typed::{TypedFunc, ValueList};
use gusset_artifact::FuncExportIndex;
use gusset_types::Printable;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// A function that the instances of a component export, found by its name and compared with Rust types before there is one:
/// `P` for the parameters, `R` for the result, a tuple each. For hosts that make an instance for each call.
/// [`InstancePre::get_typed_export`] makes it.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// # use gusset::{Component, Engine, Linker, Store};
/// # let engine = Engine::default();
/// # let component = Component::new(&engine, r#"(component
/// #     (core module $m (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
/// #     (core instance $i (instantiate $m))
/// #     (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add"))))"#)?;
/// let ready = Linker::new(&engine).instantiate_pre(&component)?;
/// let add = ready.get_typed_export::<(u32, u32), (u32,)>("add")?;
/// for n in 0..3 {
///     let mut store = Store::new(&engine, ());
///     let instance = ready.instantiate(&mut store)?;
///     assert_eq!(add.of(&store, instance)?.call(&mut store, (n, 1))?, (n + 1,));
/// }
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
pub struct TypedExport<P, R> {
    /// With these its types have been compared.
    tables: Arc<TypeTables>,
    index: FuncExportIndex,
    types: PhantomData<fn(P) -> R>,
}

impl<T: 'static> InstancePre<T> {
    /// The function that its instances export at `path`, which is as for [`Instance::get_func`], with Rust types for its parameters and
    /// its result.
    ///
    /// # Errors
    ///
    /// Those of [`Instance::get_typed_func`].
    pub fn get_typed_export<P, R>(&self, path: impl ExportPath) -> Result<TypedExport<P, R>>
    where
        P: ValueList + LowerList,
        R: ValueList + LiftList,
    {
        let tables = self.imports.tables.clone();
        let found = find_export(&tables.plan, &path, FUNCS).map_err(|none| none.into_error(&path))?;
        let export = &tables.plan.exported_funcs[found.item];
        if let Some(what) = typed_mismatch::<P, R>(tables.scope(), export.ty, "but the Rust types stand for") {
            bail!("function `{}`: {what}", Printable::name(&export.name));
        }
        let index = found.item;
        Ok(TypedExport { tables, index, types: PhantomData })
    }
}

impl<P: ValueList + LowerList, R: ValueList + LiftList> TypedExport<P, R> {
    /// The function of an instance. Types are compared again only where the instance has resource types of its own, or others than
    /// those that this was made with.
    ///
    /// # Errors
    ///
    /// When the instance is of another component, or has other resource types.
    ///
    /// # Panics
    ///
    /// When the instance is of another store.
    #[track_caller]
    pub fn of(&self, store: impl AsContext, instance: Instance) -> Result<TypedFunc<P, R>> {
        let store = store.as_context();
        let state = &store.0.components[instance.index(store.0.vm.id())];
        if !Arc::ptr_eq(&state.tables.plan, &self.tables.plan) {
            bail!("an export of one component was asked of an instance of another");
        }
        let func = Func::new(instance, self.index.as_u32());
        if !Arc::ptr_eq(&state.tables, &self.tables) {
            return func.typed(store);
        }
        let (tables, _, callee) = func.resolve(&store);
        Ok(TypedFunc::new(func, callee, tables))
    }
}

impl<P, R> Clone for TypedExport<P, R> {
    fn clone(&self) -> Self {
        TypedExport { tables: self.tables.clone(), index: self.index, types: PhantomData }
    }
}

impl<P, R> fmt::Debug for TypedExport<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TypedExport").field(&self.tables.plan.exported_funcs[self.index].name).finish()
    }
}
