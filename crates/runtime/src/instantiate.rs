//! Instantiation: runs the steps of a component's plan. It decides nothing; all decisions were taken when the plan was made.

mod admission;
mod resource;

use crate::adapter_trap::adapter_trap;
use crate::canon::{InstanceState, PassedValues, ResolvedOptions};
use crate::component::{Component, check_supported};
use crate::component_instance::{ComponentInstanceState, ExportTarget, InstanceResource};
use crate::error::{Error, Result, bail, format_err};
use crate::host_func::{LoweredImport, LoweredShape};
use crate::instance::Instance;
use crate::lifted_func::LiftedFunc;
use crate::link::{LinkedImports, LinkedModule};
use crate::relayed_call::RelayedCall;
use crate::signatures::{RegisteredSignature, SignatureRegistry, core_func_type};
use crate::store::{AsContextMut, StoreContextMut};
use crate::type_scope::TypeTables;
use crate::vm::{
    ExternHandle, FuncHandle, GlobalHandle, InstanceHandle, JointContexts, MemoryHandle, RawValue, StoreMark,
};
use admission::is_generated;
use gusset_artifact::{
    AdapterModuleIndex, CoreDef, CoreInstanceIndex, FuncSource, ImportIndex, MemoryType, ModuleImportIndex, Plan,
    PlanModule, Step, Trampoline, TrampolineIndex,
};
use gusset_types::{
    AdapterName, CanonOptions, CoreDefIndex, FlatType, FuncTypeIndex, ResourceTypeIndex, STATE_HEADER, heap_start,
    instance_state, trap_params,
};
use resource::{instance_resources, instance_tables};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// A component with all its imports found and checked: ready to be instantiated as often as wanted, in any store of its
/// engine. [`Linker::instantiate_pre`](crate::Linker::instantiate_pre) makes it.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// # use gusset::{Component, Engine, Linker, Store};
/// # let engine = Engine::default();
/// # let component = Component::new(&engine, r#"(component
/// #     (core module $m (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
/// #     (core instance $i (instantiate $m))
/// #     (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add"))))"#)?;
/// let ready = Linker::new(&engine).instantiate_pre(&component)?;
/// for n in 0..3 {
///     let mut store = Store::new(&engine, ());
///     let instance = ready.instantiate(&mut store)?;
///     let add = instance.get_typed_func::<(u32, u32), (u32,)>(&mut store, "add")?;
///     assert_eq!(add.call(&mut store, (n, 1))?, (n + 1,));
/// }
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
pub struct InstancePre<T: 'static> {
    component: Component,
    pub(crate) imports: LinkedImports<T>,
    /// What the resource types of each instance are at first.
    resources: Arc<[InstanceResource]>,
}

impl<T: 'static> fmt::Debug for InstancePre<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstancePre").field("component", &self.component).finish_non_exhaustive()
    }
}

impl<T: 'static> Clone for InstancePre<T> {
    fn clone(&self) -> Self {
        InstancePre {
            component: self.component.clone(),
            imports: self.imports.clone(),
            resources: self.resources.clone(),
        }
    }
}

impl<T: 'static> InstancePre<T> {
    pub(crate) fn new(component: Component, imports: LinkedImports<T>) -> InstancePre<T> {
        let resources = instance_resources(&imports.tables);
        InstancePre { component, imports, resources }
    }

    /// The component that it makes instances of.
    pub fn component(&self) -> &Component {
        &self.component
    }

    /// Makes an instance in `store`: instantiates the core modules, in the order that the [component] gives, and runs
    /// their start functions.
    ///
    /// # Errors
    ///
    /// When a start function or segment traps, when there is no memory, or when the component needs what is not
    /// supported. What was made before is given back to the store and its pool, unless a start function had run, or a function of
    /// the host: then it stays in the store, locked and out of reach, until the store is dropped.
    ///
    /// # Panics
    ///
    /// When the store is of another engine.
    ///
    /// [component]: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#instance-definitions
    #[track_caller]
    pub fn instantiate(&self, mut store: impl AsContextMut<Data = T>) -> Result<Instance> {
        let store = store.as_context_mut();
        let same = crate::Engine::same(store.engine(), self.component.engine());
        assert!(same, "a component and a store must be of one engine");
        if self.imports.store.is_some_and(|id| id != store.0.vm.id()) {
            bail!("a component was linked with an instance of another store");
        }
        let mark = store.0.vm.mark();
        self.admit(store.0)?;
        let plan = self.component.plan().clone();
        let tables = instance_tables(&self.imports.tables);
        let state = ComponentInstanceState::new(
            self.component.clone(),
            tables.clone(),
            self.resources[..].into(),
            Box::new(self.imports.funcs.clone()),
            self.imports.modules.clone(),
        );
        store.0.components.push(state);
        let instance = Instance::new(store.0.vm.id(), store.0.components.len() - 1);
        let mut instantiation = Instantiation {
            pre: self,
            instance,
            plan: &plan,
            tables,
            resource_numbers: HashMap::new(),
            trampolines: vec![None; plan.trampolines.len()],
            instances: Vec::with_capacity(plan.core_instances.len()),
            given: Vec::new(),
            state: None,
            joint: None,
            store,
        };
        let made = instantiation.run();
        made.inspect_err(|error| instantiation.undo(&mark, error))
    }
}

