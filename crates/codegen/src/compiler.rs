//! The compiler: from a link unit to an image, function by function on several threads.

use crate::compiled::{self, CompiledFunction, GeneratorBuffers, Isas};
use crate::error::CodegenError;
use crate::func::{self, FormKind, TranslatedFunction, TranslationBuffers};
use crate::inline_plan::InlinePlan;
use crate::key::CodeKey;
use crate::module_env::{Body, ParsedUnit, UnitEnv};
use crate::optional_bodies::OptionalBodies;
use crate::parallel::Helpers;
use crate::progress::{FunctionsDone, Observer, ProgressCounter};
use crate::settings::{CompilerSettings, OptimizationLevel};
use crate::signature::wasm_signature;
use crate::target::{CodeTarget, cpu_features};
use crate::unit::LinkUnit;
use crate::{builtin_stub, entry, features, guard, host_stub, image};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::FunctionBuilderContext;
use gusset_artifact::{BuiltinFunction, CodeImage, CoreFuncType, ModuleIndex, SignatureIndex};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Less than this much wasm is compiled in the time that it takes to start a thread for it.
const BYTES_FOR_A_THREAD: u64 = 2 << 10;

/// As many stubs take the time that it takes to start a thread for them.
const STUBS_FOR_A_THREAD: usize = 16;

/// As many parameters or results as validation allows functions of modules.
const MAX_VALUES: usize = 1000;

/// Beyond so many stubs they are not worth the optimiser: modules of 80 MB have a few thousand signatures.
const MAX_BEST_STUBS: usize = 10_000;

/// Nor is a stub with more values: the allocator takes milliseconds for a thousand that are alive at once.
const MAX_BEST_STUB_VALUES: usize = 300;

/// Compiles link units. It can be used from many threads at once.
pub struct Compiler {
    pub(crate) isas: Isas,
    pub(crate) settings: CompilerSettings,
    /// Architecture and system.
    target: String,
    pub(crate) helpers: Helpers,
    /// Whether images have what debuggers read.
    pub(crate) debug_sections: bool,
}

/// What a worker keeps from one function to the next.
#[derive(Default)]
pub(crate) struct Buffers {
    translation: TranslationBuffers,
    generator: GeneratorBuffers,
}

/// The same for stubs.
#[derive(Default)]
struct StubBuffers {
    builder: FunctionBuilderContext,
    generator: GeneratorBuffers,
}

/// Code of a function, and the signatures of its indirect calls.
type Compiled = (CompiledFunction, Vec<SignatureIndex>);

impl Compiler {
    /// A compiler for this machine.
    ///
    /// # Errors
    ///
    /// Of kind [`Unsupported`](crate::CodegenErrorKind::Unsupported) when the machine is of an architecture that is not
    /// supported or lacks instructions that compiled code needs (on x86-64, SSE4.1).
    pub fn new(settings: &CompilerSettings) -> Result<Compiler, CodegenError> {
        Compiler::for_target(settings, &CodeTarget::default())
    }

