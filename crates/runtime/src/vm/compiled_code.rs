//! From the compiler to memory: the only way for code that is made in this process, so that nothing else can pass for it.

use super::code::CodeMemory;
use crate::artifact::{has_feature, platform};
use crate::error::{Result, bail};
use crate::signatures::{RegisteredSignature, SignatureRegistry};
use gusset_artifact::CodeIdentity;
use gusset_codegen::{Compiler, FunctionsDone, LinkUnit};
use std::sync::Arc;

impl CodeMemory {
    /// Compiles a link unit and places it in memory. `identity` is the compiler's; `observer` is told how far it is.
    ///
    /// # Errors
    ///
    /// When it cannot be compiled, the compiler is one for another machine, or there is no memory.
    pub(crate) fn compile(
        registry: &SignatureRegistry,
        compiler: &Compiler,
        identity: &Arc<CodeIdentity>,
        unit: &LinkUnit<'_>,
        observer: &(dyn Fn(FunctionsDone) + Sync),
    ) -> Result<CodeMemory> {
        check_machine(identity)?;
        let image = compiler.compile_observed(unit, observer)?;
        // SAFETY: V2: it comes from the compiler, for a processor like this one.
        unsafe { CodeMemory::place(registry, identity.clone(), image) }
    }

    /// Validates a link unit, and compiles its functions when they are called; see [`compile`](CodeMemory::compile).
    ///
    /// # Errors
    ///
    /// As there, but for limits of the code generator, which are met when a function is compiled.
    pub(crate) fn compile_lazily(
        registry: &SignatureRegistry,
        compiler: &Arc<Compiler>,
        identity: &Arc<CodeIdentity>,
        unit: &LinkUnit<'_>,
        observer: &(dyn Fn(FunctionsDone) + Sync),
    ) -> Result<CodeMemory> {
        check_machine(identity)?;
        let (image, unit) = compiler.prepare(unit, observer)?;
        // SAFETY: V2: both come from the compiler, for a processor like this one, and belong together.
        unsafe { CodeMemory::place_lazily(registry, identity.clone(), image, unit, compiler.clone()) }
    }

    /// Compiles what goes between host and guest for functions of a type, and places it in memory.
    ///
    /// # Errors
    ///
    /// As [`compile`](CodeMemory::compile).
    pub(crate) fn compile_trampolines(
        registry: &SignatureRegistry,
        compiler: &Compiler,
        identity: &Arc<CodeIdentity>,
        signature: &RegisteredSignature,
    ) -> Result<CodeMemory> {
        check_machine(identity)?;
        let image = compiler.compile_trampolines(&signature.ty)?;
        // SAFETY: V2: it comes from the compiler, for a processor like this one, and has this signature alone.
        unsafe { CodeMemory::place_for(registry, identity.clone(), image, vec![signature.clone()]) }
    }
}

/// Checks that code of this identity can run here.
fn check_machine(identity: &CodeIdentity) -> Result<()> {
    let here = platform();
    if identity.target != here {
        bail!(
            "the engine compiles for {}, and this is {here}: it can make artefacts, and run nothing",
            identity.target
        );
    }
    let lacking = identity.cpu_features.iter().find(|feature| !has_feature(feature));
    if let Some(feature) = lacking {
        bail!(
            "the engine compiles for processors that have {feature}, which this one has not: it can make artefacts, and run nothing"
        );
    }
    Ok(())
}
