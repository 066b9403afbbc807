//! Copies of bytes from memory to memory, whose bounds have been checked. All of a copy is read before anything is written.

use crate::emit::Translator;
use crate::list::ListElements;
use crate::place::{Amount, Lane, MemoryPlace};
use crate::short::{MoveMemory, ShortMove, UnitMove, load_piece, store_piece};
use gusset_types::FlatType;
use wasm_encoder::BlockType;

/// As many bytes are copied without a loop or a call, if it is known how many they are.
const MAX_WRITTEN_OUT: u32 = 128;

impl Translator<'_, '_> {
    /// The memories of both sides, for a short move.
    pub(crate) fn move_memories(&mut self) -> [MoveMemory; 2] {
        let Lane { src, dst } = self.lane;
        [src, dst].map(|side| MoveMemory { index: self.module.import_memory(&side), pointer: side.pointer() })
    }

    /// Copies elements of `size` bytes.
    pub(crate) fn copy_elements(&mut self, size: u32, elements: ListElements) {
        let (src, dst) = (MemoryPlace::of(elements.src_at), MemoryPlace::of(elements.dst_at));
        match elements.count {
            Amount::Const(count) => self.copy_bytes(count.saturating_mul(size), src, dst),
            Amount::Scaled { local, ty, scale } => {
                // A power of two that divides the size.
                let units = UnitMove::Copy(1 << size.trailing_zeros().min(3));
                self.copy_range(Amount::Scaled { local, ty, scale: scale * size }, units, elements);
            }
        }
    }

    /// Copies as many bytes as there turn out to be.
    fn copy_range(&mut self, bytes: Amount, units: UnitMove, elements: ListElements) {
        let [from, to] = self.move_memories();
        let narrow = narrower([from, to]);
        let length = self.body.local(narrow);
        self.amount(bytes, narrow);
        self.ins().local_tee(length);
        self.constant(narrow, units.most());
        self.gt_u(narrow);
        self.ins().if_(BlockType::Empty);
        self.ins().local_get(elements.dst_at).local_get(elements.src_at).local_get(length);
        self.ins().memory_copy(to.index, from.index).else_();
        self.ins().local_get(elements.src_at).local_get(elements.dst_at).local_get(length);
        self.convert(narrow, FlatType::I32);
        let short = self.module.short_move(ShortMove { from, to, units, ascii: false });
        self.body.call(short);
        self.ins().end();
        self.body.release(length);
    }

    /// Copies so many bytes.
    pub(crate) fn copy_bytes(&mut self, bytes: u32, src: MemoryPlace, dst: MemoryPlace) {
        let [from, to] = self.move_memories();
        if bytes > MAX_WRITTEN_OUT {
            let narrow = narrower([from, to]);
            self.push_address(dst, self.lane.dst);
            self.push_address(src, self.lane.src);
            self.constant(narrow, bytes);
            self.ins().memory_copy(to.index, from.index);
            return;
        }
        let mut copied = Vec::new();
        for (offset, piece) in pieces(bytes) {
            let arg = from.arg(src.at(offset).offset);
            self.ins().local_get(src.local);
            let local = match piece {
                16 => self.body.vector(),
                8 => self.body.local(FlatType::I64),
                _ => self.body.local(FlatType::I32),
            };
            load_piece(&mut self.ins(), piece, arg);
            self.ins().local_set(local);
            copied.push((offset, piece, local));
        }
        for (offset, piece, local) in copied {
            let arg = to.arg(dst.at(offset).offset);
            self.ins().local_get(dst.local).local_get(local);
            store_piece(&mut self.ins(), piece, arg);
            self.body.release(local);
        }
    }
}

/// The type of a length of bytes that lie in two memories.
fn narrower(memories: [MoveMemory; 2]) -> FlatType {
    match memories.map(|memory| memory.pointer) {
        [FlatType::I64, FlatType::I64] => FlatType::I64,
        _ => FlatType::I32,
    }
}

/// Where pieces begin that cover so many bytes, and of how many bytes they are: of as many as possible, of which the last two may overlap.
fn pieces(bytes: u32) -> impl Iterator<Item = (u32, u32)> {
    let piece = if bytes == 0 { 1 } else { 1 << bytes.ilog2().min(4) };
    let whole = (0..bytes / piece).map(move |at| (at * piece, piece));
    let rest = (!bytes.is_multiple_of(piece)).then(|| (bytes - piece, piece));
    whole.chain(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_what_is_copied_and_nothing_else() {
        for bytes in 0..=MAX_WRITTEN_OUT {
            let mut covered = vec![false; bytes as usize];
            for (offset, piece) in pieces(bytes) {
                covered[offset as usize..][..piece as usize].fill(true);
            }
            assert!(covered.into_iter().all(|byte| byte), "{bytes}");
            assert!(pieces(bytes).count() as u32 <= bytes.div_ceil(16).max(2));
        }
        assert_eq!(pieces(24).collect::<Vec<_>>(), [(0, 16), (8, 16)]);
        assert_eq!(pieces(6).collect::<Vec<_>>(), [(0, 4), (2, 4)]);
    }
}
