//! From wasm to code in memory: the compiler with an engine's settings. Absent without the feature `compile`.

use crate::config::Config;
use crate::error::{Error, Result};
use crate::progress::{CompilePhase, ProgressObserver};
use crate::signatures::{RegisteredSignature, SignatureRegistry};
use crate::source::{CodeSource, SourceInput};
use crate::vm::{CodeMemory, stack_left};
use gusset_artifact::{CodeIdentity, CodeImage, ImportLink};
use gusset_codegen::{CodeTarget, Compiler, FunctionsDone, LinkUnit, UnitModule};
use gusset_types::Arena;
use std::collections::HashMap;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// The compiler of an engine.
pub(crate) struct EngineCompiler {
    codegen: Arc<Compiler>,
    /// Whether functions of components and modules are compiled when they are called.
    lazy: bool,
    /// What its code is for.
    identity: Arc<CodeIdentity>,
    progress: Option<ProgressObserver>,
    /// Code that only goes between host and guest, by signature. Nothing is compiled under its lock.
    trampolines: Mutex<HashMap<u32, Arc<CodeMemory>>>,
    /// Adapters of links, by their modules with the names in them, which backtraces show. Nothing is compiled under its lock.
    adapters: Mutex<HashMap<Box<[u8]>, Arc<CodeMemory>>>,
}

impl EngineCompiler {
    pub(crate) fn new(config: &Config) -> Result<EngineCompiler> {
        let target = CodeTarget { triple: config.target.clone(), cpu: config.target_cpu.clone() };
        let codegen = Compiler::for_target(&config.code_settings(), &target)?;
        let mut codegen = codegen.with_debug_sections(config.has_backtrace_details());
        if let Some(threads) = config.compile_threads {
            codegen = codegen.with_threads(threads);
        }
        let (target, cpu_features) = (codegen.target().to_string(), codegen.cpu_features());
        let identity = Arc::new(CodeIdentity { target, cpu_features, ..config.identity() });
        let (codegen, lazy, progress) = (Arc::new(codegen), config.lazy_compilation, config.progress.clone());
        let (trampolines, adapters) = Default::default();
        Ok(EngineCompiler { codegen, lazy, identity, progress, trampolines, adapters })
    }

    /// What its code is for.
    pub(crate) fn identity(&self) -> &CodeIdentity {
        &self.identity
    }

    /// Who is told how far a component or module is.
    pub(crate) fn progress(&self) -> Option<&ProgressObserver> {
        self.progress.as_ref()
    }

    /// Compiles a link unit, and places nothing in memory.
    pub(crate) fn compile_image(&self, unit: &LinkUnit<'_>) -> Result<CodeImage> {
        self.observed(CompilePhase::Compile, |observer| Ok(self.codegen.compile_observed(unit, observer)?))
    }

    /// The same of a single module.
    pub(crate) fn compile_module_image(&self, input: &SourceInput<'_>) -> Result<CodeImage> {
        if let Some(progress) = &self.progress {
            progress.parse(input.wasm.len());
        }
        self.compile_image(&unit_of_module(input)).map_err(|error| input.codegen_error(error))
    }

    /// Does `compile`, and tells for how many functions `phase` is done, if anybody is told.
    fn observed<R>(
        &self,
        phase: CompilePhase,
        compile: impl FnOnce(&(dyn Fn(FunctionsDone) + Sync)) -> Result<R>,
    ) -> Result<R> {
        let Some(progress) = &self.progress else { return compile(&|_| {}) };
        let last = Mutex::new(None);
        let made = compile(&|done: FunctionsDone| {
            if done.functions == done.total_functions {
                *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
            }
            progress.functions(phase, done);
        })?;
        if let Some(done) = last.into_inner().unwrap_or_else(PoisonError::into_inner) {
            progress.functions(CompilePhase::Finish, done);
        }
        Ok(made)
    }

    /// Compiles a link unit and places it in memory. `source` is the text that it comes from, for backtraces.
    pub(crate) fn compile(
        &self,
        signatures: &SignatureRegistry,
        unit: &LinkUnit<'_>,
        source: Option<CodeSource>,
    ) -> Result<Arc<CodeMemory>> {
        let (codegen, identity) = (&self.codegen, &self.identity);
        let code = match self.lazy {
            true => self.observed(CompilePhase::Validate, |observer| {
                CodeMemory::compile_lazily(signatures, codegen, identity, unit, observer)
            }),
            false => self.observed(CompilePhase::Compile, |observer| {
                CodeMemory::compile(signatures, codegen, identity, unit, observer)
            }),
        }?;
        Ok(Arc::new(code.with_source(source)))
    }

