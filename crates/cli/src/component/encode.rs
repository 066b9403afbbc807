//! A component out of a core module: which adapters it has, and what is said of a module that cannot become one.

use super::tools::contained;
use crate::input::InputFile;
use anyhow::{Context, Error, Result, bail};
use clap::ValueEnum;
use gusset::{
    Config, CoreItemOutline, ModuleOutline, NamedSource, OutlineItem, OutlineItemKind, OutlineWorld, Printable, nearest,
};
use gusset_wasi_adapter_built::{COMMAND, PROXY, REACTOR};
use std::collections::HashMap;
use wit_component::{ComponentEncoder, metadata};

/// What modules import preview1 and preview0 from.
const PREVIEW1: &str = "wasi_snapshot_preview1";
const PREVIEW0: &str = "wasi_unstable";

/// What a program exports.
const START: &str = "_start";

/// The memory that an adapter works on.
const MEMORY: &str = "memory";

/// An adapter for preview1 that this program has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Preview1Adapter {
    /// For a program: the component exports `wasi:cli/run`
    Command,
    /// For a library
    Reactor,
    /// For a library that imports only what `wasi:http/proxy` has
    Proxy,
}

/// A core module that stands for what another one imports by a name.
pub(super) struct NamedAdapter {
    pub(super) name: String,
    pub(super) wasm: Vec<u8>,
}

/// How a component is made.
#[derive(Default)]
pub(crate) struct EncodingOptions {
    pub(super) adapters: Vec<NamedAdapter>,
    /// For what is imported of preview1, unless one of `adapters` is; that which fits if none is named.
    pub(super) preview1: Option<Preview1Adapter>,
    pub(super) validate: bool,
    pub(super) realloc_via_memory_grow: bool,
    pub(super) split_imports_of_other_versions: bool,
    pub(super) reject_legacy_names: bool,
    /// What imports are to be called, by what they would be called.
    pub(super) import_names: HashMap<String, String>,
}

impl EncodingOptions {
    fn has_adapter(&self, name: &str) -> bool {
        self.adapters.iter().any(|adapter| adapter.name == name)
    }
}

/// The component that the core module in `file` becomes. By default it is not validated.
///
/// # Errors
///
/// When it is no core module, or does not fit a component.
pub(crate) fn encode(file: &InputFile, options: &EncodingOptions) -> Result<Vec<u8>> {
    let module = core_module(file)?;
    if imports_from(&module, PREVIEW0) && !options.has_adapter(PREVIEW0) {
        bail!(
            "cannot make a component of {}: it imports WASI preview0 (`{PREVIEW0}`), for which there is no adapter; `gusset run` runs it as \
             it is, and compilers of today make modules for preview1",
            file.name
        );
    }
    if options.preview1 == Some(Preview1Adapter::Command) && !is_program(&module) {
        bail!(
            "cannot make a component of {}: it exports no `{START}`, which is what a command is run by; a library has the adapter `reactor`",
            file.name
        );
    }
    let wasm = file.source.to_wasm()?;
    let encoded = contained(|| {
        if !options.import_names.is_empty() {
            check_import_names(encoder(&module, &wasm, options)?.encode()?, &options.import_names)?;
        }
        encoder(&module, &wasm, options)?.import_name_map(options.import_names.clone()).encode()
    });
    encoded.map_err(|error| refused(file, error))
}

/// What encodes the module, with its adapters.
fn encoder(module: &ModuleOutline, wasm: &[u8], options: &EncodingOptions) -> Result<ComponentEncoder> {
    let mut encoder = ComponentEncoder::default();
    encoder
        .validate(options.validate)
        .realloc_via_memory_grow(options.realloc_via_memory_grow)
        .merge_imports_based_on_semver(!options.split_imports_of_other_versions)
        .reject_legacy_names(options.reject_legacy_names);
    encoder.module(wasm)?;
    for NamedAdapter { name, wasm } in &options.adapters {
        let added = encoder.adapter(name, wasm);
        added.with_context(|| format!("cannot take the adapter `{}`", Printable::name(name)))?;
    }
    if !options.has_adapter(PREVIEW1)
        && let Some(adapter) = fitting_adapter(module, wasm, options)?
    {
        check_memory(module)?;
        encoder.adapter(PREVIEW1, adapter.wasm()).context("cannot take the adapter for preview1")?;
    }
    Ok(encoder)
}

