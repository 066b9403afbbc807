//! [`LazyCode`]: a lazily compiled unit in memory. Which function is compiled when, and by whom, is [`LazyWork`]'s to say; here it becomes
//! code that runs.

use super::chunk_table::{ChunkTable, PlacedChunk};
use super::lazy_mapping::{ChunkPages, LazyMapping};
use super::mapping::page_size;
use super::resolver;
use crate::compile::with_stack;
use crate::error::{Error, Result, format_err};
use crate::lazy::{Claim, ClaimedFunction, InBackground, LazyWork};
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

/// Bytes of a body that take the background so long that others should not have to wait until it is compiled: some milliseconds.
const LONG_BODY: usize = 4 << 10;

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
        let start = match self.fill(pages, &mut chunk) {
            Ok(start) => start,
            // What fails now need not fail the next time.
            Err((pages, error)) => {
                self.mapping.give_back(pages);
                return Err(error);
            }
        };
        // Whoever is at an address in the chunk finds the chunk.
        let placed = self.chunks.insert(PlacedChunk { start, chunk }, len);
        for function in &placed.chunk.functions {
            let address = self.start() + offset + function.start as usize;
            self.word(function.number).store(address, Ordering::Release);
        }
        Ok(())
    }

    /// Moves the code of a chunk to its pages, and says where that is; with an error, these are not filled.
    fn fill(&self, pages: ChunkPages, chunk: &mut CodeChunk) -> Result<u32, (ChunkPages, Error)> {
        let Ok(start) = u32::try_from(pages.offset()) else {
            return Err((pages, format_err!("internal error: code beyond 4 GiB of its unit")));
        };
        if let Err(error) = chunk.place(start) {
            return Err((pages, error.into()));
        }
        let text = std::mem::take(&mut chunk.text);
        self.mapping.fill(pages, &text).map(|()| start)
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
            let (thread, code) = (self.work.in_background(), Arc::downgrade(self));
            if !self.work.compiler().in_background(move || run(&thread, &code)) {
                break;
            }
        }
    }
}

/// What a thread in the background does: it compiles functions until there are no more, or nobody wants them. Nobody waits for its end: it
/// keeps what it uses.
fn run(thread: &InBackground, code: &Weak<LazyCode>) {
    let mut background = BackgroundWork::new(thread.work(), code);
    // The code goes away in the middle of a function, but not of one that is being placed.
    while code.strong_count() > 0
        && let Some((claim, wanted)) = background.next()
    {
        background.compile(claim, wanted);
    }
    background.flush();
}

/// What such a thread is at.
struct BackgroundWork<'a> {
    work: &'a LazyWork,
    code: &'a Weak<LazyCode>,
    worker: LazyWorker,
    /// What has been compiled, and is not placed yet.
    chunk: CodeChunk,
    claimed: Vec<ClaimedFunction<'a>>,
}

impl<'a> BackgroundWork<'a> {
    fn new(work: &'a LazyWork, code: &'a Weak<LazyCode>) -> BackgroundWork<'a> {
        BackgroundWork { work, code, worker: LazyWorker::default(), chunk: CodeChunk::default(), claimed: Vec::new() }
    }

    /// What is to be compiled next, and whether a guest is likely to call it soon. Before what takes long, that which has been compiled is
    /// placed: whoever calls it then does not wait for more than itself.
    fn next(&mut self) -> Option<(ClaimedFunction<'a>, bool)> {
        let (claim, wanted) = self.work.next()?;
        if self.work.unit().body_len(claim.function()) >= LONG_BODY {
            self.flush();
        }
        Some((claim, wanted))
    }

    fn compile(&mut self, claim: ClaimedFunction<'a>, wanted: bool) {
        // Who calls it will be told of the error.
        if self.work.compile(&mut self.worker, claim.function(), &mut self.chunk).is_ok() {
            self.claimed.push(claim);
        }
        if wanted || self.chunk.text.len() >= PLACED_TOGETHER || self.work.is_waited_for() {
            self.flush();
        }
    }

    /// Places what has been compiled.
    fn flush(&mut self) {
        let (chunk, claimed) = (std::mem::take(&mut self.chunk), std::mem::take(&mut self.claimed));
        if claimed.is_empty() {
            return;
        }
        if self.code.upgrade().is_some_and(|code| code.place(chunk).is_ok()) {
            claimed.into_iter().for_each(|claim| claim.done());
        }
    }
}

#[cfg(all(test, feature = "wat"))]
mod tests;
