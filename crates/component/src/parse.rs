//! One pass over the bytes: validation by `wasmparser`, and beside it the record of each component's definitions.
//! Nothing is resolved here, and no function body is looked at unless the caller asks for it.

mod aliases;
mod budget;
mod canons;
mod cost;
mod exports;
pub(crate) mod features;
mod imports;
mod instances;
mod modules;
mod names;

use crate::body::{BodyIndex, ComponentBody, ComponentDefinition, ComponentNames, ModuleBody, Parsed, UseNames};
use crate::error::{TranslateError, TranslateErrorKind};
use crate::may_leave;
use crate::parse::budget::InstanceBudget;
use gusset_artifact::ModuleIndex;
use gusset_types::{Arena, ComponentFeatures};
use std::ops::Range;
use wasmparser::types::Types;
use wasmparser::{
    ComponentType, Encoding, FromReader, FuncValidatorAllocations, Parser, Payload, SectionLimited, ValType,
    ValidPayload, Validator,
};

/// Components nested more deeply than this are refused, and so are instances made that deeply within one another.
pub(crate) const MAX_NESTING: usize = 100;

/// Parses a component and everything in it.
pub(crate) fn parse(bytes: &[u8], features: ComponentFeatures) -> Result<Parsed<'_>, TranslateError> {
    let mut parse = Parse { bytes, bodies: Arena::default(), modules: Arena::default(), levels: Vec::new() };
    let mut root = None;
    each_payload(bytes, features, RootKind::Component, |_, payload, valid| {
        root = parse.record(payload, valid)?.or(root);
        Ok(())
    })?;
    let root = root.ok_or_else(|| TranslateError::new(TranslateErrorKind::Malformed, "unexpected end"))?;
    Ok(Parsed { bodies: parse.bodies, modules: parse.modules, root })
}

/// Validates a component and everything in it, function bodies too.
pub(crate) fn validate(bytes: &[u8], features: ComponentFeatures) -> Result<(), TranslateError> {
    let mut allocations = FuncValidatorAllocations::default();
    each_payload(bytes, features, RootKind::Component, |_, _, valid| {
        if let ValidPayload::Func(func, body) = valid {
            let mut validator = func.into_validator(std::mem::take(&mut allocations));
            validator.validate(&body).map_err(|error| TranslateError::invalid(&error))?;
            allocations = validator.into_allocations();
        }
        Ok(())
    })
}

/// What the bytes may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RootKind {
    /// A component.
    Component,
    /// A component or a core module.
    Any,
}

/// Hands each payload of `bytes` to `visit`, validated, and the validator as it is before a component or module within opens, and
/// else after the payload.
pub(crate) fn each_payload<'a>(
    bytes: &'a [u8],
    features: ComponentFeatures,
    kind: RootKind,
    mut visit: impl FnMut(&Validator, Payload<'a>, ValidPayload<'a>) -> Result<(), TranslateError>,
) -> Result<(), TranslateError> {
    let features = features::of_parser(features);
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut validator = Validator::new_with_features(features);
    let (mut nesting, mut budget) = (Nesting::default(), InstanceBudget::default());
    for payload in parser.parse_all(bytes) {
        let result = payload.map_err(|error| TranslateError::malformed(&error)).and_then(|payload| {
            nesting.enter(&payload, kind)?;
            budget.count(&validator, &payload)?;
            let valid = validator.payload(&payload).map_err(|error| TranslateError::invalid(&error))?;
            visit(&validator, payload, valid)
        });
        result.map_err(|error| error.within(|| nesting.path()))?;
    }
    Ok(())
}

/// How deeply the parser stands in nested components, and in which.
#[derive(Default)]
struct Nesting {
    /// For each component and module around, outermost first, how many components it has held so far; `None` for a
    /// module.
    components: Vec<Option<u32>>,
}

impl Nesting {
    fn enter(&mut self, payload: &Payload<'_>, kind: RootKind) -> Result<(), TranslateError> {
        match payload {
            Payload::Version { encoding: Encoding::Module, range, .. }
                if self.components.is_empty() && kind == RootKind::Component =>
            {
                let message = "expected a component, found a core module; `gusset::core::Module` takes those";
                return Err(TranslateError::new(TranslateErrorKind::CoreModule, message).at(as_offset(range.start)));
            }
            Payload::Version { .. } if self.components.is_empty() => self.components.push(Some(0)),
            Payload::ModuleSection { .. } => self.components.push(None),
            Payload::ComponentSection { unchecked_range, .. } => {
                if self.components.len() > MAX_NESTING {
                    let error = TranslateError::limit("levels of nested components", MAX_NESTING);
                    return Err(error.at(as_offset(unchecked_range.start)));
                }
                if let Some(Some(count)) = self.components.last_mut() {
                    *count += 1;
                }
                self.components.push(Some(0));
            }
            Payload::End(_) => {
                self.components.pop();
            }
            _ => {}
        }
        Ok(())
    }

