//! Rust types that stand for maps and for lists of fixed length.

use super::{COMPARED, ComponentType, Lift, Lower, POINTER_PAIR, layout_of};
use crate::canon::{CanonResult, FlatReader, FlatWriter, LiftContext, LowerContext, Offsets};
use crate::type_scope::{TypeMismatch, TypeScope};
use gusset_types::{DefinedType, KEY_LABEL, Layout, Types, VALUE_LABEL, ValType};
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

/// How many times its entries a map takes of the host's memory, more or less: hash tables and trees have room for more.
const MAP_SPACE: u64 = 3;

fn entry_types(defined: Option<&DefinedType>) -> Option<[ValType; 2]> {
    match defined {
        Some(DefinedType::Map(key, value)) => Some([*key, *value]),
        _ => None,
    }
}

fn matches_map<K: ComponentType, V: ComponentType>(types: TypeScope<'_>, ty: ValType) -> Result<(), TypeMismatch> {
    let Some([key, value]) = entry_types(types.defined(ty)) else {
        return Err(types.other(ty, describe_map::<K, V>()));
    };
    K::matches(types, key).map_err(|mismatch| mismatch.within(format!("[].{KEY_LABEL}")))?;
    V::matches(types, value).map_err(|mismatch| mismatch.within(format!("[].{VALUE_LABEL}")))
}

fn describe_map<K: ComponentType, V: ComponentType>() -> String {
    format!("map<{}, {}>", K::describe(), V::describe())
}

/// Reads the entries of a map, in order. Of those of one key the last one counts.
fn load_map<K: Lift, V: Lift, M: Default + Extend<(K, V)>>(
    cx: &mut LiftContext<'_>,
    ty: ValType,
    (at, length): (u64, u64),
) -> CanonResult<M> {
    let types = entry_types(Some(cx.defined(ty))).expect(COMPARED);
    let layouts = [layout_of::<K>(cx.width), layout_of::<V>(cx.width)];
    let entry = Layout::record(layouts);
    cx.list_bytes(at, length, entry)?;
    cx.charge_block(length.saturating_mul(MAP_SPACE * size_of::<(K, V)>().max(1) as u64))?;
    let mut map = M::default();
    for i in 0..length {
        let mut offsets = Offsets::at(at + i * u64::from(entry.size));
        let key = K::load(cx, types[0], offsets.next(layouts[0]));
        let key = key.map_err(|error| error.within(format!("[{i}].{KEY_LABEL}")))?;
        let value = V::load(cx, types[1], offsets.next(layouts[1]));
        map.extend([(key, value.map_err(|error| error.within(format!("[{i}].{VALUE_LABEL}")))?)]);
    }
    Ok(map)
}

/// Stores the entries of a map in new memory; their address and number.
fn store_map<'a, K: Lower + 'a, V: Lower + 'a>(
    cx: &mut LowerContext<'_>,
    ty: ValType,
    entries: impl ExactSizeIterator<Item = (&'a K, &'a V)>,
) -> CanonResult<(u64, u64)> {
    let types = entry_types(Some(cx.defined(ty))).expect(COMPARED);
    let layouts = [layout_of::<K>(cx.width), layout_of::<V>(cx.width)];
    let (entry, length) = (Layout::record(layouts), entries.len());
    let at = cx.allocate_list(length, entry)?;
    for (i, (key, value)) in entries.enumerate() {
        let mut offsets = Offsets::at(at + i as u64 * u64::from(entry.size));
        let stored = key.store(cx, types[0], offsets.next(layouts[0]));
        stored.map_err(|error| error.within(format!("[{i}].{KEY_LABEL}")))?;
        let stored = value.store(cx, types[1], offsets.next(layouts[1]));
        stored.map_err(|error| error.within(format!("[{i}].{VALUE_LABEL}")))?;
    }
    Ok((at, length as u64))
}

