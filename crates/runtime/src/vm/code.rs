//! [`CodeMemory`]: the code image of a link unit, placed where it can run.

#[cfg(feature = "compile")]
use super::lazy_code::LazyCode;
use super::mapping::{Mapping, page_size};
use super::memory_image::MemoryImages;
use crate::backtrace::{FrameText, WasmFrame};
use crate::error::{Result, bail};
use crate::signatures::{RegisteredSignature, SignatureRegistry};
use crate::source::{CodeSource, locate_imports};
use crate::source_lines::{FrameLines, ModuleLines};
use gusset_artifact::{
    CallSite, CodeFrame, CodeIdentity, CodeImage, CodeRange, CoreExternType, CoreFuncType, CoreModule, FuncIndex,
    GlobalType, ModuleImage, ModuleIndex, PodTable, SharedBytes, SignatureIndex, TableType,
};
use gusset_types::{ArenaIndex, SourceLocation, TrapCode};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::Arc;

/// Code of a store, without a share in it: the store has one for life. Threads that make instances of one module would otherwise
/// wait for one another to count them.
#[derive(Clone, Copy)]
pub(super) struct StoreCode(NonNull<CodeMemory>);

impl StoreCode {
    /// `code`, which the store that this is for has taken a share in.
    pub(super) fn new(code: &Arc<CodeMemory>) -> StoreCode {
        StoreCode(NonNull::from(&**code))
    }
}

impl Deref for StoreCode {
    type Target = CodeMemory;

    fn deref(&self) -> &CodeMemory {
        // SAFETY: V4: it stands in records of a store only, which keeps the code as long as it lives.
        unsafe { self.0.as_ref() }
    }
}

/// A code image in executable memory, shared by all stores that run it.
pub(crate) struct CodeMemory {
    /// Where the text starts: signal handlers ask for it.
    start: usize,
    /// Bytes from there, among which all code is.
    len: usize,
    /// Its text can be executed; it has none where functions are compiled when they are called.
    image: CodeImage,
    /// Where the text is then, and what has been compiled.
    #[cfg(feature = "compile")]
    lazy: Option<Arc<LazyCode>>,
    /// The registry that the signatures' numbers are of.
    registry: u64,
    /// What it was compiled for.
    identity: Arc<CodeIdentity>,
    /// The file in which the image's data stands, and where in it.
    data_source: Option<(Arc<File>, u64)>,
    memory_images: MemoryImages,
    /// For each signature of the unit its engine-wide number. Contexts point here.
    type_ids: Box<[u32]>,
    /// For each signature of the unit.
    types: Box<[Arc<CoreFuncType>]>,
    signatures: HashMap<u32, SignatureIndex>,
    source: Option<CodeSource>,
    /// For each module what is known of lines of its sources; empty if nothing is of any.
    lines: Box<[FrameLines]>,
}

impl CodeMemory {
    /// Places an image in memory.
    ///
    /// # Errors
    ///
    /// When there is no memory for it.
    ///
    /// # Safety
    ///
    /// V2: the image is as this crate's compiler made it, for processors like this one.
    pub(super) unsafe fn place(
        registry: &SignatureRegistry,
        identity: Arc<CodeIdentity>,
        image: CodeImage,
    ) -> Result<CodeMemory> {
        let signatures = registry.register_unit(image.signatures.values());
        // SAFETY: V2: the caller says so.
        unsafe { CodeMemory::place_for(registry, identity, image, signatures) }
    }

    /// The same, where the image's signatures are known by these numbers.
    ///
    /// # Safety
    ///
    /// As for [`place`](CodeMemory::place); the signatures are the image's.
    pub(super) unsafe fn place_for(
        registry: &SignatureRegistry,
        identity: Arc<CodeIdentity>,
        mut image: CodeImage,
        signatures: Vec<RegisteredSignature>,
    ) -> Result<CodeMemory> {
        let text = std::mem::take(&mut image.text);
        let mut mapping = Mapping::reserve(text.len().next_multiple_of(page_size()))?;
        mapping.make_accessible(text.len())?;
        mapping.bytes_mut(text.len()).copy_from_slice(&text);
        let placed = SharedBytes::new(Arc::new(mapping.into_executable()?));
        image.text = placed.slice(0..text.len()).unwrap_or_default();
        let (start, len) = (image.text.as_ptr() as usize, image.text.len());
        CodeMemory::at(registry, identity, image, start, len, signatures)
    }

