//! Flattening: walks the definitions of the root component in order, and those of each component that is instantiated,
//! as an instantiation would, and writes the steps down that remain. It uses a stack of its own, so that no input can
//! make it recurse, and counts what it does, so that none can make it run for long.

mod adapters;
mod func;
mod instance;
mod resource;
mod root;

use crate::adapters::{AdapterIndex, Adapters};
use crate::body::{BodyIndex, ComponentBody, ComponentDefinition, OuterKind, Parsed};
use crate::convert::Converter;
use crate::error::TranslateError;
use crate::flatten::root::RootExterns;
use crate::link::{self, KnownModule};
use crate::parse::MAX_NESTING;
use crate::scope::{
    CanonLift, ComponentClosure, FuncItem, InstanceItem, LabelledInstance, LiftIndex, Scope, ScopeItem,
};
use crate::{TranslateSettings, TranslatedModule, Translation};
use gusset_artifact::{ComponentInstanceInfo, CoreDef, ModuleImportIndex, ModuleIndex, Plan, PlanModule};
use gusset_types::{Arena, CanonBuiltin, ComponentInstanceIndex, CoreDefIndex, Printable, cut_name, join_names};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use wasmparser::ComponentExternalKind;
use wasmparser::component_types::{ComponentEntityType, ComponentInstanceTypeId, ModuleType};

/// Most component instances of a tree.
const MAX_COMPONENT_INSTANCES: usize = 10_000;
/// Most core instances of a plan.
const MAX_CORE_INSTANCES: usize = 100_000;
/// Most bytes of the host, roughly, for core instances of modules that have been instantiated before.
const MAX_INSTANCE_BYTES: u64 = 256 << 20;
/// What an instance of a module that the host gives is taken for: nobody knows how large it is.
const IMPORTED_INSTANCE_BYTES: u64 = 64 << 10;
/// Most resource types, of all instances.
const MAX_RESOURCE_TYPES: usize = 100_000;
/// Most definitions, arguments and exports that flattening works through, with long names counting more than once.
const MAX_STEPS: usize = 1_000_000;

/// Flattens a component.
pub(crate) fn flatten<'a>(
    parsed: &Parsed<'a>,
    settings: &TranslateSettings,
) -> Result<Translation<'a>, TranslateError> {
    let mut flattener = Flattener::new(parsed, *settings);
    flattener.run()?;
    Ok(flattener.finish())
}

/// The state of flattening. `'b` borrows what parsing left.
pub(crate) struct Flattener<'b, 'a> {
    pub(crate) parsed: &'b Parsed<'a>,
    pub(crate) settings: TranslateSettings,
    pub(crate) plan: Plan,
    pub(crate) scopes: Arena<ComponentInstanceIndex, Scope<'b>>,
    pub(crate) lifts: Arena<LiftIndex, CanonLift>,
    pub(crate) adapters: Adapters,
    pub(crate) converter: Converter,
    /// Whether instances of these types export resource types.
    pub(crate) resource_instances: HashMap<ComponentInstanceTypeId, bool>,
    core_defs: HashMap<CoreDef, CoreDefIndex>,
    /// The built-ins that are recorded.
    pub(crate) builtins: HashMap<(ComponentInstanceIndex, CanonBuiltin), AdapterIndex>,
    root_externs: RootExterns<'b>,
    /// The types of the core modules that the root imports.
    pub(crate) module_types: Arena<ModuleImportIndex, &'b ModuleType>,
    steps: usize,
    /// The core modules that have an instance.
    pub(crate) instantiated: HashSet<PlanModule>,
    pub(crate) instance_bytes: u64,
}

impl<'b, 'a> Flattener<'b, 'a> {
    fn new(parsed: &'b Parsed<'a>, settings: TranslateSettings) -> Self {
        Flattener {
            parsed,
            settings,
            plan: Plan::default(),
            scopes: Arena::default(),
            lifts: Arena::default(),
            adapters: Adapters::default(),
            converter: Converter::default(),
            resource_instances: HashMap::new(),
            core_defs: HashMap::new(),
            builtins: HashMap::new(),
            root_externs: RootExterns::default(),
            module_types: Arena::default(),
            steps: 0,
            instantiated: HashSet::new(),
            instance_bytes: 0,
        }
    }

