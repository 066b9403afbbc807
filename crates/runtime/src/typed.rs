//! Rust types that stand for component types, and [`TypedFunc`]: calls without a `Val` in between. Types are compared once, when a
//! function is looked up or linked; scalars then go straight between Rust and core values.

use crate::canon::{CanonResult, FlatReader, FlatWriter, LiftContext, LiftList, LowerContext, LowerList, TypeList};
use crate::error::Result;
use crate::func::{ExportedCallee, Func};
use crate::store::{AsContext, AsContextMut, StoreContext};
use crate::type_scope::{TypeMismatch, TypeScope, TypeTables};
use crate::vm::{EnteredBy, RawValue};
use gusset_types::{Layout, MAX_FLAT_PARAMS, PointerWidth, ValType};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

mod collection;
mod resource;
mod scalar;
mod sequence;
pub mod shape;
mod tuple;
mod variant;
mod view;

pub use view::{WasmList, WasmStr};

/// The layouts of what is a pointer and a length: strings, lists, maps.
const POINTER_PAIR: [Layout; 2] =
    [Layout::pointer_pair(PointerWidth::Memory32), Layout::pointer_pair(PointerWidth::Memory64)];

/// How a value of `T` lies in memory: a constant where that does not depend on the width of pointers.
#[inline(always)]
fn layout_of<T: ComponentType + ?Sized>(width: PointerWidth) -> Layout {
    match width {
        PointerWidth::Memory32 => T::LAYOUTS[0],
        PointerWidth::Memory64 => T::LAYOUTS[1],
    }
}

/// Why types are not compared again while values are exchanged.
const COMPARED: &str = "types were compared when the function was looked up";

/// Any type, for what is not there: never looked at.
///
/// Types have been compared when a function was looked up. So types within them are looked up without a check, and what nobody looks at,
/// as numbers do not, leaves no trace in the code.
const NO_TYPE: ValType = ValType::Bool;

/// A Rust type that stands for a component [value type].
///
/// | Rust | component |
/// | --- | --- |
/// | `u8` .. `u64`, `i8` .. `i64`, `f32`, `f64` | `u8` .. `u64`, `s8` .. `s64`, `f32`, `f64` |
/// | `bool`, `char` | `bool`, `char` |
/// | `String`, `&str` (lower only) | `string` |
/// | [`WasmStr`] (lift only) | `string`, where it lies |
/// | `Vec<T>`, `&[T]` (lower only) | `list<T>` |
/// | [`WasmList<N>`](WasmList) of numbers (lift only) | `list<N>`, where it lies |
/// | `[T; N]` | `list<T, N>` |
/// | `HashMap<K, V>`, `BTreeMap<K, V>` | `map<K, V>`; of entries of one key, the last one |
/// | `(A, B, ..)` up to 16 | `tuple<A, B, ..>` |
/// | `Option<T>` | `option<T>` |
/// | `Result<T, E>` with `()` for no payload | `result<T, E>` |
/// | [`Resource<T>`](crate::Resource), [`ResourceAny`](crate::ResourceAny) | `own<r>`, `borrow<r>` |
/// | structs and enums that derive it | records, variants, enums |
/// | structs that [`flags!`](crate::flags) makes | flags |
///
/// `&T` and `Box<T>` stand for what `T` does. What the trait consists of is not public: it is implemented by
/// [deriving it](derive@crate::ComponentType).
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "derive", feature = "wat"))] {
/// # use gusset::{Component, Engine, Linker, Store};
/// use gusset::{ComponentType, Lift, Lower};
///
/// #[derive(ComponentType, Lift, Lower, PartialEq, Debug)]
/// #[component(record)]
/// struct Span {
///     first_line: u32,
///     last_line: u32,
/// }
/// # let engine = Engine::default();
/// # let component = Component::new(&engine, r#"(component
/// #     (type $r (record (field "first-line" u32) (field "last-line" u32)))
/// #     (import "span" (type $span (eq $r)))
/// #     (core module $m (memory (export "m") 1)
/// #       (func (export "f") (param i32 i32) (result i32)
/// #         (i32.store (i32.const 8) (local.get 1)) (i32.store (i32.const 12) (local.get 0)) (i32.const 8)))
/// #     (core instance $i (instantiate $m))
/// #     (func (export "turn") (param "s" $span) (result $span)
/// #       (canon lift (core func $i "f") (memory (core memory $i "m")))))"#)?;
/// # let mut store = Store::new(&engine, ());
/// # let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
/// let turn = instance.get_typed_func::<(Span,), (Span,)>(&mut store, "turn")?;
/// let (turned,) = turn.call(&mut store, (Span { first_line: 1, last_line: 2 },))?;
/// assert_eq!(turned, Span { first_line: 2, last_line: 1 });
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// # use gusset::{Component, Engine, Linker};
/// # let engine = Engine::default();
/// let component = Component::new(&engine, r#"(component
///     (import "find" (func (param "words" (list string)) (param "from" (tuple u8 u8)) (result (option char)))))"#)?;
/// let mut linker = Linker::<()>::new(&engine);
/// linker.root().func_wrap("find", |_, (words, (skip, _)): (Vec<String>, (u8, u8))| {
///     Ok((words.get(usize::from(skip)).and_then(|word| word.chars().next()),))
/// })?;
/// assert!(linker.instantiate_pre(&component).is_ok());
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// [value type]: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#type-definitions
#[diagnostic::on_unimplemented(
    message = "`{Self}` stands for no component type",
    label = "no component type",
    note = "structs and enums can: `#[derive(gusset::ComponentType)]`",
    note = "the documentation of `gusset::ComponentType` has a table of the Rust types that can"
)]
pub trait ComponentType: Send + Sync {
    /// How many core values a value has when it is passed flat.
    #[doc(hidden)]
    const FLAT_COUNT: usize;

