//! Adapters between instances that are linked with one another, compiled when they are linked: what FACT makes of a lower and a
//! lift of two root instances. They pass no handles, and calls that do are relayed.

use crate::activation::check_return;
use crate::adapter_trap::adapter_trap;
use crate::config::Config;
use crate::error::{Result, format_err};
use crate::host_func::LoweredImport;
use crate::lifted_func::LiftedFunc;
use crate::signatures::core_func_type;
use crate::store::StoreContextMut;
use crate::vm::{EnteredBy, ExternHandle, FuncHandle, RawValue};
use gusset_artifact::{EntityIndex, FuncIndex, ImportLink, MemoryIndex, ModuleIndex, TranscoderImport};
use gusset_fact::{AdapterImport, AdapterSpec};
use gusset_types::{
    AdapterName, Arena, CanonOptions, ComponentInstanceIndex, CoreDefIndex, DefinedTypeIndex, FlatType, Types, ValType,
    trap_params,
};
use std::collections::HashMap;
use std::sync::Arc;

/// Most parts of a function's types, written out, that an adapter is made for: code for each of them may be generated.
const MAX_PARTS: usize = 10_000;

/// What an adapter refers to: the places of its options.
#[derive(Clone, Copy)]
enum LinkEnd {
    CallerMemory,
    CallerRealloc,
    CalleeMemory,
    CalleeRealloc,
    PostReturn,
    Callee,
}

impl LinkEnd {
    const ALL: [LinkEnd; 6] = [
        LinkEnd::CallerMemory,
        LinkEnd::CallerRealloc,
        LinkEnd::CalleeMemory,
        LinkEnd::CalleeRealloc,
        LinkEnd::PostReturn,
        LinkEnd::Callee,
    ];

    fn def(self) -> CoreDefIndex {
        CoreDefIndex::from_u32(self as u32)
    }
}

/// The adapter for calls of `callee` through `import`, whose type has the same structure; `None` where there is none for it.
///
/// # Errors
///
/// When the adapter cannot be compiled or instantiated.
pub(super) fn link<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    import: &LoweredImport,
    callee: &LiftedFunc,
    name: AdapterName,
) -> Result<Option<FuncHandle>> {
    let types = &import.tables.plan.types;
    let config = store.engine().config();
    let wanted = config.link_adapters && config.tracer.is_none() && !import.holds_handles;
    if !wanted || gusset_fact::unsupported(types, import.ty).is_some() || parts(types, import) > MAX_PARTS {
        return Ok(None);
    }
    let module = gusset_fact::compile_link(types, &spec(import, callee, &name, config));
    let engine = store.engine().clone();
    let links: Vec<_> = module.imports.iter().map(import_link).collect();
    let code = engine.compiler().adapter(engine.signatures(), &module.wasm, &links)?;
    let link = Link { import, callee };
    let allocates = module.imports.iter().any(|wanted| *wanted == AdapterImport::Func(LinkEnd::CallerRealloc.def()));
    let mut imports = Vec::with_capacity(module.imports.len());
    let sites: Arc<[_]> = module.sites.into();
    for wanted in &module.imports {
        imports.push(match *wanted {
            AdapterImport::Transcoder { .. } => continue,
            AdapterImport::Trap { indices } => {
                let (sites, name) = (sites.clone(), name.clone());
                add(store, (trap_params(usize::from(indices)), Vec::new()), move |_, values| {
                    Err(adapter_trap(&sites, std::slice::from_ref(&name), &Arena::default(), values))
                })?
            }
            AdapterImport::Func(def) if allocates && def == LinkEnd::Callee.def() => {
                returning_callee(store, &link, name.clone())?
            }
            AdapterImport::Func(def) | AdapterImport::Memory(def) => link.at(def)?,
            AdapterImport::State => link.state(import.options.state.map(|state| state.memory))?,
            AdapterImport::CalleeState => link.state(callee.options().state.map(|state| state.memory))?,
            AdapterImport::Fuel => ExternHandle::Global(store.0.vm.fuel_global()),
            AdapterImport::ResourceType(_) => {
                return Err(format_err!("internal error: an adapter of a link asks for a resource type"));
            }
        });
    }
    let instance = store.0.instantiate_generated(&code, ModuleIndex::from_u32(0), &imports, None)?;
    let call = module.functions.first().ok_or_else(|| format_err!("internal error: a link has no adapter"))?;
    match store.0.vm.export(instance, EntityIndex::Func(FuncIndex::from_u32(call.call)))? {
        ExternHandle::Func(func) => Ok(Some(func)),
        _ => Err(format_err!("internal error: an adapter is no function")),
    }
}

/// What is known of an import of the adapter wherever it is used.
fn import_link(import: &AdapterImport) -> ImportLink {
    match *import {
        AdapterImport::Transcoder { op, src, dst } => {
            let [src, dst] = [src, dst].map(MemoryIndex::from_u32);
            ImportLink::Transcoder(TranscoderImport { op, src, dst })
        }
        _ => ImportLink::Unknown,
    }
}