    /// An image whose text can be executed where it stands.
    ///
    /// # Errors
    ///
    /// As [`place`](CodeMemory::place).
    ///
    /// # Safety
    ///
    /// V2: the image is as this crate's compiler made it, for processors like this one, and its text is in memory that can be
    /// executed and is never written.
    pub(super) unsafe fn new(
        registry: &SignatureRegistry,
        identity: Arc<CodeIdentity>,
        image: CodeImage,
    ) -> Result<CodeMemory> {
        let (start, len) = (image.text.as_ptr() as usize, image.text.len());
        let signatures = registry.register_unit(image.signatures.values());
        CodeMemory::at(registry, identity, image, start, len, signatures)
    }

    /// Places what there is of a lazily compiled unit, and begins to compile the rest.
    ///
    /// # Errors
    ///
    /// As [`place`](CodeMemory::place).
    ///
    /// # Safety
    ///
    /// V2: as there, and `unit` is the one that was prepared with the image, by that compiler.
    #[cfg(feature = "compile")]
    pub(super) unsafe fn place_lazily(
        registry: &SignatureRegistry,
        identity: Arc<CodeIdentity>,
        image: CodeImage,
        unit: gusset_codegen::LazyUnit,
        compiler: Arc<gusset_codegen::Compiler>,
    ) -> Result<CodeMemory> {
        let lazy = LazyCode::new(&image.text, unit, compiler)?;
        let signatures = registry.register_unit(image.signatures.values());
        let mut code = CodeMemory::at(registry, identity, image, lazy.start(), lazy.len(), signatures)?;
        code.image.text = SharedBytes::default();
        code.lazy = Some(lazy);
        Ok(code)
    }

    /// The same, whose text stands at an address.
    fn at(
        registry: &SignatureRegistry,
        identity: Arc<CodeIdentity>,
        image: CodeImage,
        start: usize,
        len: usize,
        registered: Vec<RegisteredSignature>,
    ) -> Result<CodeMemory> {
        debug_assert!(tables_hold(&image), "a code image's tables point into it");
        let type_ids: Box<[u32]> = registered.iter().map(|signature| signature.number).collect();
        let types = registered.into_iter().map(|signature| signature.ty).collect();
        let signatures = type_ids.iter().copied().zip(image.signatures.keys()).collect();
        let lines = lines_of(&image);
        Ok(CodeMemory {
            start,
            len,
            image,
            #[cfg(feature = "compile")]
            lazy: None,
            registry: registry.id(),
            identity,
            data_source: None,
            type_ids,
            types,
            signatures,
            source: None,
            lines,
            memory_images: MemoryImages::default(),
        })
    }

    /// The same code, whose data stands in a file.
    pub(super) fn with_data_source(mut self, source: Option<(File, u64)>) -> CodeMemory {
        self.data_source = source.map(|(file, offset)| (Arc::new(file), offset));
        self
    }

    /// The file in which the image's data stands, if there is one, and where in it, a multiple of 64 KiB.
    pub(super) fn data_source(&self) -> Option<(&Arc<File>, u64)> {
        self.data_source.as_ref().map(|(file, offset)| (file, *offset))
    }

    /// What it was compiled for.
    pub(crate) fn identity(&self) -> &CodeIdentity {
        &self.identity
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

    /// The image, as it stands in memory.
    pub(crate) fn image(&self) -> &CodeImage {
        &self.image
    }

    /// What memories of the unit's instances hold at first, as it can be mapped.
    pub(super) fn memory_images(&self) -> &MemoryImages {
        &self.memory_images
    }

    /// The image with all functions, which are compiled for it where that was left for later.
    ///
    /// # Errors
    ///
    /// When a function is beyond a limit of the code generator.
    pub(crate) fn whole_image(&self) -> Result<Cow<'_, CodeImage>> {
        #[cfg(feature = "compile")]
        if let Some(lazy) = &self.lazy {
            return Ok(Cow::Owned(crate::compile::with_stack(|| lazy.compile_whole(self.image.data.to_vec()))??));
        }
        Ok(Cow::Borrowed(&self.image))
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
        self.start
    }

