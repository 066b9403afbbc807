//! The module while it is written: signatures, imports without duplicates, functions, trap sites and names. What the functions do
//! is not decided here.

use crate::body::{DefinedFunc, FunctionBody, core_type};
use crate::handle_table::TableFunc;
use crate::helper::HelperKey;
use crate::place::Side;
use crate::shape::TypeFacts;
use crate::short::ShortMove;
use crate::short_text::ShortText;
use crate::site::SiteTable;
use crate::spec::{AdapterFunctions, AdapterImport, AdapterModule, FunctionSpec};
use gusset_types::{
    Arena, ComponentInstanceIndex, CoreDefIndex, FlatType, PAGE_SIZE_LOG2, PointerWidth, Printable, ResourceType,
    ResourceTypeIndex, Transcode, Types, trap_params,
};
use indexmap::{IndexMap, IndexSet};
use std::collections::HashMap;
use std::sync::Arc;
use wasm_encoder::{
    CodeSection, EntityType, ExportKind, ExportSection, FunctionSection, GlobalType, ImportSection, MemoryType, Module,
    NameMap, NameSection, TypeSection, ValType as CoreType,
};

/// One import: where it stands in its index space, and what it is called.
struct Import {
    index: u32,
    module: &'static str,
    field: String,
    ty: EntityType,
    /// In the name section.
    name: String,
}

/// A function that the module defines.
struct Function {
    signature: u32,
    name: String,
    body: Option<FunctionBody>,
}

pub(crate) struct ModuleBuilder<'t> {
    pub(crate) types: &'t Types,
    pub(crate) resources: &'t Arena<ResourceTypeIndex, ResourceType>,
    pub(crate) facts: TypeFacts,
    signatures: IndexSet<(Vec<FlatType>, Vec<FlatType>)>,
    imports: IndexMap<AdapterImport, Import>,
    imported_funcs: u32,
    imported_memories: u32,
    imported_globals: u32,
    functions: Vec<Function>,
    pub(crate) helpers: IndexMap<HelperKey, DefinedFunc>,
    pub(crate) table_funcs: IndexMap<TableFunc, DefinedFunc>,
    pub(crate) short_moves: IndexMap<ShortMove, DefinedFunc>,
    pub(crate) short_texts: IndexMap<ShortText, DefinedFunc>,
    pub(crate) sites: SiteTable,
    exports: Vec<(String, DefinedFunc)>,
    instances: HashMap<ComponentInstanceIndex, Arc<str>>,
    /// What [`FOREIGN`] is in its root instance, if it is there.
    foreign: Option<ComponentInstanceIndex>,
}

/// Stands for a component instance of another root instance.
pub(crate) const FOREIGN: ComponentInstanceIndex = ComponentInstanceIndex::from_u32(u32::MAX);

