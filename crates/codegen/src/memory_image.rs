//! What memories hold at first: active data segments become images that the runtime maps, in place of bytes that it copies.
//! Nothing that a guest can see depends on it.

use gusset_artifact::{
    ConstExpr, ConstOp, CoreModule, DataIndex, MEMORY_IMAGE_ALIGNMENT, MemoryImageRange, MemoryIndex, SegmentMode,
};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A memory with fewer bytes of segments is written faster than mapped: a mapping costs about as much as four pages that
/// are touched for the first time.
const MIN_IMAGE_BYTES: u64 = 16 << 10;

/// An image has at most so many bytes for each byte of segments, beside what its alignment adds. The heap of an interpreter that was
/// started before it became a component has holes: three bytes of its image are one of segments.
const MAX_IMAGE_FACTOR: u64 = 4;

const ALIGNMENT: u64 = MEMORY_IMAGE_ALIGNMENT as u64;

/// An image that is to be made.
struct Draft {
    memory: MemoryIndex,
    /// What it covers of the memory.
    range: Range<u64>,
    /// The segments in it with their offsets in the memory, in the order in which they are applied.
    segments: Vec<(DataIndex, u64)>,
}

/// Makes images of segments where that pays. `data` are the bytes of all segments; in what is returned the images come first,
/// then the segments that no image holds.
pub(crate) fn lay_out(modules: &mut [&mut CoreModule], data: &[u8]) -> Vec<u8> {
    let mut drafts: Vec<Vec<Draft>> = modules.iter().map(|module| drafts(module)).collect();
    let size = drafts.iter().flatten().map(|draft| draft.range.end - draft.range.start).sum::<u64>();
    if u32::try_from(size + data.len() as u64).is_err() {
        drafts.iter_mut().for_each(Vec::clear);
    }
    let mut laid_out = Vec::new();
    for (module, drafts) in modules.iter_mut().zip(&drafts) {
        drafts.iter().for_each(|draft| add_image(module, draft, data, &mut laid_out));
    }
    for (module, drafts) in modules.iter_mut().zip(&drafts) {
        let imaged: BTreeSet<DataIndex> = drafts.iter().flat_map(|draft| &draft.segments).map(|at| at.0).collect();
        let CoreModule { data: segments, applied_data, .. } = &mut **module;
        segments.retain(|index, segment| {
            if imaged.contains(&index) {
                return false;
            }
            if matches!(segment.mode, SegmentMode::Active { .. }) {
                applied_data.push(index);
            }
            let start = laid_out.len() as u32;
            laid_out.extend_from_slice(&data[segment.bytes.start as usize..segment.bytes.end as usize]);
            segment.bytes = start..laid_out.len() as u32;
            true
        });
    }
    laid_out
}

fn add_image(module: &mut CoreModule, draft: &Draft, data: &[u8], laid_out: &mut Vec<u8>) {
    let start = laid_out.len();
    laid_out.resize(start + (draft.range.end - draft.range.start) as usize, 0);
    for &(index, offset) in &draft.segments {
        let bytes = segment_bytes(module, index);
        let bytes = &data[bytes.start as usize..bytes.end as usize];
        let at = start + (offset - draft.range.start) as usize;
        laid_out[at..at + bytes.len()].copy_from_slice(bytes);
    }
    let bytes = start as u32..laid_out.len() as u32;
    module.memory_images.push(MemoryImageRange { memory: draft.memory, offset: draft.range.start, bytes });
}

/// Where the bytes of a segment stand, while all segments are there.
fn segment_bytes(module: &CoreModule, index: DataIndex) -> Range<u32> {
    module.data.get(index).expect("no segment has been laid out yet").bytes.clone()
}

/// The images that pay, for memories that the module defines.
///
/// An image is there before anything is applied. That is the same where nothing can come between: where applying fails, the
/// specification has what was applied before, so only segments before the first that might fail are taken.
fn drafts(module: &CoreModule) -> Vec<Draft> {
    if elements_may_fail(module) {
        return Vec::new();
    }
    let mut segments: BTreeMap<MemoryIndex, Vec<(DataIndex, u64)>> = BTreeMap::new();
    for (index, segment) in module.data.iter() {
        let SegmentMode::Active { target, offset } = &segment.mode else { continue };
        let ty = &module.memories[*target];
        let Some(minimum) = ty.minimum.checked_mul(1 << ty.page_size_log2) else { break };
        let len = u64::from(segment.bytes.end - segment.bytes.start);
        let Some(offset) = constant(offset).filter(|&start| within(start, len, minimum)) else { break };
        let own = target.as_u32() >= module.imported_memories;
        if own && len > 0 && 1 << ty.page_size_log2 == ALIGNMENT {
            segments.entry(*target).or_default().push((index, offset));
        }
    }
    segments.into_iter().filter_map(|(memory, segments)| draft(module, memory, segments)).collect()
}

fn draft(module: &CoreModule, memory: MemoryIndex, segments: Vec<(DataIndex, u64)>) -> Option<Draft> {
    let len = |index| segment_bytes(module, index).len() as u64;
    let bytes: u64 = segments.iter().map(|&(index, _)| len(index)).sum();
    let start = segments.iter().map(|&(_, offset)| offset).min()?;
    let end = segments.iter().map(|&(index, offset)| offset + len(index)).max()?;
    // Within the minimum, which is so many times the alignment.
    let range = start - start % ALIGNMENT..end.next_multiple_of(ALIGNMENT);
    let most = bytes.saturating_mul(MAX_IMAGE_FACTOR).saturating_add(2 * ALIGNMENT);
    (bytes >= MIN_IMAGE_BYTES && range.end - range.start <= most).then_some(Draft { memory, range, segments })
}

/// Whether somebody could see data that is there although the elements, which come first, could not be applied: through a
/// function in a table that is imported.
fn elements_may_fail(module: &CoreModule) -> bool {
    let (mut seen, mut fails) = (false, false);
    for segment in module.elements.values() {
        let SegmentMode::Active { target, offset } = &segment.mode else { continue };
        seen |= target.as_u32() < module.imported_tables;
        let (len, minimum) = (segment.items.len() as u64, module.tables[*target].minimum);
        fails |= !constant(offset).is_some_and(|start| within(start, len, minimum));
    }
    seen && fails
}

fn within(start: u64, len: u64, size: u64) -> bool {
    start.checked_add(len).is_some_and(|end| end <= size)
}

/// An offset that is known. Others are globals that are imported.
fn constant(offset: &ConstExpr) -> Option<u64> {
    match *offset.ops {
        [ConstOp::I32Const(value)] => Some(u64::from(value as u32)),
        [ConstOp::I64Const(value)] => Some(value as u64),
        _ => None,
    }
}
