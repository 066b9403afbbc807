//! What core functions of a component can come to call: whether it ever is one that `canon lower` or a built-in made. Core instances never cross
//! the boundary of a component, so its own definitions and the bodies of its modules tell all; what they do not tell is taken for yes.

use crate::body::{Canon, ComponentDefinition, LinkedKind, ModuleBody, OuterKind};
use gusset_artifact::{EntityIndex, ModuleIndex};
use gusset_types::Arena;
use std::collections::{HashMap, HashSet};
use wasmparser::{
    CanonicalFunction, ComponentExternalKind, CompositeInnerType, ElementItems, ExternalKind, FuncType, FunctionBody,
    Operator, Parser, Payload, TypeRef,
};

/// Bytes of bodies that are read, and names and functions that are gone through, to find out for all functions that are asked about.
const MAX_REACH_WORK: usize = 512 << 10;

/// The core index spaces of a component, and what has been read of its modules.
pub(crate) struct Reach<'d, 'a> {
    modules: &'d Arena<ModuleIndex, ModuleBody<'a>>,
    /// By module index of the component; `None` is not known.
    module_space: Vec<Option<ModuleIndex>>,
    instances: Vec<CoreInstanceMaker<'d, 'a>>,
    functions: Vec<CoreFunctionMaker<'a>>,
    read: HashMap<ModuleIndex, Option<ModuleCode<'a>>>,
    left: usize,
}

/// What makes a core instance.
#[derive(Clone, Copy)]
enum CoreInstanceMaker<'d, 'a> {
    Module { module: u32, args: &'d [(&'a str, u32)] },
    Items(&'d [(&'a str, ExternalKind, u32)]),
}

/// What makes a core function.
#[derive(Clone, Copy)]
enum CoreFunctionMaker<'a> {
    Export {
        instance: u32,
        name: &'a str,
    },
    /// It may ask for `may_leave`.
    Asking,
    /// It never does.
    Silent,
}

/// A function of a core module, in one of the component's core instances.
type InstanceFunction = (u32, u32);

/// A core function, by one of the ways to say which.
#[derive(Clone, Copy)]
enum CoreFunctionPlace<'x> {
    /// Of the component's index space.
    Index(u32),
    Export {
        instance: u32,
        name: &'x str,
    },
    /// Of the index space of an instance's module.
    OfInstance(InstanceFunction),
}

/// What a function turns out to be.
enum Resolved {
    Defined(InstanceFunction),
    /// It calls nothing of the component, and does not ask.
    Silent,
}

