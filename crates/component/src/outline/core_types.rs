//! Types of core items in the words of the text format.

use super::{CoreItemOutline, ModuleOutline};
use std::fmt::Write;
use wasmparser::component_types::ModuleType;
use wasmparser::types::{CoreTypeId, EntityType, Types, TypesRef};
use wasmparser::{CompositeInnerType, GlobalType, MemoryType, TableType, ValType};

/// How long the text of a type gets, in bytes.
const MAX_TYPE_TEXT: usize = 2000;

/// What a core module itself imports, exports and has.
pub(super) fn module(types: TypesRef<'_>) -> ModuleOutline {
    let text = |ty: EntityType| entity(ty, |id| &types[id].composite_type.inner);
    let imports: Vec<_> = types.core_imports().into_iter().flatten().collect();
    let imported_memories = imports.iter().filter(|(.., ty)| matches!(ty, EntityType::Memory(_))).count();
    let memories = (0..types.memory_count()).skip(imported_memories).map(|index| memory(&types.memory_at(index)));
    let exports = types.core_exports().into_iter().flatten();
    ModuleOutline {
        imports: imports
            .into_iter()
            .map(|(module, name, ty)| CoreItemOutline { module: Some(module.into()), name: name.into(), ty: text(ty) })
            .collect(),
        exports: exports.map(|(name, ty)| CoreItemOutline { module: None, name: name.into(), ty: text(ty) }).collect(),
        memories: memories.collect(),
    }
}

/// What a type of core modules says.
pub(super) fn module_type(types: &Types, ty: &ModuleType) -> ModuleOutline {
    let text = |ty: &EntityType| entity(*ty, |id| &types[id].composite_type.inner);
    let imports = ty.imports.iter().map(|((module, name), ty)| CoreItemOutline {
        module: Some(module.clone()),
        name: name.clone(),
        ty: text(ty),
    });
    let exports =
        ty.exports.iter().map(|(name, ty)| CoreItemOutline { module: None, name: name.clone(), ty: text(ty) });
    ModuleOutline { imports: imports.collect(), exports: exports.collect(), memories: Vec::new() }
}

fn entity<'t>(ty: EntityType, types: impl Fn(CoreTypeId) -> &'t CompositeInnerType) -> String {
    match ty {
        EntityType::Func(id) | EntityType::FuncExact(id) => signature("func", types(id)),
        EntityType::Tag(id) => signature("tag", types(id)),
        EntityType::Table(ty) => table(&ty),
        EntityType::Memory(ty) => memory(&ty),
        EntityType::Global(ty) => global(&ty),
    }
}

fn signature(kind: &str, ty: &CompositeInnerType) -> String {
    let mut text = String::from(kind);
    // The types of functions and tags are function types.
    if let CompositeInnerType::Func(ty) = ty {
        values(&mut text, "param", ty.params());
        values(&mut text, "result", ty.results());
    }
    text
}

fn values(text: &mut String, word: &str, types: &[ValType]) {
    if types.is_empty() {
        return;
    }
    let _ = write!(text, " ({word}");
    for ty in types {
        if text.len() > MAX_TYPE_TEXT {
            text.push_str(" …");
            break;
        }
        let _ = write!(text, " {ty}");
    }
    text.push(')');
}

fn limits(kind: &str, wide: bool, minimum: u64, maximum: Option<u64>) -> String {
    let wide = if wide { "i64 " } else { "" };
    let maximum = maximum.map(|maximum| format!(" {maximum}")).unwrap_or_default();
    format!("{kind} {wide}{minimum}{maximum}")
}

fn table(ty: &TableType) -> String {
    let shared = if ty.shared { "shared " } else { "" };
    format!("{} {shared}{}", limits("table", ty.table64, ty.initial, ty.maximum), ty.element_type)
}

fn memory(ty: &MemoryType) -> String {
    let mut text = limits("memory", ty.memory64, ty.initial, ty.maximum);
    if ty.shared {
        text.push_str(" shared");
    }
    if let Some(log2) = ty.page_size_log2 {
        let _ = write!(text, " (pagesize {})", 1u64.checked_shl(log2).unwrap_or(0));
    }
    text
}

fn global(ty: &GlobalType) -> String {
    let shared = if ty.shared { "shared " } else { "" };
    match ty.mutable {
        true => format!("global ({shared}mut {})", ty.content_type),
        false => format!("global {shared}{}", ty.content_type),
    }
}
