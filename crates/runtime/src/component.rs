//! [`Component`]: a compiled component, to be instantiated as often as wanted. It does not change once it is made.

use crate::engine::Engine;
use crate::error::{Result, bail};
use crate::instance::ExportPath;
use crate::types::{ComponentItem, PlanItem};
use crate::vm::CodeMemory;
use gusset_artifact::{ExternItem, FuncSource, Plan, RootExport};
use gusset_types::{AdapterName, CanonOptions, ComponentInstanceIndex, FuncTypeIndex, PointerWidth, Types};
use indexmap::IndexMap;
use std::collections::HashMap;
use std::sync::Arc;

/// Types that are nested more deeply are not exchanged with the host, which walks them by recursion.
const MAX_TYPE_DEPTH: u32 = 100;

/// A compiled component. Cheap to clone.
#[derive(Clone)]
pub struct Component(Arc<Inner>);

struct Inner {
    engine: Engine,
    plan: Arc<Plan>,
    code: Arc<CodeMemory>,
    funcs: Vec<ExportedFunc>,
    func_at: HashMap<Vec<Box<str>>, u32>,
    adapters: Vec<AdapterSource>,
}

/// A module of adapters: what joins the components of a composition.
#[derive(Clone, Debug)]
pub struct AdapterSource {
    /// Who calls whom, for each adapter in the module.
    pub names: Vec<AdapterName>,
    /// The module: plain core wasm.
    pub wasm: Vec<u8>,
}

/// A function among the exports, as far as it is the same for all instances.
pub(crate) struct ExportedFunc {
    /// The names that lead to it.
    pub(crate) path: Vec<Box<str>>,
    pub(crate) ty: FuncTypeIndex,
    pub(crate) source: FuncSource,
    /// The component instance that lifts it; the root for an import.
    pub(crate) instance: ComponentInstanceIndex,
    pub(crate) params_in_memory: bool,
    pub(crate) result_in_memory: bool,
}

impl Component {
    /// Compiles a component from the binary format or, with the feature `wat`, from text.
    ///
    /// # Errors
    ///
    /// When `bytes` are no valid component, or it needs what is not supported: the error says what and where.
    #[cfg(feature = "compile")]
    pub fn new(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Component> {
        let wasm = crate::source::wasm(bytes.as_ref())?;
        let translation = gusset_component::translate(&wasm)?;
        let mut unit = gusset_codegen::LinkUnit::default();
        for module in translation.modules.values() {
            let (name, wasm, imports) = (&*module.name, &*module.wasm, &*module.imports);
            let (offset, generated) = (module.offset, module.adapter);
            unit.modules.push(gusset_codegen::UnitModule { name, wasm, offset, imports, generated });
        }
        let code = engine.compiler().compile(engine, &unit)?;
        let mut adapters = Vec::new();
        for adapter in translation.plan.adapter_modules.values() {
            let wasm = translation.modules[adapter.module].wasm.to_vec();
            adapters.push(AdapterSource { names: adapter.adapters.clone(), wasm });
        }
        Component::from_parts(engine, translation.plan, code, adapters)
    }

    /// Validates a component completely, without asking whether an engine can run it: a valid component may well need what is
    /// not supported, or a feature that an engine has switched off.
    ///
    /// # Errors
    ///
    /// When `bytes` are no valid component.
    #[cfg(feature = "compile")]
    pub fn validate(bytes: impl AsRef<[u8]>) -> Result<()> {
        let wasm = crate::source::wasm(bytes.as_ref())?;
        Ok(gusset_component::validate(&wasm)?)
    }

    /// A component from what compilation yields. `plan` and `code` are trusted: they come from this workspace's compiler.
    pub(crate) fn from_parts(
        engine: &Engine,
        plan: Plan,
        code: Arc<CodeMemory>,
        adapters: Vec<AdapterSource>,
    ) -> Result<Component> {
        let mut funcs = Vec::new();
        collect_funcs(&plan, &plan.exports, &mut Vec::new(), &mut funcs)?;
        for import in plan.imported_funcs.values() {
            check_depth(&plan.types, import.ty, &import.path)?;
        }
        let func_at = funcs.iter().enumerate().map(|(i, func)| (func.path.clone(), i as u32)).collect();
        let plan = Arc::new(plan);
        Ok(Component(Arc::new(Inner { engine: engine.clone(), plan, code, funcs, func_at, adapters })))
    }

    /// The engine that it was compiled with.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// What it imports, by name, in order.
    pub fn imports(&self) -> impl ExactSizeIterator<Item = (&str, ComponentItem)> + '_ {
        self.0.plan.imports.iter().map(|(name, item)| (&**name, item.view(&self.0.plan)))
    }

