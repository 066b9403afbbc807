//! Where a text declares what it imports. Linking finds by name what is missing, not by offset.

use crate::encode::TextError;
use crate::item::{opening, token_length};
use crate::map::{TextPlace, lexer};
use wast::component::{
    ComponentField, ComponentKind, ComponentTypeUse, CoreModuleKind, FuncKind as ComponentFuncKind, InstanceKind,
    InstanceType, InstanceTypeDecl, ItemSigKind, NestedComponentKind,
};
use wast::core::{FuncKind, GlobalKind, ImportItems, MemoryKind, ModuleField, ModuleKind, TableKind, TagKind};
use wast::parser::{ParseBuffer, parse};
use wast::token::Span;
use wast::{QuoteWat, Wast, WastDirective, Wat};

/// Where the component or module `text` imports what each of these paths leads to: of a component the import's name, then the names
/// within instances; of a module both names. The last name that can be found, if the text has not all of them; `None` if none. The
/// text is parsed once for all.
///
/// # Errors
///
/// When the text is no module or component.
pub fn import_places(text: &str, paths: &[Vec<&str>]) -> Result<Vec<Option<TextPlace>>, TextError> {
    let spans = || {
        let buffer = ParseBuffer::new_with_lexer(lexer(text))?;
        Ok(match parse::<Wast<'_>>(&buffer)?.directives.first() {
            Some(WastDirective::Module(QuoteWat::Wat(wat)) | WastDirective::ModuleDefinition(QuoteWat::Wat(wat))) => {
                paths.iter().map(|names| import_span(wat, names)).collect()
            }
            _ => vec![None; paths.len()],
        })
    };
    let spans: Vec<Option<Span>> = spans().map_err(|error: wast::Error| TextError::of(text, &error))?;
    let place = |span: Span| {
        let offset = opening(text, span.offset());
        TextPlace { offset, length: token_length(text, offset) }
    };
    Ok(spans.into_iter().map(|span| span.map(place)).collect())
}

fn import_span(wat: &Wat<'_>, names: &[&str]) -> Option<Span> {
    match (wat, names) {
        (Wat::Component(component), [first, rest @ ..]) => {
            let ComponentKind::Text(fields) = &component.kind else { return None };
            fields.iter().find_map(|field| of_component(field, first, rest))
        }
        (Wat::Module(module), [first, second]) => {
            let ModuleKind::Text(fields) = &module.kind else { return None };
            fields.iter().find_map(|field| of_module(field, first, second))
        }
        _ => None,
    }
}

fn of_component(field: &ComponentField<'_>, first: &str, rest: &[&str]) -> Option<Span> {
    let (span, name, ty) = match field {
        ComponentField::Import(import) => {
            let ty = match &import.item.kind {
                ItemSigKind::Instance(ty) => Some(ty),
                _ => None,
            };
            (import.span, import.name.name, ty)
        }
        ComponentField::Instance(instance) => match &instance.kind {
            InstanceKind::Import { import, ty } => (instance.span, import.name.name, Some(ty)),
            _ => return None,
        },
        ComponentField::Func(func) => match &func.kind {
            ComponentFuncKind::Import { import, .. } => (func.span, import.name.name, None),
            _ => return None,
        },
        ComponentField::CoreModule(module) => match &module.kind {
            CoreModuleKind::Import { import, .. } => (module.span, import.name.name, None),
            CoreModuleKind::Inline { .. } => return None,
        },
        ComponentField::Component(component) => match &component.kind {
            NestedComponentKind::Import { import, .. } => (component.span, import.name.name, None),
            NestedComponentKind::Inline(_) => return None,
        },
        _ => return None,
    };
    (name == first).then(|| ty.and_then(|ty| of_instance(ty, rest)).unwrap_or(span))
}

/// The export that the names lead to, or the last one on the way there.
fn of_instance(ty: &ComponentTypeUse<'_, InstanceType<'_>>, names: &[&str]) -> Option<Span> {
    let (ComponentTypeUse::Inline(ty), [first, rest @ ..]) = (ty, names) else { return None };
    ty.decls.iter().find_map(|decl| {
        let InstanceTypeDecl::Export(export) = decl else { return None };
        let inner = || match &export.item.kind {
            ItemSigKind::Instance(ty) => of_instance(ty, rest),
            _ => None,
        };
        (export.name.name == *first).then(|| inner().unwrap_or(export.span))
    })
}

