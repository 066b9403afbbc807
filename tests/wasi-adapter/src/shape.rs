//! What an adapter may consist of, whoever made it: what tools that put it into a component want, and the rules in
//! `crates/wasi-adapter/src/lib.rs` that can be seen in a module.

use anyhow::{Result, bail, ensure};
use std::fmt;
use wasmparser::{
    ExternalKind, GlobalSectionReader, Import, KnownCustom, Name, Operator, Parser, Payload, TypeRef, ValType,
    Validator,
};

/// What an adapter has.
#[derive(Debug, Default)]
pub struct AdapterShape {
    /// How many bytes it is.
    pub size: usize,
    /// How many of these are names of functions.
    pub names: usize,
    /// Of which world it is, as a component's type.
    pub world: usize,
    /// What it imports: `MODULE NAME`.
    pub imports: Vec<String>,
    /// The functions that it exports.
    pub exports: Vec<String>,
    /// How many globals it has.
    pub globals: u32,
}

/// Looks at an adapter.
///
/// # Errors
///
/// If it is no valid module, or breaks a rule, which the error says.
pub fn shape(adapter: &[u8]) -> Result<AdapterShape> {
    Validator::new().validate_all(adapter)?;
    let mut shape = AdapterShape { size: adapter.len(), ..AdapterShape::default() };
    for payload in Parser::new(0).parse_all(adapter) {
        match payload? {
            Payload::ImportSection(reader) => {
                for import in reader.into_imports() {
                    shape.imports.push(imported(import?)?);
                }
            }
            Payload::GlobalSection(reader) => shape.globals = count_globals(reader)?,
            Payload::ExportSection(reader) => {
                for export in reader {
                    let export = export?;
                    ensure!(export.kind == ExternalKind::Func, "it exports `{}`, which is no function", export.name);
                    shape.exports.push(export.name.to_owned());
                }
            }
            Payload::TypeSection(reader) => {
                for ty in reader.into_iter_err_on_gc_types() {
                    ensure!(ty?.results().len() <= 1, "a function returns several values");
                }
            }
            Payload::CodeSectionEntry(body) => {
                for operator in body.get_operators_reader()? {
                    if let Operator::RefFunc { .. } = operator? {
                        bail!("a function is taken as a value");
                    }
                }
            }
            Payload::CustomSection(section) => match section.as_known() {
                KnownCustom::Name(reader) => {
                    shape.names = section.data().len();
                    for subsection in reader {
                        ensure!(matches!(subsection?, Name::Function(_)), "something but functions has a name");
                    }
                }
                _ if section.name().starts_with("component-type:") => shape.world = section.data().len(),
                _ => ensure!(section.name() == "producers", "there is a custom section `{}`", section.name()),
            },
            Payload::Version { .. } | Payload::FunctionSection(_) | Payload::CodeSectionStart { .. } => {}
            Payload::End(_) => {}
            // Tables, memories, a start function, elements, data.
            other => bail!("there is a section that an adapter has not: {other:?}"),
        }
    }
    ensure!(shape.world > 0, "it does not say of which world it is");
    Ok(shape)
}

fn imported(import: Import<'_>) -> Result<String> {
    let Import { module, name, ty } = import;
    match ty {
        TypeRef::Memory(ty) => {
            ensure!((module, name) == ("env", "memory"), "it imports a memory `{module}` `{name}`");
            ensure!(ty.initial == 0 && ty.maximum.is_none() && !ty.memory64, "its memory is of some size");
        }
        TypeRef::Func(_) => {
            // The first version of 0.2, so that every host has it; and of the other module no allocator.
            let of_0_2 = module.starts_with("wasi:") && module.ends_with("@0.2.0");
            ensure!(of_0_2 || (module, name) == ("__main_module__", "_start"), "it imports `{module}` `{name}`");
        }
        _ => bail!("it imports `{module}` `{name}`, which is no function"),
    }
    Ok(format!("{module} {name}"))
}

fn count_globals(reader: GlobalSectionReader<'_>) -> Result<u32> {
    let count = reader.count();
    for global in reader {
        // One of 32 bits could be a pointer, which tools would give a stack if it had a name.
        ensure!(global?.ty.content_type == ValType::I64, "there is a global that is no word");
    }
    Ok(count)
}

impl fmt::Display for AdapterShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AdapterShape { size, names, world, imports, exports, globals } = self;
        write!(f, "{size} bytes, of which {names} are names and {world} the world; ")?;
        write!(f, "{} imports, {} exports, {globals} globals", imports.len(), exports.len())
    }
}
