//! [`LazyCode`]: a lazily compiled unit in memory. Which function is compiled when, and by whom, is [`LazyWork`]'s to say; here it becomes
//! code that runs.

use super::chunk_table::{ChunkTable, PlacedChunk};
use super::lazy_mapping::LazyMapping;
use super::mapping::page_size;
use super::resolver;
use crate::compile::with_stack;
use crate::error::{Result, format_err};
use crate::lazy::{Claim, LazyWork};
use gusset_artifact::{CodeImage, LAZY_SLOTS};
use gusset_codegen::{CodeChunk, Compiler, LazyUnit, LazyWorker};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

/// Bytes of code for each byte of wasm, for which there is room; compilers' output takes 3 to 6.
const ROOM_PER_BYTE: u64 = 32;

/// Room that every unit has.
const LEAST_ROOM: u64 = 1 << 20;

/// Direct calls span 2 GiB.
const MOST_ROOM: u64 = i32::MAX as u64;

/// Bytes of code that the background places at once.
const PLACED_TOGETHER: usize = 64 << 10;

/// The text of a unit, its slots, and the code of those functions that have been compiled.
pub(super) struct LazyCode {
    mapping: LazyMapping,
    chunks: ChunkTable,
    work: Arc<LazyWork>,
}

impl LazyCode {
    /// Places the text of a unit, and starts threads that compile its functions.
    pub(super) fn new(text: &[u8], unit: LazyUnit, compiler: Arc<Compiler>) -> Result<Arc<LazyCode>> {
        let (slots, functions) = (unit.slots() as usize, unit.functions());
        let page = page_size() as u64;
        // A function that is compiled by itself takes whole pages.
        let wanted = LEAST_ROOM + unit.body_bytes().saturating_mul(ROOM_PER_BYTE) + u64::from(functions) * page;
        let room = wanted.min(MOST_ROOM.saturating_sub(u64::from(unit.slots_end()) + 2 * page));
        let mapping = LazyMapping::new(text, slots..unit.slots_end() as usize, room as usize)?;
        let chunks = ChunkTable::new(mapping.len(), page_size());
        let work = Arc::new(LazyWork::new(unit, compiler));
        let code = Arc::new(LazyCode { mapping, chunks, work });
        let word = |offset: usize, value: usize| code.mapping.word(slots + offset).store(value, Ordering::Release);
        word(LAZY_SLOTS.resolver as usize, resolver::address());
        word(LAZY_SLOTS.unit as usize, Arc::as_ptr(&code) as usize);
        for function in 0..functions {
            word(LAZY_SLOTS.slot(function) as usize, code.start() + LazyUnit::resolve_part(function) as usize);
        }
        code.start_background();
        Ok(code)
    }

    /// The address of the text.
    pub(super) fn start(&self) -> usize {
        self.mapping.start()
    }

    /// Bytes from there, in which all code of the unit is and will be.
    pub(super) fn len(&self) -> usize {
        self.mapping.len()
    }

    /// The chunk around an offset, unless it is in the text. Called in signal handlers.
    pub(super) fn chunk_at(&self, offset: u32) -> Option<(&CodeChunk, u32)> {
        if (offset as usize) < self.mapping.text() {
            return None;
        }
        let PlacedChunk { start, chunk } = self.chunks.get(offset)?;
        Some((chunk, offset - start))
    }

    /// The address of a function's code, which is compiled if it has not been.
    ///
    /// # Errors
    ///
    /// When it is beyond a limit of the code generator, when there is no memory for its code or no room within the unit's, or no stack to
    /// compile it on.
    pub(super) fn resolve(&self, function: u32) -> Result<usize> {
        loop {
            match self.work.claim(function) {
                Claim::Done => return Ok(self.slot(function)),
                Claim::Busy => self.work.wait(function),
                Claim::Mine(claimed) => {
                    let mut chunk = CodeChunk::default();
                    let work = &*self.work;
                    with_stack(|| work.compile(&mut LazyWorker::default(), function, &mut chunk))??;
                    work.want_next(&chunk);
                    self.place(chunk)?;
                    claimed.done();
                }
            }
        }
    }

    /// The image with all functions; `data` are the bytes of the unit's data segments.
    ///
    /// # Errors
    ///
    /// When a function is beyond a limit of the code generator.
    pub(super) fn compile_whole(&self, data: Vec<u8>) -> Result<CodeImage> {
        Ok(self.work.compiler().compile_whole(self.work.unit(), data)?)
    }

    /// Lets functions run that have been compiled.
    fn place(&self, mut chunk: CodeChunk) -> Result<()> {
        let pages = self.mapping.take(chunk.room())?;
        let (offset, len) = (pages.offset(), pages.len());
        let start = u32::try_from(offset).map_err(|_| format_err!("internal error: code beyond 4 GiB of its unit"))?;
        chunk.place(start)?;
        let text = std::mem::take(&mut chunk.text);
        self.mapping.fill(pages, &text)?;
        // Whoever is at an address in the chunk finds the chunk.
        let placed = self.chunks.insert(PlacedChunk { start, chunk }, len);
        for function in &placed.chunk.functions {
            let address = self.start() + offset + function.start as usize;
            self.word(function.number).store(address, Ordering::Release);
        }
        Ok(())
    }

    fn word(&self, function: u32) -> &std::sync::atomic::AtomicUsize {
        self.mapping.word(self.work.unit().slots() as usize + LAZY_SLOTS.slot(function) as usize)
    }

    fn slot(&self, function: u32) -> usize {
        self.word(function).load(Ordering::Acquire)
    }

    /// Starts as many threads as there may be and are worth it.
    fn start_background(self: &Arc<LazyCode>) {
        let threads = self.work.worthwhile();
        for _ in 0..threads {
            let (work, code) = (self.work.clone(), Arc::downgrade(self));
            if !self.work.compiler().in_background(move || run(&work, &code)) {
                break;
            }
            self.work.has_background();
        }
    }
}

/// What a thread in the background does: it compiles functions until there are no more, or nobody wants them.
fn run(work: &LazyWork, code: &Weak<LazyCode>) {
    let (mut worker, mut chunk, mut claimed) = (LazyWorker::default(), CodeChunk::default(), Vec::new());
    // The code goes away in the middle of a function, but not of one that is being placed.
    while code.strong_count() > 0
        && let Some((claim, wanted)) = work.next()
    {
        // Who calls it will be told of the error.
        if work.compile(&mut worker, claim.function(), &mut chunk).is_ok() {
            claimed.push(claim);
        }
        if wanted || chunk.text.len() >= PLACED_TOGETHER || work.is_waited_for() {
            flush(code, &mut chunk, &mut claimed);
        }
    }
    flush(code, &mut chunk, &mut claimed);
}

/// Places what has been compiled.
fn flush(code: &Weak<LazyCode>, chunk: &mut CodeChunk, claimed: &mut Vec<crate::lazy::ClaimedFunction<'_>>) {
    let (chunk, claimed) = (std::mem::take(chunk), std::mem::take(claimed));
    if claimed.is_empty() {
        return;
    }
    if code.upgrade().is_some_and(|code| code.place(chunk).is_ok()) {
        claimed.into_iter().for_each(|claim| claim.done());
    }
}
