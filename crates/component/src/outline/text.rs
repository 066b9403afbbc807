//! An outline as text: imports and exports in the words of WIT, where it has words for them, and the tree of what is inside.

use super::wit_name::Name;
use super::{
    ComponentOutline, FuncOutline, ModuleOutline, Outline, OutlineItem, OutlineItemKind, OutlinePart, OutlineProducer,
    OutlineWorld, TypeOutline,
};
use gusset_types::Printable;
use indexmap::IndexSet;
use std::fmt::{self, Formatter, Write};

/// What stands before what is imported.
const IMPORT: &str = "import ";

pub(super) fn write(f: &mut Formatter<'_>, outline: &Outline) -> fmt::Result {
    let root = &outline.root;
    write_part_head(f, root)?;
    f.write_str("\n")?;
    match &outline.world {
        OutlineWorld::Component(component) => {
            f.write_str("\nworld {\n")?;
            write_component(f, component, 1)?;
        }
        OutlineWorld::CoreModule(module) => {
            f.write_str("\nmodule {\n")?;
            write_module(f, module, 1)?;
        }
    }
    f.write_str("}\n")?;
    if !root.parts.is_empty() {
        f.write_str("\ninside:\n")?;
        write_parts(f, &root.parts, 1)?;
    }
    let mut producers = IndexSet::new();
    collect_producers(root, &mut producers);
    if !producers.is_empty() {
        f.write_str("\nmade with:\n")?;
        for OutlineProducer { field, name, version } in producers {
            write!(f, "  {}: {}", Printable::name(field), Printable::name(name))?;
            let version = Printable::name(version);
            writeln!(f, "{}{version}", if version.to_string().is_empty() { "" } else { " " })?;
        }
    }
    if outline.left_out {
        f.write_str("\nThere is more than is shown: it would fill pages.\n")?;
    }
    Ok(())
}

fn collect_producers<'a>(part: &'a OutlinePart, all: &mut IndexSet<&'a OutlineProducer>) {
    all.extend(&part.producers);
    part.parts.iter().for_each(|part| collect_producers(part, all));
}

/// The parts nest no deeper than the parser lets components do.
fn write_parts(f: &mut Formatter<'_>, parts: &[OutlinePart], depth: usize) -> fmt::Result {
    for part in parts {
        indent(f, depth)?;
        write_part_head(f, part)?;
        f.write_char('\n')?;
        write_parts(f, &part.parts, depth + 1)?;
    }
    Ok(())
}

fn write_part_head(f: &mut Formatter<'_>, part: &OutlinePart) -> fmt::Result {
    let (kind, counted) = match part.core_module {
        true => ("core module", "function"),
        false => ("component", "instance"),
    };
    f.write_str(kind)?;
    if let Some(name) = &part.name {
        write!(f, " `{}`", Printable::name(name))?;
    }
    write!(f, ": {} bytes", part.size)?;
    match part.count {
        0 => {}
        1 => write!(f, ", 1 {counted}")?,
        count => write!(f, ", {count} {counted}s")?,
    }
    for (number, (name, size)) in part.custom_sections.iter().enumerate() {
        f.write_str(if number == 0 { "; custom sections " } else { ", " })?;
        write!(f, "`{}` {size}", Printable::name(name))?;
    }
    Ok(())
}

fn indent(f: &mut Formatter<'_>, depth: usize) -> fmt::Result {
    (0..depth).try_for_each(|_| f.write_str("  "))
}

fn write_component(f: &mut Formatter<'_>, component: &ComponentOutline, depth: usize) -> fmt::Result {
    for (word, items) in [(IMPORT, &component.imports), ("export ", &component.exports)] {
        write_items(f, items, word, depth)?;
    }
    Ok(())
}

fn write_module(f: &mut Formatter<'_>, module: &ModuleOutline, depth: usize) -> fmt::Result {
    for (word, items) in [("import", &module.imports), ("export", &module.exports)] {
        for item in items {
            indent(f, depth)?;
            f.write_str(word)?;
            if let Some(module) = &item.module {
                write!(f, " \"{}\"", Printable::name(module))?;
            }
            writeln!(f, " \"{}\": {};", Printable::name(&item.name), item.ty)?;
        }
        // Those that are defined follow those that are imported.
        if word == "import" {
            for memory in &module.memories {
                indent(f, depth)?;
                writeln!(f, "{memory};")?;
            }
        }
    }
    Ok(())
}