    pub(crate) fn body(&self, body: BodyIndex) -> &'b ComponentBody<'a> {
        let parsed = self.parsed;
        &parsed.bodies[body]
    }

    /// The component of an instance.
    pub(crate) fn body_of(&self, instance: ComponentInstanceIndex) -> &'b ComponentBody<'a> {
        self.body(self.scopes[instance].body)
    }

    /// The index of a core definition; equal ones have equal indices.
    pub(crate) fn core_def(&mut self, def: CoreDef) -> CoreDefIndex {
        *self.core_defs.entry(def).or_insert_with(|| self.plan.core_defs.push(def))
    }

    /// Counts `count` units of work.
    pub(crate) fn spend(&mut self, count: usize) -> Result<(), TranslateError> {
        self.steps = self.steps.saturating_add(count);
        if self.steps > MAX_STEPS {
            return Err(TranslateError::limit("steps of instantiation", MAX_STEPS));
        }
        Ok(())
    }

    /// Works through the whole tree.
    fn run(&mut self) -> Result<(), TranslateError> {
        let root = ComponentClosure { body: self.parsed.root, outer: None };
        let root = self.begin(root, HashMap::new(), None, None)?;
        let mut stack = vec![root];
        while let Some(&at) = stack.last() {
            let body = self.body_of(at);
            let next = self.scopes[at].next;
            self.scopes[at].next += 1;
            let Some((offset, definition)) = body.definitions.get(next) else {
                stack.pop();
                self.complete(at, stack.last().copied())?;
                continue;
            };
            let begun = self.spend(definition.weight()).and_then(|()| self.define(at, definition));
            let begun = begun.map_err(|error| error.at(*offset).within(|| self.path(at)))?;
            stack.extend(begun);
        }
        Ok(())
    }

    /// Carries one definition out. Returns the instance whose definitions come next, if it began one.
    fn define(
        &mut self,
        at: ComponentInstanceIndex,
        definition: &'b ComponentDefinition<'a>,
    ) -> Result<Option<ComponentInstanceIndex>, TranslateError> {
        match definition {
            ComponentDefinition::Import { name, .. } => {
                let item = if at == root::ROOT { self.root_import(name)? } else { self.argument(at, name)? };
                self.scopes[at].push(item, None, name);
            }
            ComponentDefinition::CoreModule(module) => self.scopes[at].modules.push(PlanModule::Unit(*module)),
            ComponentDefinition::CoreInstantiate { module, args } => self.core_instantiate(at, *module, args)?,
            ComponentDefinition::CoreInstanceOf(items) => self.core_instance_of(at, items)?,
            ComponentDefinition::Component(body) => {
                self.scopes[at].components.push(ComponentClosure { body: *body, outer: Some(at) });
            }
            ComponentDefinition::Instantiate { component, args } => {
                return self.instantiate(at, *component, args).map(Some);
            }
            ComponentDefinition::InstanceOf(items) => self.instance_of(at, items)?,
            ComponentDefinition::AliasExport { instance, name, .. } => self.alias_export(at, *instance, name),
            ComponentDefinition::AliasCoreExport { kind, instance, name } => {
                self.alias_core_export(at, *kind, *instance, name);
            }
            ComponentDefinition::AliasOuter { kind, count, index } => self.alias_outer(at, *kind, *count, *index),
            ComponentDefinition::Type => {}
            ComponentDefinition::Resource { index, dtor, wide } => self.define_resource(at, *index, *dtor, *wide)?,
            ComponentDefinition::Canon(canon) => self.canon(at, canon)?,
            ComponentDefinition::Start => {
                return Err(TranslateError::unsupported("values", "the start function of a component"));
            }
            ComponentDefinition::Export(export) => {
                let types = self.body_of(at).types.as_ref();
                let item = self.scopes[at].item(types, export);
                let ty = types.component_item_for_export(export.name).expect("validation knows every export");
                self.bind(at, &ty.ty, &item)?;
                if at == root::ROOT {
                    self.root_export(export.name, &item)?;
                }
                self.scopes[at].exports.insert(export.name, item.clone());
                self.push_export(at, export.index, item, export.name);
            }
        }
        Ok(None)
    }