    /// A compiler for some machine.
    ///
    /// # Errors
    ///
    /// As [`Compiler::new`], and when no code generator for it is built in, or nothing is known of the processor.
    pub fn for_target(settings: &CompilerSettings, target: &CodeTarget) -> Result<Compiler, CodegenError> {
        let isa = |effort| {
            let internal =
                |error: &dyn fmt::Display| CodegenError::internal(format!("code generator settings: {error}"));
            let flags = flags(settings, effort).map_err(|error| internal(&error))?;
            target.builder()?.finish(settings::Flags::new(flags)).map_err(|error| internal(&error))
        };
        let isas = Isas { best: isa(Effort::Best)?, linear: isa(Effort::Linear)? };
        let isa = &isas.best;
        if isa.pointer_bytes() != 8 {
            return Err(CodegenError::unsupported("not supported: machines whose pointers are not 64 bits wide"));
        }
        if !isa.has_round() {
            // Rounding would need library functions, and compiled code calls none.
            return Err(CodegenError::unsupported("not supported: x86-64 machines without SSE4.1"));
        }
        let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get());
        let (settings, helpers) = (settings.clone(), Helpers::new(threads));
        Ok(Compiler { isas, settings, target: target.name()?, helpers, debug_sections: false })
    }

    /// The same with another number of threads for each unit (default: one for each processor): the caller's, and helpers,
    /// which several callers share. With 0 or 1 all is done on the caller's, and so it is where the system starts no threads.
    pub fn with_threads(self, threads: usize) -> Compiler {
        Compiler { helpers: Helpers::new(threads), ..self }
    }

    /// The same, which also keeps the sections of modules that debuggers read, or does not (default): see
    /// [`DebugSections`](gusset_artifact::DebugSections). Code is the same with them.
    pub fn with_debug_sections(self, kept: bool) -> Compiler {
        Compiler { debug_sections: kept, ..self }
    }

    /// The settings that it was made with.
    pub fn settings(&self) -> &CompilerSettings {
        &self.settings
    }

    /// Architecture and system that the code is for, as artefacts have them.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// What the code may use of the processor, sorted, by the code generator's names.
    pub fn cpu_features(&self) -> Vec<String> {
        cpu_features(&*self.isas.best)
    }

    /// Validates and compiles a link unit. Equal units give equal images.
    ///
    /// # Errors
    ///
    /// Of kind [`Invalid`](crate::CodegenErrorKind::Invalid) when a module is malformed or does not validate, of kind
    /// [`Unsupported`](crate::CodegenErrorKind::Unsupported) when it needs what is not supported. The first error in the
    /// order of modules is reported: of what stands outside of function bodies, then of the bodies.
    pub fn compile(&self, unit: &LinkUnit<'_>) -> Result<CodeImage, CodegenError> {
        self.compile_observed(unit, &|_| {})
    }

    /// The same; `observer` is told how many functions are done: before the first, after the last, and some hundred times between.
    /// All threads that compile call it, several at once, so that what it is told may be out of order.
    ///
    /// # Errors
    ///
    /// Those of [`compile`](Compiler::compile).
    ///
    /// # Panics
    ///
    /// When `observer` panics.
    pub fn compile_observed(
        &self,
        unit: &LinkUnit<'_>,
        observer: &(dyn Fn(FunctionsDone) + Sync),
    ) -> Result<CodeImage, CodegenError> {
        let ParsedUnit { mut env, bodies, data } = UnitEnv::parse(&self.settings, unit, self.debug_sections)?;
        self.plan_inlining(&mut env, &bodies, false);
        self.compile_parsed(env, bodies, data, observer)
            .map_err(|(module, error)| features::explain(error, &self.settings, &unit.modules[module]))?
    }

    /// Decides what is inlined of bodies that may be known to be valid.
    pub(crate) fn plan_inlining(&self, env: &mut UnitEnv, bodies: &[Body<'_>], valid: bool) {
        let optimizes = self.settings.optimization != OptimizationLevel::None;
        if self.settings.inlining && optimizes && !self.settings.frame_form {
            env.inlining = Some(Arc::new(InlinePlan::of(env, bodies, valid, &self.helpers)));
        }
    }

    /// Compiles and links a unit. An error within is one that is not about a module.
    pub(crate) fn compile_parsed(
        &self,
        env: UnitEnv,
        bodies: Vec<Body<'_>>,
        data: Vec<u8>,
        observer: Observer<'_>,
    ) -> Result<Result<CodeImage, CodegenError>, (ModuleIndex, CodegenError)> {
        let (mut functions, indirect) = self.compile_functions(&env, bodies, observer)?;
        Ok(self.compile_stubs(&env, needed_stubs(&env, &functions, indirect)).and_then(|stubs| {
            functions.extend(stubs);
            image::link(&*self.isas.best, env, functions, data)
        }))
    }

    /// All functions that have code of their own, in order, and the signatures of all indirect calls; or the first error, and the module that
    /// it is in.
    fn compile_functions(
        &self,
        env: &UnitEnv,
        bodies: Vec<Body<'_>>,
        observer: Observer<'_>,
    ) -> Result<(Vec<CompiledFunction>, BTreeSet<SignatureIndex>), (ModuleIndex, CodegenError)> {
        let progress = ProgressCounter::start(bodies.len(), bodies.iter().map(body_size).sum(), observer);
        let mut bodies: Vec<_> = bodies.into_iter().enumerate().collect();
        let mut optional = OptionalBodies::of(env, &mut bodies);
        let mut results = Vec::with_capacity(bodies.len());
        loop {
            let compiled = self.compile_bodies(env, bodies, &progress)?;
            bodies = optional.needed_by(compiled.iter().map(|(_, (function, _))| function));
            results.extend(compiled);
            if bodies.is_empty() {
                break;
            }
        }
        optional.left().for_each(|body| progress.add(body_size(&body)));
        results.sort_unstable_by_key(|(at, _)| *at);
        let mut functions = Vec::with_capacity(results.len());
        let mut indirect = BTreeSet::new();
        for (_, (function, signatures)) in results {
            functions.push(function);
            indirect.extend(signatures);
        }
        Ok((functions, indirect))
    }

    /// Functions with their numbers, in any order; or the error of the first of those that have one, and the module that it is in.
    fn compile_bodies(
        &self,
        env: &UnitEnv,
        mut bodies: Vec<(usize, Body<'_>)>,
        progress: &ProgressCounter<'_>,
    ) -> Result<Vec<(usize, Compiled)>, (ModuleIndex, CodegenError)> {
        // What stands behind the first error need not be compiled, but everything before it must.
        let first_error = AtomicUsize::new(usize::MAX);
        let bytes: u64 = bodies.iter().map(|(_, body)| body_size(body)).sum();
        // The largest are begun first, so that no thread is left alone with one at the end.
        bodies.sort_by_key(|(_, body)| Reverse(body_size(body)));
        let worthwhile = (bytes / BYTES_FOR_A_THREAD) as usize;
        let results = self.helpers.map(bodies, worthwhile, Buffers::default, |buffers, _, (at, body)| {
            if at > first_error.load(Ordering::Relaxed) {
                return None;
            }
            let (module, size) = (body.module, body_size(&body));
            let result = self.compile_function(env, buffers, body).map_err(|error| (at, module, error));
            if result.is_err() {
                first_error.fetch_min(at, Ordering::Relaxed);
                // A failed translation leaves them dirty.
                *buffers = Buffers::default();
            } else {
                progress.add(size);
            }
            Some(result.map(|compiled| (at, compiled)))
        });
        // Only functions behind an error are missing.
        let (mut functions, mut failed) = (Vec::with_capacity(results.len()), None);
        for result in results.into_iter().flatten() {
            match result {
                Ok(function) => functions.push(function),
                Err(error) => failed = failed.into_iter().chain([error]).min_by_key(|(at, ..)| *at),
            }
        }
        match failed {
            Some((_, module, error)) => Err((module, error)),
            None => Ok(functions),
        }
    }

    pub(crate) fn compile_function(
        &self,
        env: &UnitEnv,
        buffers: &mut Buffers,
        body: Body<'_>,
    ) -> Result<Compiled, CodegenError> {
        let (module, index, start) = (body.module, body.index, body.body.range().start);
        let within = |error: CodegenError| error.at(start).within(env.describe(module, index));
        // What is too much with all that is inlined need not be too much without it.
        let mut attempts = vec![(FormKind::Frame, false)];
        if !self.settings.frame_form {
            attempts.push((FormKind::Ssa, false));
            attempts.extend(env.inlining.as_ref().map(|_| (FormKind::Ssa, true)));
        }
        while let Some((form, inlines)) = attempts.pop() {
            let isa = &*self.isas.best;
            let translated = func::translate(env, &self.settings, isa, &mut buffers.translation, &body, form, inlines)
                .map_err(|error| error.within(env.describe(module, index)))?;
            let Some(TranslatedFunction { func, indirect, has_loops, places }) = translated else {
                // What was begun is of no use.
                buffers.translation = TranslationBuffers::default();
                continue;
            };
            let nothing_inlined = inlines && places.has_no_calls();
            let generator = &mut buffers.generator;
            let compiled = compiled::compile(&self.isas, generator, func, form, has_loops, places).map_err(within)?;
            let Some(mut compiled) = compiled else {
                if nothing_inlined {
                    attempts.pop();
                }
                continue;
            };
            if !self.settings.signals_based_traps {
                let ty = env.signature(env.modules[module].module.functions.at(index));
                let signature = wasm_signature(ty, self.settings.consume_fuel);
                compiled = guard::guarded(&self.isas, &mut buffers.generator, signature, compiled).map_err(within)?;
            }
            return Ok((compiled, indirect));
        }
        Err(within(CodegenError::internal("no form is left for the function")))
    }

    /// Code of no module: an entry trampoline and a host stub for functions of a type, made on the caller's thread.
    ///
    /// # Errors
    ///
    /// Of kind [`Unsupported`](crate::CodegenErrorKind::Unsupported) when no module can have such functions.
    pub fn compile_trampolines(&self, ty: &CoreFuncType) -> Result<CodeImage, CodegenError> {
        if ty.params.len().max(ty.results.len()) > MAX_VALUES {
            let message = format!("not supported: functions of more than {MAX_VALUES} parameters or results");
            return Err(CodegenError::unsupported(message));
        }
        let mut env = UnitEnv::default();
        let signature = env.signatures.push(ty.clone());
        let mut buffers = StubBuffers::default();
        let stubs = [CodeKey::Entry(signature), CodeKey::HostStub(signature)];
        let stubs = stubs.into_iter().map(|key| self.compile_stub(&env, &mut buffers, key, false));
        let stubs = stubs.collect::<Result<Vec<_>, _>>()?;
        image::link(&*self.isas.best, env, stubs, Vec::new())
    }

    pub(crate) fn compile_stubs(
        &self,
        env: &UnitEnv,
        stubs: Vec<CodeKey>,
    ) -> Result<Vec<CompiledFunction>, CodegenError> {
        let worthwhile = stubs.len() / STUBS_FOR_A_THREAD;
        let many = stubs.len() > MAX_BEST_STUBS;
        let compile = |buffers: &mut StubBuffers, _, key| self.compile_stub(env, buffers, key, many);
        self.helpers.map(stubs, worthwhile, StubBuffers::default, compile).into_iter().collect()
    }

    fn compile_stub(
        &self,
        env: &UnitEnv,
        buffers: &mut StubBuffers,
        key: CodeKey,
        many: bool,
    ) -> Result<CompiledFunction, CodegenError> {
        let target = self.isas.best.frontend_config();
        let StubBuffers { builder, generator } = buffers;
        let func = match key {
            CodeKey::Builtin(builtin) => builtin_stub::build(builder, target, builtin),
            CodeKey::Entry(signature) => {
                entry::build(builder, target, signature, env.signature(signature), self.settings.consume_fuel)
            }
            CodeKey::HostStub(signature) => {
                host_stub::build(builder, target, signature, env.signature(signature), self.settings.consume_fuel)
            }
            CodeKey::Function(..) => return Err(CodegenError::internal("a function is no stub")),
        };
        let linear = many || func.dfg.num_values() > MAX_BEST_STUB_VALUES;
        compiled::compile_stub(&self.isas, generator, func, linear)
            .map_err(|error| error.within(format_args!("{key:?}")))
    }
}

impl fmt::Debug for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compiler")
            .field("target", &self.isas.best.triple().to_string())
            .field("settings", &self.settings)
            .finish()
    }
}

