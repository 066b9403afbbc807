//! [`WasmStr`] and [`WasmList`]: strings and lists of numbers that stay where they are. A view is a place in a guest's memory,
//! checked when it was lifted; what stands there is looked at, and checked, each time that it is asked for.

use super::sequence::list_bytes;
use super::{ComponentType, Lift, POINTER_PAIR};
use crate::canon::{CanonError, CanonResult, FlatReader, LiftBudget, LiftContext, StringBytes, StringForm};
use crate::error::Result;
use crate::store::StoreContext;
use crate::type_scope::{TypeMismatch, TypeScope};
use crate::vm::{MemoryHandle, PlainNumber, plain_numbers};
use gusset_types::{Layout, ValType};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// Where the bytes of a view are.
#[derive(Clone)]
enum ViewPlace {
    Guest {
        memory: MemoryHandle,
        at: u64,
        length: usize,
    },
    /// In a copy: there is no guest between a host and itself. They begin at `start`, so that they are aligned for any number.
    Host {
        copy: Arc<[u8]>,
        start: usize,
    },
}

impl ViewPlace {
    /// The place of `bytes`, which are those at `at` of the context's memory.
    fn new(cx: &mut LiftContext<'_>, at: u64, bytes: &[u8]) -> CanonResult<ViewPlace> {
        if let Some(memory) = cx.guest_memory {
            return Ok(ViewPlace::Guest { memory, at, length: bytes.len() });
        }
        const ALIGN: usize = align_of::<u64>();
        cx.charge_block((bytes.len() + ALIGN) as u64)?;
        let mut copy: Arc<[u8]> = std::iter::repeat_n(0, bytes.len() + ALIGN).collect();
        let start = copy.as_ptr().align_offset(ALIGN).min(ALIGN);
        Arc::make_mut(&mut copy)[start..start + bytes.len()].copy_from_slice(bytes);
        Ok(ViewPlace::Host { copy, start })
    }

    fn length(&self) -> usize {
        match self {
            ViewPlace::Guest { length, .. } => *length,
            ViewPlace::Host { copy, .. } => copy.len() - align_of::<u64>(),
        }
    }

    #[track_caller]
    fn bytes<'a, T: 'static>(&'a self, store: StoreContext<'a, T>) -> &'a [u8] {
        match self {
            // A memory never becomes smaller, so that what was in it once is.
            ViewPlace::Guest { memory, at, length } => &store.0.vm.memory(*memory)[*at as usize..][..*length],
            ViewPlace::Host { copy, start } => &copy[*start..][..self.length()],
        }
    }
}

/// A `string` that stays in a guest's memory: a parameter of a host function, or a result that is looked at by
/// [`TypedFunc::call_with`](crate::TypedFunc::call_with). It can be lifted and not lowered.
///
/// It is a place, not a text: what it shows is what stands there when it is looked at. The guest may write there as soon as
/// it runs again, in a call of the host for example, and once the call is over, has every right to.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// # use gusset::{Component, Engine, Linker, Store, StoreContextMut, WasmStr};
/// # let engine = Engine::default();
/// # let component = Component::new(&engine, r#"(component
/// #     (import "log" (func $log (param "line" string)))
/// #     (core module $l (memory (export "m") 1) (data (i32.const 8) "a line"))
/// #     (core instance $l (instantiate $l))
/// #     (core func $log (canon lower (func $log) (memory (core memory $l "m"))))
/// #     (core module $m (import "" "log" (func $log (param i32 i32)))
/// #       (func (export "f") (call $log (i32.const 8) (i32.const 6))))
/// #     (core instance $i (instantiate $m (with "" (instance (export "log" (func $log))))))
/// #     (func (export "run") (canon lift (core func $i "f"))))"#)?;
/// let mut linker = Linker::<usize>::new(&engine);
/// linker.root().func_wrap("log", |mut store: StoreContextMut<'_, usize>, (line,): (WasmStr,)| {
///     let words = line.to_str(&store)?.split(' ').count();
///     *store.data_mut() += words;
///     Ok(())
/// })?;
/// # let mut store = Store::new(&engine, 0);
/// # let instance = linker.instantiate(&mut store, &component)?;
/// # instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
/// # assert_eq!(*store.data(), 2);
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone)]
pub struct WasmStr {
    place: ViewPlace,
    /// The address, for traps.
    at: u64,
    form: StringForm,
}

