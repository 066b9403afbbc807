//! Units whose functions are compiled when they are called: all of a unit is validated, and what can be placed at once is made of it,
//! thunks among it; its functions come later, one by one, in whatever order.

use crate::chunk::CodeChunk;
use crate::compiled::{CompiledFunction, Relocation};
use crate::compiler::{Buffers, Compiler};
use crate::error::{CodegenError, CodegenErrorKind};
use crate::key::CodeKey;
use crate::module_env::{Body, ParsedUnit, UnitEnv};
use crate::progress::{FunctionsDone, Observer, ProgressCounter};
use crate::thunk::{RESOLVE_PART, THUNK_SIZE, thunk};
use crate::unit::LinkUnit;
use crate::{features, image};
use gusset_artifact::{BuiltinFunction, CodeImage, FuncIndex, LAZY_SLOTS, ModuleIndex, SignatureIndex};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use wasmparser::{BinaryReader, FuncToValidate, FuncValidatorAllocations, FunctionBody, ValidatorResources};

/// Slots start at a multiple of this behind the text: whatever the size of a page, there is none with both.
const SLOTS_ALIGNMENT: u32 = 64 << 10;

/// Bytes of bodies that are validated in one go.
const VALIDATED_TOGETHER: u64 = 32 << 10;

/// A validated unit whose functions can be compiled one by one. All is kept that this takes: the bodies, and what the modules declare.
pub struct LazyUnit {
    env: UnitEnv,
    /// All bodies, one behind the other.
    code: Box<[u8]>,
    functions: Box<[LazyFunction]>,
    /// The number of the first function that a module defines, for each module.
    first: Box<[u32]>,
    /// Where the stubs of the runtime's functions stand in the text.
    builtins: Box<[u32]>,
    slots: u32,
}

/// A function that can be compiled.
struct LazyFunction {
    module: ModuleIndex,
    index: FuncIndex,
    validate: FuncToValidate<ValidatorResources>,
    /// Where its body stands in the unit's.
    start: usize,
    len: usize,
    /// Where it stands in the input.
    offset: u64,
}

/// What a thread keeps from one function that it compiles to the next.
#[derive(Default)]
pub struct LazyWorker {
    buffers: Buffers,
}

impl LazyUnit {
    /// How many functions its modules define. Their numbers are below that.
    pub fn functions(&self) -> u32 {
        self.functions.len() as u32
    }

    /// Bytes of the bodies of all functions.
    pub fn body_bytes(&self) -> u64 {
        self.code.len() as u64
    }

    /// Bytes of the body of a function.
    ///
    /// # Panics
    ///
    /// When there is no such function.
    pub fn body_len(&self, function: u32) -> usize {
        self.functions[function as usize].len
    }

    /// Where the slots start, in bytes from the start of the text: a multiple of 64 KiB, behind the text.
    pub fn slots(&self) -> u32 {
        self.slots
    }

    /// The end of the slots, in bytes from the start of the text.
    pub fn slots_end(&self) -> u32 {
        self.slots + LAZY_SLOTS.slot(self.functions())
    }

    /// What stands in the slot of a function that has not been compiled, in bytes from the start of the text.
    pub fn resolve_part(function: u32) -> u32 {
        function * THUNK_SIZE + RESOLVE_PART
    }

    /// The functions that are called from a chunk that has not been placed yet, by their numbers. A function may come several times.
    pub fn callees<'a>(&self, chunk: &'a CodeChunk) -> impl Iterator<Item = u32> + use<'a> {
        let thunks = self.functions() * THUNK_SIZE;
        chunk.targets().filter(move |&target| target < thunks).map(|target| target / THUNK_SIZE)
    }

    fn body(&self, function: &LazyFunction) -> Body<'_> {
        let LazyFunction { module, index, ref validate, start, len, offset } = *function;
        let FuncToValidate { ref resources, index: number, ty, features } = *validate;
        let validate = FuncToValidate { resources: resources.clone(), index: number, ty, features };
        let body = FunctionBody::new(BinaryReader::new(&self.code[start..start + len], offset));
        Body { module, index, validate, body }
    }

    /// Where in the text something of the unit stands.
    fn target(&self, relocation: &Relocation) -> Result<u32, CodegenError> {
        match relocation.target {
            CodeKey::Function(module, func) => {
                let defined = func.as_u32() - self.env.modules[module].module.imported_functions;
                Ok((self.first[module.as_u32() as usize] + defined) * THUNK_SIZE)
            }
            CodeKey::Builtin(builtin) => Ok(self.builtins[builtin as usize]),
            other => Err(CodegenError::internal(format!("{other:?} has no code"))),
        }
    }
}

