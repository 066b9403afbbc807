//! [`CodeMemory`]: the code image of a link unit, placed where it can run.

#[cfg(feature = "compile")]
use super::lazy_code::LazyCode;
use super::mapping::{ExecutableMapping, Mapping, page_size};
use crate::error::{Result, bail};
use crate::signatures::{RegisteredSignature, SignatureRegistry};
use crate::source::{CodeSource, locate_imports};
use crate::trap::{FrameText, WasmFrame};
use gusset_artifact::{
    CodeImage, CodeRange, CoreFuncType, CoreModule, FuncIndex, ModuleImage, ModuleIndex, SignatureIndex,
};
use gusset_types::{ArenaIndex, SourceLocation, TrapCode};
use std::collections::HashMap;
use std::sync::Arc;

/// A code image in executable memory, shared by all stores that run it.
pub(crate) struct CodeMemory {
    place: CodePlace,
    /// Without its text, which stands in its place.
    image: CodeImage,
    /// The registry that the signatures' numbers are of.
    registry: u64,
    /// For each signature of the unit its engine-wide number. Contexts point here.
    type_ids: Box<[u32]>,
    /// For each signature of the unit.
    types: Box<[Arc<CoreFuncType>]>,
    signatures: HashMap<u32, SignatureIndex>,
    source: Option<CodeSource>,
}

/// Where code stands.
enum CodePlace {
    /// All of it, in so many bytes.
    Whole(ExecutableMapping, usize),
    /// Functions are added when they are called.
    #[cfg(feature = "compile")]
    Lazy(Arc<LazyCode>),
}

impl CodeMemory {
    /// Places an image in memory. The image is trusted: it comes from this crate's compiler.
    ///
    /// # Errors
    ///
    /// When there is no memory for it, or its tables point outside of it.
    pub(crate) fn new(registry: &SignatureRegistry, image: CodeImage) -> Result<CodeMemory> {
        CodeMemory::with_place(registry, image, |text| {
            let mut mapping = Mapping::reserve(text.len().next_multiple_of(page_size()))?;
            mapping.make_accessible(text.len())?;
            mapping.bytes_mut(text.len()).copy_from_slice(text);
            Ok(CodePlace::Whole(mapping.into_executable()?, text.len()))
        })
    }

    /// Places what there is of a lazily compiled unit, and begins to compile the rest of it. Image and unit are trusted, and of each other.
    ///
    /// # Errors
    ///
    /// Those of [`CodeMemory::new`].
    #[cfg(feature = "compile")]
    pub(crate) fn lazy(
        registry: &SignatureRegistry,
        image: CodeImage,
        unit: gusset_codegen::LazyUnit,
        compiler: Arc<gusset_codegen::Compiler>,
    ) -> Result<CodeMemory> {
        CodeMemory::with_place(registry, image, |text| Ok(CodePlace::Lazy(LazyCode::new(text, unit, compiler)?)))
    }

    fn with_place(
        registry: &SignatureRegistry,
        mut image: CodeImage,
        place: impl FnOnce(&[u8]) -> Result<CodePlace>,
    ) -> Result<CodeMemory> {
        let text = std::mem::take(&mut image.text);
        check_tables(&image, text.len())?;
        let registered = image.signatures.values().map(|ty| registry.register(ty)).collect::<Result<Vec<_>>>()?;
        let type_ids: Box<[u32]> = registered.iter().map(|signature| signature.number).collect();
        let types = registered.into_iter().map(|signature| signature.ty).collect();
        let signatures = type_ids.iter().copied().zip(image.signatures.keys()).collect();
        let (place, registry) = (place(&text)?, registry.id());
        Ok(CodeMemory { place, image, registry, type_ids, types, signatures, source: None })
    }

    /// The same code, with the text that it comes from.
    pub(crate) fn with_source(mut self, source: Option<CodeSource>) -> CodeMemory {
        self.source = source;
        self
    }

    /// Where the text that the unit comes from, if there is one, declares the import that these names lead to.
    pub(crate) fn locate_import(&self, names: &[&str]) -> Option<SourceLocation> {
        self.locate_imports(&[names.to_vec()]).pop()?
    }

    /// The same of many imports, for which the text is parsed once.
    pub(crate) fn locate_imports(&self, paths: &[Vec<&str>]) -> Vec<Option<SourceLocation>> {
        match &self.source {
            Some(source) => locate_imports(&source.text, paths),
            None => vec![None; paths.len()],
        }
    }

    /// The image's tables. Its text is not among them.
    pub(crate) fn image(&self) -> &CodeImage {
        &self.image
    }

    /// A module of the unit.
    ///
    /// # Errors
    ///
    /// When there is no such module.
    pub(crate) fn module(&self, module: ModuleIndex) -> Result<&ModuleImage> {
        match self.image.modules.get(module) {
            Some(image) => Ok(image),
            None => bail!("a code image has no module {module}"),
        }
    }

