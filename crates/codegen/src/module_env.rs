//! What a module declares: everything but its function bodies is validated and kept here, and the bodies are collected.
//!
//! Translation reads these environments from many threads; nothing in them changes after [`UnitEnv::parse`].

use crate::access_plan::AccessPlans;
use crate::convert::ModuleTypes;
use crate::error::CodegenError;
use crate::inline_plan::InlinePlan;
use crate::known_tables::KnownTables;
use crate::names::{self, ModuleNames};
use crate::settings::CompilerSettings;
use crate::unit::{LinkUnit, UnitModule};
use crate::{convert, features, joint_contexts, memory_image, transcoder};
use gusset_artifact::{ConstExpr, ConstOp};
use gusset_artifact::{
    ContextLayout, CoreExternType, CoreFuncType, CoreImport, CoreModule, DataSegment, DebugSections, ElementItems,
    ElementSegment, EntityIndex, FuncIndex, GlobalIndex, ImportLink, MemoryIndex, MemoryType, ModuleIndex, SegmentMode,
    SignatureIndex, TableIndex, TranscoderImport,
};
use gusset_types::{Arena, Printable};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use wasmparser::{
    CompositeInnerType, DataKind, ElementKind, Encoding, FuncToValidate, FuncValidator, FuncValidatorAllocations,
    FunctionBody, KnownCustom, Parser, Payload, TableInit, TypeRef, ValidPayload, Validator, ValidatorResources,
};

/// All modules of a link unit.
#[derive(Clone, Default)]
pub(crate) struct UnitEnv {
    pub(crate) modules: Arena<ModuleIndex, ModuleEnv>,
    pub(crate) signatures: Arena<SignatureIndex, CoreFuncType>,
    /// How many functions all modules define.
    pub(crate) functions: usize,
    /// Which of them are inlined, where any are.
    pub(crate) inlining: Option<Arc<InlinePlan>>,
    pub(crate) known_tables: KnownTables,
    /// Bytes of the joint contexts.
    pub(crate) joint_size: u32,
}

/// A module of a link unit.
#[derive(Clone)]
pub(crate) struct ModuleEnv {
    /// What people call it.
    pub(crate) name: String,
    pub(crate) module: CoreModule,
    pub(crate) types: ModuleTypes,
    pub(crate) layout: ContextLayout,
    /// How its memories and tables are accessed.
    pub(crate) plans: AccessPlans,
    /// What is known of each imported function.
    pub(crate) links: Vec<ImportLink>,
    /// The functions that something else may call than code that calls them by their indices: exported ones that are open, those that
    /// references are made of, and the start function.
    pub(crate) open: BTreeSet<FuncIndex>,
    /// Where each imported table is defined, if that is known.
    pub(crate) table_links: Vec<Option<(ModuleIndex, TableIndex)>>,
    /// The same for each imported memory.
    pub(crate) memory_links: Vec<Option<(ModuleIndex, MemoryIndex)>>,
    /// Whether there is one instance of it for each of the unit.
    pub(crate) single: bool,
    /// Where its context stands among those that are joint, if it does.
    pub(crate) joint: Option<u32>,
    /// Whether Gusset made it: it uses no fuel but what it charges.
    pub(crate) generated: bool,
    /// The global by which a generated module charges fuel.
    pub(crate) fuel: Option<GlobalIndex>,
}

impl ModuleEnv {
    /// The imported functions that may be the host's.
    pub(crate) fn unknown_functions(&self) -> impl Iterator<Item = FuncIndex> {
        let links = self.links.iter().enumerate();
        let unknown = links.filter(|(_, link)| !matches!(link, ImportLink::Transcoder(_) | ImportLink::Func { .. }));
        unknown.map(|(import, _)| FuncIndex::from_u32(import as u32))
    }

    /// The transcoder that a function of the module's index space is, if it is one.
    pub(crate) fn transcoder(&self, func: FuncIndex) -> Option<TranscoderImport> {
        match self.links.get(func.as_u32() as usize) {
            Some(&ImportLink::Transcoder(transcoder)) => Some(transcoder),
            _ => None,
        }
    }
}