impl<'d, 'a> Reach<'d, 'a> {
    /// Of a component with these definitions.
    pub(crate) fn new(
        definitions: &'d [(usize, ComponentDefinition<'a>)],
        modules: &'d Arena<ModuleIndex, ModuleBody<'a>>,
    ) -> Reach<'d, 'a> {
        let mut reach = Reach {
            modules,
            module_space: Vec::new(),
            instances: Vec::new(),
            functions: Vec::new(),
            read: HashMap::new(),
            left: MAX_REACH_WORK,
        };
        for (_, definition) in definitions {
            reach.define(definition);
        }
        reach
    }

    fn define(&mut self, definition: &'d ComponentDefinition<'a>) {
        match *definition {
            ComponentDefinition::CoreModule(module) => self.module_space.push(Some(module)),
            ComponentDefinition::AliasOuter { kind: OuterKind::CoreModule, .. }
            | ComponentDefinition::AliasExport { kind: ComponentExternalKind::Module, .. }
            | ComponentDefinition::Import { kind: ComponentExternalKind::Module, .. } => self.module_space.push(None),
            ComponentDefinition::Export(item) if item.kind == ComponentExternalKind::Module => {
                let known = self.module_space.get(item.index as usize).copied().flatten();
                self.module_space.push(known);
            }
            ComponentDefinition::CoreInstantiate { module, ref args } => {
                self.instances.push(CoreInstanceMaker::Module { module, args });
            }
            ComponentDefinition::CoreInstanceOf(ref items) => self.instances.push(CoreInstanceMaker::Items(items)),
            ComponentDefinition::AliasCoreExport {
                kind: ExternalKind::Func | ExternalKind::FuncExact,
                instance,
                name,
            } => self.functions.push(CoreFunctionMaker::Export { instance, name }),
            ComponentDefinition::Canon(Canon::Lower { .. }) => self.functions.push(CoreFunctionMaker::Asking),
            ComponentDefinition::Canon(Canon::Builtin(ref builtin)) => {
                let silent = matches!(**builtin, CanonicalFunction::ResourceRep { .. });
                self.functions.push(if silent { CoreFunctionMaker::Silent } else { CoreFunctionMaker::Asking });
            }
            _ => {}
        }
    }

    /// Whether one of these core functions of the component may come to call one that asks for `may_leave`.
    pub(crate) fn may_ask(&mut self, functions: impl IntoIterator<Item = u32>) -> bool {
        let functions: Vec<u32> = functions.into_iter().collect();
        self.never_ask(&functions).is_none()
    }

    /// `None` if one of them may.
    fn never_ask(&mut self, functions: &[u32]) -> Option<()> {
        let (mut seen, mut open) = (HashSet::new(), Vec::new());
        for &function in functions {
            open.push(self.resolve(CoreFunctionPlace::Index(function))?);
        }
        while let Some(resolved) = open.pop() {
            let Resolved::Defined((instance, func)) = resolved else { continue };
            if !seen.insert((instance, func)) {
                continue;
            }
            let CoreInstanceMaker::Module { module, .. } = *self.instances.get(instance as usize)? else { return None };
            let module = self.module_space.get(module as usize).copied()??;
            let mut left = self.left;
            let called = self.code(module)?.called_by(func, &mut left)?;
            self.left = left;
            for func in called {
                open.push(self.resolve(CoreFunctionPlace::OfInstance((instance, func)))?);
            }
        }
        Some(())
    }

    /// Follows aliases, imports and exports to where a function is made. An instance is given what was made before it, so this ends.
    fn resolve(&mut self, place: CoreFunctionPlace<'_>) -> Option<Resolved> {
        let mut place = place;
        loop {
            self.spend(1)?;
            place = match place {
                CoreFunctionPlace::Index(index) => match *self.functions.get(index as usize)? {
                    CoreFunctionMaker::Export { instance, name } => CoreFunctionPlace::Export { instance, name },
                    CoreFunctionMaker::Asking => return None,
                    CoreFunctionMaker::Silent => return Some(Resolved::Silent),
                },
                CoreFunctionPlace::Export { instance, name } => match *self.instances.get(instance as usize)? {
                    CoreInstanceMaker::Items(items) => {
                        self.spend(items.len())?;
                        let is_it = |(of, kind, _): &&(&str, ExternalKind, u32)| *of == name && is_function(*kind);
                        CoreFunctionPlace::Index(items.iter().find(is_it)?.2)
                    }
                    CoreInstanceMaker::Module { module, .. } => {
                        let module = self.module_space.get(module as usize).copied()??;
                        let &EntityIndex::Func(func) = self.modules[module].exports.get(name)? else { return None };
                        CoreFunctionPlace::OfInstance((instance, func.as_u32()))
                    }
                },
                CoreFunctionPlace::OfInstance((instance, func)) => {
                    let CoreInstanceMaker::Module { module, args } = *self.instances.get(instance as usize)? else {
                        return None;
                    };
                    let modules = self.modules;
                    let module = &modules[self.module_space.get(module as usize).copied()??];
                    self.spend(module.imports.len() + args.len())?;
                    let mut imported = module.imports.iter().filter(|import| import.kind == LinkedKind::Func);
                    let Some(import) = imported.nth(func as usize) else {
                        return Some(Resolved::Defined((instance, func)));
                    };
                    let &(_, from) = args.iter().find(|(name, _)| *name == import.module)?;
                    CoreFunctionPlace::Export { instance: from, name: import.name }
                }
            };
        }
    }

    fn spend(&mut self, work: usize) -> Option<()> {
        self.left = self.left.checked_sub(work)?;
        Some(())
    }

    fn code(&mut self, module: ModuleIndex) -> Option<&ModuleCode<'a>> {
        let wasm = self.modules[module].wasm;
        self.read.entry(module).or_insert_with(|| ModuleCode::read(wasm)).as_ref()
    }
}

fn is_function(kind: ExternalKind) -> bool {
    matches!(kind, ExternalKind::Func | ExternalKind::FuncExact)
}

