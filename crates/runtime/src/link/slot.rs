//! [`FuncSlot`]: an import that is given its function later, so that instances can import functions of one another.

use super::linked_func::LinkedFunc;
use crate::error::{Error, LinkError, Result};
use crate::func::Func;
use crate::host_func::{HostFunction, LoweredImport, PassedCall};
use crate::signatures::RegisteredSignature;
use crate::store::{AsContext, StoreContextMut};
use crate::type_scope::{TypeScope, TypeTables};
use crate::val::Val;
use crate::vm::{FuncHandle, RawValue, StoreId};
use gusset_types::{FuncTypeIndex, Printable};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A function that instances import before it is there: [`LinkerInstance::func_slot`](crate::LinkerInstance::func_slot) makes
/// one, and [`set`](FuncSlot::set) gives it its function. With it the links between instances can be circles.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::{Component, Engine, Linker, Store};
/// let engine = Engine::default();
/// let counter = Component::new(&engine, r#"(component
///     (import "other" (func $other (param "n" u32) (result u32)))
///     (core func $other (canon lower (func $other)))
///     (core module $m
///         (import "" "other" (func $other (param i32) (result i32)))
///         (func (export "count") (param i32) (result i32)
///             (if (result i32) (local.get 0)
///                 (then (i32.add (i32.const 1) (call $other (i32.sub (local.get 0) (i32.const 1)))))
///                 (else (i32.const 0)))))
///     (core instance $i (instantiate $m (with "" (instance (export "other" (func $other))))))
///     (func (export "count") (param "n" u32) (result u32) (canon lift (core func $i "count"))))"#)?;
/// let mut store = Store::new(&engine, ());
/// let mut linker = Linker::new(&engine);
/// let slot = linker.root().func_slot("other")?;
/// let ping = linker.instantiate(&mut store, &counter)?;
/// let pong = linker.instantiate(&mut store, &counter)?;
/// let last = pong.get_func(&mut store, "count").expect("it is exported");
/// slot.set(&store, last)?;
/// let count = ping.get_typed_func::<(u32,), (u32,)>(&mut store, "count")?;
/// assert_eq!(count.call(&mut store, (10,))?, (10,));
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone)]
pub struct FuncSlot(Arc<SharedSlot>);

struct SharedSlot {
    /// The names that lead to it.
    path: Box<str>,
    func: OnceLock<LinkedFunc>,
    /// The types that instances import it at, while it is empty.
    wanted: Mutex<Vec<(Arc<TypeTables>, FuncTypeIndex)>>,
}

impl FuncSlot {
    pub(crate) fn new(path: Box<str>) -> FuncSlot {
        FuncSlot(Arc::new(SharedSlot { path, func: OnceLock::new(), wanted: Mutex::default() }))
    }

    /// Gives the slot its function, once and for all.
    ///
    /// # Errors
    ///
    /// When it has one, or an instance that has been made imports it at another type.
    ///
    /// # Panics
    ///
    /// When the function is of another store.
    #[track_caller]
    pub fn set(&self, store: impl AsContext, func: Func) -> Result<()> {
        let SharedSlot { path, func: slot, wanted } = &*self.0;
        let func = LinkedFunc::new(&store.as_context(), func);
        let mut wanted = wanted.lock().unwrap_or_else(PoisonError::into_inner);
        let path = Printable::name(path);
        for (tables, ty) in &*wanted {
            if let Some(mismatch) = func.mismatch(tables.scope(), *ty) {
                return Err(LinkError::error(format_args!("import `{path}`: {mismatch}")));
            }
        }
        if slot.set(func).is_err() {
            return Err(LinkError::error(format_args!("import `{path}` has a function")));
        }
        wanted.clear();
        Ok(())
    }

    fn func(&self) -> Result<&LinkedFunc> {
        self.0.func.get().ok_or_else(|| self.empty())
    }

    #[cold]
    fn empty(&self) -> Error {
        LinkError::error(format_args!("import `{}` is called before it has a function", Printable::name(&self.0.path)))
    }
}

impl std::fmt::Debug for FuncSlot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FuncSlot").field("path", &self.0.path).finish_non_exhaustive()
    }
}

impl<T: 'static> HostFunction<T> for FuncSlot {
    fn mismatch(&self, types: TypeScope<'_>, ty: FuncTypeIndex) -> Option<String> {
        self.0.func.get()?.mismatch(types, ty)
    }

    fn type_text(&self) -> Option<String> {
        self.0.func.get().map(LinkedFunc::type_text)
    }

    fn store(&self) -> Option<StoreId> {
        self.0.func.get().map(LinkedFunc::store)
    }

    fn import(&self, tables: &Arc<TypeTables>, ty: FuncTypeIndex) -> Result<()> {
        let mut wanted = self.0.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        match self.0.func.get() {
            None => {
                let same = |(known, at): &(Arc<TypeTables>, FuncTypeIndex)| {
                    *at == ty && Arc::ptr_eq(&known.plan, &tables.plan) && known.resources == tables.resources
                };
                if !wanted.iter().any(same) {
                    wanted.push((tables.clone(), ty));
                }
                Ok(())
            }
            Some(func) => match func.mismatch(tables.scope(), ty) {
                None => Ok(()),
                Some(mismatch) => {
                    let path = Printable::name(&self.0.path);
                    Err(LinkError::error(format_args!("import `{path}`: {mismatch}")))
                }
            },
        }
    }

    fn forget(&self, tables: &Arc<TypeTables>) {
        let mut wanted = self.0.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.retain(|(known, _)| !Arc::ptr_eq(known, tables));
    }

    fn link(&self, store: &mut StoreContextMut<'_, T>, import: &LoweredImport) -> Result<Option<FuncHandle>> {
        // One that is filled later has none.
        self.0.func.get().map_or(Ok(None), |func| func.link(store, import))
    }

    fn lower(
        self: Arc<Self>,
        store: &mut StoreContextMut<'_, T>,
        signature: RegisteredSignature,
        import: LoweredImport,
    ) -> FuncHandle {
        import.add_to(store, signature, self)
    }

    fn call_from_guest(
        &self,
        store: StoreContextMut<'_, T>,
        import: &LoweredImport,
        values: &mut [RawValue],
    ) -> Result<()> {
        self.func()?.call_from_guest(store, import, values)
    }

    fn call_from_host(&self, call: PassedCall<'_, T>, args: &[Val]) -> Result<Vec<Val>> {
        let func = self.func()?;
        match func.mismatch(call.tables.scope(), call.ty) {
            None => func.call(call.store, args),
            Some(mismatch) => {
                let path = Printable::name(&self.0.path);
                Err(LinkError::error(format_args!("import `{path}`: {mismatch}")))
            }
        }
    }
}