/// A function body that is still to be validated.
pub(crate) struct Body<'a> {
    pub(crate) module: ModuleIndex,
    pub(crate) index: FuncIndex,
    pub(crate) validate: FuncToValidate<ValidatorResources>,
    pub(crate) body: FunctionBody<'a>,
}

impl Body<'_> {
    /// A validator of the body.
    pub(crate) fn validator(&self, allocations: FuncValidatorAllocations) -> FuncValidator<ValidatorResources> {
        let FuncToValidate { ref resources, index, ty, features } = self.validate;
        FuncToValidate { resources: resources.clone(), index, ty, features }.into_validator(allocations)
    }
}

/// A parsed link unit.
pub(crate) struct ParsedUnit<'a> {
    pub(crate) env: UnitEnv,
    /// In order of module and function.
    pub(crate) bodies: Vec<Body<'a>>,
    /// What memories hold at first, and the bytes of all other data segments.
    pub(crate) data: Vec<u8>,
}

impl UnitEnv {
    /// Parses and validates all modules but for their function bodies.
    pub(crate) fn parse<'a>(
        settings: &CompilerSettings,
        unit: &LinkUnit<'a>,
        debug_sections: bool,
    ) -> Result<ParsedUnit<'a>, CodegenError> {
        let mut signatures = Signatures::default();
        let mut modules = Arena::default();
        let (mut bodies, mut data) = (Vec::new(), Vec::new());
        for (index, module) in unit.modules.iter() {
            let keep_debug = debug_sections && !module.generated;
            let parser = ModuleParser::new(index, &mut signatures, &mut data, &mut bodies, keep_debug);
            let env = parser.run(settings, module).map_err(|error| {
                let error = error.within(format_args!("core module `{}`", Printable::name(module.name)));
                features::explain(error, settings, module)
            })?;
            modules.push(env);
        }
        let mut env = UnitEnv { modules, signatures: signatures.all, functions: bodies.len(), ..UnitEnv::default() };
        env.check_links()?;
        env.known_tables = KnownTables::of(&env, &bodies);
        env.joint_size = joint_contexts::lay_out(&mut env.modules);
        let mut modules: Vec<&mut CoreModule> = env.modules.iter_mut().map(|(_, env)| &mut env.module).collect();
        let data = memory_image::lay_out(&mut modules, &data);
        Ok(ParsedUnit { env, bodies, data })
    }

    /// The type of a signature of the unit.
    pub(crate) fn signature(&self, index: SignatureIndex) -> &CoreFuncType {
        &self.signatures[index]
    }

    /// How errors name a function.
    pub(crate) fn describe(&self, module: ModuleIndex, func: FuncIndex) -> String {
        let env = &self.modules[module];
        let module = Printable::name(&env.name);
        match env.module.shown_name(func) {
            Some(name) => format!("function {func} `{}` of core module `{module}`", Printable::name(name)),
            None => format!("function {func} of core module `{module}`"),
        }
    }

    /// A wrong link would become a call of code with another signature, so it is never trusted.
    fn check_links(&self) -> Result<(), CodegenError> {
        for env in self.modules.values() {
            for (import, link) in env.links.iter().enumerate() {
                let ImportLink::Func { module, func } = *link else { continue };
                let wanted = env.module.functions.at(FuncIndex::from_u32(import as u32));
                let given = self.modules.get(module).and_then(|target| {
                    let defined = func.as_u32() >= target.module.imported_functions;
                    target.module.functions.get(func).filter(|_| defined)
                });
                if given != Some(wanted) {
                    return Err(CodegenError::internal(format!(
                        "imported function {import} is linked to function {func} of module {module}, which does not fit"
                    ))
                    .within(format_args!("core module `{}`", Printable::name(&env.name))));
                }
            }
            for (module, table) in env.table_links.iter().flatten().copied() {
                let target = self.modules.get(module).map(|target| &target.module);
                if target
                    .is_none_or(|target| table.as_u32() < target.imported_tables || target.tables.get(table).is_none())
                {
                    return Err(CodegenError::internal(format!("module {module} defines no table {table}")));
                }
            }
            for (import, link) in env.memory_links.iter().enumerate() {
                let Some((module, memory)) = *link else { continue };
                let wanted = env.module.memories[MemoryIndex::from_u32(import as u32)];
                let given = self.modules.get(module).and_then(|target| {
                    let defined = memory.as_u32() >= target.module.imported_memories;
                    target.module.memories.get(memory).filter(|_| defined)
                });
                let form = |ty: &MemoryType| (ty.memory64, ty.shared, ty.page_size_log2);
                if given.map(form) != Some(form(&wanted)) {
                    return Err(CodegenError::internal(format!(
                        "module {module} defines no memory {memory} that fits"
                    )));
                }
            }
        }
        Ok(())
    }
}