    /// How a value lies in memory, by width of pointers.
    #[doc(hidden)]
    const LAYOUTS: [Layout; 2];

    /// Whether such core values are all that it needs, but for the type: neither memory nor handles, and nothing of the host's.
    #[doc(hidden)]
    const SCALAR: bool = false;

    /// Checks that `ty` is the type that this one stands for.
    #[doc(hidden)]
    fn matches(types: TypeScope<'_>, ty: ValType) -> Result<(), TypeMismatch>;

    /// The type as WIT writes it.
    #[doc(hidden)]
    fn describe() -> String;

    /// Checks that this stands for the payload of a case; `()` stands for none.
    #[doc(hidden)]
    fn matches_payload(types: TypeScope<'_>, ty: Option<ValType>) -> Result<(), TypeMismatch> {
        match ty {
            Some(ty) => Self::matches(types, ty),
            None => Err(TypeMismatch::new(format!("it is nothing, the Rust type stands for {}", Self::describe()))),
        }
    }
}

/// A [`ComponentType`] that can be read out of a guest: parameters of host functions and results of guests. It is
/// copied, so that it does not borrow the store.
///
/// ```
/// fn lifts<T: gusset::Lift>() {}
/// lifts::<Vec<(String, Option<f64>)>>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read out of a guest",
    note = "what borrows cannot; structs and enums can: `#[derive(gusset::ComponentType, gusset::Lift)]`",
    note = "the documentation of `gusset::ComponentType` has a table of the Rust types that can"
)]
pub trait Lift: ComponentType + Sized {
    /// Reads the value at `at`, which is aligned and lies in memory.
    #[doc(hidden)]
    fn load(cx: &mut LiftContext<'_>, ty: ValType, at: u64) -> CanonResult<Self>;

    /// Reads a value from core values.
    #[doc(hidden)]
    fn lift_flat(cx: &mut LiftContext<'_>, ty: ValType, flat: &mut FlatReader<'_>) -> CanonResult<Self>;

    /// Reads the elements of a list, whose bytes these are.
    #[doc(hidden)]
    fn load_elements(cx: &mut LiftContext<'_>, ty: ValType, at: u64, bytes: &[u8]) -> CanonResult<Vec<Self>> {
        let stride = layout_of::<Self>(cx.width).size as usize;
        let length = bytes.len() / stride;
        let mut elements = cx.vec(length)?;
        for i in 0..length {
            let element = Self::load(cx, ty, at + (i * stride) as u64);
            elements.push(element.map_err(|error| error.within(format!("[{i}]")))?);
        }
        Ok(elements)
    }
}

/// A [`ComponentType`] that can be written into a guest: parameters of guests and results of host functions. It may
/// borrow from the host.
///
/// ```
/// fn lowers<T: gusset::Lower + ?Sized>(_: &T) {}
/// lowers(&[("width", Some(1.5)), ("height", None)][..]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written into a guest",
    note = "structs and enums can: `#[derive(gusset::ComponentType, gusset::Lower)]`",
    note = "the documentation of `gusset::ComponentType` has a table of the Rust types that can"
)]
pub trait Lower: ComponentType {
    /// Writes the value at `at`, which is aligned and lies in memory.
    #[doc(hidden)]
    fn store(&self, cx: &mut LowerContext<'_>, ty: ValType, at: u64) -> CanonResult<()>;

    /// Writes the value as core values.
    #[doc(hidden)]
    fn lower_flat(&self, cx: &mut LowerContext<'_>, ty: ValType, flat: &mut FlatWriter<'_>) -> CanonResult<()>;

    /// Writes the elements of a list.
    #[doc(hidden)]
    fn store_elements(items: &[Self], cx: &mut LowerContext<'_>, ty: ValType, at: u64) -> CanonResult<()>
    where
        Self: Sized,
    {
        let stride = u64::from(layout_of::<Self>(cx.width).size);
        for (i, item) in items.iter().enumerate() {
            let stored = item.store(cx, ty, at + i as u64 * stride);
            stored.map_err(|error| error.within(format!("[{i}]")))?;
        }
        Ok(())
    }
}

/// Rust values, as a tuple, that stand for the parameters or the result of a function: `()` to a tuple of 16.
///
/// ```
/// fn values<T: gusset::ValueList>() {}
/// values::<()>();
/// values::<(String,)>(); // One parameter or a result: mind the comma.
/// values::<(u32, Vec<u8>)>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no tuple of component values",
    label = "a tuple of values is wanted here",
    note = "parameters and results are a tuple each, also where there is one, `(u32,)`, or none, `()`"
)]
pub trait ValueList: Send + Sync {
    /// How many core values they have when they are passed flat.
    #[doc(hidden)]
    const FLAT_COUNT: usize;