impl<'t> ModuleBuilder<'t> {
    pub(crate) fn new(
        types: &'t Types,
        resources: &'t Arena<ResourceTypeIndex, ResourceType>,
        specs: &[FunctionSpec],
    ) -> ModuleBuilder<'t> {
        let mut instances = HashMap::new();
        for spec in specs {
            match spec {
                FunctionSpec::Call(spec) => {
                    instances.entry(spec.lower.instance).or_insert_with(|| spec.name.caller.clone());
                    instances.entry(spec.lift.instance).or_insert_with(|| spec.name.callee.clone());
                }
                FunctionSpec::Builtin(spec) => {
                    instances.entry(spec.instance).or_insert_with(|| spec.name.caller.clone());
                }
            }
        }
        ModuleBuilder {
            types,
            resources,
            facts: TypeFacts::new(specs.iter().any(canonical_nans)),
            signatures: IndexSet::new(),
            imports: IndexMap::new(),
            imported_funcs: 0,
            imported_memories: 0,
            imported_globals: 0,
            functions: Vec::new(),
            helpers: IndexMap::new(),
            table_funcs: IndexMap::new(),
            short_moves: IndexMap::new(),
            short_texts: IndexMap::new(),
            sites: SiteTable::default(),
            exports: Vec::new(),
            instances,
            foreign: None,
        }
    }

    /// [`FOREIGN`] stands for `instance`.
    pub(crate) fn with_foreign(mut self, instance: ComponentInstanceIndex) -> Self {
        self.foreign = Some(instance);
        self
    }

    /// The index of a function type.
    pub(crate) fn signature(&mut self, params: &[FlatType], results: &[FlatType]) -> u32 {
        self.signatures.insert_full((params.to_vec(), results.to_vec())).0 as u32
    }

    /// What a component instance is called in names.
    pub(crate) fn instance_name(&self, instance: ComponentInstanceIndex) -> Arc<str> {
        self.instances.get(&instance).cloned().unwrap_or_else(|| format!("instance {instance}").into())
    }

    /// Declares a function, whose body follows later.
    pub(crate) fn declare(&mut self, name: String, params: &[FlatType], results: &[FlatType]) -> DefinedFunc {
        let signature = self.signature(params, results);
        self.functions.push(Function { signature, name, body: None });
        DefinedFunc(self.functions.len() as u32 - 1)
    }

    pub(crate) fn define(&mut self, func: DefinedFunc, body: FunctionBody) {
        let previous = self.functions[func.0 as usize].body.replace(body);
        assert!(previous.is_none(), "a function is written once");
    }

    pub(crate) fn export(&mut self, name: String, func: DefinedFunc) {
        self.exports.push((name, func));
    }

    /// The index of an imported core function.
    pub(crate) fn import_func(
        &mut self,
        def: CoreDefIndex,
        (params, results): (&[FlatType], &[FlatType]),
        role: &'static str,
        name: String,
    ) -> u32 {
        let key = AdapterImport::Func(def);
        let ty = self.signature(params, results);
        if let Some(import) = self.imports.get(&key) {
            assert_eq!(import.ty, EntityType::Function(ty), "a core function has one type");
            return import.index;
        }
        let field = format!("f{}", self.imported_funcs);
        self.add_func(key, role, field, (params, results), name)
    }

    /// The index of the memory of a side.
    pub(crate) fn import_memory(&mut self, side: &Side) -> u32 {
        let def = side.memory.expect("validation gives a memory to every function that needs one");
        let key = AdapterImport::Memory(def);
        if let Some(import) = self.imports.get(&key) {
            return import.index;
        }
        let (index, ty) = self.add_memory(side.width, side.page_size_log2);
        let name = format!("memory of {}", self.instance_name(side.instance));
        self.imports.insert(key, Import { index, module: "memory", field: format!("m{index}"), ty, name });
        index
    }

    /// The index of the state memory.
    pub(crate) fn import_state(&mut self) -> u32 {
        self.add_state(AdapterImport::State, "state")
    }

    /// The index of the state memory in which an instance has its record, and which one it is there.
    pub(crate) fn import_state_of(&mut self, instance: ComponentInstanceIndex) -> (u32, ComponentInstanceIndex) {
        match self.foreign {
            Some(foreign) if instance == FOREIGN => {
                (self.add_state(AdapterImport::CalleeState, "callee state"), foreign)
            }
            _ => (self.import_state(), instance),
        }
    }

    fn add_state(&mut self, key: AdapterImport, field: &str) -> u32 {
        if let Some(import) = self.imports.get(&key) {
            return import.index;
        }
        let (index, ty) = self.add_memory(PointerWidth::Memory32, PAGE_SIZE_LOG2);
        let (field, name) = (field.to_string(), field.to_string());
        self.imports.insert(key, Import { index, module: "state", field, ty, name });
        index
    }

    /// The index of the global that holds the number of an imported resource type.
    pub(crate) fn import_resource_type(&mut self, resource: ResourceTypeIndex) -> u32 {
        let key = AdapterImport::ResourceType(resource);
        if let Some(import) = self.imports.get(&key) {
            return import.index;
        }
        let index = self.imported_globals;
        self.imported_globals += 1;
        let ty = EntityType::Global(GlobalType { val_type: CoreType::I32, mutable: false, shared: false });
        let name = format!("type {}", self.resources[resource].name);
        self.imports.insert(key, Import { index, module: "resource-type", field: format!("r{resource}"), ty, name });
        index
    }

    /// The index of the global that holds what is left of the fuel.
    pub(crate) fn import_fuel(&mut self) -> u32 {
        if let Some(import) = self.imports.get(&AdapterImport::Fuel) {
            return import.index;
        }
        let index = self.imported_globals;
        self.imported_globals += 1;
        let ty = EntityType::Global(GlobalType { val_type: CoreType::I64, mutable: true, shared: false });
        let (field, name) = ("left".to_string(), "fuel".to_string());
        self.imports.insert(AdapterImport::Fuel, Import { index, module: "fuel", field, ty, name });
        index
    }

    /// The next memory.
    fn add_memory(&mut self, width: PointerWidth, page_size_log2: u8) -> (u32, EntityType) {
        let index = self.imported_memories;
        self.imported_memories += 1;
        let memory64 = width == PointerWidth::Memory64;
        let page_size_log2 = (page_size_log2 != PAGE_SIZE_LOG2).then_some(page_size_log2.into());
        let ty = MemoryType { minimum: 0, maximum: None, memory64, shared: false, page_size_log2 };
        (index, EntityType::Memory(ty))
    }

    /// The index of a transcoder from the memory of one side to that of the other.
    pub(crate) fn import_transcoder(&mut self, op: Transcode, src: &Side, dst: &Side) -> u32 {
        let (src_memory, dst_memory) = (self.import_memory(src), self.import_memory(dst));
        let key = AdapterImport::Transcoder { op, src: src_memory, dst: dst_memory };
        if let Some(import) = self.imports.get(&key) {
            return import.index;
        }
        let (params, results) = op.signature(src.width, dst.width);
        let op = op.contract().name;
        let field = format!("{op} m{src_memory} m{dst_memory}");
        let names = (self.instance_name(src.instance), self.instance_name(dst.instance));
        let name = format!("{op} {} -> {}", names.0, names.1);
        self.add_func(key, "transcode", field, (&params, &results), name)
    }

    /// The index of the trap function that takes this many list indices.
    pub(crate) fn import_trap(&mut self, indices: usize) -> u32 {
        let key = AdapterImport::Trap { indices: u8::try_from(indices).expect("few indices are passed") };
        if let Some(import) = self.imports.get(&key) {
            return import.index;
        }
        let params = trap_params(indices);
        self.add_func(key, "trap", indices.to_string(), (&params, &[]), format!("trap {indices}"))
    }

    fn add_func(
        &mut self,
        key: AdapterImport,
        module: &'static str,
        field: String,
        (params, results): (&[FlatType], &[FlatType]),
        name: String,
    ) -> u32 {
        let ty = EntityType::Function(self.signature(params, results));
        let index = self.imported_funcs;
        self.imported_funcs += 1;
        self.imports.insert(key, Import { index, module, field, ty, name });
        index
    }

    /// Encodes the module. `calls` are the adapters' functions.
    pub(crate) fn finish(self, calls: &[DefinedFunc]) -> AdapterModule {
        let imported = self.imported_funcs;
        let names = self.name_section();
        let mut types = TypeSection::new();
        for (params, results) in &self.signatures {
            let core = |types: &[FlatType]| types.iter().copied().map(core_type).collect::<Vec<_>>();
            types.ty().function(core(params), core(results));
        }
        let mut imports = ImportSection::new();
        for import in self.imports.values() {
            imports.import(import.module, &import.field, import.ty);
        }
        let mut exports = ExportSection::new();
        for (name, func) in &self.exports {
            exports.export(&shown(name), ExportKind::Func, imported + func.0);
        }
        let mut functions = FunctionSection::new();
        let mut code = CodeSection::new();
        for function in self.functions {
            functions.function(function.signature);
            code.raw(&function.body.expect("every declared function is written").finish(imported));
        }
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&exports).section(&code).section(&names);
        AdapterModule {
            wasm: module.finish(),
            code_size: code.byte_len(),
            imports: self.imports.into_keys().collect(),
            functions: calls.iter().map(|func| AdapterFunctions { call: imported + func.0 }).collect(),
            sites: self.sites.finish(),
        }
    }

    fn name_section(&self) -> NameSection {
        let (mut funcs, mut memories, mut globals) = (NameMap::new(), NameMap::new(), NameMap::new());
        for import in self.imports.values() {
            let map = match import.ty {
                EntityType::Memory(_) => &mut memories,
                EntityType::Global(_) => &mut globals,
                _ => &mut funcs,
            };
            map.append(import.index, &shown(&import.name));
        }
        for (i, function) in self.functions.iter().enumerate() {
            funcs.append(self.imported_funcs + i as u32, &shown(&function.name));
        }
        let mut names = NameSection::new();
        names.module("adapters");
        names.functions(&funcs);
        names.memories(&memories);
        names.globals(&globals);
        names
    }
}

fn canonical_nans(spec: &FunctionSpec) -> bool {
    matches!(spec, FunctionSpec::Call(spec) if spec.canonical_nans)
}

/// A name as people may see it, and cut: names come from components, and a binary's names are limited.
fn shown(name: &str) -> String {
    Printable::message(name).to_string()
}