/// The unit's signatures, interned.
#[derive(Default)]
struct Signatures {
    all: Arena<SignatureIndex, CoreFuncType>,
    known: HashMap<CoreFuncType, SignatureIndex>,
}

impl Signatures {
    fn intern(&mut self, ty: CoreFuncType) -> SignatureIndex {
        *self.known.entry(ty).or_insert_with_key(|ty| self.all.push(ty.clone()))
    }
}

/// Reads one module.
struct ModuleParser<'u, 'a> {
    index: ModuleIndex,
    signatures: &'u mut Signatures,
    data: &'u mut Vec<u8>,
    bodies: &'u mut Vec<Body<'a>>,
    module: CoreModule,
    types: ModuleTypes,
    /// What the module's tables are made of.
    functions: Vec<SignatureIndex>,
    exports: Vec<(&'a str, EntityIndex)>,
    escaping: BTreeSet<FuncIndex>,
    /// Those of them that references are made of.
    referred: BTreeSet<FuncIndex>,
    names: ModuleNames<'a>,
    /// Whether sections for debuggers are kept.
    keep_debug: bool,
}

impl<'u, 'a> ModuleParser<'u, 'a> {
    fn new(
        index: ModuleIndex,
        signatures: &'u mut Signatures,
        data: &'u mut Vec<u8>,
        bodies: &'u mut Vec<Body<'a>>,
        keep_debug: bool,
    ) -> Self {
        let (module, types, functions, exports, escaping, referred, names) = Default::default();
        ModuleParser {
            index,
            signatures,
            data,
            bodies,
            module,
            types,
            functions,
            exports,
            escaping,
            referred,
            names,
            keep_debug,
        }
    }

    fn run(mut self, settings: &CompilerSettings, unit: &UnitModule<'a>) -> Result<ModuleEnv, CodegenError> {
        let mut parser = Parser::new(unit.offset as u64);
        let features = features::allowed(settings, unit);
        parser.set_features(features);
        let mut validator = Validator::new_with_features(features);
        for payload in parser.parse_all(unit.wasm) {
            let payload = payload?;
            if let Payload::Version { encoding: Encoding::Component, range, .. } = &payload {
                let error = CodegenError::unsupported("a component stands where a core module is needed");
                return Err(error.at(range.start));
            }
            match validator.payload(&payload)? {
                ValidPayload::Func(validate, body) => {
                    let index = FuncIndex::from_u32(validate.index);
                    self.bodies.push(Body { module: self.index, index, validate, body });
                }
                _ => self.payload(payload)?,
            }
        }
        let imported = self.module.imported_functions;
        self.module.functions = self.functions.into_iter().collect();
        self.module.exports = self.exports.into_iter().collect();
        self.module.name = self.names.module.map(Box::from);
        self.module.function_names = self.names.functions.into_iter().collect();
        let links = function_links(&self.module, unit)?;
        let table_links = table_links(&self.module, unit);
        let memory_links = memory_links(&self.module, unit);
        self.escaping.extend(&self.referred);
        transcoder::check_links(&self.module, &self.signatures.all, &links, &self.escaping, unit.generated)?;
        let open = open_functions(&self.module, unit, self.referred)?;
        let mut functions = 0..;
        for (import, link) in self.module.imports.iter_mut().zip(unit.imports) {
            import.builtin = matches!(link, ImportLink::Transcoder(_));
            if let CoreExternType::Func(_) = import.ty {
                let func = functions.next().map(FuncIndex::from_u32);
                import.direct =
                    matches!(link, ImportLink::Func { .. }) && func.is_some_and(|func| !open.contains(&func));
            }
        }
        self.module.escaping = self.escaping.into_iter().filter(|func| func.as_u32() >= imported).collect();
        let layout = ContextLayout::new(&self.module);
        let plans = AccessPlans::new(&self.module, settings);
        let UnitModule { single, generated, .. } = *unit;
        let fuel = if generated && settings.consume_fuel { fuel_global(&self.module) } else { None };
        let (name, module, types) = (unit.name.into(), self.module, self.types);
        Ok(ModuleEnv {
            name,
            module,
            types,
            layout,
            plans,
            links,
            open,
            table_links,
            memory_links,
            single,
            joint: None,
            generated,
            fuel,
        })
    }