fn spec(import: &LoweredImport, callee: &LiftedFunc, name: &AdapterName, config: &Config) -> AdapterSpec {
    let (lower, lift) = (&import.options, callee.options());
    let root = ComponentInstanceIndex::from_u32(0);
    // An instance that calls itself has one memory, and the module must know that it is one.
    let callee_memory = if lift.memory == lower.memory { LinkEnd::CallerMemory } else { LinkEnd::CalleeMemory };
    AdapterSpec {
        name: name.clone(),
        lower: CanonOptions {
            instance: lower.state.map_or(root, |state| state.instance),
            string_encoding: lower.encoding,
            memory: lower.memory.map(|_| LinkEnd::CallerMemory.def()),
            pointer_width: lower.width,
            page_size_log2: lower.page_size_log2,
            realloc: lower.realloc.map(|_| LinkEnd::CallerRealloc.def()),
            post_return: None,
            async_: false,
            callback: None,
        },
        lift: CanonOptions {
            instance: lift.state.map_or(root, |state| state.instance),
            string_encoding: lift.encoding,
            memory: lift.memory.map(|_| callee_memory.def()),
            pointer_width: lift.width,
            page_size_log2: lift.page_size_log2,
            realloc: lift.realloc.map(|_| LinkEnd::CalleeRealloc.def()),
            post_return: lift.post_return.map(|_| LinkEnd::PostReturn.def()),
            async_: false,
            callback: None,
        },
        lower_type: import.ty,
        lift_type: import.ty,
        callee: LinkEnd::Callee.def(),
        // Whoever enters the callee's root instance has tested it.
        check_may_leave: false,
        toggle_caller: lower.state.is_some(),
        toggle_callee: lift.state.is_some(),
        fuel: config.consume_fuel,
        canonical_nans: config.nan_canonicalization,
    }
}

/// The two ends.
struct Link<'a> {
    import: &'a LoweredImport,
    callee: &'a LiftedFunc,
}

impl Link<'_> {
    /// What stands at a place.
    fn at(&self, def: CoreDefIndex) -> Result<ExternHandle> {
        let (lower, lift) = (&self.import.options, self.callee.options());
        let found = match LinkEnd::ALL.get(def.as_u32() as usize) {
            Some(LinkEnd::CallerMemory) => lower.memory.map(ExternHandle::Memory),
            Some(LinkEnd::CallerRealloc) => lower.realloc.map(ExternHandle::Func),
            Some(LinkEnd::CalleeMemory) => lift.memory.map(ExternHandle::Memory),
            Some(LinkEnd::CalleeRealloc) => lift.realloc.map(ExternHandle::Func),
            Some(LinkEnd::PostReturn) => lift.post_return.map(ExternHandle::Func),
            Some(LinkEnd::Callee) => Some(ExternHandle::Func(self.callee.callee())),
            None => None,
        };
        found.ok_or_else(|| format_err!("internal error: an adapter asks for an option that is not there"))
    }

    fn state(&self, memory: Option<crate::vm::MemoryHandle>) -> Result<ExternHandle> {
        let memory = memory.map(ExternHandle::Memory);
        memory.ok_or_else(|| format_err!("internal error: an adapter asks for a state that is not there"))
    }
}

/// The callee, behind a check that the caller may be returned to: an adapter that calls its `realloc` may not do so in an instance
/// that was locked meanwhile.
fn returning_callee<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    link: &Link<'_>,
    name: AdapterName,
) -> Result<ExternHandle> {
    let (caller, callee) = (link.import.instance, link.callee.callee());
    let types = &link.import.tables.plan.types;
    let signature = types.lifted_signature(types.func(link.import.ty), link.callee.options().width);
    add(store, (signature.params, signature.results), move |mut store, values| {
        store.call_core_by(EnteredBy::Runtime, callee, values)?;
        check_return(store.0, caller, || name.clone())
    })
}

/// A function of the host that an adapter imports.
fn add<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    (params, results): (Vec<FlatType>, Vec<FlatType>),
    func: impl Fn(StoreContextMut<'_, T>, &mut [RawValue]) -> Result<()> + Send + Sync + 'static,
) -> Result<ExternHandle> {
    let signature = store.engine().signatures().register(&core_func_type(params, results))?;
    Ok(ExternHandle::Func(store.0.add_host_func(signature, func)))
}

/// How many parts the types of an import have, written out.
fn parts(types: &Types, import: &LoweredImport) -> usize {
    let func = types.func(import.ty);
    let mut known = HashMap::new();
    func.param_types().chain(func.result).fold(0, |sum, ty| parts_of(types, ty, &mut known).saturating_add(sum))
}

/// Recursion is bounded by the depth of types that are exchanged with the host.
fn parts_of(types: &Types, ty: ValType, known: &mut HashMap<DefinedTypeIndex, usize>) -> usize {
    let ValType::Defined(index) = ty else { return 1 };
    if let Some(&known) = known.get(&index) {
        return known;
    }
    let mut sum = 1_usize;
    types.defined(index).each_child(|child| sum = sum.saturating_add(parts_of(types, child, known)));
    known.insert(index, sum);
    sum
}