    /// The offset of an address, if it is in the code.
    pub(super) fn offset_of(&self, pc: usize) -> Option<u32> {
        let offset = pc.checked_sub(self.start())?;
        (offset < self.len).then_some(offset as u32)
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

    /// A type of the unit, where it speaks of signatures, with their engine-wide numbers.
    pub(crate) fn resolve(&self, ty: CoreExternType) -> CoreExternType {
        match ty {
            CoreExternType::Table(ty) => CoreExternType::Table(self.resolve_table(ty)),
            CoreExternType::Global(ty) => CoreExternType::Global(self.resolve_global(ty)),
            CoreExternType::Func(_) | CoreExternType::Memory(_) | CoreExternType::Tag(_) => ty,
        }
    }

    /// The same of a table's type.
    pub(super) fn resolve_table(&self, ty: TableType) -> TableType {
        TableType { element: ty.element.map_signature(|signature| self.registered(signature)), ..ty }
    }

    /// The same of a global's type.
    pub(super) fn resolve_global(&self, ty: GlobalType) -> GlobalType {
        GlobalType { content: ty.content.map_signature(|signature| self.registered(signature)), ..ty }
    }

    fn registered(&self, signature: SignatureIndex) -> SignatureIndex {
        SignatureIndex::from_u32(self.number_of(signature))
    }

    /// The type of a signature.
    pub(crate) fn type_of(&self, signature: SignatureIndex) -> &Arc<CoreFuncType> {
        &self.types[signature.as_u32() as usize]
    }

    /// The address of a function's code.
    pub(super) fn function(&self, module: ModuleIndex, func: FuncIndex) -> Option<usize> {
        Some(self.start() + self.image.code_of(module, func)?.start as usize)
    }

    /// The address of the entry trampoline for functions of this type.
    pub(super) fn entry(&self, type_id: u32) -> Option<usize> {
        self.of_signature(&self.image.tables.entries, type_id)
    }

    /// The address of the host stub for functions of this type.
    pub(super) fn host_stub(&self, type_id: u32) -> Option<usize> {
        self.of_signature(&self.image.tables.host_stubs, type_id)
    }

    fn of_signature(&self, offsets: &PodTable<SignatureIndex, Option<u32>>, type_id: u32) -> Option<usize> {
        let offset = offsets.get(*self.signatures.get(&type_id)?)??;
        Some(self.start() + offset as usize)
    }

    /// What the instruction at `pc` traps with. Called in signal handlers: it neither allocates nor locks.
    pub(super) fn trap_at(&self, pc: usize) -> Option<TrapCode> {
        let offset = self.offset_of(pc)?;
        #[cfg(feature = "compile")]
        if let Some((chunk, offset)) = self.lazy.as_ref().and_then(|lazy| lazy.chunk_at(offset)) {
            return chunk.trap_at(offset);
        }
        self.image.tables.trap_at(offset)
    }

    /// The call that returns to `pc`, if it has a landing pad, with the address of that. It neither allocates nor locks.
    pub(super) fn call_site_at(&self, pc: usize) -> Option<(CallSite, usize)> {
        let offset = self.offset_of(pc)?;
        let address = |base: u32, site: CallSite| self.start() + base as usize + site.landing_pad as usize;
        #[cfg(feature = "compile")]
        if let Some((chunk, offset_in_chunk)) = self.lazy.as_ref().and_then(|lazy| lazy.chunk_at(offset)) {
            let site = chunk.call_site_at(offset_in_chunk)?;
            return Some((site, address(offset - offset_in_chunk, site)));
        }
        let site = self.image.tables.call_site_at(offset)?;
        Some((site, address(0, site)))
    }

    /// Tells of each reference that is live at the call that returns to `pc`: how far below the frame pointer the stack pointer stands there,
    /// and how far above that the reference.
    pub(super) fn each_live_slot(&self, pc: usize, visit: &mut dyn FnMut(u32, u32)) {
        let Some(offset) = self.offset_of(pc) else { return };
        #[cfg(feature = "compile")]
        if let Some((chunk, offset)) = self.lazy.as_ref().and_then(|lazy| lazy.chunk_at(offset)) {
            if let Some(map) = chunk.stack_map_at(offset) {
                map.slots.iter().for_each(|&slot| visit(map.frame_size, slot));
            }
            return;
        }
        self.image.tables.stack_maps.each_slot(offset, visit);
    }

    /// Whether any of the functions that run at `pc` stands between components.
    pub(super) fn is_between_components(&self, pc: usize) -> bool {
        let mut found = false;
        self.each_frame(pc, &mut |frame| {
            found |= self.image.modules.get(frame.function.0).is_some_and(|image| image.generated);
        });
        found
    }

    /// How many inlined calls the code at `pc` belongs to. It neither allocates nor locks.
    pub(super) fn inlined_at(&self, pc: usize) -> u32 {
        let Some(offset) = self.offset_of(pc) else { return 0 };
        #[cfg(feature = "compile")]
        if let Some((chunk, offset)) = self.lazy.as_ref().and_then(|lazy| lazy.chunk_at(offset)) {
            return chunk.inlined_at(offset);
        }
        self.image.tables.inlined_at(offset)
    }

    /// Tells of the functions that run at `pc`, innermost first.
    fn each_frame(&self, pc: usize, visit: &mut dyn FnMut(CodeFrame)) {
        let Some(offset) = self.offset_of(pc) else { return };
        #[cfg(feature = "compile")]
        if let Some((chunk, offset)) = self.lazy.as_ref().and_then(|lazy| lazy.chunk_at(offset)) {
            return chunk.frames_at(offset).for_each(visit);
        }
        self.image.tables.frames_at(offset).for_each(visit);
    }

    /// One of the functions that run at `pc`, of which the innermost has the number 0, with the lines of its source if these are wanted.
    pub(super) fn frame_at(&self, pc: usize, number: u32, details: bool) -> Option<WasmFrame> {
        let (mut at, mut frame) = (0, None);
        self.each_frame(pc, &mut |found| {
            if at == number {
                frame = Some(found);
            }
            at += 1;
        });
        let CodeFrame { function: (index, func), wasm: offset } = frame?;
        let module = &self.image.modules.get(index)?.module;
        let source = self.source.as_ref().filter(|source| index.as_usize() < source.modules);
        Some(WasmFrame {
            module: module_name(index, module),
            function: func.as_u32(),
            name: module.shown_name(func).map(str::to_string),
            offset,
            text: FrameText(source.map(|source| source.text.clone())),
            lines: self.lines.get(index.as_usize()).filter(|_| details).cloned().unwrap_or_default(),
        })
    }
}

/// What is known of lines of the sources of a unit's modules.
fn lines_of(image: &CodeImage) -> Box<[FrameLines]> {
    let all = || image.modules.values().map(|module| &module.module.debug);
    if all().all(|debug| debug.is_empty()) {
        return Box::default();
    }
    all().map(|debug| FrameLines((!debug.is_empty()).then(|| Arc::new(ModuleLines::new(debug))))).collect()
}

/// What people call a module: its name, or else its number in the unit.
pub(super) fn module_name(index: ModuleIndex, module: &CoreModule) -> String {
    match &module.name {
        Some(name) => name.to_string(),
        None => format!("<module {index}>"),
    }
}

/// Whether an image's tables point into it: what the compiler makes does.
fn tables_hold(image: &CodeImage) -> bool {
    let CodeImage { text, data, modules, tables, .. } = image;
    let within = |range: CodeRange| range.start.checked_add(range.len).is_some_and(|end| end as usize <= text.len());
    let entry = |offset: Option<u32>| offset.is_none_or(|offset| (offset as usize) < text.len());
    let data = |range: &std::ops::Range<u32>| range.start <= range.end && range.end as usize <= data.len();
    tables.entries.iter().chain(tables.host_stubs.iter()).all(entry)
        && tables.functions.iter().all(|function| within(function.code))
        && modules.values().all(|module| {
            module.functions.iter().all(within)
                && module.module.data.iter().all(|(_, segment)| data(&segment.bytes))
                && module.module.memory_images.iter().all(|image| data(&image.bytes))
        })
}
