//! [`Component`]: a compiled component, to be instantiated as often as wanted. It does not change once it is made.

use crate::canon::PassedValues;
use crate::engine::Engine;
use crate::error::{Result, bail};
use crate::export_name::{MODULES, find_export};
use crate::export_path::ExportPath;
use crate::host_func::LoweredShape;
use crate::instantiate::{lowered_shapes, trampoline_signatures};
use crate::signatures::RegisteredSignature;
#[cfg(feature = "compile")]
use crate::source::SourceInput;
use crate::type_scope::TypeTables;
use crate::types::{ComponentFunc, ComponentItem, view};
use crate::vm::CodeMemory;
#[cfg(feature = "compile")]
use crate::{config::Config, pooling::InstanceAllocationStrategy};
use gusset_artifact::{
    AdapterModuleInfo, FuncExport, FuncSource, ModuleIndex, Plan, PlanModule, RawTable, TrampolineIndex,
};
#[cfg(feature = "compile")]
use gusset_artifact::{ArtifactContent, CodeImage};
use gusset_types::{
    AdapterName, CanonOptions, ComponentInstanceIndex, DefinedType, FuncTypeIndex, Param, PointerWidth, Printable,
    TrapSite, Types, ValType,
};
use std::sync::{Arc, OnceLock};

/// Types that are nested more deeply are not exchanged with the host, which walks them by recursion.
const MAX_TYPE_DEPTH: u32 = 100;

/// A compiled [component]. Cheap to clone; it can be instantiated any number of times, in any store of its engine.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::{Component, Engine};
/// let component = Component::new(&Engine::default(), r#"(component
///     (core module $m (func (export "one") (result i32) (i32.const 1)))
///     (core instance $i (instantiate $m))
///     (func (export "one") (result u32) (canon lift (core func $i "one"))))"#)?;
/// assert_eq!(component.imports().len(), 0);
/// let exports: Vec<&str> = component.exports().map(|(name, _)| name).collect();
/// assert_eq!(exports, ["one"]);
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// [component]: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#component-definitions
#[derive(Clone)]
pub struct Component(Arc<Inner>);

struct Inner {
    engine: Engine,
    tables: Arc<TypeTables>,
    code: Arc<CodeMemory>,
    funcs: Vec<ExportedFunc>,
    /// The wasm of the modules of adapters.
    adapter_modules: Vec<RawTable>,
    /// Made when somebody asks.
    adapters: OnceLock<Vec<AdapterSource>>,
    /// Of the plan's trampolines.
    trampoline_signatures: Box<[RegisteredSignature]>,
    /// Of those that lower imports.
    lowered_shapes: Box<[Option<Arc<LoweredShape>>]>,
}

/// A module of adapters: what joins the components of a composition. [`Component::adapters`] lists them.
#[derive(Clone, Debug)]
pub struct AdapterSource {
    /// Who calls whom, for each adapter in the module.
    pub names: Vec<AdapterName>,
    /// The type of the function that is called, for each adapter; none for a built-in that stands in the module.
    pub types: Vec<Option<ComponentFunc>>,
    /// What the first argument of the imported trap functions stands for. Some are not used and have an empty path.
    pub sites: Vec<TrapSite>,
    /// The module: plain core wasm. It exports one function for each adapter, in order.
    pub wasm: Vec<u8>,
}

/// A function among the exports, as far as it is the same for all instances.
pub(crate) struct ExportedFunc {
    /// A name for people.
    pub(crate) name: Arc<str>,
    pub(crate) ty: FuncTypeIndex,
    /// The component instance that lifts it; the root for an import.
    pub(crate) instance: ComponentInstanceIndex,
    pub(crate) passed: PassedValues,
    pub(crate) holds_handles: bool,
    /// Whether a handle might be refused when something has been lowered already, so that all are checked before.
    pub(crate) checks_handles: bool,
}