    /// Takes over what a validated section says.
    fn payload(&mut self, payload: Payload<'a>) -> Result<(), CodegenError> {
        match payload {
            Payload::TypeSection(section) => self.type_section(section),
            Payload::ImportSection(section) => self.import_section(section),
            Payload::FunctionSection(section) => {
                for ty in section {
                    self.functions.push(self.types.signature(ty?));
                }
                Ok(())
            }
            Payload::TableSection(section) => self.table_section(section),
            Payload::MemorySection(section) => {
                for ty in section {
                    self.module.memories.push(convert::memory_type(ty?));
                }
                Ok(())
            }
            Payload::TagSection(section) => {
                for tag in section {
                    self.module.tags.push(self.types.signature(tag?.func_type_idx));
                }
                Ok(())
            }
            Payload::GlobalSection(section) => self.global_section(section),
            Payload::ExportSection(section) => self.export_section(section),
            Payload::StartSection { func, .. } => {
                self.module.start = Some(FuncIndex::from_u32(func));
                Ok(())
            }
            Payload::ElementSection(section) => self.element_section(section),
            Payload::DataSection(section) => self.data_section(section),
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(reader) = section.as_known() {
                    names::read(reader, self.functions.len(), &mut self.names);
                }
                if self.keep_debug && section.name().starts_with(DebugSections::PREFIX) {
                    self.module.debug.add(section.name(), section.data());
                }
                Ok(())
            }
            Payload::CodeSectionStart { unchecked_range, .. } if self.keep_debug => {
                // Beyond 4 GiB there are no places.
                self.module.debug.set_code_start(u32::try_from(unchecked_range.start).unwrap_or(u32::MAX));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn type_section(&mut self, section: wasmparser::TypeSectionReader<'a>) -> Result<(), CodegenError> {
        for group in section {
            for ty in group?.into_types() {
                let CompositeInnerType::Func(ty) = &ty.composite_type.inner else {
                    return Err(CodegenError::unsupported(format!("not supported: the type {ty}")));
                };
                let signature = self.signatures.intern(self.types.func_type(ty)?);
                self.types.push(signature);
            }
        }
        Ok(())
    }

    fn import_section(&mut self, section: wasmparser::ImportSectionReader<'a>) -> Result<(), CodegenError> {
        for import in section.into_imports() {
            let import = import?;
            let module = &mut self.module;
            let ty = match import.ty {
                TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                    let signature = self.types.signature(ty);
                    self.functions.push(signature);
                    module.imported_functions += 1;
                    CoreExternType::Func(signature)
                }
                TypeRef::Table(ty) => {
                    let ty = self.types.table_type(ty)?;
                    module.tables.push(ty);
                    module.imported_tables += 1;
                    CoreExternType::Table(ty)
                }
                TypeRef::Memory(ty) => {
                    let ty = convert::memory_type(ty);
                    module.memories.push(ty);
                    module.imported_memories += 1;
                    CoreExternType::Memory(ty)
                }
                TypeRef::Global(ty) => {
                    let ty = self.types.global_type(ty)?;
                    module.globals.push(ty);
                    module.imported_globals += 1;
                    CoreExternType::Global(ty)
                }
                TypeRef::Tag(tag) => {
                    let signature = self.types.signature(tag.func_type_idx);
                    module.tags.push(signature);
                    module.imported_tags += 1;
                    CoreExternType::Tag(signature)
                }
            };
            let (module_name, name) = (import.module.into(), import.name.into());
            module.imports.push(CoreImport { module: module_name, name, ty, builtin: false, direct: false });
        }
        Ok(())
    }

    fn table_section(&mut self, section: wasmparser::TableSectionReader<'a>) -> Result<(), CodegenError> {
        for table in section {
            let table = table?;
            self.module.tables.push(self.types.table_type(table.ty)?);
            let init = match table.init {
                TableInit::RefNull => None,
                TableInit::Expr(expr) => Some(self.const_expr(&expr)?),
            };
            self.module.table_inits.push(init);
        }
        Ok(())
    }

    fn global_section(&mut self, section: wasmparser::GlobalSectionReader<'a>) -> Result<(), CodegenError> {
        for global in section {
            let global = global?;
            self.module.globals.push(self.types.global_type(global.ty)?);
            let init = self.const_expr(&global.init_expr)?;
            self.module.global_inits.push(init);
        }
        Ok(())
    }

    fn export_section(&mut self, section: wasmparser::ExportSectionReader<'a>) -> Result<(), CodegenError> {
        for export in section {
            let export = export?;
            let entity = convert::entity(export.kind, export.index);
            if let EntityIndex::Func(func) = entity {
                self.escaping.insert(func);
            }
            self.exports.push((export.name, entity));
        }
        Ok(())
    }

    fn element_section(&mut self, section: wasmparser::ElementSectionReader<'a>) -> Result<(), CodegenError> {
        for element in section {
            let element = element?;
            let mode = match element.kind {
                ElementKind::Passive => SegmentMode::Passive,
                ElementKind::Declared => SegmentMode::Declared,
                ElementKind::Active { table_index, offset_expr } => SegmentMode::Active {
                    target: TableIndex::from_u32(table_index.unwrap_or(0)),
                    offset: self.const_expr(&offset_expr)?,
                },
            };
            let (ty, items) = match element.items {
                wasmparser::ElementItems::Functions(functions) => {
                    let functions = functions.into_iter().map(|func| func.map(FuncIndex::from_u32));
                    let functions = functions.collect::<Result<Vec<_>, _>>()?;
                    self.referred.extend(functions.iter().copied());
                    (wasmparser::RefType::FUNCREF, ElementItems::Functions(functions.into_iter().collect()))
                }
                wasmparser::ElementItems::Expressions(ty, expressions) => {
                    let expressions = expressions.into_iter().map(|expr| self.const_expr(&expr?));
                    (ty, element_items(expressions.collect::<Result<_, _>>()?))
                }
            };
            self.module.elements.push(ElementSegment { mode, ty: self.types.ref_type(ty)?, items });
        }
        Ok(())
    }

    fn data_section(&mut self, section: wasmparser::DataSectionReader<'a>) -> Result<(), CodegenError> {
        for segment in section {
            let segment = segment?;
            let mode = match segment.kind {
                DataKind::Passive => SegmentMode::Passive,
                DataKind::Active { memory_index, offset_expr } => SegmentMode::Active {
                    target: MemoryIndex::from_u32(memory_index),
                    offset: self.const_expr(&offset_expr)?,
                },
            };
            let (start, end) = (self.data.len(), self.data.len() + segment.data.len());
            let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(end)) else {
                let error = CodegenError::unsupported("not supported: more than 4 GiB of data segments");
                return Err(error.at(segment.range.start));
            };
            self.data.extend_from_slice(segment.data);
            self.module.data.push(DataSegment { mode, bytes: start..end });
        }
        Ok(())
    }

