//! Which bytes of a vector go where: a shuffle for each set of lanes.

/// A shuffle for each set of eight.
pub(super) type Shuffles<const BYTES: usize> = [[u8; BYTES]; 256];

/// Of lanes of a byte, those in the set.
pub(super) static KEPT_BYTES: Shuffles<8> = shuffles(8, 1, [1, 0, 0, 0], 0);

/// Of lanes of two bytes, those in the set.
pub(super) static KEPT_UNITS: Shuffles<16> = shuffles(8, 2, [1, 1, 0, 0], 0);

/// Of lanes of two bytes: the second one, and before it the first of those in the set.
pub(super) static ONE_OR_TWO: Shuffles<16> = shuffles(8, 2, [1, 0, 0, 0], 0b10);

/// Of lanes of four bytes: the last one; before it the third of those in the lower half of the set, and before that the first of those in the upper.
pub(super) static ONE_TO_THREE: Shuffles<16> = shuffles(4, 4, [2, 0, 1, 0], 0b1000);

/// Puts bytes of lanes next to one another, and zeros behind them. Of each lane that is in the first or second part of the set (of as many as there
/// are lanes) those whose number `parts` has, and of each those that `always` has a bit for.
const fn shuffles<const BYTES: usize>(lanes: usize, width: usize, parts: [usize; 4], always: u32) -> Shuffles<BYTES> {
    /// Where a shuffle writes 0.
    const NOTHING: u8 = 0x80;
    let mut all = [[NOTHING; BYTES]; 256];
    let mut set = 0;
    while set < 256 {
        let (mut from, mut to) = (0, 0);
        while from < lanes * width {
            let (lane, byte) = (from / width, from % width);
            let part = parts[byte];
            let is_in_part = part > 0 && set >> (lane + (part - 1) * lanes) & 1 == 1;
            if is_in_part || always >> byte & 1 == 1 {
                all[set][to] = from as u8;
                to += 1;
            }
            from += 1;
        }
        set += 1;
    }
    all
}

/// That of a set, of which the lower eight bits count.
#[inline(always)]
pub(super) fn of_set<const BYTES: usize>(shuffles: &Shuffles<BYTES>, set: u32) -> &[u8; BYTES] {
    &shuffles[set as usize & 0xff]
}