impl Component {
    /// Compiles a component from the [binary format] or, with the feature `wat`, from text.
    ///
    /// What begins with `\0asm` is taken for binary, everything else for text. All of it is validated, function bodies
    /// of core modules too.
    ///
    /// # Errors
    ///
    /// When `bytes` are no valid component, or it needs what is not supported: the error says what and where. The
    /// payload is a [`TranslateError`](crate::TranslateError), for function bodies of core modules a
    /// [`CodegenError`](crate::CodegenError), or the text parser's error. And when less than a mebibyte of stack is left
    /// here, and the system starts no thread that has more.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::{Component, Engine, TranslateError, TranslateErrorKind};
    /// let error = Component::new(&Engine::default(), r#"(component (import "c" (component)))"#).unwrap_err();
    /// let error = error.downcast_ref::<TranslateError>().expect("it is not supported");
    /// assert!(matches!(error.kind(), TranslateErrorKind::Unsupported(_)));
    /// # }
    /// ```
    ///
    /// [binary format]: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md
    #[cfg(feature = "compile")]
    pub fn new(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Component> {
        let bytes = bytes.as_ref();
        crate::compile::with_stack(|| Component::compile(engine, &SourceInput::new(bytes, None)?))?
    }

    /// Compiles a component that has a name, as [`Component::new`] does.
    ///
    /// # Errors
    ///
    /// Those of [`Component::new`].
    #[cfg(feature = "compile")]
    pub fn from_source(engine: &Engine, source: &crate::NamedSource) -> Result<Component> {
        crate::compile::with_stack(|| Component::compile(engine, &SourceInput::of_source(source)?))?
    }

    /// What [`Component::new`] does, where the stack has room for it.
    #[cfg(feature = "compile")]
    fn compile(engine: &Engine, input: &SourceInput<'_>) -> Result<Component> {
        let compile = || Component::compile_anew(engine, input);
        #[cfg(feature = "cache")]
        return crate::cache::component(engine, input, compile);
        #[cfg(not(feature = "cache"))]
        compile()
    }

    #[cfg(feature = "compile")]
    fn compile_anew(engine: &Engine, input: &SourceInput<'_>) -> Result<Component> {
        let translation = translate(engine, input)?;
        let unit = link_unit(engine.config(), &translation);
        let source = input.code_source(translation.modules.values().filter(|module| !module.adapter).count());
        let code = engine.compiler().compile(engine.signatures(), &unit, source);
        let code = code.map_err(|error| input.codegen_error(error))?;
        let adapters = adapter_modules(&translation);
        Component::from_parts(engine, Arc::new(translation.plan), code, adapters)
    }

    /// Compiles the component in a file, as [`Component::new`] does.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, and those of [`Component::new`]; they say which file.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::{Component, Engine};
    /// let error = Component::from_file(&Engine::default(), "no/such/file.wasm").expect_err("there is none");
    /// assert!(error.to_string().starts_with("cannot read no/such/file.wasm"));
    /// # }
    /// ```
    #[cfg(feature = "compile")]
    pub fn from_file(engine: &Engine, path: impl AsRef<std::path::Path>) -> Result<Component> {
        crate::source::with_file(path.as_ref(), |bytes, name| {
            crate::compile::with_stack(|| Component::compile(engine, &SourceInput::new(bytes, Some(name))?))?
        })
    }

    /// Validates a component completely, without asking whether an engine can run it: a valid component may well need
    /// what is not supported, or a feature that an engine has switched off. It may use all that the specification has.
    ///
    /// # Errors
    ///
    /// When `bytes` are no valid component.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::{Component, Engine};
    /// let async_func = r#"(component (import "f" (func async)))"#;
    /// assert!(Component::validate(async_func).is_ok());
    /// assert!(Component::validate(r#"(component (export "f" (func 0)))"#).is_err());
    /// # }
    /// ```
    #[cfg(feature = "compile")]
    pub fn validate(bytes: impl AsRef<[u8]>) -> Result<()> {
        let bytes = bytes.as_ref();
        let features = gusset_types::ComponentFeatures::specified();
        crate::compile::with_stack(|| {
            let input = SourceInput::new(bytes, None)?;
            Ok(gusset_component::validate(&input.wasm, features).map_err(|error| input.translate_error(error))?)
        })?
    }

    /// A component from what compilation yields. `plan` and `code` are trusted: they come from this workspace's compiler;
    /// `adapters` are the binaries of its adapter modules.
    pub(crate) fn from_parts(
        engine: &Engine,
        plan: Arc<Plan>,
        code: Arc<CodeMemory>,
        adapter_modules: Vec<RawTable>,
    ) -> Result<Component> {
        for import in plan.imported_funcs.values() {
            check_depth(&plan.types, import.ty, &import.name)?;
        }
        let funcs = plan.exported_funcs.values().map(|func| exported_func(&plan.types, func)).collect::<Result<_>>()?;
        let trampoline_signatures = trampoline_signatures(engine.signatures(), &plan)?;
        let lowered_shapes = lowered_shapes(&plan);
        let (engine, tables) = (engine.clone(), Arc::new(TypeTables::new(plan)));
        let adapters = OnceLock::new();
        let inner =
            Inner { engine, tables, code, funcs, adapter_modules, adapters, trampoline_signatures, lowered_shapes };
        Ok(Component(Arc::new(inner)))
    }

    /// The engine that it was compiled with.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// What it [imports], by name, in order. What stands for imported functions is for a [`Linker`](crate::Linker) to
    /// say.
    ///
    /// [imports]: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#import-and-export-definitions
    pub fn imports(&self) -> impl ExactSizeIterator<Item = (&str, ComponentItem)> + '_ {
        let imports = &self.plan().imports;
        imports.items.iter().map(|(name, item)| (&**name, view(self, imports, item)))
    }