macro_rules! map {
    ([$($generic:tt)*] $map:ty, $key:ident, $value:ident, lower [$($lower:tt)*], lift [$($lift:tt)*]) => {
        impl<$($generic)*> ComponentType for $map
        where
            $key: ComponentType,
            $value: ComponentType,
        {
            const FLAT_COUNT: usize = 2;
            const LAYOUTS: [Layout; 2] = POINTER_PAIR;
            fn matches(types: TypeScope<'_>, ty: ValType) -> Result<(), TypeMismatch> {
                matches_map::<$key, $value>(types, ty)
            }
            fn describe() -> String {
                describe_map::<$key, $value>()
            }
        }

        impl<$($generic)*> Lower for $map
        where
            $key: Lower,
            $value: Lower,
            $($lower)*
        {
            #[inline]
            fn store(&self, cx: &mut LowerContext<'_>, ty: ValType, at: u64) -> CanonResult<()> {
                let pair = store_map(cx, ty, self.iter())?;
                cx.write_pointer_pair(at, pair)
            }
            #[inline]
            fn lower_flat(&self, cx: &mut LowerContext<'_>, ty: ValType, flat: &mut FlatWriter<'_>) -> CanonResult<()> {
                let (pointer, length) = store_map(cx, ty, self.iter())?;
                flat.u64(pointer);
                flat.u64(length);
                Ok(())
            }
        }

        impl<$($generic)*> Lift for $map
        where
            $key: Lift,
            $value: Lift,
            $($lift)*
        {
            #[inline]
            fn load(cx: &mut LiftContext<'_>, ty: ValType, at: u64) -> CanonResult<Self> {
                let pair = cx.pointer_pair(at)?;
                load_map(cx, ty, pair)
            }
            #[inline]
            fn lift_flat(cx: &mut LiftContext<'_>, ty: ValType, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
                let pair = (flat.pointer(cx.width), flat.pointer(cx.width));
                load_map(cx, ty, pair)
            }
        }
    };
}

map! { [K, V, S: Send + Sync] HashMap<K, V, S>, K, V, lower [], lift [K: Eq + Hash, S: BuildHasher + Default] }
map! { [K, V] BTreeMap<K, V>, K, V, lower [], lift [K: Ord] }

/// The layout of so many elements, one after the other.
const fn array_layout(element: Layout, count: usize) -> Layout {
    let count = if count > u32::MAX as usize { u32::MAX } else { count as u32 };
    Layout { size: element.size.saturating_mul(count), align: element.align }
}

/// The type of the elements of a list of `length`.
fn fixed_element(types: &Types, ty: ValType, length: usize) -> Option<ValType> {
    let ValType::Defined(index) = ty else { return None };
    match types.defined(index) {
        DefinedType::FixedLengthList(element, count) if *count as usize == length => Some(*element),
        _ => None,
    }
}

impl<T: ComponentType, const N: usize> ComponentType for [T; N] {
    const FLAT_COUNT: usize = N.saturating_mul(T::FLAT_COUNT);
    const LAYOUTS: [Layout; 2] = [array_layout(T::LAYOUTS[0], N), array_layout(T::LAYOUTS[1], N)];
    fn matches(types: TypeScope<'_>, ty: ValType) -> Result<(), TypeMismatch> {
        match fixed_element(types.types, ty, N) {
            Some(element) => T::matches(types, element).map_err(|mismatch| mismatch.within("[]")),
            None => Err(types.other(ty, Self::describe())),
        }
    }
    fn describe() -> String {
        format!("list<{}, {N}>", T::describe())
    }
}

impl<T: Lift, const N: usize> Lift for [T; N] {
    #[inline]
    fn load(cx: &mut LiftContext<'_>, ty: ValType, at: u64) -> CanonResult<Self> {
        let element = fixed_element(cx.types, ty, N).expect(COMPARED);
        let bytes = cx.list_bytes(at, N as u64, layout_of::<T>(cx.width))?;
        let elements = T::load_elements(cx, element, at, bytes)?;
        Ok(elements.try_into().unwrap_or_else(|_| unreachable!("the range has been checked for {N} elements")))
    }
    #[inline]
    fn lift_flat(cx: &mut LiftContext<'_>, ty: ValType, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
        let element = fixed_element(cx.types, ty, N).expect(COMPARED);
        let mut elements = cx.vec(N)?;
        for i in 0..N {
            elements.push(T::lift_flat(cx, element, flat).map_err(|error| error.within(format!("[{i}]")))?);
        }
        Ok(elements.try_into().unwrap_or_else(|_| unreachable!("{N} elements were read")))
    }
}

impl<T: Lower, const N: usize> Lower for [T; N] {
    #[inline]
    fn store(&self, cx: &mut LowerContext<'_>, ty: ValType, at: u64) -> CanonResult<()> {
        T::store_elements(self, cx, fixed_element(cx.types, ty, N).expect(COMPARED), at)
    }
    #[inline]
    fn lower_flat(&self, cx: &mut LowerContext<'_>, ty: ValType, flat: &mut FlatWriter<'_>) -> CanonResult<()> {
        let element = fixed_element(cx.types, ty, N).expect(COMPARED);
        for (i, item) in self.iter().enumerate() {
            item.lower_flat(cx, element, flat).map_err(|error| error.within(format!("[{i}]")))?;
        }
        Ok(())
    }
}
