//! From the validator's types to [`Types`], interned, when a type is used. Nothing is refused here.
//!
//! A type that holds a resource type means another one in each instance of its component, so what has been converted of those
//! is remembered by instance, and all else once.

use crate::body::name_weight;
use gusset_types::{
    Case, DefinedType, Field, FuncType, FuncTypeIndex, Param, ResourceTypeIndex, ResultType, Types, ValType,
};
use std::collections::HashMap;
use wasmparser::PrimitiveValType;
use wasmparser::component_types::{
    AliasableResourceId, ComponentAnyTypeId, ComponentDefinedType, ComponentDefinedTypeId, ComponentFuncTypeId,
    ComponentValType, ResourceId,
};
use wasmparser::types::TypesRef;

/// Types that have been converted.
#[derive(Default)]
struct Converted {
    defined: HashMap<ComponentDefinedTypeId, ValType>,
    funcs: HashMap<ComponentFuncTypeId, FuncTypeIndex>,
}

/// Up to so many values of a list whose length is fixed, an adapter may pass one by one, in parameters.
const UNROLLED: usize = gusset_types::MAX_FLAT_PARAMS;

/// What the types of one component instance stand for.
#[derive(Default)]
pub(crate) struct ScopeTypes {
    /// The resource types that the instance knows.
    resources: HashMap<ResourceId, ResourceTypeIndex>,
    /// Types that hold one of them.
    converted: Converted,
}

impl ScopeTypes {
    /// Says what a resource type of the component is in this instance.
    pub(crate) fn bind(&mut self, id: AliasableResourceId, resource: ResourceTypeIndex) {
        self.resources.insert(id.resource(), resource);
    }

    /// What a resource type of the component is in this instance, once that is known.
    pub(crate) fn resource(&self, id: AliasableResourceId) -> Option<ResourceTypeIndex> {
        self.resources.get(&id.resource()).copied()
    }

    /// What a resource type in the component's index space is in this instance.
    pub(crate) fn known(&self, id: AliasableResourceId) -> ResourceTypeIndex {
        self.resource(id).expect("a resource type is known from where it enters an instance")
    }
}

/// The types of a component, as one of its instances has them.
pub(crate) struct TypesOf<'s> {
    pub(crate) types: TypesRef<'s>,
    pub(crate) scope: &'s mut ScopeTypes,
}

/// Remembers what has been converted. Validation bounds the depth of types, and so the recursion here.
#[derive(Default)]
pub(crate) struct Converter {
    /// Types that hold no resource type.
    converted: Converted,
    /// How many nodes a type has when it is written out.
    weights: HashMap<ValType, usize>,
    /// Parts of types that were converted for an instance, long names counting more than once, since that was last asked.
    pub(crate) work: usize,
}

impl Converter {
    /// A function type.
    pub(crate) fn func(&mut self, to: &mut Types, from: &mut TypesOf<'_>, id: ComponentFuncTypeId) -> FuncTypeIndex {
        if let Some(&known) = self.converted.funcs.get(&id).or_else(|| from.scope.converted.funcs.get(&id)) {
            return known;
        }
        let types = from.types;
        let func = types.get(id).expect("the type is of this component");
        let (mut params, mut work) = (Vec::with_capacity(func.params.len()), 1);
        for (name, ty) in &func.params {
            work += name_weight(name);
            params.push(Param { name: name.as_str().into(), ty: self.val_type(to, from, *ty) });
        }
        let result = self.optional(to, from, func.result);
        let func = FuncType { async_: func.async_, params: params.into(), result };
        let of_scope = func.param_types().chain(func.result).any(|ty| to.holds_handles(ty));
        let index = to.intern_func(func);
        self.remember(from, of_scope, work).funcs.insert(id, index);
        index
    }

    /// A type of any sort, where it is a value type.
    pub(crate) fn any(&mut self, to: &mut Types, from: &mut TypesOf<'_>, id: ComponentAnyTypeId) -> Option<ValType> {
        match id {
            ComponentAnyTypeId::Defined(id) => Some(self.defined(to, from, id)),
            ComponentAnyTypeId::Resource(_)
            | ComponentAnyTypeId::Func(_)
            | ComponentAnyTypeId::Instance(_)
            | ComponentAnyTypeId::Component(_) => None,
        }
    }

    /// How many nodes the types of `func` have when they are written out: a bound for the code that an adapter needs.
    pub(crate) fn weight(&self, types: &Types, func: FuncTypeIndex) -> usize {
        let func = types.func(func);
        func.param_types().chain(func.result).fold(1, |sum, ty| self.weight_of(ty).saturating_add(sum))
    }

    fn weight_of(&self, ty: ValType) -> usize {
        self.weights.get(&ty).copied().unwrap_or(1)
    }

    fn optional(&mut self, to: &mut Types, from: &mut TypesOf<'_>, ty: Option<ComponentValType>) -> Option<ValType> {
        ty.map(|ty| self.val_type(to, from, ty))
    }

    fn val_type(&mut self, to: &mut Types, from: &mut TypesOf<'_>, ty: ComponentValType) -> ValType {
        match ty {
            ComponentValType::Primitive(ty) => primitive(ty),
            ComponentValType::Type(id) => self.defined(to, from, id),
        }
    }