    /// What it [exports], by name, in order; what an exported instance exports is within its item.
    ///
    /// [exports]: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#import-and-export-definitions
    pub fn exports(&self) -> impl ExactSizeIterator<Item = (&str, ComponentItem)> + '_ {
        let exports = &self.plan().exports;
        exports.items.iter().map(|(name, item)| (&**name, view(self, exports, item)))
    }

    /// The core module of its own that it exports at `path`, if there is one. `path` is as for
    /// [`Instance::get_func`](crate::Instance::get_func). One that it imports and exports is known of its instances:
    /// [`Instance::get_module`](crate::Instance::get_module).
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// # use gusset::{Component, Engine};
    /// let text = r#"(component (core module $m (func (export "f"))) (export "code" (core module $m)))"#;
    /// let component = Component::new(&Engine::default(), text)?;
    /// let module = component.get_module("code").expect("it is exported");
    /// assert_eq!(module.exports().len(), 1);
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn get_module(&self, path: impl ExportPath) -> Option<crate::core::Module> {
        match find_export(self.plan(), &path, MODULES).ok()?.item {
            PlanModule::Unit(index) => Some(self.module(index)),
            PlanModule::Imported(_) => None,
        }
    }

    /// The generated adapters, module by module, as core wasm binaries; none if no component inside calls another.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// # use gusset::{Component, Engine};
    /// let component = Component::new(&Engine::default(), r#"(component
    ///     (component $lib
    ///         (core module $m (func (export "f")))
    ///         (core instance $i (instantiate $m))
    ///         (func (export "f") (canon lift (core func $i "f"))))
    ///     (component $app
    ///         (import "f" (func $f))
    ///         (core func $f (canon lower (func $f)))
    ///         (core module $m (import "" "f" (func)))
    ///         (core instance (instantiate $m (with "" (instance (export "f" (func $f)))))))
    ///     (instance $lib (instantiate $lib))
    ///     (instance (instantiate $app (with "f" (func $lib "f")))))"#)?;
    /// let [module] = component.adapters() else { panic!("there is one module of adapters") };
    /// assert_eq!(module.names[0].to_string(), "app -> lib f");
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn adapters(&self) -> &[AdapterSource] {
        self.0.adapters.get_or_init(|| {
            let tables = &self.0.tables;
            let modules = tables.plan.adapter_modules.values().zip(&self.0.adapter_modules);
            let source = |(info, wasm): (&AdapterModuleInfo, &RawTable)| AdapterSource {
                names: info.adapters.clone(),
                types: info.types.iter().map(|ty| Some(ComponentFunc::new(tables, (*ty)?))).collect(),
                sites: info.sites.clone(),
                wasm: wasm.bytes().to_vec(),
            };
            modules.map(source).collect()
        })
    }

    /// The wasm of the modules of adapters.
    pub(crate) fn adapter_modules(&self) -> &[RawTable] {
        &self.0.adapter_modules
    }

    /// A core module of its own.
    pub(crate) fn module(&self, index: ModuleIndex) -> crate::core::Module {
        crate::core::Module::of_unit(self.0.code.clone(), index)
    }

    pub(crate) fn plan(&self) -> &Arc<Plan> {
        &self.0.tables.plan
    }

    /// Its types, with resource types that no instance has.
    pub(crate) fn tables(&self) -> &Arc<TypeTables> {
        &self.0.tables
    }

    pub(crate) fn code(&self) -> &Arc<CodeMemory> {
        &self.0.code
    }

    /// The signature of a trampoline; `None` for one that the plan does not have.
    pub(crate) fn trampoline_signature(&self, trampoline: TrampolineIndex) -> Option<&RegisteredSignature> {
        self.0.trampoline_signatures.get(trampoline.as_u32() as usize)
    }

    /// What is the same in all instances of a trampoline that lowers an import; `None` for others.
    pub(crate) fn lowered_shape(&self, trampoline: TrampolineIndex) -> Option<&Arc<LoweredShape>> {
        self.0.lowered_shapes.get(trampoline.as_u32() as usize)?.as_ref()
    }

    /// The exported functions, those of exported instances too, by [`FuncExportIndex`](gusset_artifact::FuncExportIndex).
    pub(crate) fn exported_funcs(&self) -> &[ExportedFunc] {
        &self.0.funcs
    }
}

impl std::fmt::Debug for Component {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let exports: Vec<&str> = self.plan().exports.items.keys().map(|name| &**name).collect();
        f.debug_struct("Component").field("exports", &exports).finish_non_exhaustive()
    }
}