impl fmt::Debug for LazyUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LazyUnit").field("functions", &self.functions.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for LazyWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LazyWorker")
    }
}

impl Compiler {
    /// Validates a link unit and leaves its functions for later. In the image stands a thunk for each, which jumps to where its slot
    /// says; the unit says where slots stand, and what stands in them at first. Of stubs it has those that an instance must have:
    /// for whatever is imported, and for the runtime's functions. `observer` is told as by
    /// [`compile_observed`](Compiler::compile_observed), of functions that have been validated.
    ///
    /// # Errors
    ///
    /// Those of [`compile`](Compiler::compile), but for a function that is beyond a limit of the code generator: that is an error
    /// when it is compiled.
    ///
    /// # Panics
    ///
    /// When `observer` panics.
    pub fn prepare(
        &self,
        unit: &LinkUnit<'_>,
        observer: &(dyn Fn(FunctionsDone) + Sync),
    ) -> Result<(CodeImage, LazyUnit), CodegenError> {
        let ParsedUnit { mut env, bodies, data } = UnitEnv::parse(&self.settings, unit, self.debug_sections)?;
        self.validate_bodies(&env, &bodies, observer)
            .map_err(|(module, error)| features::explain(error, &self.settings, &unit.modules[module]))?;
        self.plan_inlining(&mut env, &bodies, true);
        let stubs = self.compile_stubs(&env, stubs_for_instances(&env))?;
        let (slots, thunks) = self.thunks(&bodies, &stubs)?;
        let (code, functions) = keep_bodies(bodies);
        let first = first_functions(&env);
        let code_of_unit = thunks.into_iter().chain(stubs).collect();
        let image = image::link(&*self.isas.best, env.clone(), code_of_unit, data)?;
        let mut placed = image.tables.functions.iter();
        let misplaced = placed.by_ref().take(functions.len()).enumerate().any(misplaced);
        let builtins = placed.take(BuiltinFunction::ALL.len()).map(|stub| stub.code.start).collect();
        if image.text.len() > slots as usize || misplaced {
            return Err(CodegenError::internal("thunks are not where they should be"));
        }
        Ok((image, LazyUnit { env, code, functions, first, builtins, slots }))
    }

    /// Compiles a function of a unit, and adds it to a chunk.
    ///
    /// # Errors
    ///
    /// Of kind [`Unsupported`](CodegenErrorKind::Unsupported) when it is beyond a limit of the code generator.
    pub fn compile_lazily(
        &self,
        unit: &LazyUnit,
        worker: &mut LazyWorker,
        number: u32,
        chunk: &mut CodeChunk,
    ) -> Result<(), CodegenError> {
        let function = unit.functions.get(number as usize);
        let function = function.ok_or_else(|| CodegenError::internal(format!("there is no function {number}")))?;
        match self.compile_function(&unit.env, &mut worker.buffers, unit.body(function)) {
            Ok((code, _)) => chunk.push(number, (function.module, function.index), code, |target| unit.target(target)),
            Err(error) => {
                // A failed translation leaves them dirty.
                *worker = LazyWorker::default();
                Err(match error.kind() {
                    CodegenErrorKind::Invalid => CodegenError::internal(format!("it was valid before: {error}")),
                    _ => error,
                })
            }
        }
    }

    /// What [`compile`](Compiler::compile) makes of the same unit; `data` are the bytes of its data segments, from the image that was
    /// prepared.
    ///
    /// # Errors
    ///
    /// Of kind [`Unsupported`](CodegenErrorKind::Unsupported) when a function is beyond a limit of the code generator.
    pub fn compile_whole(&self, unit: &LazyUnit, data: Vec<u8>) -> Result<CodeImage, CodegenError> {
        let bodies = unit.functions.iter().map(|function| unit.body(function)).collect();
        self.compile_parsed(unit.env.clone(), bodies, data, &|_| {}).map_err(|(_, error)| error)?
    }