/// Writes items, each after `word`; what belongs to a resource stands in its braces.
fn write_items(f: &mut Formatter<'_>, items: &[OutlineItem], word: &str, depth: usize) -> fmt::Result {
    let is_resource = |item: &OutlineItem| matches!(item.kind, OutlineItemKind::Type(TypeOutline::Resource));
    let resources: IndexSet<&str> =
        items.iter().filter(|item| is_resource(item)).map(|item| item.name.as_str()).collect();
    let resource_around = |item: &OutlineItem| match item.kind {
        OutlineItemKind::Func(_) => resources.get_index_of(resource_of(&item.name)?),
        _ => None,
    };
    // By resource, so that not all items are walked for each.
    let mut methods: Vec<Vec<&OutlineItem>> = vec![Vec::new(); resources.len()];
    for item in items {
        if let Some(index) = resource_around(item) {
            methods[index].push(item);
        }
    }
    for item in items.iter().filter(|item| resource_around(item).is_none()) {
        indent(f, depth)?;
        // In a world of WIT, types are not said to be imported.
        let word = if matches!(item.kind, OutlineItemKind::Type(_)) && word == IMPORT { "" } else { word };
        match resources.get_index_of(item.name.as_str()).filter(|_| is_resource(item)) {
            Some(index) => write_resource(f, item, &methods[index], word, depth)?,
            None => write_item(f, item, word, depth)?,
        }
    }
    Ok(())
}

/// The resource that a function belongs to, by its name.
fn resource_of(name: &str) -> Option<&str> {
    let (kind, name) = annotated(name)?;
    if kind == "constructor" { Some(name) } else { Some(name.split_once('.')?.0) }
}

/// A name that says of itself what it is, `[method]file.read`: the kind and the rest.
fn annotated(name: &str) -> Option<(&str, &str)> {
    let (kind, name) = name.strip_prefix('[')?.split_once(']')?;
    matches!(kind, "constructor" | "method" | "static").then_some((kind, name))
}

fn write_resource(
    f: &mut Formatter<'_>,
    item: &OutlineItem,
    methods: &[&OutlineItem],
    word: &str,
    depth: usize,
) -> fmt::Result {
    write!(f, "{word}resource {}", Name(&item.name))?;
    if methods.is_empty() {
        return f.write_str(";\n");
    }
    f.write_str(" {\n")?;
    for method in methods {
        let (OutlineItemKind::Func(func), Some((kind, name))) = (&method.kind, annotated(&method.name)) else {
            continue;
        };
        indent(f, depth + 1)?;
        let name = name.split_once('.').map_or(name, |(_, name)| name);
        match kind {
            "constructor" => {
                let result = func.result.as_deref().filter(|result| *result != item.name);
                write!(f, "constructor({})", Params(&func.params))?;
                write_result(f, result)?;
            }
            "method" => write!(f, "{}: {}", Name(name), Signature(func, 1))?,
            _ => {
                let (async_, params) = (if func.async_ { "async " } else { "" }, Params(&func.params));
                write!(f, "{}: static {async_}func({params})", Name(name))?;
                write_result(f, func.result.as_deref())?;
            }
        }
        f.write_str(";\n")?;
    }
    indent(f, depth)?;
    f.write_str("}\n")
}

