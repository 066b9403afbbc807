//! An outline as one JSON document. What it holds is described in `docs/inspect-json.md`, and stays so for its version.

use crate::json_text::{JsonText, join};
use gusset::{
    ComponentOutline, CoreItemOutline, FuncOutline, ModuleOutline, Outline, OutlineItem, OutlineItemKind, OutlinePart,
    OutlineWorld, TypeOutline,
};
use std::fmt::{self, Formatter, Write};

/// The version of the document. Members may be added to it without a new one; none changes its meaning.
const VERSION: u32 = 1;

/// All of an outline.
pub(crate) struct OutlineDocument<'a>(pub(crate) &'a Outline);

impl fmt::Display for OutlineDocument<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let outline = self.0;
        write!(f, "{{\n\"version\": {VERSION},\n\"left_out\": {},\n", outline.left_out)?;
        match &outline.world {
            OutlineWorld::Component(component) => write_component(f, component)?,
            OutlineWorld::CoreModule(module) => write_module(f, module)?,
            _ => {}
        }
        f.write_str(",\n\"root\": ")?;
        write_part(f, &outline.root)?;
        f.write_str("\n}\n")
    }
}

/// `"imports": […], "exports": […]`.
fn write_component(f: &mut Formatter<'_>, component: &ComponentOutline) -> fmt::Result {
    write_list(f, "imports", &component.imports, write_item)?;
    f.write_str(", ")?;
    write_list(f, "exports", &component.exports, write_item)
}

/// `"imports": […], "exports": […], "memories": […]`.
fn write_module(f: &mut Formatter<'_>, module: &ModuleOutline) -> fmt::Result {
    write_list(f, "imports", &module.imports, write_core_item)?;
    f.write_str(", ")?;
    write_list(f, "exports", &module.exports, write_core_item)?;
    f.write_str(", ")?;
    write_list(f, "memories", &module.memories, |f, ty| write!(f, "{}", JsonText(ty)))
}

fn write_list<T>(
    f: &mut Formatter<'_>,
    name: &str,
    items: &[T],
    one: impl FnMut(&mut Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    write!(f, "\"{name}\": [")?;
    join(f, items, one)?;
    f.write_char(']')
}

fn write_core_item(f: &mut Formatter<'_>, item: &CoreItemOutline) -> fmt::Result {
    f.write_char('{')?;
    if let Some(module) = &item.module {
        write!(f, "\"module\": {}, ", JsonText(module))?;
    }
    write!(f, "\"name\": {}, \"type\": {}}}", JsonText(&item.name), JsonText(&item.ty))
}

fn write_item(f: &mut Formatter<'_>, item: &OutlineItem) -> fmt::Result {
    write!(f, "\n{{\"name\": {}, \"kind\": ", JsonText(&item.name))?;
    match &item.kind {
        OutlineItemKind::Func(func) => write_func(f, "func", func)?,
        OutlineItemKind::Type(ty) => write_type(f, ty)?,
        OutlineItemKind::Instance(exports) => {
            f.write_str("\"instance\", ")?;
            if let Some(interface) = &item.implements {
                write!(f, "\"implements\": {}, ", JsonText(interface))?;
            }
            write_list(f, "exports", exports, write_item)?;
        }
        OutlineItemKind::Component(component) => {
            f.write_str("\"component\", ")?;
            write_component(f, component)?;
        }
        OutlineItemKind::CoreModule(module) => {
            f.write_str("\"core-module\", ")?;
            write_module(f, module)?;
        }
        OutlineItemKind::Value(ty) => write!(f, "\"value\", \"type\": {}", JsonText(ty))?,
        _ => f.write_str("null")?,
    }
    f.write_char('}')
}

fn write_func(f: &mut Formatter<'_>, kind: &str, func: &FuncOutline) -> fmt::Result {
    write!(f, "\"{kind}\", \"async\": {}, ", func.async_)?;
    write_list(f, "params", &func.params, write_typed)?;
    match &func.result {
        Some(ty) => write!(f, ", \"result\": {}", JsonText(ty)),
        None => f.write_str(", \"result\": null"),
    }
}

fn write_typed(f: &mut Formatter<'_>, (name, ty): &(String, String)) -> fmt::Result {
    write!(f, "{{\"name\": {}, \"type\": {}}}", JsonText(name), JsonText(ty))
}

fn write_type(f: &mut Formatter<'_>, ty: &TypeOutline) -> fmt::Result {
    let write_label = |f: &mut Formatter<'_>, label: &String| write!(f, "{}", JsonText(label));
    match ty {
        TypeOutline::Record(fields) => {
            f.write_str("\"record\", ")?;
            write_list(f, "fields", fields, write_typed)
        }
        TypeOutline::Variant(cases) => {
            f.write_str("\"variant\", ")?;
            write_list(f, "cases", cases, |f, (label, ty)| match ty {
                Some(ty) => write!(f, "{{\"name\": {}, \"type\": {}}}", JsonText(label), JsonText(ty)),
                None => write!(f, "{{\"name\": {}, \"type\": null}}", JsonText(label)),
            })
        }
        TypeOutline::Enum(labels) => {
            f.write_str("\"enum\", ")?;
            write_list(f, "labels", labels, write_label)
        }
        TypeOutline::Flags(labels) => {
            f.write_str("\"flags\", ")?;
            write_list(f, "labels", labels, write_label)
        }
        TypeOutline::Resource => f.write_str("\"resource\""),
        TypeOutline::Alias(ty) => write!(f, "\"alias\", \"type\": {}", JsonText(ty)),
        TypeOutline::Use { interface, name } => {
            write!(f, "\"use\", \"interface\": {}, \"type\": {}", JsonText(interface), JsonText(name))
        }
        TypeOutline::Func(func) => write_func(f, "func-type", func),
        TypeOutline::Instance(exports) => {
            f.write_str("\"instance-type\", ")?;
            write_list(f, "exports", exports, write_item)
        }
        TypeOutline::Component(component) => {
            f.write_str("\"component-type\", ")?;
            write_component(f, component)
        }
        _ => f.write_str("null"),
    }
}

/// The parts nest no deeper than the parser lets components do.
fn write_part(f: &mut Formatter<'_>, part: &OutlinePart) -> fmt::Result {
    let (kind, counted) = if part.core_module { ("core-module", "functions") } else { ("component", "instances") };
    write!(f, "\n{{\"kind\": \"{kind}\", \"index\": {}, \"name\": ", part.index)?;
    match &part.name {
        Some(name) => write!(f, "{}", JsonText(name))?,
        None => f.write_str("null")?,
    }
    write!(f, ", \"offset\": {}, \"size\": {}, \"{counted}\": {}, ", part.offset, part.size, part.count)?;
    write_list(f, "custom_sections", &part.custom_sections, |f, (name, size)| {
        write!(f, "{{\"name\": {}, \"size\": {size}}}", JsonText(name))
    })?;
    f.write_str(", ")?;
    write_list(f, "producers", &part.producers, |f, producer| {
        let (field, name, version) = (JsonText(&producer.field), JsonText(&producer.name), JsonText(&producer.version));
        write!(f, "{{\"field\": {field}, \"name\": {name}, \"version\": {version}}}")
    })?;
    f.write_str(", ")?;
    write_list(f, "parts", &part.parts, write_part)?;
    f.write_char('}')
}