impl WasmStr {
    fn new(cx: &mut LiftContext<'_>, at: u64, units: u64) -> CanonResult<WasmStr> {
        let StringBytes { bytes, form, .. } = cx.string_bytes(at, units)?;
        Ok(WasmStr { place: ViewPlace::new(cx, at, bytes)?, at, form })
    }

    /// The text. It is borrowed from the guest's memory if the guest's strings are UTF-8, and decoded if not.
    ///
    /// # Errors
    ///
    /// A [`Trap`](crate::Trap), if what stands there is not of the guest's encoding; a decoded text of more bytes than
    /// [`Config::max_lifted_bytes`](crate::Config::max_lifted_bytes).
    ///
    /// # Panics
    ///
    /// When it is of another store.
    #[track_caller]
    pub fn to_str<'a, T: 'static>(&'a self, store: impl Into<StoreContext<'a, T>>) -> Result<Cow<'a, str>> {
        let store = store.into();
        let limit = store.engine().config().max_lifted_bytes;
        let string = StringBytes { at: self.at, bytes: self.place.bytes(store), form: self.form };
        let text = match self.form {
            StringForm::Utf8 => string.utf8().map(Cow::Borrowed),
            StringForm::Utf16 | StringForm::Latin1 => string.decode(&mut LiftBudget::new(limit)).map(Cow::Owned),
        };
        text.map_err(CanonError::without_call)
    }
}

impl ComponentType for WasmStr {
    const FLAT_COUNT: usize = 2;
    const LAYOUTS: [Layout; 2] = POINTER_PAIR;
    fn matches(types: TypeScope<'_>, ty: ValType) -> std::result::Result<(), TypeMismatch> {
        <str as ComponentType>::matches(types, ty)
    }
    fn describe() -> String {
        <str as ComponentType>::describe()
    }
}

impl Lift for WasmStr {
    fn load(cx: &mut LiftContext<'_>, _: ValType, at: u64) -> CanonResult<Self> {
        let (pointer, length) = cx.pointer_pair(at)?;
        WasmStr::new(cx, pointer, length)
    }
    fn lift_flat(cx: &mut LiftContext<'_>, _: ValType, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
        let (pointer, length) = (flat.pointer(cx.width), flat.pointer(cx.width));
        WasmStr::new(cx, pointer, length)
    }
}

impl fmt::Debug for WasmStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WasmStr({} bytes)", self.place.length())
    }
}

/// A `list` of numbers that stays in a guest's memory: a parameter of a host function, or a result that is looked at by
/// [`TypedFunc::call_with`](crate::TypedFunc::call_with). It can be lifted and not lowered.
///
/// It is a place, as [`WasmStr`] is: what it shows is what stands there when it is looked at.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// # use gusset::{Component, Engine, Linker, Store, StoreContextMut, WasmList};
/// # let engine = Engine::default();
/// # let component = Component::new(&engine, r#"(component
/// #     (import "write" (func $log (param "data" (list u8))))
/// #     (core module $l (memory (export "m") 1) (data (i32.const 8) "a line"))
/// #     (core instance $l (instantiate $l))
/// #     (core func $log (canon lower (func $log) (memory (core memory $l "m"))))
/// #     (core module $m (import "" "log" (func $log (param i32 i32)))
/// #       (func (export "f") (call $log (i32.const 8) (i32.const 6))))
/// #     (core instance $i (instantiate $m (with "" (instance (export "log" (func $log))))))
/// #     (func (export "run") (canon lift (core func $i "f"))))"#)?;
/// let mut linker = Linker::<u64>::new(&engine);
/// linker.root().func_wrap("write", |mut store: StoreContextMut<'_, u64>, (data,): (WasmList<u8>,)| {
///     let sum = data.as_le_slice(&store).iter().map(|byte| u64::from(*byte)).sum::<u64>();
///     *store.data_mut() += sum;
///     Ok(())
/// })?;
/// # let mut store = Store::new(&engine, 0);
/// # let instance = linker.instantiate(&mut store, &component)?;
/// # instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
/// # assert_eq!(*store.data(), b"a line".iter().map(|byte| u64::from(*byte)).sum());
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// All methods that take a store panic when it is another one than the list's.
pub struct WasmList<T> {
    place: ViewPlace,
    numbers: PhantomData<fn() -> T>,
}

