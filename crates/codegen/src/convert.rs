//! From the parser's types to the artifact's. What validation rejects is not expected here.

use crate::error::CodegenError;
use gusset_artifact::{
    ConstExpr, ConstOp, CoreFuncType, CoreValType, EntityIndex, FuncIndex, GlobalIndex, GlobalType, HeapType,
    MemoryIndex, MemoryType, RefType, TableIndex, TableType, TagIndex,
};
use gusset_types::PAGE_SIZE_LOG2;
use wasmparser::{AbstractHeapType, ExternalKind, Operator};

pub(crate) fn val_type(ty: wasmparser::ValType) -> Result<CoreValType, CodegenError> {
    Ok(match ty {
        wasmparser::ValType::I32 => CoreValType::I32,
        wasmparser::ValType::I64 => CoreValType::I64,
        wasmparser::ValType::F32 => CoreValType::F32,
        wasmparser::ValType::F64 => CoreValType::F64,
        wasmparser::ValType::V128 => CoreValType::V128,
        wasmparser::ValType::Ref(ty) => CoreValType::Ref(ref_type(ty)?),
    })
}

pub(crate) fn ref_type(ty: wasmparser::RefType) -> Result<RefType, CodegenError> {
    Ok(RefType { nullable: ty.is_nullable(), heap: heap_type(ty.heap_type())? })
}

pub(crate) fn heap_type(ty: wasmparser::HeapType) -> Result<HeapType, CodegenError> {
    match ty {
        wasmparser::HeapType::Abstract { shared: false, ty: AbstractHeapType::Func } => Ok(HeapType::Func),
        wasmparser::HeapType::Abstract { shared: false, ty: AbstractHeapType::Extern } => Ok(HeapType::Extern),
        other => Err(CodegenError::unsupported(format!("not supported: references to {other:?}"))),
    }
}

pub(crate) fn func_type(ty: &wasmparser::FuncType) -> Result<CoreFuncType, CodegenError> {
    let all = |types: &[wasmparser::ValType]| types.iter().map(|&ty| val_type(ty)).collect::<Result<_, _>>();
    Ok(CoreFuncType { params: all(ty.params())?, results: all(ty.results())? })
}

pub(crate) fn table_type(ty: wasmparser::TableType) -> Result<TableType, CodegenError> {
    Ok(TableType { element: ref_type(ty.element_type)?, minimum: ty.initial, maximum: ty.maximum, table64: ty.table64 })
}

pub(crate) fn memory_type(ty: wasmparser::MemoryType) -> MemoryType {
    MemoryType {
        minimum: ty.initial,
        maximum: ty.maximum,
        memory64: ty.memory64,
        shared: ty.shared,
        page_size_log2: ty.page_size_log2.map_or(PAGE_SIZE_LOG2, |log2| log2 as u8),
    }
}

pub(crate) fn global_type(ty: wasmparser::GlobalType) -> Result<GlobalType, CodegenError> {
    Ok(GlobalType { content: val_type(ty.content_type)?, mutable: ty.mutable })
}

pub(crate) fn entity(kind: ExternalKind, index: u32) -> EntityIndex {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => EntityIndex::Func(FuncIndex::from_u32(index)),
        ExternalKind::Table => EntityIndex::Table(TableIndex::from_u32(index)),
        ExternalKind::Memory => EntityIndex::Memory(MemoryIndex::from_u32(index)),
        ExternalKind::Global => EntityIndex::Global(GlobalIndex::from_u32(index)),
        ExternalKind::Tag => EntityIndex::Tag(TagIndex::from_u32(index)),
    }
}

/// A validated constant expression.
pub(crate) fn const_expr(expr: &wasmparser::ConstExpr<'_>) -> Result<ConstExpr, CodegenError> {
    let mut ops = Vec::new();
    let mut reader = expr.get_operators_reader();
    while !reader.eof() {
        let (operator, offset) = reader.read_with_offset()?;
        if let Some(op) = const_op(&operator).map_err(|error| error.at(offset))? {
            ops.push(op);
        }
    }
    Ok(ConstExpr { ops: ops.into() })
}

/// One step, or `None` for the end.
fn const_op(operator: &Operator<'_>) -> Result<Option<ConstOp>, CodegenError> {
    Ok(Some(match *operator {
        Operator::I32Const { value } => ConstOp::I32Const(value),
        Operator::I64Const { value } => ConstOp::I64Const(value),
        Operator::F32Const { value } => ConstOp::F32Const(value.bits()),
        Operator::F64Const { value } => ConstOp::F64Const(value.bits()),
        Operator::V128Const { value } => ConstOp::V128Const(*value.bytes()),
        Operator::GlobalGet { global_index } => ConstOp::GlobalGet(GlobalIndex::from_u32(global_index)),
        Operator::RefNull { hty } => ConstOp::RefNull(heap_type(hty)?),
        Operator::RefFunc { function_index } => ConstOp::RefFunc(FuncIndex::from_u32(function_index)),
        Operator::I32Add => ConstOp::I32Add,
        Operator::I32Sub => ConstOp::I32Sub,
        Operator::I32Mul => ConstOp::I32Mul,
        Operator::I64Add => ConstOp::I64Add,
        Operator::I64Sub => ConstOp::I64Sub,
        Operator::I64Mul => ConstOp::I64Mul,
        Operator::End => return Ok(None),
        ref other => {
            return Err(CodegenError::unsupported(format!("not supported: {other:?} in a constant expression")));
        }
    }))
}
