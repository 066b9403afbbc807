//! Component value and function types, interned: equal types have equal indices, so type equality is index equality.

use crate::arena::ArenaIndex;
use crate::flat::FlatType;
use crate::index::{DefinedTypeIndex, FuncTypeIndex, ResourceTypeIndex};
use crate::layout::{Layout, PointerWidth};
use indexmap::{IndexMap, IndexSet};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A component value type (`valtype`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the spec's own words, one for one")]
pub enum ValType {
    Bool,
    S8,
    U8,
    S16,
    U16,
    S32,
    U32,
    S64,
    U64,
    F32,
    F64,
    Char,
    String,
    ErrorContext,
    /// A structural or handle type.
    Defined(DefinedTypeIndex),
}

/// A structural or handle type (`defvaltype` without the primitives).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the spec's own words, one for one")]
pub enum DefinedType {
    List(ValType),
    FixedLengthList(ValType, u32),
    Map(ValType, ValType),
    Record(Box<[Field]>),
    Tuple(Box<[ValType]>),
    Variant(Box<[Case]>),
    Enum(Box<[Arc<str>]>),
    Flags(Box<[Arc<str>]>),
    Option(ValType),
    Result(ResultType),
    Own(ResourceTypeIndex),
    Borrow(ResourceTypeIndex),
    Stream(Option<ValType>),
    Future(Option<ValType>),
}

/// A field of a record.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Field {
    /// Its kebab-case name, shared with the values that have the field.
    pub name: Arc<str>,
    /// Its type.
    pub ty: ValType,
}

/// A case of a variant.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Case {
    /// Its kebab-case name, shared with the values of the case.
    pub name: Arc<str>,
    /// The type of its payload, if it has one.
    pub ty: Option<ValType>,
}

/// The payload types of a `result`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct ResultType {
    /// The payload of `ok`.
    pub ok: Option<ValType>,
    /// The payload of `error`.
    pub err: Option<ValType>,
}

/// A component function type.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct FuncType {
    /// Whether the function may block before it returns (`async` in its type).
    pub async_: bool,
    /// Parameters, in order.
    pub params: Box<[Param]>,
    /// The result, if there is one.
    pub result: Option<ValType>,
}

/// A parameter of a component function.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Param {
    /// Its kebab-case name.
    pub name: Box<str>,
    /// Its type.
    pub ty: ValType,
}

impl FuncType {
    /// The parameters' types, in order.
    pub fn param_types(&self) -> impl ExactSizeIterator<Item = ValType> + Clone + '_ {
        self.params.iter().map(|param| param.ty)
    }
}

/// What is known of an interned type without walking it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Interned {
    /// By [`PointerWidth`].
    pub(crate) layout: [Layout; 2],
    /// By [`PointerWidth`]; `None` beyond [`MAX_FLAT_PARAMS`](crate::MAX_FLAT_PARAMS).
    pub(crate) flat: [Option<Box<[FlatType]>>; 2],
    /// Whether a handle, stream, future or error-context is somewhere inside.
    pub(crate) holds_handles: bool,
    /// Whether a stream, future or error-context is somewhere inside.
    pub(crate) holds_async: bool,
    /// Whether a string, list or map (a pointer) is somewhere inside.
    pub(crate) holds_pointers: bool,
    /// Nesting depth, 1 for a type of primitives only.
    pub(crate) depth: u32,
}

/// All component types of one compilation.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
pub struct Types {
    defined: IndexMap<DefinedType, Interned>,
    functions: IndexSet<FuncType>,
    /// Names of resource types, for people.
    resource_names: Vec<Arc<str>>,
}

impl Types {
    /// The value type that stands for `ty`. Types that `ty` refers to must have been interned before.
    pub fn intern(&mut self, ty: DefinedType) -> ValType {
        if let Some(index) = self.defined.get_index_of(&ty) {
            return ValType::Defined(DefinedTypeIndex::from_usize(index));
        }
        let widths = [PointerWidth::Memory32, PointerWidth::Memory64];
        let mut interned = Interned {
            layout: widths.map(|width| self.compute_layout(&ty, width)),
            flat: widths.map(|width| self.compute_flat(&ty, width)),
            holds_handles: matches!(
                ty,
                DefinedType::Own(_) | DefinedType::Borrow(_) | DefinedType::Stream(_) | DefinedType::Future(_)
            ),
            holds_async: matches!(ty, DefinedType::Stream(_) | DefinedType::Future(_)),
            holds_pointers: matches!(ty, DefinedType::List(_) | DefinedType::Map(..)),
            depth: 1,
        };
        ty.each_child(|child| {
            interned.holds_handles |= self.holds_handles(child);
            interned.holds_async |= self.holds_async(child);
            interned.holds_pointers |= self.holds_pointers(child);
            interned.depth = interned.depth.max(1 + self.depth(child));
        });
        let (index, _) = self.defined.insert_full(ty, interned);
        ValType::Defined(DefinedTypeIndex::from_usize(index))
    }

