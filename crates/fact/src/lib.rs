//! The fused adapter compiler: turns each pair of a `canon lower` and the `canon lift` that it lowers into a core function.
//!
//! **Internal.** It is a part of the crate `gusset`, which is for hosts. What it makes public may change in any release, without notice.
//!
//! An adapter lifts the caller's arguments and lowers them to the callee in one pass, without a value in between, calls, and does
//! the same for the result. The output is one core module whose imports are symbolic ([`AdapterImport`]). This crate knows
//! neither components nor an engine, so that any host of core wasm can run what it makes; it must never come to know them.
#![forbid(unsafe_code)]

mod aggregate;
mod block;
mod body;
mod borrow;
mod builtin;
mod call;
mod copy;
mod emit;
mod fuel;
mod handle;
mod handle_table;
mod helper;
mod list;
mod may_leave;
mod module;
mod place;
mod scalar;
mod shape;
mod short;
mod short_text;
mod site;
mod spec;
mod string;
mod transcode;
mod variant;

use gusset_types::{Arena, CanonOptions, ResourceType, ResourceTypeIndex, Types};

pub use shape::unsupported;
pub use spec::{AdapterFunctions, AdapterImport, AdapterModule, AdapterSpec, BuiltinSpec, FunctionSpec};

/// Makes one core module of `specs`, whose types hold handles of `resources`: what `canon lower` and `canon lift` do in
/// `CanonicalABI.md` ("Canonical Definitions"), fused, and the built-ins that work on the state of component instances.
///
/// ```
/// use gusset_fact::{AdapterImport, AdapterSpec, FunctionSpec, compile};
/// use gusset_types::*;
///
/// let mut types = Types::default();
/// let params = [Param { name: "n".into(), ty: ValType::U8 }].into();
/// let ty = types.intern_func(FuncType { async_: false, params, result: Some(ValType::Bool) });
/// let options = |instance| CanonOptions {
///     instance: ComponentInstanceIndex::from_u32(instance),
///     string_encoding: StringEncoding::Utf8,
///     memory: None,
///     pointer_width: PointerWidth::Memory32,
///     page_size_log2: 16,
///     realloc: None,
///     post_return: None,
///     async_: false,
///     callback: None,
/// };
/// let module = compile(&types, &Arena::default(), &[FunctionSpec::Call(AdapterSpec {
///     name: AdapterName { caller: "app".into(), callee: "lib".into(), function: "is-even".into() },
///     lower: options(0),
///     lift: options(1),
///     lower_type: ty,
///     lift_type: ty,
///     callee: CoreDefIndex::from_u32(7),
///     check_may_leave: false,
///     toggle_caller: false,
///     toggle_callee: false,
///     fuel: false,
///     canonical_nans: false,
/// })]);
/// // Numbers need neither memory nor state.
/// assert_eq!(module.imports, [AdapterImport::Func(CoreDefIndex::from_u32(7))]);
/// ```
///
/// The module needs no more than core wasm 2.0 and multiple memories; memory64 where a side has it. It imports each
/// memory that one of the specs uses; engines limit that to 100 for a module, and it is for the caller to keep to it.
///
/// # Panics
///
/// Where a spec breaks what its documentation says: types of the two sides that differ in structure, a memory or `realloc` that
/// is missing although the types need it, an async side, handles within one component instance, or a type that [`unsupported`] reports.
pub fn compile(
    types: &Types,
    resources: &Arena<ResourceTypeIndex, ResourceType>,
    specs: &[FunctionSpec],
) -> AdapterModule {
    let mut module = module::ModuleBuilder::new(types, resources, specs);
    let define = |(i, spec): (u32, &FunctionSpec)| match spec {
        FunctionSpec::Call(spec) => call::define_call(&mut module, i, spec),
        FunctionSpec::Builtin(spec) => builtin::define_builtin(&mut module, i, spec),
    };
    let calls: Vec<_> = (0..).zip(specs).map(define).collect();
    module.define_helpers();
    module.define_table_funcs();
    module.define_short_moves();
    module.define_short_texts();
    module.finish(&calls)
}

/// Makes one core module of an adapter between two root instances, which have a state memory each: `lower.instance` is of the
/// caller's, `lift.instance` of the callee's, and its state is [`AdapterImport::CalleeState`].
///
/// # Panics
///
/// As [`compile`], and where the type holds handles.
pub fn compile_link(types: &Types, spec: &AdapterSpec) -> AdapterModule {
    let lift = CanonOptions { instance: module::FOREIGN, ..spec.lift.clone() };
    let call = AdapterSpec { lift, ..spec.clone() };
    let handles = |ty| types.func(ty).param_types().chain(types.func(ty).result).any(|ty| types.holds_handles(ty));
    assert!(!handles(spec.lower_type) && !handles(spec.lift_type), "a link between root instances passes no handles");
    let (resources, specs) = (Arena::default(), [FunctionSpec::Call(call)]);
    let mut module = module::ModuleBuilder::new(types, &resources, &specs).with_foreign(spec.lift.instance);
    let [FunctionSpec::Call(call)] = &specs else { unreachable!("it is a call") };
    let func = call::define_call(&mut module, 0, call);
    module.define_helpers();
    module.define_short_moves();
    module.define_short_texts();
    module.finish(&[func])
}