    /// Checks that these are the types that they stand for.
    #[doc(hidden)]
    fn matches(types: TypeScope<'_>, list: TypeList<'_>) -> Result<(), TypeMismatch>;

    /// The types as WIT writes them.
    #[doc(hidden)]
    fn describe() -> Vec<String>;
}

/// A [`Func`] whose types have been compared with Rust ones: `P` for the parameters, `R` for the result, a tuple each.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// # use gusset::{Component, Engine, Linker, Store};
/// # let engine = Engine::default();
/// # let component = Component::new(&engine, r#"(component
/// #     (core module $m (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
/// #     (core instance $i (instantiate $m))
/// #     (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add"))))"#)?;
/// # let mut store = Store::new(&engine, ());
/// # let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
/// let add = instance.get_typed_func::<(u32, u32), (u32,)>(&mut store, "add")?;
/// let (sum,) = add.call(&mut store, (1, 2))?;
/// assert_eq!(sum, 3);
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
pub struct TypedFunc<P, R> {
    func: Func,
    callee: ExportedCallee,
    tables: Arc<TypeTables>,
    types: PhantomData<fn(P) -> R>,
}

impl<P, R> Clone for TypedFunc<P, R> {
    fn clone(&self) -> Self {
        TypedFunc { func: self.func, callee: self.callee, tables: self.tables.clone(), types: PhantomData }
    }
}

impl<P, R> fmt::Debug for TypedFunc<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TypedFunc").field(&self.func).finish()
    }
}

/// Calls with at most this many core values use a small array: clearing a large one would cost more than the rest.
pub(crate) const FEW_VALUES: usize = 4;

/// The most that there are: parameters, and the address of a result.
const MANY_VALUES: usize = MAX_FLAT_PARAMS + 1;