impl<T: Send + 'static> InstancePre<T> {
    /// [`instantiate`](InstancePre::instantiate) where start functions may wait; see [`Func::call_async`](crate::Func::call_async). Dropped
    /// before it is done, it leaves in the store what a failed one leaves.
    ///
    /// # Errors
    ///
    /// As for [`instantiate`](InstancePre::instantiate), and when there is no stack for it.
    ///
    /// # Panics
    ///
    /// When the store is of another engine.
    pub async fn instantiate_async(&self, mut store: impl AsContextMut<Data = T>) -> Result<Instance> {
        store.as_context_mut().on_fiber(|store| self.instantiate(store)).await
    }
}

/// The state memory of a new root instance.
fn make_state<T: 'static>(plan: &Plan, store: &mut StoreContextMut<'_, T>) -> Result<MemoryHandle> {
    let heap = heap_start(plan.component_instances.len() as u32);
    let page_size_log2 = 16;
    let minimum = u64::from(heap).div_ceil(1 << page_size_log2);
    let ty = MemoryType { minimum, maximum: None, memory64: false, shared: false, page_size_log2 };
    let state = store.0.vm.new_runtime_memory(ty)?;
    let top = STATE_HEADER.heap_top as usize;
    store.0.vm.memory_mut(state)[top..top + 4].copy_from_slice(&heap.to_le_bytes());
    Ok(state)
}

/// An instance in the making.
struct Instantiation<'a, T: 'static> {
    pre: &'a InstancePre<T>,
    instance: Instance,
    plan: &'a Arc<Plan>,
    tables: Arc<TypeTables>,
    /// Globals that tell adapters the numbers of imported resource types.
    resource_numbers: HashMap<ResourceTypeIndex, GlobalHandle>,
    store: StoreContextMut<'a, T>,
    /// The state memory, if the plan uses one.
    state: Option<MemoryHandle>,
    /// Where contexts stand at distances that code knows.
    joint: Option<JointContexts>,
    trampolines: Vec<Option<FuncHandle>>,
    instances: Vec<InstanceHandle>,
    /// What the imports of a module are given; kept so that its memory is.
    given: Vec<ExternHandle>,
}