    /// Whether the image was placed for the engine of that registry: its signatures have the numbers that they have there.
    pub(crate) fn belongs_to(&self, registry: &SignatureRegistry) -> bool {
        self.registry == registry.id()
    }

    /// The address of the first byte.
    pub(super) fn start(&self) -> usize {
        match &self.place {
            CodePlace::Whole(mapping, _) => mapping.start(),
            #[cfg(feature = "compile")]
            CodePlace::Lazy(code) => code.start(),
        }
    }

    /// Bytes from there, among which all its code is.
    fn len(&self) -> usize {
        match &self.place {
            CodePlace::Whole(_, len) => *len,
            #[cfg(feature = "compile")]
            CodePlace::Lazy(code) => code.len(),
        }
    }

    /// The offset of an address, if it is in the code.
    pub(super) fn offset_of(&self, pc: usize) -> Option<u32> {
        let offset = pc.checked_sub(self.start())?;
        (offset < self.len()).then_some(offset as u32)
    }

    pub(super) fn type_ids(&self) -> &[u32] {
        &self.type_ids
    }

    pub(super) fn number_of(&self, signature: SignatureIndex) -> u32 {
        self.type_ids[signature.as_u32() as usize]
    }

    pub(super) fn signature(&self, signature: SignatureIndex) -> RegisteredSignature {
        let ty = self.types[signature.as_u32() as usize].clone();
        RegisteredSignature { ty, number: self.number_of(signature) }
    }

    /// The address of a function's code.
    pub(super) fn function(&self, module: ModuleIndex, func: FuncIndex) -> Option<usize> {
        Some(self.start() + self.image.code_of(module, func)?.start as usize)
    }

    /// The address of the entry trampoline for functions of this type.
    pub(super) fn entry(&self, type_id: u32) -> Option<usize> {
        self.of_signature(&self.image.entries, type_id)
    }

    /// The address of the host stub for functions of this type.
    pub(super) fn host_stub(&self, type_id: u32) -> Option<usize> {
        self.of_signature(&self.image.host_stubs, type_id)
    }

    fn of_signature(&self, offsets: &[Option<u32>], type_id: u32) -> Option<usize> {
        let signature = self.signatures.get(&type_id)?;
        let offset = (*offsets.get(signature.as_u32() as usize)?)?;
        Some(self.start() + offset as usize)
    }

    /// What the instruction at `pc` traps with. Called in signal handlers: it neither allocates nor locks.
    pub(super) fn trap_at(&self, pc: usize) -> Option<TrapCode> {
        let offset = self.offset_of(pc)?;
        #[cfg(feature = "compile")]
        if let CodePlace::Lazy(code) = &self.place
            && let Some((chunk, offset)) = code.chunk_at(offset)
        {
            return chunk.trap_at(offset);
        }
        self.image.trap_at(offset)
    }

    /// Which function stands at an offset, and which offset in the input that comes from.
    fn origin(&self, offset: u32) -> Option<((ModuleIndex, FuncIndex), Option<u32>)> {
        #[cfg(feature = "compile")]
        if let CodePlace::Lazy(code) = &self.place
            && let Some((chunk, offset)) = code.chunk_at(offset)
        {
            return Some((chunk.function_at(offset)?, chunk.wasm_offset_at(offset)));
        }
        Some((self.image.function_at(offset)?, self.image.wasm_offset_at(offset)))
    }

    /// Which function stands at `pc`; `None` in a stub.
    pub(super) fn frame_at(&self, pc: usize) -> Option<WasmFrame> {
        let ((index, func), offset) = self.origin(self.offset_of(pc)?)?;
        let module = &self.image.modules.get(index)?.module;
        let source = self.source.as_ref().filter(|source| index.as_usize() < source.modules);
        Some(WasmFrame {
            module: module_name(index, module),
            function: func.as_u32(),
            name: module.shown_name(func).map(str::to_string),
            offset,
            text: FrameText(source.map(|source| source.text.clone())),
        })
    }
}

/// What people call a module: its name, or else its number in the unit.
pub(super) fn module_name(index: ModuleIndex, module: &CoreModule) -> String {
    match &module.name {
        Some(name) => name.to_string(),
        None => format!("<module {index}>"),
    }
}

fn check_tables(image: &CodeImage, len: usize) -> Result<()> {
    let within = |range: &CodeRange| range.start.checked_add(range.len).is_some_and(|end| end as usize <= len);
    let entry = |offset: &Option<u32>| offset.is_none_or(|offset| (offset as usize) < len);
    let data = |range: &std::ops::Range<u32>| range.start <= range.end && range.end as usize <= image.data.len();
    let holds = image.entries.iter().chain(&image.host_stubs).all(entry)
        && image.functions.iter().all(|function| within(&function.code))
        && image.modules.values().all(|module| {
            module.functions.iter().all(within) && module.module.data.values().all(|segment| data(&segment.bytes))
        });
    if !holds {
        bail!("a code image's tables point outside of it");
    }
    Ok(())
}
