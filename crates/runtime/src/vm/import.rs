//! Import matching as the core specification has it, and the words for types in what it reports.

use super::code::CodeMemory;
use super::handle::Extern;
use super::store::VmStore;
use crate::error::{LinkError, Result};
use gusset_artifact::{
    CoreExternType, CoreFuncType, CoreImport, CoreValType, GlobalType, HeapType, MemoryType, RefType, TableType,
};
use gusset_types::Printable;
use std::fmt::Write;

impl VmStore {
    /// Checks that `given` may stand for an import. A wrong one must never reach compiled code.
    ///
    /// # Errors
    ///
    /// Names the import and both types.
    pub(super) fn check_import(&self, code: &CodeMemory, import: &CoreImport, given: Extern) -> Result<()> {
        let id = self.id();
        let (holds, found) = match (import.ty, given) {
            (CoreExternType::Func(signature), Extern::Func(func)) => {
                let record = &self.functions[func.index(id)];
                (record.type_id == code.number_of(signature), format_args!("{}", describe_func(&record.ty)).to_string())
            }
            (CoreExternType::Tag(signature), Extern::Tag(tag)) => {
                let record = &self.tags[tag.index(id)];
                (record.type_id == code.number_of(signature), describe_tag(&record.ty))
            }
            (CoreExternType::Table(wanted), Extern::Table(table)) => {
                let found = self.table_type(table);
                (table_matches(&wanted, &found), describe_table(&found))
            }
            (CoreExternType::Memory(wanted), Extern::Memory(memory)) => {
                let found = self.memory_type(memory);
                (memory_matches(&wanted, &found), describe_memory(&found))
            }
            (CoreExternType::Global(wanted), Extern::Global(global)) => {
                let found = self.global_type(global);
                (global_matches(&wanted, &found), describe_global(&found))
            }
            (_, Extern::Func(func)) => (false, describe_func(self.func_type(func))),
            (_, Extern::Tag(tag)) => (false, describe_tag(self.tag_type(tag))),
            (_, Extern::Table(table)) => (false, describe_table(&self.table_type(table))),
            (_, Extern::Memory(memory)) => (false, describe_memory(&self.memory_type(memory))),
            (_, Extern::Global(global)) => (false, describe_global(&self.global_type(global))),
        };
        if !holds {
            let CoreImport { module, name, ty } = import;
            let expected = match ty {
                CoreExternType::Func(signature) => describe_func(code.signature(*signature)),
                CoreExternType::Tag(signature) => describe_tag(code.signature(*signature)),
                CoreExternType::Table(ty) => describe_table(ty),
                CoreExternType::Memory(ty) => describe_memory(ty),
                CoreExternType::Global(ty) => describe_global(ty),
            };
            let (module, name) = (Printable::name(module), Printable::name(name));
            return Err(LinkError::error(format_args!(
                "incompatible import type for `{module}::{name}`: expected {expected}, found {found}"
            )));
        }
        Ok(())
    }
}

fn limits_match(wanted: (u64, Option<u64>), found: (u64, Option<u64>)) -> bool {
    let maximum = match (wanted.1, found.1) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wanted), Some(found)) => found <= wanted,
    };
    found.0 >= wanted.0 && maximum
}

fn table_matches(wanted: &TableType, found: &TableType) -> bool {
    wanted.element == found.element
        && wanted.table64 == found.table64
        && limits_match((wanted.minimum, wanted.maximum), (found.minimum, found.maximum))
}

fn memory_matches(wanted: &MemoryType, found: &MemoryType) -> bool {
    wanted.memory64 == found.memory64
        && wanted.shared == found.shared
        && wanted.page_size_log2 == found.page_size_log2
        && limits_match((wanted.minimum, wanted.maximum), (found.minimum, found.maximum))
}

fn global_matches(wanted: &GlobalType, found: &GlobalType) -> bool {
    wanted.mutable == found.mutable
        && match wanted.mutable {
            true => wanted.content == found.content,
            false => is_subtype(found.content, wanted.content),
        }
}

fn is_subtype(sub: CoreValType, sup: CoreValType) -> bool {
    match (sub, sup) {
        (CoreValType::Ref(sub), CoreValType::Ref(sup)) => {
            (sup.nullable || !sub.nullable) && is_heap_subtype(sub.heap, sup.heap)
        }
        _ => sub == sup,
    }
}

fn is_heap_subtype(sub: HeapType, sup: HeapType) -> bool {
    sub == sup
        || matches!(
            (sub, sup),
            (HeapType::Concrete(_), HeapType::Func)
                | (HeapType::NoFunc, HeapType::Func | HeapType::Concrete(_))
                | (HeapType::NoExtern, HeapType::Extern)
                | (HeapType::NoExn, HeapType::Exn)
        )
}