impl<T> Clone for WasmList<T> {
    fn clone(&self) -> Self {
        WasmList { place: self.place.clone(), numbers: PhantomData }
    }
}

impl<N: PlainNumber> WasmList<N> {
    /// How many elements it has.
    pub fn len(&self) -> usize {
        self.place.length() / size_of::<N>()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements as they stand in the guest's memory, which is little-endian as this machine is.
    ///
    /// # Panics
    ///
    /// When the list is of another store.
    #[track_caller]
    pub fn as_le_slice<'a, T: 'static>(&'a self, store: impl Into<StoreContext<'a, T>>) -> &'a [N] {
        plain_numbers(self.place.bytes(store.into())).expect("the place was aligned when the list was lifted")
    }

    /// The element at `index`, if there is one.
    ///
    /// # Panics
    ///
    /// When the list is of another store.
    #[track_caller]
    pub fn get<'a, T: 'static>(&'a self, store: impl Into<StoreContext<'a, T>>, index: usize) -> Option<N> {
        self.as_le_slice(store).get(index).copied()
    }

    /// The elements, in order.
    ///
    /// # Panics
    ///
    /// When the list is of another store.
    #[track_caller]
    pub fn iter<'a, T: 'static>(
        &'a self,
        store: impl Into<StoreContext<'a, T>>,
    ) -> impl ExactSizeIterator<Item = N> + DoubleEndedIterator + 'a {
        self.as_le_slice(store).iter().copied()
    }

    /// Copies the first elements into `buffer`, as many as both have, and returns how many. Nothing is allocated.
    ///
    /// # Panics
    ///
    /// When the list is of another store.
    #[track_caller]
    pub fn copy_into<'a, T: 'static>(&'a self, store: impl Into<StoreContext<'a, T>>, buffer: &mut [N]) -> usize {
        let elements = self.as_le_slice(store);
        let count = elements.len().min(buffer.len());
        buffer[..count].copy_from_slice(&elements[..count]);
        count
    }
}

impl<N: ComponentType> ComponentType for WasmList<N> {
    const FLAT_COUNT: usize = 2;
    const LAYOUTS: [Layout; 2] = POINTER_PAIR;
    fn matches(types: TypeScope<'_>, ty: ValType) -> std::result::Result<(), TypeMismatch> {
        <[N] as ComponentType>::matches(types, ty)
    }
    fn describe() -> String {
        <[N] as ComponentType>::describe()
    }
}

impl<N: PlainNumber + ComponentType> Lift for WasmList<N> {
    fn load(cx: &mut LiftContext<'_>, _: ValType, at: u64) -> CanonResult<Self> {
        let (pointer, length) = cx.pointer_pair(at)?;
        let bytes = list_bytes::<N>(cx, pointer, length)?;
        Ok(WasmList { place: ViewPlace::new(cx, pointer, bytes)?, numbers: PhantomData })
    }
    fn lift_flat(cx: &mut LiftContext<'_>, _: ValType, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
        let (pointer, length) = (flat.pointer(cx.width), flat.pointer(cx.width));
        let bytes = list_bytes::<N>(cx, pointer, length)?;
        Ok(WasmList { place: ViewPlace::new(cx, pointer, bytes)?, numbers: PhantomData })
    }
}

impl<N: PlainNumber> fmt::Debug for WasmList<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WasmList({} elements)", self.len())
    }
}
