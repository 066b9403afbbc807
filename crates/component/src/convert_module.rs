//! From the validator's type of a core module to [`CoreModuleType`]: for modules that the root imports.

use crate::error::TranslateError;
use gusset_artifact::{
    CoreFuncType, CoreItemType, CoreModuleType, CoreValType, GlobalType, HeapType, MemoryType, RefType, TableType,
};
use gusset_types::PAGE_SIZE_LOG2;
use wasmparser::AbstractHeapType;
use wasmparser::component_types::ModuleType;
use wasmparser::types::{CoreTypeId, EntityType, TypesRef};

pub(crate) fn module_type(types: TypesRef<'_>, ty: &ModuleType) -> Result<CoreModuleType, TranslateError> {
    let mut converted = CoreModuleType::default();
    for ((module, name), item) in &ty.imports {
        converted.imports.insert((module.as_str().into(), name.as_str().into()), item_type(types, *item)?);
    }
    for (name, item) in &ty.exports {
        converted.exports.insert(name.as_str().into(), item_type(types, *item)?);
    }
    Ok(converted)
}

fn item_type(types: TypesRef<'_>, ty: EntityType) -> Result<CoreItemType, TranslateError> {
    Ok(match ty {
        EntityType::Func(id) => CoreItemType::Func(func_type(types, id)?),
        EntityType::Tag(id) => CoreItemType::Tag(func_type(types, id)?),
        EntityType::Table(ty) => CoreItemType::Table(TableType {
            element: ref_type(ty.element_type)?,
            minimum: ty.initial,
            maximum: ty.maximum,
            table64: ty.table64,
        }),
        EntityType::Memory(ty) => CoreItemType::Memory(MemoryType {
            minimum: ty.initial,
            maximum: ty.maximum,
            memory64: ty.memory64,
            shared: ty.shared,
            page_size_log2: ty.page_size_log2.map_or(PAGE_SIZE_LOG2, |log2| log2 as u8),
        }),
        EntityType::Global(ty) => {
            CoreItemType::Global(GlobalType { content: val_type(ty.content_type)?, mutable: ty.mutable })
        }
        EntityType::FuncExact(_) => return Err(unsupported("an exact function type")),
    })
}

fn func_type(types: TypesRef<'_>, id: CoreTypeId) -> Result<CoreFuncType, TranslateError> {
    let wasmparser::CompositeInnerType::Func(ty) = &types[id].composite_type.inner else {
        return Err(unsupported("a type that is no function type"));
    };
    let all = |types: &[wasmparser::ValType]| types.iter().map(|&ty| val_type(ty)).collect::<Result<_, _>>();
    Ok(CoreFuncType { params: all(ty.params())?, results: all(ty.results())? })
}

fn val_type(ty: wasmparser::ValType) -> Result<CoreValType, TranslateError> {
    Ok(match ty {
        wasmparser::ValType::I32 => CoreValType::I32,
        wasmparser::ValType::I64 => CoreValType::I64,
        wasmparser::ValType::F32 => CoreValType::F32,
        wasmparser::ValType::F64 => CoreValType::F64,
        wasmparser::ValType::V128 => CoreValType::V128,
        wasmparser::ValType::Ref(ty) => CoreValType::Ref(ref_type(ty)?),
    })
}

fn ref_type(ty: wasmparser::RefType) -> Result<RefType, TranslateError> {
    let heap = match ty.heap_type() {
        wasmparser::HeapType::Abstract { shared: false, ty: AbstractHeapType::Func } => HeapType::Func,
        wasmparser::HeapType::Abstract { shared: false, ty: AbstractHeapType::Extern } => HeapType::Extern,
        _ => return Err(unsupported(&format!("`{ty}`"))),
    };
    Ok(RefType { nullable: ty.is_nullable(), heap })
}

fn unsupported(what: &str) -> TranslateError {
    TranslateError::unsupported("core types", format_args!("{what} in the type of a core module"))
}
