//! From wasm to code in memory: the compiler with an engine's settings. Absent without the feature `compile`.

use crate::config::{Config, OptLevel};
use crate::error::{Error, Result};
use crate::progress::{CompilePhase, ProgressObserver};
use crate::signatures::{RegisteredSignature, SignatureRegistry};
use crate::source::{CodeSource, SourceInput};
use crate::vm::{CodeMemory, stack_left};
use gusset_codegen::{
    CodegenError, Compiler, CompilerSettings, FunctionsDone, LinkUnit, OptimizationLevel, UnitModule,
};
use gusset_types::Arena;
use std::collections::HashMap;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Who is told how many functions are done.
type Observer<'a> = &'a (dyn Fn(FunctionsDone) + Sync);

/// The compiler of an engine.
pub(crate) struct EngineCompiler {
    codegen: Arc<Compiler>,
    lazy: bool,
    progress: Option<ProgressObserver>,
    /// Code that only goes between host and guest, by signature. Nothing is compiled under its lock.
    trampolines: Mutex<HashMap<u32, Arc<CodeMemory>>>,
    /// Adapters of links, by their modules with the names in them, which backtraces show. Nothing is compiled under its lock.
    adapters: Mutex<HashMap<Box<[u8]>, Arc<CodeMemory>>>,
}

impl EngineCompiler {
    pub(crate) fn new(config: &Config) -> Result<EngineCompiler> {
        let settings = CompilerSettings {
            optimization: match config.opt_level {
                OptLevel::None => OptimizationLevel::None,
                OptLevel::Speed => OptimizationLevel::Speed,
                OptLevel::SpeedAndSize => OptimizationLevel::SpeedAndSize,
            },
            features: config.features,
            nan_canonicalization: config.nan_canonicalization,
            memory_reservation: config.memory_reservation,
            memory_guard: config.memory_guard,
            frame_form: config.frame_form,
        };
        let mut codegen = Compiler::new(&settings)?;
        if let Some(threads) = config.compile_threads {
            codegen = codegen.with_threads(threads);
        }
        let (codegen, progress, lazy) = (Arc::new(codegen), config.progress.clone(), config.lazy_compilation);
        Ok(EngineCompiler { codegen, lazy, progress, trampolines: Mutex::default(), adapters: Mutex::default() })
    }

    /// Who is told how far a component or module is.
    pub(crate) fn progress(&self) -> Option<&ProgressObserver> {
        self.progress.as_ref()
    }

    /// Compiles a link unit and places it in memory. `source` is the text that it comes from, for backtraces.
    pub(crate) fn compile(
        &self,
        signatures: &SignatureRegistry,
        unit: &LinkUnit<'_>,
        source: Option<CodeSource>,
    ) -> Result<Arc<CodeMemory>> {
        let code = match self.lazy {
            true => {
                let prepare = |observer: Observer<'_>| self.codegen.prepare(unit, observer);
                let (image, lazy) = self.told(CompilePhase::Validate, prepare)?;
                CodeMemory::lazy(signatures, image, lazy, self.codegen.clone())?
            }
            false => {
                let compile = |observer: Observer<'_>| self.codegen.compile_observed(unit, observer);
                CodeMemory::new(signatures, self.told(CompilePhase::Compile, compile)?)?
            }
        };
        Ok(Arc::new(code.with_source(source)))
    }

    /// What `work` makes of a unit, for whose functions `phase` is done by it. Who wants to know how far it is, is told.
    fn told<R>(
        &self,
        phase: CompilePhase,
        work: impl FnOnce(Observer<'_>) -> std::result::Result<R, CodegenError>,
    ) -> Result<R> {
        let Some(progress) = &self.progress else { return Ok(work(&|_| {})?) };
        let last = Mutex::new(None);
        let made = work(&|done: FunctionsDone| {
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

    /// The same, and nobody is told.
    fn compile_untold(
        &self,
        signatures: &SignatureRegistry,
        unit: &LinkUnit<'_>,
        source: Option<CodeSource>,
    ) -> Result<Arc<CodeMemory>> {
        let image = self.codegen.compile(unit)?;
        Ok(Arc::new(CodeMemory::new(signatures, image)?.with_source(source)))
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
        let mut modules = Arena::default();
        modules.push(UnitModule { name: "module", wasm: &input.wasm, offset: 0, imports: &[], generated: false });
        let code = self.compile(signatures, &LinkUnit { modules }, input.code_source(1));
        code.map_err(|error| input.codegen_error(error))
    }

    /// Compiles a module that FACT made for a link, or gives what was made of the same module. Threads that ask at once may each
    /// make it; what the first one made stays, as long as the engine.
    pub(crate) fn adapter(&self, signatures: &SignatureRegistry, wasm: &[u8]) -> Result<Arc<CodeMemory>> {
        let known = || self.adapters.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(code) = known().get(wasm) {
            return Ok(code.clone());
        }
        let mut modules = Arena::default();
        modules.push(UnitModule { name: "adapter", wasm, offset: 0, imports: &[], generated: true });
        let code = with_stack(|| self.compile_untold(signatures, &LinkUnit { modules }, None))??;
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
        let image = with_stack(|| self.codegen.compile_trampolines(&signature.ty))??;
        let code = Arc::new(CodeMemory::new(signatures, image)?);
        Ok(known().entry(signature.number).or_insert(code).clone())
    }
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