    /// What it exports, by name, in order.
    pub fn exports(&self) -> impl ExactSizeIterator<Item = (&str, ComponentItem)> + '_ {
        self.0.plan.exports.iter().map(|(name, item)| (&**name, item.view(&self.0.plan)))
    }

    /// The core module that it exports at `path`, if there is one. `path` is as for
    /// [`Instance::get_func`](crate::Instance::get_func).
    pub fn get_module(&self, path: impl ExportPath) -> Option<crate::core::Module> {
        match self.0.plan.export(&path.names())? {
            ExternItem::Item(RootExport::Module(index)) => {
                Some(crate::core::Module::of_unit(self.0.code.clone(), *index))
            }
            _ => None,
        }
    }

    /// The generated adapters, module by module; none if it was not compiled in this process.
    pub fn adapters(&self) -> &[AdapterSource] {
        &self.0.adapters
    }

    pub(crate) fn plan(&self) -> &Arc<Plan> {
        &self.0.plan
    }

    pub(crate) fn code(&self) -> &Arc<CodeMemory> {
        &self.0.code
    }

    /// The exported functions, those of exported instances too.
    pub(crate) fn exported_funcs(&self) -> &[ExportedFunc] {
        &self.0.funcs
    }

    /// The position of an exported function.
    pub(crate) fn exported_func(&self, path: &[&str]) -> Option<u32> {
        let path: Vec<Box<str>> = path.iter().map(|name| Box::from(*name)).collect();
        self.0.func_at.get(&path).copied()
    }
}

impl std::fmt::Debug for Component {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let exports: Vec<&str> = self.0.plan.exports.keys().map(|name| &**name).collect();
        f.debug_struct("Component").field("exports", &exports).finish_non_exhaustive()
    }
}

fn collect_funcs(
    plan: &Plan,
    exports: &IndexMap<Box<str>, ExternItem<RootExport>>,
    path: &mut Vec<Box<str>>,
    funcs: &mut Vec<ExportedFunc>,
) -> Result<()> {
    for (name, item) in exports {
        path.push(name.clone());
        match item {
            ExternItem::Instance(exports) => collect_funcs(plan, exports, path, funcs)?,
            ExternItem::Item(RootExport::Func { ty, source }) => {
                check_depth(&plan.types, *ty, path)?;
                funcs.push(exported_func(plan, *ty, source, path)?);
            }
            ExternItem::Item(_) => {}
        }
        path.pop();
    }
    Ok(())
}

fn exported_func(plan: &Plan, ty: FuncTypeIndex, source: &FuncSource, path: &[Box<str>]) -> Result<ExportedFunc> {
    let (instance, width) = match source {
        FuncSource::Lift { options, .. } => {
            check_supported(options, path)?;
            (options.instance, options.pointer_width)
        }
        FuncSource::Import(_) => (ComponentInstanceIndex::from_u32(0), PointerWidth::Memory32),
    };
    let signature = plan.types.lifted_signature(plan.types.func(ty), width);
    Ok(ExportedFunc {
        path: path.to_vec(),
        ty,
        source: source.clone(),
        instance,
        params_in_memory: signature.params_in_memory,
        result_in_memory: signature.result_in_memory,
    })
}

/// Checks that the host can be the other side of these options.
pub(crate) fn check_supported(options: &CanonOptions, path: &[Box<str>]) -> Result<()> {
    if options.async_ {
        bail!("not supported: async (function `{}`)", path.join("#"));
    }
    Ok(())
}

fn check_depth(types: &Types, ty: FuncTypeIndex, path: &[Box<str>]) -> Result<()> {
    let func = types.func(ty);
    if func.param_types().chain(func.result).any(|ty| types.depth(ty) > MAX_TYPE_DEPTH) {
        bail!("not supported: a type nested more than {MAX_TYPE_DEPTH} deep (function `{}`)", path.join("#"));
    }
    Ok(())
}
