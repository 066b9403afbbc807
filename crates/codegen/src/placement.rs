//! Where a function starts, so that its loops are read from few lines of 64 bytes. Processors fetch and predict by lines: a loop
//! that begins in the last bytes of one, or spans one more than it must, can take half as long again. The code generator does not
//! align loops, but where a function starts is ours to choose.

use cranelift_codegen::isa::TargetIsa;

/// Bytes of a line: more than what a start is moved by.
pub(crate) const LINE: u32 = 64;

/// What a start can be moved by: functions start at multiples of it wherever they are.
pub(crate) const STEP: u32 = 16;

/// How many starts there are within a line.
const STARTS: usize = (LINE / STEP) as usize;

/// How much more often a loop runs than what is around it, as a power of two, and how deep that is told apart.
const RUNS_LOG2: u32 = 3;
const MAX_DEPTH: u32 = 6;

/// What a function with a frame ends with.
const POP_AND_RETURN: [u8; 2] = [0x5d, 0xc3];

/// What the loops of a function cost by its start within a line.
#[derive(Clone, Copy, Default)]
pub(crate) struct Placement([u64; STARTS]);

/// The machine code of a loop.
#[derive(Clone, Copy)]
struct LoopCode {
    start: u32,
    end: u32,
}

impl Placement {
    /// Of a function's code. Other machines than x86-64 fetch in smaller pieces.
    pub(crate) fn of(isa: &dyn TargetIsa, code: &[u8]) -> Placement {
        if isa.name() == "x64" { Placement::of_loops(&loops(code)) } else { Placement::default() }
    }

    fn of_loops(loops: &[LoopCode]) -> Placement {
        let mut costs = [0; STARTS];
        let mut around: Vec<LoopCode> = Vec::new();
        for &each in loops {
            around.retain(|outer| outer.end > each.start);
            let runs = 1 << (RUNS_LOG2 * MAX_DEPTH.min(around.len() as u32));
            for (at, cost) in costs.iter_mut().enumerate() {
                *cost += runs * each.cost(at as u32 * STEP);
            }
            around.push(each);
        }
        Placement(costs)
    }

    /// The best start not before `end`; of those that are as good, the first.
    pub(crate) fn start(self, end: u32, alignment: u32) -> u32 {
        let first = end.next_multiple_of(alignment);
        if alignment != STEP {
            return first;
        }
        let starts = (0..STARTS as u32).map(|at| first + at * STEP);
        starts.min_by_key(|start| self.0[(start % LINE / STEP) as usize]).unwrap_or(first)
    }
}

impl LoopCode {
    /// Lines count most, and then how far from the start of its line it begins.
    fn cost(self, moved: u32) -> u64 {
        let (start, end) = (self.start + moved, self.end + moved);
        let lines = (end - 1) / LINE - start / LINE + 1;
        u64::from(lines * 8 + start % LINE / STEP)
    }
}

/// Loops by where they start, those around others first: from the target of each branch backwards to the last branch to it. What only looks
/// like a branch is taken for one: that costs a few bytes of padding. Cold blocks go back too, and stand behind the last return.
fn loops(code: &[u8]) -> Vec<LoopCode> {
    let mut loops = Vec::new();
    let hot = code.windows(POP_AND_RETURN.len()).rposition(|bytes| bytes == POP_AND_RETURN).unwrap_or(code.len());
    for at in 0..hot.saturating_sub(4) {
        let is_branch = code[at] == 0xe9 || at > 0 && code[at - 1] == 0x0f && code[at] & 0xf0 == 0x80;
        let distance = i32::from_le_bytes([code[at + 1], code[at + 2], code[at + 3], code[at + 4]]);
        let end = at as u32 + 5;
        let target = i64::from(end) + i64::from(distance);
        if is_branch && distance < 0 && target >= 0 {
            loops.push(LoopCode { start: target as u32, end });
        }
    }
    loops.sort_unstable_by_key(|each| (each.start, std::cmp::Reverse(each.end)));
    loops.dedup_by_key(|each| each.start);
    loops
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Code with branches from places to others.
    fn code(len: usize, branches: &[(usize, usize)]) -> Vec<u8> {
        let mut code = vec![0x90; len];
        for &(at, target) in branches {
            code[at] = 0xe9;
            code[at + 1..at + 5].copy_from_slice(&(target as i32 - at as i32 - 5).to_le_bytes());
        }
        code
    }

    #[test]
    fn loops_are_found_by_their_branches() {
        let code = code(200, &[(20, 10), (50, 10), (40, 30), (100, 150), (120, 60)]);
        let found: Vec<_> = loops(&code).iter().map(|each| (each.start, each.end)).collect();
        assert_eq!(found, [(10, 55), (30, 45), (60, 125)]);
        assert!(loops(&[0xe9, 0xff, 0xff]).is_empty());
        let mut returns = code;
        returns[110..112].copy_from_slice(&POP_AND_RETURN);
        assert_eq!(loops(&returns).len(), 2, "what goes back from behind it is cold");
    }

    #[test]
    fn a_loop_is_kept_within_a_line() {
        // 40 bytes at 50 to 90 span two lines; behind 16 more they are in one.
        let placement = Placement::of_loops(&loops(&code(100, &[(85, 50)])));
        assert_eq!(placement.start(0, STEP), 16);
        assert_eq!(placement.start(17, STEP), 80);
        assert_eq!(placement.start(1, 32), 32, "what must be aligned otherwise is");
    }

    #[test]
    fn the_inner_loop_decides() {
        // The outer one would rather start at 0, the inner one at 16.
        let placement = Placement::of_loops(&loops(&code(130, &[(125, 0), (85, 50)])));
        assert_eq!(placement.start(0, STEP), 16);
    }

    #[test]
    fn what_has_no_loop_is_placed_at_once() {
        let placement = Placement::of_loops(&loops(&code(100, &[(10, 50)])));
        assert_eq!((placement.start(0, STEP), placement.start(33, STEP)), (0, 48));
    }
}