fn of_module(field: &ModuleField<'_>, first: &str, second: &str) -> Option<Span> {
    let (span, import) = match field {
        ModuleField::Import(import) => {
            return match &import.items {
                ImportItems::Single { module, name, .. } => {
                    (*module == first && *name == second).then_some(import.span)
                }
                ImportItems::Group1 { module, items } => {
                    items.iter().find(|item| *module == first && item.name == second).map(|item| item.span)
                }
                ImportItems::Group2 { module, items, .. } => {
                    items.iter().find(|item| *module == first && item.name == second).map(|item| item.span)
                }
            };
        }
        ModuleField::Func(func) => match &func.kind {
            FuncKind::Import(import, _) => (func.span, *import),
            FuncKind::Inline { .. } => return None,
        },
        ModuleField::Table(table) => match &table.kind {
            TableKind::Import { import, .. } => (table.span, *import),
            _ => return None,
        },
        ModuleField::Memory(memory) => match &memory.kind {
            MemoryKind::Import { import, .. } => (memory.span, *import),
            _ => return None,
        },
        ModuleField::Global(global) => match &global.kind {
            GlobalKind::Import(import) => (global.span, *import),
            GlobalKind::Inline(_) => return None,
        },
        ModuleField::Tag(tag) => match &tag.kind {
            TagKind::Import(import) => (tag.span, *import),
            TagKind::Inline() => return None,
        },
        _ => return None,
    };
    (import.module == first && import.field == second).then_some(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'t>(text: &'t str, names: &[&str]) -> Option<&'t str> {
        let places = import_places(text, &[names.to_vec()]).unwrap();
        places[0].map(|place| text[place.offset..].lines().next().unwrap())
    }

    #[test]
    fn each_path_has_a_place_of_its_own() {
        let text = "(module (import \"a\" \"f\" (func)) (func (import \"a\" \"g\")))";
        let paths = [vec!["a", "g"], vec!["a", "none"], vec!["a", "f"]];
        let offsets: Vec<_> =
            import_places(text, &paths).unwrap().iter().map(|place| place.map(|place| place.offset)).collect();
        assert_eq!(offsets, [text.find("(func (import"), None, Some(8)]);
        assert_eq!(import_places("(register)", &paths).map_err(|_| ()), Err(()));
        assert_eq!(import_places("(module quote \"\")", &paths).unwrap(), [None; 3]);
    }

    #[test]
    fn imports_of_components_are_found_by_name() {
        let text = r#"(component
            (import "f" (func))
            (import "a:b/c" (instance
                (export "g" (func))
                (export "i" (instance
                    (export "h" (func))))))
            (func (import "inline"))
            (core module (import "m")))"#;
        assert_eq!(found(text, &["f"]), Some("(import \"f\" (func))"));
        assert_eq!(found(text, &["a:b/c", "g"]), Some("(export \"g\" (func))"));
        assert_eq!(found(text, &["a:b/c", "i", "h"]), Some("(export \"h\" (func))))))"));
        assert_eq!(found(text, &["a:b/c", "none"]), Some("(import \"a:b/c\" (instance"));
        assert_eq!(found(text, &["inline"]), Some("(func (import \"inline\"))"));
        assert_eq!(found(text, &["m"]), Some("(core module (import \"m\")))"));
        assert_eq!(found(text, &["none"]), None);
    }

    #[test]
    fn imports_of_modules_are_found_by_both_names() {
        let text = r#"(module
            (import "a" "f" (func))
            (import "a" (item "g" (func)) (item "h" (func)))
            (memory (import "b" "m") 1)
            (func (import "b" "f")))"#;
        assert_eq!(found(text, &["a", "f"]), Some("(import \"a\" \"f\" (func))"));
        assert_eq!(found(text, &["a", "h"]), Some("(item \"h\" (func)))"));
        assert_eq!(found(text, &["b", "m"]), Some("(memory (import \"b\" \"m\") 1)"));
        assert_eq!(found(text, &["b", "f"]), Some("(func (import \"b\" \"f\")))"));
        assert_eq!(found(text, &["b", "none"]), None);
        assert_eq!(
            found("(module definition (import \"a\" \"b\" (func)))", &["a", "b"]),
            Some("(import \"a\" \"b\" (func)))")
        );
    }
}