    /// The function type that stands for `ty`.
    pub fn intern_func(&mut self, ty: FuncType) -> FuncTypeIndex {
        FuncTypeIndex::from_usize(self.functions.insert_full(ty).0)
    }

    /// Gives a resource type a name for people. Those before it that have none get an empty one.
    pub fn name_resource(&mut self, resource: ResourceTypeIndex, name: Arc<str>) {
        let index = resource.as_usize();
        if self.resource_names.len() <= index {
            self.resource_names.resize(index + 1, "".into());
        }
        self.resource_names[index] = name;
    }

    /// The name of a resource type, if it has one.
    pub(crate) fn resource_name(&self, resource: ResourceTypeIndex) -> Option<&str> {
        self.resource_names.get(resource.as_usize()).map(|name| &**name).filter(|name| !name.is_empty())
    }

    /// The structural type at `index`.
    #[inline]
    pub fn defined(&self, index: DefinedTypeIndex) -> &DefinedType {
        self.defined.get_index(index.as_usize()).expect("the index is of this arena").0
    }

    /// The function type at `index`.
    #[inline]
    pub fn func(&self, index: FuncTypeIndex) -> &FuncType {
        self.find_func(index).expect("the index is of this arena")
    }

    /// The same, or `None` where the index is of another arena: it does not panic, so that nothing is left of it where nobody looks at the type.
    #[inline]
    pub fn find_func(&self, index: FuncTypeIndex) -> Option<&FuncType> {
        self.functions.get_index(index.as_usize())
    }

    /// Whether `ty` is or holds an own, borrow, stream, future or error-context.
    pub fn holds_handles(&self, ty: ValType) -> bool {
        match ty {
            ValType::ErrorContext => true,
            ValType::Defined(index) => self.interned(index).holds_handles,
            _ => false,
        }
    }

    /// Whether a parameter or the result of a function is or holds one.
    pub fn func_holds_handles(&self, func: FuncTypeIndex) -> bool {
        let func = self.func(func);
        func.param_types().chain(func.result).any(|ty| self.holds_handles(ty))
    }

    /// Whether `ty` is or holds a stream, future or error-context.
    pub fn holds_async(&self, ty: ValType) -> bool {
        match ty {
            ValType::ErrorContext => true,
            ValType::Defined(index) => self.interned(index).holds_async,
            _ => false,
        }
    }

    /// Whether `ty` is or holds a string, list or map: lowering it calls `realloc`, and lifting it reads memory.
    pub(crate) fn holds_pointers(&self, ty: ValType) -> bool {
        match ty {
            ValType::String => true,
            ValType::Defined(index) => self.interned(index).holds_pointers,
            _ => false,
        }
    }

    /// How deeply `ty` is nested: 0 for a primitive.
    pub fn depth(&self, ty: ValType) -> u32 {
        match ty {
            ValType::Defined(index) => self.interned(index).depth,
            _ => 0,
        }
    }

    /// The structure of a type, if it is not primitive and is of this arena.
    #[inline]
    pub fn find(&self, ty: ValType) -> Option<&DefinedType> {
        match ty {
            ValType::Defined(index) => Some(self.defined.get_index(index.as_usize())?.0),
            _ => None,
        }
    }

    /// The payload types of a type that lies as a variant in memory (variant, enum, option, result), case by case.
    pub fn variant_cases(&self, ty: ValType) -> Option<Vec<Option<ValType>>> {
        let ValType::Defined(index) = ty else { return None };
        match self.defined(index) {
            DefinedType::Variant(cases) => Some(cases.iter().map(|case| case.ty).collect()),
            DefinedType::Enum(labels) => Some(vec![None; labels.len()]),
            DefinedType::Option(some) => Some(vec![None, Some(*some)]),
            DefinedType::Result(result) => Some(vec![result.ok, result.err]),
            _ => None,
        }
    }

    #[inline]
    pub(crate) fn interned(&self, index: DefinedTypeIndex) -> &Interned {
        self.defined.get_index(index.as_usize()).expect("the index is of this arena").1
    }
}

impl DefinedType {
    /// Calls `visit` with each value type that this one is directly made of, in order.
    pub fn each_child(&self, mut visit: impl FnMut(ValType)) {
        match self {
            DefinedType::List(ty) | DefinedType::FixedLengthList(ty, _) | DefinedType::Option(ty) => visit(*ty),
            DefinedType::Map(key, value) => [*key, *value].into_iter().for_each(visit),
            DefinedType::Record(fields) => fields.iter().for_each(|field| visit(field.ty)),
            DefinedType::Tuple(types) => types.iter().copied().for_each(visit),
            DefinedType::Variant(cases) => cases.iter().filter_map(|case| case.ty).for_each(visit),
            DefinedType::Result(result) => result.ok.into_iter().chain(result.err).for_each(visit),
            DefinedType::Stream(ty) | DefinedType::Future(ty) => ty.iter().copied().for_each(visit),
            DefinedType::Enum(_) | DefinedType::Flags(_) | DefinedType::Own(_) | DefinedType::Borrow(_) => {}
        }
    }
}