/// Bytes of a body in the input.
fn body_size(body: &Body<'_>) -> u64 {
    body.body.range().end - body.body.range().start
}

/// The stubs of a unit, in the order in which they are placed: those of the runtime's functions that the code calls, then an
/// entry trampoline for each signature whose functions the host may call, and a host stub for each whose functions may be the host's.
fn needed_stubs(env: &UnitEnv, functions: &[CompiledFunction], indirect: BTreeSet<SignatureIndex>) -> Vec<CodeKey> {
    let called = functions.iter().flat_map(|func| &func.relocations).filter_map(|reloc| match reloc.target {
        CodeKey::Builtin(builtin) => Some(builtin as usize),
        _ => None,
    });
    let called: BTreeSet<usize> = called.collect();
    // What is called by reference may be anybody's, and so may what is open be called by anybody.
    let (mut entries, mut host_stubs) = (indirect.clone(), indirect);
    for env in env.modules.values() {
        let signature = |func| env.module.functions.at(func);
        entries.extend(env.open.iter().map(|&func| signature(func)));
        host_stubs.extend(env.unknown_functions().map(signature));
    }
    let builtins = called.into_iter().map(|builtin| CodeKey::Builtin(BuiltinFunction::ALL[builtin]));
    let entries = entries.into_iter().map(CodeKey::Entry);
    let host_stubs = host_stubs.into_iter().map(CodeKey::HostStub);
    builtins.chain(entries).chain(host_stubs).collect()
}