    /// What an instance that is not the root was given for an import.
    fn argument(&mut self, at: ComponentInstanceIndex, name: &str) -> Result<ScopeItem<'b>, TranslateError> {
        let item = self.scopes[at].args.get(name).expect("validation has found an argument for every import").clone();
        let import = self.body_of(at).types.as_ref().component_item_for_import(name);
        self.bind(at, &import.expect("validation knows every import").ty, &item)?;
        Ok(item)
    }

    /// Makes room for a new component instance; `index` is where it will stand among its parent's instances.
    fn begin(
        &mut self,
        component: ComponentClosure,
        args: HashMap<&'b str, ScopeItem<'b>>,
        parent: Option<ComponentInstanceIndex>,
        index: Option<u32>,
    ) -> Result<ComponentInstanceIndex, TranslateError> {
        if self.scopes.len() == MAX_COMPONENT_INSTANCES {
            return Err(TranslateError::limit("component instances", MAX_COMPONENT_INSTANCES));
        }
        let depth = parent.map_or(0, |parent| self.scopes[parent].depth + 1);
        if depth > MAX_NESTING {
            return Err(TranslateError::limit("levels of nested component instances", MAX_NESTING));
        }
        let body = self.body(component.body);
        self.plan.uses_state |= body.clears_may_leave;
        let own = body.names.component;
        let name = match (parent, index) {
            (Some(parent), Some(index)) => {
                let body = self.body_of(parent);
                let used = body.uses.instances.get(&index).copied();
                body.names.instances.get(&index).copied().or(used).or(own)
            }
            _ => own,
        };
        let name = match name {
            Some(name) => cut_name(name).into(),
            None => format!("component {}", self.scopes.len()).into(),
        };
        self.plan.component_instances.push(ComponentInstanceInfo { parent, name });
        Ok(self.scopes.push(Scope::new(component, depth, args)))
    }

    /// Hands a finished instance to its parent.
    fn complete(
        &mut self,
        instance: ComponentInstanceIndex,
        parent: Option<ComponentInstanceIndex>,
    ) -> Result<(), TranslateError> {
        self.name_lifts(instance)?;
        if let Some(parent) = parent {
            let exports = self.scopes[instance].exports.clone();
            self.spend(exports.len())?;
            let item = Rc::new(InstanceItem { exports });
            let index = u32::try_from(self.scopes[parent].instances.len()).expect("there are fewer than steps");
            let ty = self.body_of(parent).types.as_ref().component_instance_at(index);
            self.bind(parent, &ComponentEntityType::Instance(ty), &ScopeItem::Instance(item.clone()))?;
            self.scopes[parent].instances.push(LabelledInstance { item, label: None });
        }
        Ok(())
    }

    /// Gives the functions that an instance lifts the names under which it exports them, by itself or in an instance.
    fn name_lifts(&mut self, instance: ComponentInstanceIndex) -> Result<(), TranslateError> {
        let exports = &self.scopes[instance].exports;
        let items =
            exports.values().map(|item| if let ScopeItem::Instance(inner) = item { inner.exports.len() } else { 1 });
        self.spend(items.sum())?;
        let lifts = &mut self.lifts;
        let mut call = |item: &ScopeItem<'_>, path: &[&str]| {
            let ScopeItem::Func(FuncItem::Lifted(lift)) = *item else { return };
            let lift = &mut lifts[lift];
            if lift.options.instance == instance && lift.name.is_none() {
                lift.name = Some(join_names(path).into());
            }
        };
        for (&name, item) in &self.scopes[instance].exports {
            call(item, &[name]);
            if let ScopeItem::Instance(inner) = item {
                inner.exports.iter().for_each(|(&func, item)| call(item, &[name, func]));
            }
        }
        Ok(())
    }

    /// Adds an export's own index. It goes by the name that the item was imported by, if it was.
    fn push_export(&mut self, at: ComponentInstanceIndex, index: u32, item: ScopeItem<'b>, name: &'b str) {
        let scope = &mut self.scopes[at];
        match item {
            ScopeItem::Func(_) => scope.funcs.push(scope.funcs[index as usize]),
            ScopeItem::Instance(_) => {
                let instance = scope.instances[index as usize].clone();
                scope.instances.push(instance);
            }
            item => scope.push(item, None, name),
        }
    }

    fn alias_outer(&mut self, at: ComponentInstanceIndex, kind: OuterKind, count: u32, index: u32) {
        let mut target = at;
        for _ in 0..count {
            target = self.scopes[target].outer.expect("validation has counted the components around this one");
        }
        let index = index as usize;
        match kind {
            OuterKind::CoreModule => {
                let module = self.scopes[target].modules[index];
                self.scopes[at].modules.push(module);
            }
            OuterKind::Component => {
                let component = self.scopes[target].components[index];
                self.scopes[at].components.push(component);
            }
            OuterKind::Type => {}
        }
    }

    /// The names of the instances around `at` and its own, for messages; none for the root.
    fn path(&self, at: ComponentInstanceIndex) -> Option<String> {
        let mut names = Vec::new();
        let mut at = &self.plan.component_instances[at];
        while let Some(parent) = at.parent {
            names.push(format!("`{}`", Printable::name(&at.name)));
            at = &self.plan.component_instances[parent];
        }
        names.reverse();
        (!names.is_empty()).then(|| names.join(" > "))
    }

    fn finish(self) -> Translation<'a> {
        let names = module_names(self.parsed);
        let known = link::known_modules(self.parsed, &self.adapters, &self.plan);
        let user = self.parsed.modules.iter().map(|(index, module)| TranslatedModule {
            name: names.get(&index).map_or_else(|| format!("module {index}"), |name| cut_name(name).into()),
            wasm: Cow::Borrowed(module.wasm),
            offset: module.range.start,
            imports: Vec::new(),
            open_exports: None,
            single: false,
            adapter: false,
        });
        let adapters = self.adapters.into_modules().into_iter().enumerate().map(|(index, made)| TranslatedModule {
            name: format!("adapters {index}"),
            wasm: Cow::Owned(made.wasm),
            offset: 0,
            imports: Vec::new(),
            open_exports: None,
            single: false,
            adapter: true,
        });
        let linked = |(module, KnownModule { imports, open_exports, single })| TranslatedModule {
            imports,
            open_exports,
            single,
            ..module
        };
        Translation { plan: self.plan, modules: user.chain(adapters).zip(known).map(linked).collect() }
    }
}

/// The names of core modules: as the component's name section says, else the module's own.
fn module_names<'a>(parsed: &Parsed<'a>) -> HashMap<ModuleIndex, &'a str> {
    let own = parsed.modules.iter().filter_map(|(index, module)| Some((index, module.name?)));
    let mut names: HashMap<ModuleIndex, &'a str> = own.collect();
    for body in parsed.bodies.values() {
        let defines_module = |definition: &ComponentDefinition<'_>| match definition {
            ComponentDefinition::CoreModule(module) => Some(Some(*module)),
            ComponentDefinition::AliasOuter { kind: OuterKind::CoreModule, .. }
            | ComponentDefinition::AliasExport { kind: ComponentExternalKind::Module, .. }
            | ComponentDefinition::Import { kind: ComponentExternalKind::Module, .. } => Some(None),
            ComponentDefinition::Export(export) if export.kind == ComponentExternalKind::Module => Some(None),
            _ => None,
        };
        let space = body.definitions.iter().filter_map(|(_, definition)| defines_module(definition));
        for (index, module) in (0..).zip(space) {
            if let (Some(module), Some(name)) = (module, body.names.modules.get(&index)) {
                names.insert(module, name);
            }
        }
    }
    names
}