    /// All bodies, or the first error, and the module that it is in.
    fn validate_bodies(
        &self,
        env: &UnitEnv,
        bodies: &[Body<'_>],
        observer: Observer<'_>,
    ) -> Result<(), (ModuleIndex, CodegenError)> {
        let size = |body: &Body<'_>| body.body.range().end - body.body.range().start;
        let progress = ProgressCounter::start(bodies.len(), bodies.iter().map(size).sum(), observer);
        let mut pieces = Vec::new();
        let (mut rest, mut start) = (bodies, 0);
        while !rest.is_empty() {
            let mut bytes = 0;
            let end = rest.iter().position(|body| {
                let full = bytes >= VALIDATED_TOGETHER;
                bytes += size(body);
                full
            });
            let (piece, after) = rest.split_at(end.unwrap_or(rest.len()));
            pieces.push((start, piece));
            (rest, start) = (after, start + piece.len());
        }
        // What stands behind the first error need not be validated, but everything before it must.
        let first_error = AtomicUsize::new(usize::MAX);
        let (worthwhile, new) = (pieces.len() / 2, FuncValidatorAllocations::default);
        let results = self.helpers.map(pieces, worthwhile, new, |allocations, _, (start, piece)| {
            for (at, body) in (start..).zip(piece) {
                if at > first_error.load(Ordering::Relaxed) {
                    return Ok(());
                }
                let mut validator = body.validator(std::mem::take(allocations));
                if let Err(error) = validator.validate(&body.body) {
                    first_error.fetch_min(at, Ordering::Relaxed);
                    let error = CodegenError::from(error).within(env.describe(body.module, body.index));
                    return Err((body.module, error));
                }
                *allocations = validator.into_allocations();
                progress.add(size(body));
            }
            Ok(())
        });
        results.into_iter().collect()
    }

    /// Where slots start, and thunks, to stand before the stubs.
    fn thunks(
        &self,
        bodies: &[Body<'_>],
        stubs: &[CompiledFunction],
    ) -> Result<(u32, Vec<CompiledFunction>), CodegenError> {
        let stubs: usize = stubs.iter().map(|stub| stub.code.len() + stub.alignment as usize).sum();
        let end = (bodies.len() * THUNK_SIZE as usize + stubs).next_multiple_of(SLOTS_ALIGNMENT as usize);
        let slots = u32::try_from(end).map_err(|_| CodegenError::unsupported("not supported: so many functions"))?;
        let thunks = bodies.iter().enumerate().map(|(at, body)| {
            let code = thunk(&*self.isas.best, at as u32, at as u32 * THUNK_SIZE, slots)?;
            let key = CodeKey::Function(body.module, body.index);
            Ok(CompiledFunction::without_tables(key, code, THUNK_SIZE))
        });
        Ok((slots, thunks.collect::<Result<_, CodegenError>>()?))
    }
}

/// Whether a thunk is not where others look for it.
fn misplaced((at, range): (usize, gusset_artifact::FunctionRange)) -> bool {
    range.code.start as usize != at * THUNK_SIZE as usize
}

/// The stubs without which no instance can be made, or which functions will call that are compiled later.
fn stubs_for_instances(env: &UnitEnv) -> Vec<CodeKey> {
    let mut imported: BTreeSet<SignatureIndex> = BTreeSet::new();
    for env in env.modules.values() {
        imported.extend(env.unknown_functions().map(|func| env.module.functions.at(func)));
    }
    let builtins = BuiltinFunction::ALL.iter().map(|&builtin| CodeKey::Builtin(builtin));
    builtins.chain(imported.into_iter().map(CodeKey::HostStub)).collect()
}

/// For each module, how many functions the modules before it define.
fn first_functions(env: &UnitEnv) -> Box<[u32]> {
    let mut next = 0;
    let first = env.modules.values().map(|env| {
        let first = next;
        next += env.module.functions.len() as u32 - env.module.imported_functions;
        first
    });
    first.collect()
}

/// The bodies, without the rest of the input.
fn keep_bodies(bodies: Vec<Body<'_>>) -> (Box<[u8]>, Box<[LazyFunction]>) {
    let mut code = Vec::with_capacity(bodies.iter().map(|body| body.body.as_bytes().len()).sum());
    let functions = bodies.into_iter().map(|body| {
        let bytes = body.body.as_bytes();
        let (start, len, offset) = (code.len(), bytes.len(), body.body.range().start);
        code.extend_from_slice(bytes);
        LazyFunction { module: body.module, index: body.index, validate: body.validate, start, len, offset }
    });
    let functions = functions.collect();
    (code.into(), functions)
}