/// The functions that the core module in `file` exports for nobody: it does not say which world it is for, and so its component exports none of
/// them.
///
/// # Errors
///
/// When it is no core module, or what it says is broken.
pub(super) fn lost_functions(file: &InputFile) -> Result<Vec<String>> {
    let module = core_module(file)?;
    let wasm = file.source.to_wasm()?;
    if is_program(&module) || contained(|| metadata::decode(&wasm))?.0.is_some() {
        return Ok(Vec::new());
    }
    // These are called by whoever runs the others.
    let of_tools =
        |name: &str| ["_", "cabi_", "canonical_abi_", "asyncify_"].iter().any(|start| name.starts_with(start));
    let functions =
        module.exports.into_iter().filter(|export| export.ty.starts_with("func") && !of_tools(&export.name));
    Ok(functions.map(|export| export.name).collect())
}

/// That the component imports all that is to be renamed.
fn check_import_names(component: Vec<u8>, import_names: &HashMap<String, String>) -> Result<()> {
    let OutlineWorld::Component(world) = NamedSource::new("the component", component).outline()?.world else {
        bail!("internal error: it is no component");
    };
    let is_instance = |item: &&OutlineItem| matches!(item.kind, OutlineItemKind::Instance(_));
    let imported: Vec<&str> = world.imports.iter().filter(is_instance).map(|item| &*item.name).collect();
    let Some(old) = import_names.keys().find(|old| !imported.contains(&&***old)) else { return Ok(()) };
    let hint = nearest(old, imported.iter().copied());
    let hint = hint.map_or_else(String::new, |near| format!("; did you mean `{}`?", Printable::name(near)));
    bail!("--import-name: the component imports no instance `{}`{hint}", Printable::name(old))
}

impl Preview1Adapter {
    fn wasm(self) -> &'static [u8] {
        match self {
            Preview1Adapter::Command => COMMAND,
            Preview1Adapter::Reactor => REACTOR,
            Preview1Adapter::Proxy => PROXY,
        }
    }
}

/// Which of this program's adapters the module needs, if it needs one.
fn fitting_adapter(module: &ModuleOutline, wasm: &[u8], options: &EncodingOptions) -> Result<Option<Preview1Adapter>> {
    let program = is_program(module);
    let fitting = if program { Preview1Adapter::Command } else { Preview1Adapter::Reactor };
    if options.preview1.is_some() || imports_from(module, PREVIEW1) {
        return Ok(Some(options.preview1.unwrap_or(fitting)));
    }
    // A program that imports nothing is one all the same, unless it says by itself what it is.
    let (without_world, _) = metadata::decode(wasm)?;
    Ok((program && without_world.is_none()).then_some(fitting))
}

/// Whether the module has what an adapter shares with it.
fn check_memory(module: &ModuleOutline) -> Result<()> {
    let is_memory = |export: &&CoreItemOutline| export.name == MEMORY && export.ty.starts_with("memory");
    match module.exports.iter().find(is_memory) {
        None => bail!("it exports no memory named `{MEMORY}`, which the adapter for WASI preview1 works on"),
        Some(memory) if memory.ty.ends_with("shared") => {
            bail!("not supported: the adapter for WASI preview1 works on no memory that is shared between threads")
        }
        Some(_) => Ok(()),
    }
}

/// What the core module in `file` imports and exports.
fn core_module(file: &InputFile) -> Result<ModuleOutline> {
    let outline = file.source.outline().with_context(|| file.refusal("cannot make a component of"))?;
    match outline.world {
        OutlineWorld::CoreModule(module) => Ok(module),
        _ => bail!("{} is a component already", file.name),
    }
}

fn is_program(module: &ModuleOutline) -> bool {
    module.exports.iter().any(|export| export.name == START)
}

fn imports_from(module: &ModuleOutline, name: &str) -> bool {
    module.imports.iter().any(|import| import.module.as_deref() == Some(name))
}

/// `error`, or what is wrong with the module itself, which is told with its place.
fn refused(file: &InputFile, error: Error) -> Error {
    let mut specified = Config::new();
    specified.specified_features();
    let error = file.source.validate(&specified).err().unwrap_or_else(|| in_lines(error));
    error.context(file.refusal("cannot make a component of"))
}

/// `error`, in which no bytes stand on a line each.
fn in_lines(error: Error) -> Error {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    if !causes.iter().any(|cause| cause.contains("=[\n")) {
        return error;
    }
    let mut causes = causes.iter().rev().map(|cause| cause.split_whitespace().collect::<Vec<_>>().join(" "));
    let innermost = Error::msg(causes.next().unwrap_or_default());
    causes.fold(innermost, Error::context)
}