    /// A constant expression; the functions that it refers to escape.
    fn const_expr(&mut self, expr: &wasmparser::ConstExpr<'_>) -> Result<ConstExpr, CodegenError> {
        let expr = self.types.const_expr(expr)?;
        self.referred.extend(expr.ops.iter().filter_map(|op| match op {
            ConstOp::RefFunc(func) => Some(*func),
            _ => None,
        }));
        Ok(expr)
    }
}

/// The global that adapters import as `fuel`.
fn fuel_global(module: &CoreModule) -> Option<GlobalIndex> {
    let globals = module.imports.iter().filter(|import| matches!(import.ty, CoreExternType::Global(_)));
    let at = globals.enumerate().find(|(_, import)| &*import.module == "fuel")?.0;
    Some(GlobalIndex::from_u32(at as u32))
}

/// The functions of a module that are open, `referred` among them.
fn open_functions(
    module: &CoreModule,
    unit: &UnitModule<'_>,
    referred: BTreeSet<FuncIndex>,
) -> Result<BTreeSet<FuncIndex>, CodegenError> {
    let mut open = referred;
    open.extend(module.start);
    match unit.open_exports {
        Some(exports) => {
            if let Some(func) = exports.iter().find(|&&func| module.functions.get(func).is_none()) {
                return Err(CodegenError::internal(format!("there is no function {func} that could be exported")));
            }
            open.extend(exports);
        }
        None => open.extend(module.exports.iter().filter_map(|(_, entity)| match entity {
            EntityIndex::Func(func) => Some(func),
            _ => None,
        })),
    }
    Ok(open)
}

/// The elements of a segment that is written as expressions: often they name functions alone, as the other form does.
fn element_items(expressions: Box<[ConstExpr]>) -> ElementItems {
    let functions = expressions.iter().map(|expression| match *expression.ops {
        [ConstOp::RefFunc(func)] => Some(func),
        _ => None,
    });
    match functions.collect() {
        Some(functions) => ElementItems::Functions(functions),
        None => ElementItems::Expressions(expressions),
    }
}

/// Where the imported tables are defined, as far as that is known.
fn table_links(module: &CoreModule, unit: &UnitModule<'_>) -> Vec<Option<(ModuleIndex, TableIndex)>> {
    let tables = module.imports.iter().enumerate().filter(|(_, import)| matches!(import.ty, CoreExternType::Table(_)));
    let links = tables.map(|(at, _)| match unit.imports.get(at) {
        Some(&ImportLink::Table { module, table }) => Some((module, table)),
        _ => None,
    });
    links.collect()
}

/// Where the imported memories are defined, as far as that is known.
fn memory_links(module: &CoreModule, unit: &UnitModule<'_>) -> Vec<Option<(ModuleIndex, MemoryIndex)>> {
    let imports = module.imports.iter().enumerate();
    let memories = imports.filter(|(_, import)| matches!(import.ty, CoreExternType::Memory(_)));
    let links = memories.map(|(at, _)| match unit.imports.get(at) {
        Some(&ImportLink::Memory { module, memory }) => Some((module, memory)),
        _ => None,
    });
    links.collect()
}

/// What is known of the imported functions, among what is known of all imports.
fn function_links(module: &CoreModule, unit: &UnitModule<'_>) -> Result<Vec<ImportLink>, CodegenError> {
    if unit.imports.is_empty() {
        return Ok(vec![ImportLink::Unknown; module.imported_functions as usize]);
    }
    if unit.imports.len() != module.imports.len() {
        let (links, imports) = (unit.imports.len(), module.imports.len());
        return Err(CodegenError::internal(format!("{links} links were given for {imports} imports")));
    }
    let links = module.imports.iter().zip(unit.imports);
    Ok(links.filter(|(import, _)| matches!(import.ty, CoreExternType::Func(_))).map(|(_, link)| *link).collect())
}