    /// The same, and nobody is told.
    fn compile_untold(&self, signatures: &SignatureRegistry, unit: &LinkUnit<'_>) -> Result<Arc<CodeMemory>> {
        Ok(Arc::new(CodeMemory::compile(signatures, &self.codegen, &self.identity, unit, &|_| {})?))
    }

    /// Compiles a single module, about whose imports nothing is known.
    pub(crate) fn compile_module(
        &self,
        signatures: &SignatureRegistry,
        input: &SourceInput<'_>,
    ) -> Result<Arc<CodeMemory>> {
        if let Some(progress) = &self.progress {
            progress.parse(input.wasm.len());
        }
        let code = self.compile(signatures, &unit_of_module(input), input.code_source(1));
        code.map_err(|error| input.codegen_error(error))
    }

    /// Compiles a module that FACT made for a link, or gives what was made of the same module. Threads that ask at once may each
    /// make it; what the first one made stays, as long as the engine. `imports` are what the module's own say that they are.
    pub(crate) fn adapter(
        &self,
        signatures: &SignatureRegistry,
        wasm: &[u8],
        imports: &[ImportLink],
    ) -> Result<Arc<CodeMemory>> {
        let known = || self.adapters.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(code) = known().get(wasm) {
            return Ok(code.clone());
        }
        let mut modules = Arena::default();
        modules.push(UnitModule {
            name: "adapter",
            wasm,
            offset: 0,
            imports,
            open_exports: None,
            single: false,
            generated: true,
        });
        let code = with_stack(|| self.compile_untold(signatures, &LinkUnit { modules }))??;
        Ok(known().entry(wasm.into()).or_insert(code).clone())
    }

    /// Code with the entry and the host stub for functions of that type. Threads that ask at once may each make it; what the
    /// first one made stays.
    pub(crate) fn trampolines(
        &self,
        signatures: &SignatureRegistry,
        signature: &RegisteredSignature,
    ) -> Result<Arc<CodeMemory>> {
        let known = || self.trampolines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(code) = known().get(&signature.number) {
            return Ok(code.clone());
        }
        let code =
            with_stack(|| CodeMemory::compile_trampolines(signatures, &self.codegen, &self.identity, signature))??;
        let code = Arc::new(code);
        Ok(known().entry(signature.number).or_insert(code).clone())
    }
}

fn unit_of_module<'a>(input: &'a SourceInput<'_>) -> LinkUnit<'a> {
    let mut modules = Arena::default();
    modules.push(UnitModule {
        name: "module",
        wasm: &input.wasm,
        offset: 0,
        imports: &[],
        open_exports: None,
        single: false,
        generated: false,
    });
    LinkUnit { modules }
}

/// What parsers and the code generator may need of the native stack: they go down by recursion as far as their limits on nesting
/// let them.
const STACK_NEEDED: usize = 1 << 20;

/// Bytes of the stack of a thread for those who have less.
const STACK_OF_THREAD: usize = 2 << 20;

/// Does `work`, which parses or compiles, where the stack has room for it: here, or on a thread that is made for it. A host
/// function below a deep guest has next to nothing left, and of some stacks nobody knows how much.
///
/// # Errors
///
/// When there is no room here, and the system gives no thread.
///
/// # Panics
///
/// When `work` panics.
pub(crate) fn with_stack<R: Send>(work: impl FnOnce() -> R + Send) -> Result<R> {
    if stack_left().is_some_and(|left| left >= STACK_NEEDED) {
        return Ok(work());
    }
    let thread = thread::Builder::new().name("gusset-compiler".into()).stack_size(STACK_OF_THREAD);
    thread::scope(|scope| match thread.spawn_scoped(scope, work) {
        Ok(thread) => Ok(thread.join().unwrap_or_else(|payload| resume_unwind(payload))),
        Err(error) => {
            let needed = STACK_NEEDED >> 10;
            Err(Error::from(error).context(format!(
                "compiling needs {needed} KiB of stack: less is left here, and no thread could be started for it"
            )))
        }
    })
}