/// A value type in the words of the text format.
pub(crate) fn describe_value(ty: &CoreValType) -> String {
    match ty {
        CoreValType::I32 => "i32".into(),
        CoreValType::I64 => "i64".into(),
        CoreValType::F32 => "f32".into(),
        CoreValType::F64 => "f64".into(),
        CoreValType::V128 => "v128".into(),
        CoreValType::Ref(ty) => describe_ref(ty),
    }
}

fn describe_ref(ty: &RefType) -> String {
    let heap = match ty.heap {
        HeapType::Func => "func".into(),
        HeapType::NoFunc => "nofunc".into(),
        HeapType::Concrete(signature) => signature.to_string(),
        HeapType::Extern => "extern".into(),
        HeapType::NoExtern => "noextern".into(),
        HeapType::Exn => "exn".into(),
        HeapType::NoExn => "noexn".into(),
    };
    match ty {
        RefType { nullable: true, heap: HeapType::Func | HeapType::Extern | HeapType::Exn } => format!("{heap}ref"),
        RefType { nullable: true, .. } => format!("(ref null {heap})"),
        RefType { nullable: false, .. } => format!("(ref {heap})"),
    }
}

fn signature(kind: &str, ty: &CoreFuncType) -> String {
    let mut text = format!("({kind}");
    for (word, types) in [("param", &ty.params), ("result", &ty.results)] {
        if !types.is_empty() {
            write!(text, " ({word}").expect("a string takes all text");
            for ty in types {
                write!(text, " {}", describe_value(ty)).expect("a string takes all text");
            }
            text.push(')');
        }
    }
    text.push(')');
    text
}

/// A function type in the words of the text format.
pub(crate) fn describe_func(ty: &CoreFuncType) -> String {
    signature("func", ty)
}

/// A tag's type in the words of the text format.
pub(crate) fn describe_tag(ty: &CoreFuncType) -> String {
    signature("tag", ty)
}

fn describe_limits(minimum: u64, maximum: Option<u64>) -> String {
    match maximum {
        Some(maximum) => format!("{minimum} {maximum}"),
        None => minimum.to_string(),
    }
}

/// A table type in the words of the text format.
pub(crate) fn describe_table(ty: &TableType) -> String {
    let width = if ty.table64 { "i64 " } else { "" };
    format!("(table {width}{} {})", describe_limits(ty.minimum, ty.maximum), describe_ref(&ty.element))
}

/// A memory type in the words of the text format.
pub(crate) fn describe_memory(ty: &MemoryType) -> String {
    let width = if ty.memory64 { "i64 " } else { "" };
    let mut text = format!("(memory {width}{}", describe_limits(ty.minimum, ty.maximum));
    if ty.shared {
        text.push_str(" shared");
    }
    if ty.page_size_log2 != 16 {
        write!(text, " (pagesize {})", 1u64 << ty.page_size_log2).expect("a string takes all text");
    }
    text.push(')');
    text
}

/// A global type in the words of the text format.
pub(crate) fn describe_global(ty: &GlobalType) -> String {
    match ty.mutable {
        true => format!("(global (mut {}))", describe_value(&ty.content)),
        false => format!("(global {})", describe_value(&ty.content)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_match_as_the_specification_says() {
        assert!(limits_match((1, None), (2, Some(3))));
        assert!(limits_match((1, Some(3)), (1, Some(3))));
        assert!(!limits_match((1, Some(3)), (1, None)));
        assert!(!limits_match((1, Some(3)), (1, Some(4))));
        assert!(!limits_match((2, None), (1, None)));
    }

    #[test]
    fn constant_globals_are_covariant_and_mutable_ones_are_not() {
        let global = |nullable, mutable| GlobalType {
            content: CoreValType::Ref(RefType { nullable, heap: HeapType::Func }),
            mutable,
        };
        assert!(global_matches(&global(true, false), &global(false, false)));
        assert!(!global_matches(&global(false, false), &global(true, false)));
        assert!(!global_matches(&global(true, true), &global(false, true)));
        assert!(!global_matches(&global(true, true), &global(true, false)));
    }

    #[test]
    fn types_are_written_as_in_the_text_format() {
        let func = CoreFuncType {
            params: [CoreValType::I32, CoreValType::Ref(RefType::EXTERNREF)].into(),
            results: [CoreValType::F64].into(),
        };
        assert_eq!(describe_func(&func), "(func (param i32 externref) (result f64))");
        assert_eq!(describe_func(&CoreFuncType::default()), "(func)");
        let memory = MemoryType { minimum: 1, maximum: Some(2), memory64: true, shared: false, page_size_log2: 0 };
        assert_eq!(describe_memory(&memory), "(memory i64 1 2 (pagesize 1))");
    }
}