/// What a component is compiled to, when nothing is placed in memory.
#[cfg(feature = "compile")]
pub(crate) fn compile_image(engine: &Engine, input: &SourceInput<'_>) -> Result<(CodeImage, ArtifactContent)> {
    let translation = translate(engine, input)?;
    let image = engine.compiler().compile_image(&link_unit(engine.config(), &translation));
    let image = image.map_err(|error| input.codegen_error(error))?;
    let adapters = adapter_modules(&translation);
    Ok((image, ArtifactContent::Component { plan: Arc::new(translation.plan), adapters }))
}

#[cfg(feature = "compile")]
fn translate<'a>(engine: &Engine, input: &'a SourceInput<'_>) -> Result<gusset_component::Translation<'a>> {
    if let Some(progress) = engine.compiler().progress() {
        progress.parse(input.wasm.len());
    }
    let config = engine.config();
    let settings = gusset_component::TranslateSettings {
        features: config.component_features,
        calls_through_host: config.tracer.is_some(),
        fuel: config.consume_fuel,
        canonical_nans: config.nan_canonicalization,
        keep_flags: config.keep_flags,
    };
    let translation = gusset_component::translate(&input.wasm, &settings);
    Ok(translation.map_err(|error| input.translate_error(error))?)
}

#[cfg(feature = "compile")]
fn link_unit<'a>(config: &Config, translation: &'a gusset_component::Translation<'_>) -> gusset_codegen::LinkUnit<'a> {
    // What an engine's own pool has no room for is not made; an artefact of another engine's may be.
    let joins = match &config.allocation_strategy {
        InstanceAllocationStrategy::OnDemand => true,
        InstanceAllocationStrategy::Pooling(pool) => {
            pool.max_core_instance_size >= gusset_codegen::MAX_JOINT_CONTEXTS as usize
        }
    };
    let mut unit = gusset_codegen::LinkUnit::default();
    for module in translation.modules.values() {
        let (name, wasm, imports) = (&*module.name, &*module.wasm, &*module.imports);
        let open_exports = module.open_exports.as_deref();
        let (offset, single, generated) = (module.offset, module.single && joins, module.adapter);
        unit.modules.push(gusset_codegen::UnitModule { name, wasm, offset, imports, open_exports, single, generated });
    }
    unit
}

#[cfg(feature = "compile")]
fn adapter_modules(translation: &gusset_component::Translation<'_>) -> Vec<RawTable> {
    let modules = translation.plan.adapter_modules.values();
    modules.map(|adapter| RawTable::from(translation.modules[adapter.module].wasm.to_vec())).collect()
}

fn exported_func(types: &Types, func: &FuncExport) -> Result<ExportedFunc> {
    check_depth(types, func.ty, &func.name)?;
    let (instance, width) = match &func.source {
        FuncSource::Lift { options, .. } => {
            check_supported(options, &func.name)?;
            (options.instance, options.pointer_width)
        }
        FuncSource::Import(_) => (ComponentInstanceIndex::from_u32(0), PointerWidth::Memory32),
    };
    let ty = types.func(func.ty);
    let signature = types.lifted_signature(ty, width);
    Ok(ExportedFunc {
        name: func.name.clone(),
        ty: func.ty,
        instance,
        passed: PassedValues::new(types, ty, &signature, width),
        holds_handles: types.func_holds_handles(func.ty),
        checks_handles: lowers_before_handle(types, &ty.params, signature.params_in_memory),
    })
}

/// Whether something of the parameters is lowered before one of their handles: not if the first is the only one.
fn lowers_before_handle(types: &Types, params: &[Param], in_memory: bool) -> bool {
    let handle = |ty| match ty {
        ValType::Defined(index) => matches!(types.defined(index), DefinedType::Own(_) | DefinedType::Borrow(_)),
        _ => false,
    };
    let later = match params {
        [first, rest @ ..] if !in_memory && handle(first.ty) => rest,
        params => params,
    };
    later.iter().any(|param| types.holds_handles(param.ty))
}

/// Checks that the host can be the other side of these options.
pub(crate) fn check_supported(options: &CanonOptions, name: &str) -> Result<()> {
    if options.async_ {
        bail!("not supported: async (function `{}`)", Printable::name(name));
    }
    Ok(())
}

fn check_depth(types: &Types, ty: FuncTypeIndex, name: &str) -> Result<()> {
    let func = types.func(ty);
    if func.param_types().chain(func.result).any(|ty| types.depth(ty) > MAX_TYPE_DEPTH) {
        let name = Printable::name(name);
        bail!("not supported: a type nested more than {MAX_TYPE_DEPTH} deep (function `{name}`)");
    }
    Ok(())
}