    fn defined(&mut self, to: &mut Types, from: &mut TypesOf<'_>, id: ComponentDefinedTypeId) -> ValType {
        if let Some(&known) = self.converted.defined.get(&id).or_else(|| from.scope.converted.defined.get(&id)) {
            return known;
        }
        let types = from.types;
        let (ty, work) = match types.get(id).expect("the type is of this component") {
            ComponentDefinedType::Primitive(ty) => (primitive(*ty), 1),
            structure => {
                let structure = self.structure(to, from, structure);
                let mut weight = 1_usize;
                structure.each_child(|child| weight = weight.saturating_add(self.weight_of(child)));
                if let DefinedType::FixedLengthList(_, length) = structure {
                    weight = weight.saturating_mul(UNROLLED.min(length as usize));
                }
                let work = parts(&structure);
                let ty = to.intern(structure);
                self.weights.insert(ty, weight);
                (ty, work)
            }
        };
        self.remember(from, to.holds_handles(ty), work).defined.insert(id, ty);
        ty
    }

    /// Where to remember a type. Converting it took so much `work`, which counts where it is done once for each instance.
    fn remember<'s>(&'s mut self, from: &'s mut TypesOf<'_>, of_scope: bool, work: usize) -> &'s mut Converted {
        if of_scope {
            self.work = self.work.saturating_add(work);
            return &mut from.scope.converted;
        }
        &mut self.converted
    }

    fn structure(&mut self, to: &mut Types, from: &mut TypesOf<'_>, ty: &ComponentDefinedType) -> DefinedType {
        use ComponentDefinedType as D;
        match ty {
            D::Primitive(_) => unreachable!("primitive types have no structure"),
            D::Record(record) => {
                let mut fields = Vec::with_capacity(record.fields.len());
                for (name, ty) in &record.fields {
                    fields.push(Field { name: name.as_str().into(), ty: self.val_type(to, from, *ty) });
                }
                DefinedType::Record(fields.into())
            }
            D::Variant(variant) => {
                let mut cases = Vec::with_capacity(variant.cases.len());
                for (name, case) in &variant.cases {
                    cases.push(Case { name: name.as_str().into(), ty: self.optional(to, from, case.ty) });
                }
                DefinedType::Variant(cases.into())
            }
            D::List { element, .. } => DefinedType::List(self.val_type(to, from, *element)),
            D::Tuple(tuple) => {
                let mut types = Vec::with_capacity(tuple.types.len());
                for ty in &tuple.types {
                    types.push(self.val_type(to, from, *ty));
                }
                DefinedType::Tuple(types.into())
            }
            D::Flags(labels) => DefinedType::Flags(labels.iter().map(|label| label.as_str().into()).collect()),
            D::Enum(labels) => DefinedType::Enum(labels.iter().map(|label| label.as_str().into()).collect()),
            D::Option { ty, .. } => DefinedType::Option(self.val_type(to, from, *ty)),
            D::Result { ok, err, .. } => {
                let (ok, err) = (self.optional(to, from, *ok), self.optional(to, from, *err));
                DefinedType::Result(ResultType { ok, err })
            }
            D::Own(id) => DefinedType::Own(from.scope.known(*id)),
            D::Borrow(id) => DefinedType::Borrow(from.scope.known(*id)),
            D::Stream { ty, .. } => DefinedType::Stream(self.optional(to, from, *ty)),
            D::Future { ty, .. } => DefinedType::Future(self.optional(to, from, *ty)),
            D::Map { key, value, .. } => {
                DefinedType::Map(self.val_type(to, from, *key), self.val_type(to, from, *value))
            }
            D::FixedLengthList { element, length, .. } => {
                DefinedType::FixedLengthList(self.val_type(to, from, *element), *length)
            }
        }
    }
}

/// How many parts a type is directly made of, long names counting more than once.
fn parts(ty: &DefinedType) -> usize {
    match ty {
        DefinedType::Record(fields) => fields.iter().map(|field| name_weight(&field.name)).sum(),
        DefinedType::Variant(cases) => cases.iter().map(|case| name_weight(&case.name)).sum(),
        DefinedType::Tuple(types) => types.len(),
        _ => 2,
    }
}

fn primitive(ty: PrimitiveValType) -> ValType {
    match ty {
        PrimitiveValType::Bool => ValType::Bool,
        PrimitiveValType::S8 => ValType::S8,
        PrimitiveValType::U8 => ValType::U8,
        PrimitiveValType::S16 => ValType::S16,
        PrimitiveValType::U16 => ValType::U16,
        PrimitiveValType::S32 => ValType::S32,
        PrimitiveValType::U32 => ValType::U32,
        PrimitiveValType::S64 => ValType::S64,
        PrimitiveValType::U64 => ValType::U64,
        PrimitiveValType::F32 => ValType::F32,
        PrimitiveValType::F64 => ValType::F64,
        PrimitiveValType::Char => ValType::Char,
        PrimitiveValType::String => ValType::String,
        PrimitiveValType::ErrorContext => ValType::ErrorContext,
    }
}
