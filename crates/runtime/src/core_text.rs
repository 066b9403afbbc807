//! Core types in the words of the text format, for errors and for `Display`. Nothing is written of types that match.

use gusset_artifact::{CoreFuncType, CoreValType, GlobalType, HeapType, MemoryType, RefType, TableType};
use std::fmt::Write;

/// Tests count what is written.
fn count() {
    #[cfg(test)]
    tests::WRITTEN.set(tests::WRITTEN.get() + 1);
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
    count();
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
    count();
    let width = if ty.table64 { "i64 " } else { "" };
    format!("(table {width}{} {})", describe_limits(ty.minimum, ty.maximum), describe_ref(&ty.element))
}

/// A memory type in the words of the text format.
pub(crate) fn describe_memory(ty: &MemoryType) -> String {
    count();
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
    count();
    match ty.mutable {
        true => format!("(global (mut {}))", describe_value(&ty.content)),
        false => format!("(global {})", describe_value(&ty.content)),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        /// How many types this thread has written.
        pub(crate) static WRITTEN: Cell<usize> = const { Cell::new(0) };
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
