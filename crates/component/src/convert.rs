//! From the validator's types to [`Types`], interned. It happens when a type is used, not when it is declared: what is
//! only declared may need features that are not supported.

use crate::error::TranslateError;
use gusset_types::{Case, DefinedType, Field, FuncType, FuncTypeIndex, Param, ResultType, Types, ValType};
use std::collections::HashMap;
use wasmparser::PrimitiveValType;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentDefinedTypeId, ComponentFuncTypeId, ComponentValType,
};
use wasmparser::types::TypesRef;

/// Remembers what has been converted. Validation bounds the depth of types, and so the recursion here.
#[derive(Default)]
pub(crate) struct Converter {
    defined: HashMap<ComponentDefinedTypeId, ValType>,
    funcs: HashMap<ComponentFuncTypeId, FuncTypeIndex>,
    /// How many nodes a type has when it is written out.
    weights: HashMap<ValType, usize>,
}

impl Converter {
    /// A function type.
    pub(crate) fn func(
        &mut self,
        to: &mut Types,
        from: TypesRef<'_>,
        id: ComponentFuncTypeId,
    ) -> Result<FuncTypeIndex, TranslateError> {
        if let Some(&known) = self.funcs.get(&id) {
            return Ok(known);
        }
        let func = &from[id];
        let mut params = Vec::with_capacity(func.params.len());
        for (name, ty) in &func.params {
            params.push(Param { name: name.as_str().into(), ty: self.val_type(to, from, *ty)? });
        }
        let result = self.optional(to, from, func.result)?;
        let index = to.intern_func(FuncType { async_: func.async_, params: params.into(), result });
        self.funcs.insert(id, index);
        Ok(index)
    }

    /// A type of any sort, where it is a value type.
    pub(crate) fn any(
        &mut self,
        to: &mut Types,
        from: TypesRef<'_>,
        id: ComponentAnyTypeId,
    ) -> Result<Option<ValType>, TranslateError> {
        match id {
            ComponentAnyTypeId::Defined(id) => Ok(Some(self.defined(to, from, id)?)),
            ComponentAnyTypeId::Resource(_) => Err(TranslateError::unsupported("resources", "a resource type")),
            ComponentAnyTypeId::Func(_) | ComponentAnyTypeId::Instance(_) | ComponentAnyTypeId::Component(_) => {
                Ok(None)
            }
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

    fn optional(
        &mut self,
        to: &mut Types,
        from: TypesRef<'_>,
        ty: Option<ComponentValType>,
    ) -> Result<Option<ValType>, TranslateError> {
        ty.map(|ty| self.val_type(to, from, ty)).transpose()
    }

    fn val_type(
        &mut self,
        to: &mut Types,
        from: TypesRef<'_>,
        ty: ComponentValType,
    ) -> Result<ValType, TranslateError> {
        match ty {
            ComponentValType::Primitive(ty) => primitive(ty),
            ComponentValType::Type(id) => self.defined(to, from, id),
        }
    }

    fn defined(
        &mut self,
        to: &mut Types,
        from: TypesRef<'_>,
        id: ComponentDefinedTypeId,
    ) -> Result<ValType, TranslateError> {
        if let Some(&known) = self.defined.get(&id) {
            return Ok(known);
        }
        let ty = match &from[id] {
            ComponentDefinedType::Primitive(ty) => primitive(*ty)?,
            structure => {
                let structure = self.structure(to, from, structure)?;
                let mut weight = 1_usize;
                structure.each_child(|child| weight = weight.saturating_add(self.weight_of(child)));
                let ty = to.intern(structure);
                self.weights.insert(ty, weight);
                ty
            }
        };
        self.defined.insert(id, ty);
        Ok(ty)
    }

    fn structure(
        &mut self,
        to: &mut Types,
        from: TypesRef<'_>,
        ty: &ComponentDefinedType,
    ) -> Result<DefinedType, TranslateError> {
        use ComponentDefinedType as D;
        let unsupported = |feature, what| Err(TranslateError::unsupported(feature, what));
        Ok(match ty {
            D::Primitive(_) => unreachable!("primitive types have no structure"),
            D::Record(record) => {
                let mut fields = Vec::with_capacity(record.fields.len());
                for (name, ty) in &record.fields {
                    fields.push(Field { name: name.as_str().into(), ty: self.val_type(to, from, *ty)? });
                }
                DefinedType::Record(fields.into())
            }
            D::Variant(variant) => {
                let mut cases = Vec::with_capacity(variant.cases.len());
                for (name, case) in &variant.cases {
                    cases.push(Case { name: name.as_str().into(), ty: self.optional(to, from, case.ty)? });
                }
                DefinedType::Variant(cases.into())
            }
            D::List { element, .. } => DefinedType::List(self.val_type(to, from, *element)?),
            D::Tuple(tuple) => {
                let mut types = Vec::with_capacity(tuple.types.len());
                for ty in &tuple.types {
                    types.push(self.val_type(to, from, *ty)?);
                }
                DefinedType::Tuple(types.into())
            }
            D::Flags(labels) => DefinedType::Flags(labels.iter().map(|label| label.as_str().into()).collect()),
            D::Enum(labels) => DefinedType::Enum(labels.iter().map(|label| label.as_str().into()).collect()),
            D::Option { ty, .. } => DefinedType::Option(self.val_type(to, from, *ty)?),
            D::Result { ok, err, .. } => {
                let (ok, err) = (self.optional(to, from, *ok)?, self.optional(to, from, *err)?);
                DefinedType::Result(ResultType { ok, err })
            }
            D::Own(_) => return unsupported("resources", "an own handle"),
            D::Borrow(_) => return unsupported("resources", "a borrow handle"),
            D::Stream { .. } => return unsupported("async", "the type stream"),
            D::Future { .. } => return unsupported("async", "the type future"),
            D::Map { .. } => return unsupported("map", "the type map"),
            D::FixedLengthList { .. } => return unsupported("fixed-length lists", "a list type with a length"),
        })
    }
}

fn primitive(ty: PrimitiveValType) -> Result<ValType, TranslateError> {
    Ok(match ty {
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
        PrimitiveValType::ErrorContext => {
            return Err(TranslateError::unsupported("error-context", "the type error-context"));
        }
    })
}