impl<P: ValueList + LowerList, R: ValueList + LiftList> TypedFunc<P, R> {
    pub(crate) fn new(func: Func, callee: ExportedCallee, tables: Arc<TypeTables>) -> Self {
        TypedFunc { func, callee, tables, types: PhantomData }
    }

    /// The function without Rust types.
    pub fn func(&self) -> Func {
        self.func
    }

    /// Calls the function, as [`canon lift`] says: lowers `params`, runs the guest, lifts the result, and runs its
    /// `post-return`.
    ///
    /// # Errors
    ///
    /// A [`Trap`](crate::Trap), what a host function returned, its panic, a [`HostPanic`](crate::HostPanic), or a result
    /// beyond [`Config::max_lifted_bytes`](crate::Config::max_lifted_bytes). After these the instance is locked for
    /// good; see [`Func::call`].
    ///
    /// # Panics
    ///
    /// When the function is of another store.
    ///
    /// [`canon lift`]: https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#canon-lift
    #[track_caller]
    pub fn call(&self, mut store: impl AsContextMut, params: P) -> Result<R> {
        let mut store = store.as_context_mut();
        let lifted = match &self.callee {
            ExportedCallee::Lifted(lifted) => lifted,
            ExportedCallee::Import(import) => return self.func.call_typed_import(store, *import, &params),
        };
        let types = self.tables.scope();
        if P::FLAT_COUNT <= FEW_VALUES && R::FLAT_COUNT <= FEW_VALUES {
            lifted.call(&mut store, EnteredBy::Host, self.func, types, &params, &mut [RawValue::default(); FEW_VALUES])
        } else {
            lifted.call(&mut store, EnteredBy::Host, self.func, types, &params, &mut [RawValue::default(); MANY_VALUES])
        }
    }

    /// [`call`](TypedFunc::call) of a guest that may wait; see [`Func::call_async`].
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// When the function is of another store.
    pub async fn call_async(&self, mut store: impl AsContextMut<Data: Send>, params: P) -> Result<R> {
        store.as_context_mut().on_fiber(|store| self.call(store, params)).await
    }

    /// Calls the function, as [`call`](TypedFunc::call) does, and looks at the result before the guest's `post-return` takes
    /// the memory back that it lies in: where the result holds a [`WasmStr`] or a [`WasmList`]. It belongs to the call: a
    /// panic of `look` locks the instance.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// # use gusset::{Component, Engine, Linker, Store, WasmList};
    /// # let engine = Engine::default();
    /// # let component = Component::new(&engine, r#"(component
    /// #     (core module $m (memory (export "m") 1) (data (i32.const 0) "\08\00\00\00\03\00\00\00abc")
    /// #       (func (export "f") (result i32) (i32.const 0)))
    /// #     (core instance $i (instantiate $m))
    /// #     (func (export "read") (result (list u8)) (canon lift (core func $i "f") (memory (core memory $i "m")))))"#)?;
    /// # let mut store = Store::new(&engine, ());
    /// # let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
    /// let read = instance.get_typed_func::<(), (WasmList<u8>,)>(&mut store, "read")?;
    /// let mut buffer = [0; 1024];
    /// let count = read.call_with(&mut store, (), |store, (list,)| list.copy_into(store, &mut buffer))?;
    /// assert_eq!(&buffer[..count], b"abc");
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`call`](TypedFunc::call).
    ///
    /// # Panics
    ///
    /// When the function is of another store.
    #[track_caller]
    pub fn call_with<S: AsContextMut, U>(
        &self,
        mut store: S,
        params: P,
        look: impl FnOnce(StoreContext<'_, S::Data>, R) -> U,
    ) -> Result<U> {
        let mut store = store.as_context_mut();
        let lifted = match &self.callee {
            ExportedCallee::Lifted(lifted) => lifted,
            ExportedCallee::Import(import) => {
                let result = self.func.call_typed_import(store.as_context_mut(), *import, &params)?;
                return Ok(look(store.as_context(), result));
            }
        };
        let (types, values) = (self.tables.scope(), &mut [RawValue::default(); MANY_VALUES]);
        lifted.call_with(&mut store, EnteredBy::Host, self.func, types, &params, values, look)
    }
}