    /// The place of the current component, `None` for the root: `1.0` is the first component in the root's second.
    fn path(&self) -> Option<String> {
        let depth = self.components.iter().flatten().count();
        let around = self.components.iter().flatten().take(depth.saturating_sub(1));
        let path: Vec<String> = around.map(|count| count.saturating_sub(1).to_string()).collect();
        (!path.is_empty()).then(|| path.join("."))
    }
}

pub(crate) fn as_offset(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

fn as_range(range: &Range<u64>) -> Range<usize> {
    as_offset(range.start)..as_offset(range.end)
}

/// The items of a section with their offsets.
pub(crate) fn items<'a, T: FromReader<'a>>(
    section: SectionLimited<'a, T>,
) -> impl Iterator<Item = Result<(usize, T), TranslateError>> {
    section.into_iter_with_offsets().map(|item| match item {
        Ok((offset, item)) => Ok((as_offset(offset), item)),
        Err(error) => Err(TranslateError::malformed(&error)),
    })
}

/// What has been recorded so far.
struct Parse<'a> {
    bytes: &'a [u8],
    bodies: Arena<BodyIndex, ComponentBody<'a>>,
    modules: Arena<ModuleIndex, ModuleBody<'a>>,
    /// The components and modules that have begun and not ended, outermost first.
    levels: Vec<Level<'a>>,
}

enum Level<'a> {
    Component(Box<OpenComponent<'a>>),
    Module(ModuleBody<'a>),
}

/// A component whose end has not been reached.
#[derive(Default)]
struct OpenComponent<'a> {
    /// Where it starts.
    start: usize,
    definitions: Vec<(usize, ComponentDefinition<'a>)>,
    names: ComponentNames<'a>,
    uses: UseNames<'a>,
    /// How many types it has so far.
    types: u32,
}

impl<'a> Parse<'a> {
    /// Records a payload; the root component when this was its end.
    fn record(&mut self, payload: Payload<'a>, valid: ValidPayload<'a>) -> Result<Option<BodyIndex>, TranslateError> {
        match (payload, valid) {
            (Payload::Version { .. }, _) if self.levels.is_empty() => {
                self.levels.push(Level::Component(Box::default()));
            }
            (Payload::ModuleSection { unchecked_range, .. }, _) => {
                let module = modules::begin(self.bytes, as_range(&unchecked_range));
                self.levels.push(Level::Module(module));
            }
            (Payload::ComponentSection { unchecked_range, .. }, _) => {
                let start = as_offset(unchecked_range.start);
                let component = OpenComponent { start, ..OpenComponent::default() };
                self.levels.push(Level::Component(Box::new(component)));
            }
            (Payload::End(_), ValidPayload::End(types)) => return Ok(self.end(types)),
            (payload, _) => match self.levels.last_mut() {
                Some(Level::Component(component)) => component.section(payload)?,
                Some(Level::Module(module)) => modules::section(module, payload)?,
                None => {}
            },
        }
        Ok(None)
    }

    /// Closes the innermost component or module.
    fn end(&mut self, types: Types) -> Option<BodyIndex> {
        let (offset, definition) = match self.levels.pop()? {
            Level::Module(module) => (module.range.start, ComponentDefinition::CoreModule(self.modules.push(module))),
            Level::Component(component) => {
                let body = ComponentBody {
                    clears_may_leave: may_leave::clears_may_leave(&component.definitions, &self.modules),
                    definitions: component.definitions,
                    types,
                    names: component.names,
                    uses: component.uses,
                };
                let body = self.bodies.push(body);
                if self.levels.is_empty() {
                    return Some(body);
                }
                (component.start, ComponentDefinition::Component(body))
            }
        };
        if let Some(Level::Component(parent)) = self.levels.last_mut() {
            parent.define(offset, definition);
        }
        None
    }
}

impl<'a> OpenComponent<'a> {
    /// Adds a definition.
    fn define(&mut self, offset: usize, definition: ComponentDefinition<'a>) {
        self.types += u32::from(definition.is_type());
        self.definitions.push((offset, definition));
    }

    fn section(&mut self, payload: Payload<'a>) -> Result<(), TranslateError> {
        match payload {
            Payload::InstanceSection(section) => self.core_instances(section),
            Payload::ComponentInstanceSection(section) => self.instances(section),
            Payload::ComponentAliasSection(section) => self.aliases(section),
            Payload::ComponentTypeSection(section) => {
                for item in items(section) {
                    let (offset, ty) = item?;
                    let definition = match ty {
                        ComponentType::Resource { rep, dtor } => {
                            ComponentDefinition::Resource { index: self.types, dtor, wide: rep != ValType::I32 }
                        }
                        _ => ComponentDefinition::Type,
                    };
                    self.define(offset, definition);
                }
                Ok(())
            }
            Payload::ComponentCanonicalSection(section) => self.canons(section),
            Payload::ComponentImportSection(section) => self.imports(section),
            Payload::ComponentExportSection(section) => self.exports(section),
            Payload::ComponentStartSection { range, .. } => {
                self.define(as_offset(range.start), ComponentDefinition::Start);
                Ok(())
            }
            Payload::CustomSection(section) => {
                self.names(&section);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