/// The functions of a module, and which of them its tables can hold.
struct ModuleCode<'a> {
    types: Vec<Option<FuncType>>,
    /// By function, the index of its type: first those that are imported.
    functions: Vec<u32>,
    imported: usize,
    bodies: Vec<FunctionBody<'a>>,
    /// Functions of which there may be references: bodies can take them of no others.
    taken: Vec<u32>,
    /// Whether references come from nowhere else, and tables are nobody else's: what is called through one is among `taken`.
    closed: bool,
}

impl<'a> ModuleCode<'a> {
    /// `None` where it cannot be read; that is told when it is validated.
    fn read(wasm: &'a [u8]) -> Option<ModuleCode<'a>> {
        let mut code = ModuleCode {
            types: Vec::new(),
            functions: Vec::new(),
            imported: 0,
            bodies: Vec::new(),
            taken: Vec::new(),
            closed: true,
        };
        for payload in Parser::new(0).parse_all(wasm) {
            code.section(payload.ok()?)?;
        }
        Some(code)
    }

    fn section(&mut self, payload: Payload<'a>) -> Option<()> {
        match payload {
            Payload::TypeSection(section) => {
                for group in section {
                    for ty in group.ok()?.into_types() {
                        let CompositeInnerType::Func(ty) = ty.composite_type.inner else {
                            self.types.push(None);
                            continue;
                        };
                        self.closed &= !ty.params().iter().chain(ty.results()).any(|ty| ty.is_reference_type());
                        self.types.push(Some(ty));
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    match import.ok()?.ty {
                        TypeRef::Func(ty) | TypeRef::FuncExact(ty) => self.functions.push(ty),
                        TypeRef::Table(_) => self.closed = false,
                        TypeRef::Global(ty) => self.closed &= !ty.content_type.is_reference_type(),
                        TypeRef::Memory(_) | TypeRef::Tag(_) => {}
                    }
                }
                self.imported = self.functions.len();
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    self.functions.push(ty.ok()?);
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    self.closed &= !global.ok()?.ty.content_type.is_reference_type();
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.ok()?;
                    match export.kind {
                        // Others could write it.
                        ExternalKind::Table => self.closed = false,
                        // Bodies may take a reference of it.
                        ExternalKind::Func | ExternalKind::FuncExact => self.taken.push(export.index),
                        _ => {}
                    }
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    self.closed &= matches!(table.ok()?.init, wasmparser::TableInit::RefNull);
                }
            }
            Payload::ElementSection(section) => {
                for segment in section {
                    match segment.ok()?.items {
                        ElementItems::Functions(functions) => {
                            for func in functions {
                                self.taken.push(func.ok()?);
                            }
                        }
                        ElementItems::Expressions(..) => self.closed = false,
                    }
                }
            }
            Payload::CodeSectionEntry(body) => self.bodies.push(body),
            _ => {}
        }
        Some(())
    }

    /// Which functions of the module a defined one may call. `None` where that is not known, or takes more bytes than there are `left`.
    fn called_by(&self, func: u32, left: &mut usize) -> Option<Vec<u32>> {
        let body = self.bodies.get((func as usize).checked_sub(self.imported)?)?;
        *left = left.checked_sub(body.as_bytes().len())?;
        let mut called = Vec::new();
        for operator in body.get_operators_reader().ok()? {
            match operator.ok()? {
                Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                    called.push(function_index);
                }
                Operator::CallIndirect { type_index, .. } | Operator::ReturnCallIndirect { type_index, .. } => {
                    *left = left.checked_sub(self.taken.len())?;
                    called.extend(self.callable_as(type_index)?);
                }
                Operator::CallRef { .. } | Operator::ReturnCallRef { .. } => return None,
                _ => {}
            }
        }
        called.sort_unstable();
        called.dedup();
        Some(called)
    }

    /// What may be called through a table as a function of a type.
    fn callable_as(&self, type_index: u32) -> Option<Vec<u32>> {
        let ty_of = |index: u32| self.types.get(index as usize)?.as_ref();
        let wanted = ty_of(type_index).filter(|_| self.closed)?;
        let is_it = |func: &&u32| self.functions.get(**func as usize).and_then(|ty| ty_of(*ty)) == Some(wanted);
        Some(self.taken.iter().filter(is_it).copied().collect())
    }
}