impl<'a, T: 'static> Instantiation<'a, T> {
    fn run(&mut self) -> Result<Instance> {
        if self.plan.uses_state {
            self.state = Some(make_state(self.plan, &mut self.store)?);
        }
        self.joint = self.store.0.vm.joint_contexts(self.pre.component.code())?;
        for step in &self.plan.steps {
            self.step(step)?;
        }
        self.finish()
    }

    /// Takes out of the store what has been made since the mark. Where somebody may have seen some of it, it is locked instead: the host
    /// may have handles of its resources, whose destructors are not to be entered.
    #[cold]
    fn undo(&mut self, mark: &StoreMark, error: &Error) {
        let (memories, tables) = self.store.0.vm.made_since(mark);
        if !self.store.0.vm.roll_back_unseen(mark) {
            self.state_mut().lock();
            self.store.0.any_locked = true;
            return;
        }
        let index = self.instance.index(self.store.0.vm.id());
        self.store.0.components.truncate(index);
        // Types of this instance alone are wanted by nobody any more.
        if !Arc::ptr_eq(&self.tables, &self.pre.imports.tables) {
            self.pre.imports.funcs.iter().for_each(|func| func.forget(&self.tables));
        }
        self.store.0.tell_not_made(memories, tables, error);
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::DefineResource(resource) => self.define_resource(*resource)?,
            Step::DefineTrampoline(index) => {
                let func = self.trampoline(*index)?;
                self.trampolines[index.as_u32() as usize] = Some(func);
            }
            Step::InstantiateModule { instance, imports } => {
                let mut given = std::mem::take(&mut self.given);
                given.clear();
                for def in imports {
                    given.push(self.resolve(*def)?);
                }
                let made = match self.plan.core_instances[*instance] {
                    PlanModule::Unit(module) => {
                        let (code, joint) = (self.pre.component.code(), self.joint.as_ref());
                        match is_generated(self.plan, module) {
                            true => self.store.0.instantiate_generated(code, module, &given, joint)?,
                            false => self.store.0.instantiate(code, module, &given, joint)?,
                        }
                    }
                    PlanModule::Imported(module) => self.linked_module(module)?.instantiate(self.store.0, &given)?,
                };
                self.given = given;
                assert!(self.instances.len() == instance.as_u32() as usize, "a plan makes its instances in order");
                self.instances.push(made);
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Instance> {
        let exports = self.plan.exported_funcs.values().map(|func| match &func.source {
            FuncSource::Lift { func, options } => {
                let (callee, options) = (self.func(*func)?, self.options(options)?);
                Ok(ExportTarget::Lifted { callee, options })
            }
            FuncSource::Import(import) => Ok(ExportTarget::Import(*import)),
        });
        let exports = exports.collect::<Result<_>>()?;
        let index = self.instance.index(self.store.0.vm.id());
        self.store.0.components[index].exports = exports;
        Ok(self.instance)
    }

    // What core definitions stand for.

    fn resolve(&mut self, def: CoreDefIndex) -> Result<ExternHandle> {
        match self.plan.core_defs[def] {
            CoreDef::Export { instance, item } => match self.instances.get(instance.as_u32() as usize) {
                Some(instance) => self.store.0.vm.export(*instance, item),
                None => Err(not_made()),
            },
            CoreDef::NamedExport { instance, export } => self.named_export(instance, export),
            CoreDef::Trampoline(index) => self.trampoline_func(index).map(ExternHandle::Func),
            CoreDef::Fuel => Ok(ExternHandle::Global(self.store.0.vm.fuel_global())),
            CoreDef::State => self.state.map(ExternHandle::Memory).ok_or_else(not_made),
            CoreDef::ResourceType(resource) => self.resource_number(resource).map(ExternHandle::Global),
        }
    }

    /// What the store keeps of the instance.
    fn state_mut(&mut self) -> &mut ComponentInstanceState {
        let index = self.instance.index(self.store.0.vm.id());
        &mut self.store.0.components[index]
    }

    /// What an instance of an imported module exports.
    fn named_export(&mut self, instance: CoreInstanceIndex, export: u32) -> Result<ExternHandle> {
        let made = *self.instances.get(instance.as_u32() as usize).ok_or_else(not_made)?;
        let PlanModule::Imported(module) = self.plan.core_instances[instance] else {
            bail!("internal error: a plan takes a module of its own for an imported one");
        };
        let item = self.linked_module(module)?.export(export).ok_or_else(not_made)?;
        self.store.0.vm.export(made, item)
    }

    fn linked_module(&self, module: ModuleImportIndex) -> Result<&'a LinkedModule> {
        self.pre.imports.modules.get(module.as_u32() as usize).ok_or_else(not_made)
    }

    fn trampoline_func(&self, index: TrampolineIndex) -> Result<FuncHandle> {
        self.trampolines[index.as_u32() as usize].ok_or_else(not_made)
    }

    fn func(&mut self, def: CoreDefIndex) -> Result<FuncHandle> {
        match self.resolve(def)? {
            ExternHandle::Func(func) => Ok(func),
            _ => bail!("internal error: a plan takes something else for a function"),
        }
    }

    fn memory(&mut self, def: CoreDefIndex) -> Result<MemoryHandle> {
        match self.resolve(def)? {
            ExternHandle::Memory(memory) if self.store.0.vm.shared_memory(memory).is_some() => {
                bail!("not supported: shared memories in canonical options")
            }
            ExternHandle::Memory(memory) => Ok(memory),
            _ => bail!("internal error: a plan takes something else for a memory"),
        }
    }

    fn options(&mut self, options: &CanonOptions) -> Result<ResolvedOptions> {
        Ok(ResolvedOptions {
            memory: options.memory.map(|memory| self.memory(memory)).transpose()?,
            realloc: options.realloc.map(|func| self.func(func)).transpose()?,
            post_return: options.post_return.map(|func| self.func(func)).transpose()?,
            state: self.state.map(|memory| InstanceState {
                memory,
                root: self.instance,
                instance: options.instance,
                record: instance_state(options.instance),
            }),
            encoding: options.string_encoding,
            width: options.pointer_width,
            page_size_log2: options.page_size_log2,
        })
    }

    // Trampolines.

    fn trampoline(&mut self, index: TrampolineIndex) -> Result<FuncHandle> {
        match &self.plan.trampolines[index] {
            Trampoline::LowerImport { import, ty, options } => self.lower_import(index, *import, *ty, options),
            Trampoline::AdapterTrap { module, .. } => self.adapter_trap(index, *module),
            Trampoline::LowerLifted { .. } => self.lower_lifted(index),
            Trampoline::DropImportedResource(resource) => self.drop_imported(index, *resource),
        }
    }

    fn lower_import(
        &mut self,
        index: TrampolineIndex,
        import: ImportIndex,
        ty: FuncTypeIndex,
        options: &CanonOptions,
    ) -> Result<FuncHandle> {
        let name = &self.plan.imported_funcs[import].name;
        check_supported(options, name)?;
        let func = self.pre.imports.funcs[import.as_u32() as usize].clone();
        let shape = self.pre.component.lowered_shape(index).ok_or_else(not_made)?.clone();
        let options = self.options(options)?;
        let (tables, instance) = (self.tables.clone(), self.instance);
        func.import(&tables, ty)?;
        let budget = self.store.0.vm.budget().clone();
        let mut lowered = LoweredImport { tables, instance, options, adapter: None, shape, budget };
        lowered.adapter = func.link(&mut self.store, &lowered)?;
        let signature = self.pre.component.trampoline_signature(index).ok_or_else(not_made)?.clone();
        Ok(func.lower(&mut self.store, signature, lowered))
    }

    /// A call without an adapter.
    fn lower_lifted(&mut self, index: TrampolineIndex) -> Result<FuncHandle> {
        let plan = self.plan.clone();
        let Trampoline::LowerLifted { func, lift, lift_type, lower, lower_type, name } = &plan.trampolines[index]
        else {
            bail!("internal error: a trampoline is none that lowers what is lifted");
        };
        check_supported(lift, &name.function)?;
        check_supported(lower, &name.function)?;
        let types = &plan.types;
        let ty = types.func(*lift_type);
        let signature = types.lifted_signature(ty, lift.pointer_width);
        let callee = LiftedFunc::relayed(
            self.func(*func)?,
            self.options(lift)?,
            *lift_type,
            PassedValues::new(types, ty, &signature, lift.pointer_width),
            types.func_holds_handles(*lift_type),
        );
        let ty = types.func(*lower_type);
        let signature = types.lowered_signature(ty, lower.pointer_width);
        let relayed = RelayedCall {
            tables: self.tables.clone(),
            callee,
            lower: self.options(lower)?,
            lower_type: *lower_type,
            lower_passed: PassedValues::new(types, ty, &signature, lower.pointer_width),
            name: name.clone(),
        };
        self.add(index, move |store, values| relayed.call(store, values))
    }

    /// Where the adapters of a module report what is wrong with a value.
    fn adapter_trap(&mut self, index: TrampolineIndex, module: AdapterModuleIndex) -> Result<FuncHandle> {
        let plan = self.plan.clone();
        self.add(index, move |_, values| {
            let module = &plan.adapter_modules[module];
            Err(adapter_trap(&module.sites, &module.adapters, &plan.resources, values))
        })
    }

    fn add(
        &mut self,
        index: TrampolineIndex,
        func: impl Fn(StoreContextMut<'_, T>, &mut [RawValue]) -> Result<()> + Send + Sync + 'static,
    ) -> Result<FuncHandle> {
        let signature = self.pre.component.trampoline_signature(index).ok_or_else(not_made)?;
        Ok(self.store.0.add_host_func(signature.clone(), func))
    }
}

/// For each of a plan's trampolines that lowers an import, what is the same in all instances.
pub(crate) fn lowered_shapes(plan: &Plan) -> Box<[Option<Arc<LoweredShape>>]> {
    let host: Arc<str> = "host".into();
    let shape = |trampoline: &Trampoline| {
        let Trampoline::LowerImport { import, ty, options } = trampoline else { return None };
        let name = AdapterName {
            caller: plan.component_instances[options.instance].name.clone(),
            callee: host.clone(),
            function: plan.imported_funcs[*import].name.clone(),
        };
        let (types, width) = (&plan.types, options.pointer_width);
        let func = types.func(*ty);
        let passed = PassedValues::new(types, func, &types.lowered_signature(func, width), width);
        Some(Arc::new(LoweredShape { ty: *ty, passed, holds_handles: types.func_holds_handles(*ty), name }))
    };
    plan.trampolines.values().map(shape).collect()
}

/// The signatures of a plan's trampolines, in order, so that instantiating need not ask for them.
pub(crate) fn trampoline_signatures(registry: &SignatureRegistry, plan: &Plan) -> Result<Box<[RegisteredSignature]>> {
    let signature = |trampoline: &Trampoline| {
        let (params, results) = match trampoline {
            Trampoline::LowerImport { ty, options, .. } => {
                let lowered = plan.types.lowered_signature(plan.types.func(*ty), options.pointer_width);
                (lowered.params, lowered.results)
            }
            Trampoline::AdapterTrap { indices, .. } => (trap_params(usize::from(*indices)), Vec::new()),
            Trampoline::LowerLifted { lower, lower_type, .. } => {
                let lowered = plan.types.lowered_signature(plan.types.func(*lower_type), lower.pointer_width);
                (lowered.params, lowered.results)
            }
            Trampoline::DropImportedResource(_) => (vec![FlatType::I32], Vec::new()),
        };
        registry.register(&core_func_type(params, results))
    };
    plan.trampolines.values().map(signature).collect()
}

fn not_made() -> Error {
    format_err!("internal error: a plan refers to what it makes later")
}

#[cfg(all(test, feature = "compile"))]
mod tests {
    use crate::core_text::tests::WRITTEN;
    use crate::signatures::tests::REGISTERED;
    use crate::{Component, Engine, Linker, Result, Store};

    /// Ten imports, lowered, a function that is lifted, and one each of what modules import: none of their signatures is looked
    /// up, and none of their types written, when an instance is made.
    #[test]
    fn instantiating_asks_for_no_signature_and_writes_no_type() -> Result<()> {
        let numbers = || 0..10;
        let imports: String = numbers().map(|n| format!(r#"(import "f{n}" (func $f{n} (param "x" u32)))"#)).collect();
        let lowered: String = numbers().map(|n| format!("(core func $c{n} (canon lower (func $f{n})))")).collect();
        let wanted: String = numbers().map(|n| format!(r#"(import "" "f{n}" (func (param i32)))"#)).collect();
        let given: String = numbers().map(|n| format!(r#"(export "f{n}" (func $c{n}))"#)).collect();
        let text = format!(
            r#"(component {imports} {lowered}
                (core module $libc (memory (export "mem") 1) (table (export "table") 1 funcref)
                    (global (export "global") i32 (i32.const 0)))
                (core instance $libc (instantiate $libc))
                (core module $m {wanted}
                    (import "libc" "mem" (memory 1)) (import "libc" "table" (table 1 funcref))
                    (import "libc" "global" (global i32))
                    (func (export "g") (param i32) (call 3 (local.get 0))))
                (core instance $i (instantiate $m (with "" (instance {given})) (with "libc" (instance $libc))))
                (func (export "g") (param "x" u32) (canon lift (core func $i "g"))))"#
        );
        let engine = Engine::default();
        let mut linker = Linker::<u32>::new(&engine);
        for n in numbers() {
            linker.root().func_wrap(
                &format!("f{n}"),
                move |mut store: crate::StoreContextMut<'_, u32>, (x,): (u32,)| {
                    *store.data_mut() = n + x;
                    Ok(())
                },
            )?;
        }
        let pre = linker.instantiate_pre(&Component::new(&engine, text)?)?;
        let before = (REGISTERED.get(), WRITTEN.get());
        let mut store = Store::new(&engine, 0);
        let instance = pre.instantiate(&mut store)?;
        instance.get_typed_func::<(u32,), ()>(&mut store, "g")?.call(&mut store, (5,))?;
        assert_eq!((REGISTERED.get(), WRITTEN.get()), before);
        assert_eq!(*store.data(), 8);
        Ok(())
    }
}
