//! From the parser's types to the artifact's. What validation rejects is not expected here.

use crate::error::CodegenError;
use gusset_artifact::{
    ConstExpr, ConstOp, CoreFuncType, CoreValType, EntityIndex, FuncIndex, GlobalIndex, GlobalType, HeapType,
    MemoryIndex, MemoryType, RefType, SignatureIndex, TableIndex, TableType, TagIndex,
};
use gusset_types::PAGE_SIZE_LOG2;
use wasmparser::{AbstractHeapType, ExternalKind, Operator, UnpackedIndex};

/// The types that a module declares, and what its other types are with them.
#[derive(Clone, Default)]
pub(crate) struct ModuleTypes {
    /// The unit's signature for each type of the module.
    signatures: Vec<SignatureIndex>,
}

impl ModuleTypes {
    /// Declares the next type.
    pub(crate) fn push(&mut self, signature: SignatureIndex) {
        self.signatures.push(signature);
    }

    /// The unit's signature for a type of the module, which has been validated.
    pub(crate) fn signature(&self, ty: u32) -> SignatureIndex {
        self.signatures[ty as usize]
    }

    pub(crate) fn val_type(&self, ty: wasmparser::ValType) -> Result<CoreValType, CodegenError> {
        Ok(match ty {
            wasmparser::ValType::I32 => CoreValType::I32,
            wasmparser::ValType::I64 => CoreValType::I64,
            wasmparser::ValType::F32 => CoreValType::F32,
            wasmparser::ValType::F64 => CoreValType::F64,
            wasmparser::ValType::V128 => CoreValType::V128,
            wasmparser::ValType::Ref(ty) => CoreValType::Ref(self.ref_type(ty)?),
        })
    }

    pub(crate) fn ref_type(&self, ty: wasmparser::RefType) -> Result<RefType, CodegenError> {
        Ok(RefType { nullable: ty.is_nullable(), heap: self.heap_type(ty.heap_type())? })
    }

    pub(crate) fn heap_type(&self, ty: wasmparser::HeapType) -> Result<HeapType, CodegenError> {
        use wasmparser::HeapType::{Abstract, Concrete};
        match ty {
            Abstract { shared: false, ty: AbstractHeapType::Func } => Ok(HeapType::Func),
            Abstract { shared: false, ty: AbstractHeapType::NoFunc } => Ok(HeapType::NoFunc),
            Abstract { shared: false, ty: AbstractHeapType::Extern } => Ok(HeapType::Extern),
            Abstract { shared: false, ty: AbstractHeapType::NoExtern } => Ok(HeapType::NoExtern),
            Abstract { shared: false, ty: AbstractHeapType::Exn } => Ok(HeapType::Exn),
            Abstract { shared: false, ty: AbstractHeapType::NoExn } => Ok(HeapType::NoExn),
            // A type that speaks of itself, or of one that is declared behind it, is not among them.
            Concrete(UnpackedIndex::Module(index)) if (index as usize) < self.signatures.len() => {
                Ok(HeapType::Concrete(self.signature(index)))
            }
            Concrete(_) => Err(CodegenError::unsupported("not supported: gc (types that speak of themselves)")),
            other => Err(CodegenError::unsupported(format!("not supported: references to {other:?}"))),
        }
    }

    pub(crate) fn func_type(&self, ty: &wasmparser::FuncType) -> Result<CoreFuncType, CodegenError> {
        let all = |types: &[wasmparser::ValType]| types.iter().map(|&ty| self.val_type(ty)).collect::<Result<_, _>>();
        Ok(CoreFuncType { params: all(ty.params())?, results: all(ty.results())? })
    }

    pub(crate) fn table_type(&self, ty: wasmparser::TableType) -> Result<TableType, CodegenError> {
        let element = self.ref_type(ty.element_type)?;
        Ok(TableType { element, minimum: ty.initial, maximum: ty.maximum, table64: ty.table64 })
    }

    pub(crate) fn global_type(&self, ty: wasmparser::GlobalType) -> Result<GlobalType, CodegenError> {
        Ok(GlobalType { content: self.val_type(ty.content_type)?, mutable: ty.mutable })
    }

    /// A validated constant expression.
    pub(crate) fn const_expr(&self, expr: &wasmparser::ConstExpr<'_>) -> Result<ConstExpr, CodegenError> {
        let mut ops = Vec::new();
        let mut reader = expr.get_operators_reader();
        while !reader.eof() {
            let (operator, offset) = reader.read_with_offset()?;
            if let Some(op) = self.const_op(&operator).map_err(|error| error.at(offset))? {
                ops.push(op);
            }
        }
        Ok(ConstExpr { ops: ops.into() })
    }

    /// One step, or `None` for the end.
    fn const_op(&self, operator: &Operator<'_>) -> Result<Option<ConstOp>, CodegenError> {
        Ok(Some(match *operator {
            Operator::I32Const { value } => ConstOp::I32Const(value),
            Operator::I64Const { value } => ConstOp::I64Const(value),
            Operator::F32Const { value } => ConstOp::F32Const(value.bits()),
            Operator::F64Const { value } => ConstOp::F64Const(value.bits()),
            Operator::V128Const { value } => ConstOp::V128Const(*value.bytes()),
            Operator::GlobalGet { global_index } => ConstOp::GlobalGet(GlobalIndex::from_u32(global_index)),
            Operator::RefNull { hty } => ConstOp::RefNull(self.heap_type(hty)?),
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

pub(crate) fn entity(kind: ExternalKind, index: u32) -> EntityIndex {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => EntityIndex::Func(FuncIndex::from_u32(index)),
        ExternalKind::Table => EntityIndex::Table(TableIndex::from_u32(index)),
        ExternalKind::Memory => EntityIndex::Memory(MemoryIndex::from_u32(index)),
        ExternalKind::Global => EntityIndex::Global(GlobalIndex::from_u32(index)),
        ExternalKind::Tag => EntityIndex::Tag(TagIndex::from_u32(index)),
    }
}