/// How much work a function's code is worth.
#[derive(Clone, Copy)]
enum Effort {
    /// What the settings ask for.
    Best,
    /// What takes time and memory in proportion to the function's size, whatever its shape.
    Linear,
}

/// Cranelift's flags.
fn flags(settings: &CompilerSettings, effort: Effort) -> Result<settings::Builder, settings::SetError> {
    let mut flags = settings::builder();
    let level = match (effort, settings.optimization) {
        (Effort::Linear, _) | (_, OptimizationLevel::None) => "none",
        (_, OptimizationLevel::Speed) => "speed",
        (_, OptimizationLevel::SpeedAndSize) => "speed_and_size",
    };
    flags.set("opt_level", level)?;
    let allocator = match effort {
        Effort::Best => "backtracking",
        Effort::Linear => "single_pass",
    };
    flags.set("regalloc_algorithm", allocator)?;
    flags.set("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" })?;
    flags.set("enable_nan_canonicalization", if settings.nan_canonicalization { "true" } else { "false" })?;
    // The runtime walks frames by their pointers and needs no tables for it.
    flags.set("preserve_frame_pointers", "true")?;
    flags.set("unwind_info", "false")?;
    // Frames larger than the guard of a stack touch each of its pages.
    flags.set("enable_probestack", "true")?;
    flags.set("probestack_strategy", "inline")?;
    // Signatures can have more results than there are registers for them.
    flags.set("enable_multi_ret_implicit_sret", "true")?;
    Ok(flags)
}