fn write_item(f: &mut Formatter<'_>, item: &OutlineItem, word: &str, depth: usize) -> fmt::Result {
    let name = Name(&item.name);
    match &item.kind {
        OutlineItemKind::Func(func) => return writeln!(f, "{word}{name}: {};", Signature(func, 0)),
        OutlineItemKind::Value(ty) => return writeln!(f, "{word}{name}: value {};", Printable::message(ty)),
        OutlineItemKind::Type(ty) => return write_type(f, &item.name, ty, word, depth),
        OutlineItemKind::Instance(items) => {
            let implements = item.implements.as_deref().map(|of| format!("{} ", Printable::name(of)));
            writeln!(f, "{word}{name}: {}interface {{", implements.unwrap_or_default())?;
            write_items(f, items, "", depth + 1)?;
        }
        OutlineItemKind::Component(component) => {
            writeln!(f, "{word}{name}: component {{")?;
            write_component(f, component, depth + 1)?;
        }
        OutlineItemKind::CoreModule(module) => {
            writeln!(f, "{word}{name}: core module {{")?;
            write_module(f, module, depth + 1)?;
        }
    }
    indent(f, depth)?;
    f.write_str("}\n")
}

fn write_type(f: &mut Formatter<'_>, name: &str, ty: &TypeOutline, word: &str, depth: usize) -> fmt::Result {
    let shown = Name(name);
    match ty {
        TypeOutline::Use { interface, name: there } => {
            let interface = Printable::name(interface);
            match there == name {
                true => return writeln!(f, "{word}use {interface}.{{{shown}}};"),
                false => return writeln!(f, "{word}use {interface}.{{{} as {shown}}};", Name(there)),
            }
        }
        TypeOutline::Alias(ty) => return writeln!(f, "{word}type {shown} = {};", Printable::message(ty)),
        TypeOutline::Resource => return writeln!(f, "{word}resource {shown};"),
        TypeOutline::Func(func) => return writeln!(f, "{word}type {shown} = {};", Signature(func, 0)),
        TypeOutline::Record(fields) => {
            let line = |(name, ty): &(String, String)| format!("{}: {}", Name(name), Printable::message(ty));
            return write_lines(f, "record", name, fields.iter().map(line), word, depth);
        }
        TypeOutline::Variant(cases) => {
            let line = |(label, ty): &(String, Option<String>)| {
                let ty = ty.as_ref().map(|ty| format!("({})", Printable::message(ty)));
                format!("{}{}", Name(label), ty.unwrap_or_default())
            };
            return write_lines(f, "variant", name, cases.iter().map(line), word, depth);
        }
        TypeOutline::Enum(labels) | TypeOutline::Flags(labels) => {
            let kind = if matches!(ty, TypeOutline::Enum(_)) { "enum" } else { "flags" };
            return write_lines(f, kind, name, labels.iter().map(|label| Name(label).to_string()), word, depth);
        }
        TypeOutline::Instance(items) => {
            writeln!(f, "{word}type {shown} = interface {{")?;
            write_items(f, items, "", depth + 1)?;
        }
        TypeOutline::Component(component) => {
            writeln!(f, "{word}type {shown} = component {{")?;
            write_component(f, component, depth + 1)?;
        }
    }
    indent(f, depth)?;
    f.write_str("}\n")
}

fn write_lines(
    f: &mut Formatter<'_>,
    kind: &str,
    name: &str,
    lines: impl Iterator<Item = String>,
    word: &str,
    depth: usize,
) -> fmt::Result {
    writeln!(f, "{word}{kind} {} {{", Name(name))?;
    for line in lines {
        indent(f, depth + 1)?;
        writeln!(f, "{line},")?;
    }
    indent(f, depth)?;
    f.write_str("}\n")
}

/// Parameters between their commas.
struct Params<'a>(&'a [(String, String)]);

impl fmt::Display for Params<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (number, (name, ty)) in self.0.iter().enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            write!(f, "{comma}{}: {}", Name(name), Printable::message(ty))?;
        }
        Ok(())
    }
}

/// The type of a function, without so many of its parameters.
struct Signature<'a>(&'a FuncOutline, usize);

impl fmt::Display for Signature<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Signature(func, without) = self;
        let async_ = if func.async_ { "async " } else { "" };
        write!(f, "{async_}func({})", Params(func.params.get(*without..).unwrap_or_default()))?;
        write_result(f, func.result.as_deref())
    }
}

fn write_result(f: &mut Formatter<'_>, result: Option<&str>) -> fmt::Result {
    match result {
        Some(ty) => write!(f, " -> {}", Printable::message(ty)),
        None => Ok(()),
    }
}
