//! Variants, options and results: a discriminant, and the payload of the case that it names.

use crate::emit::Translator;
use crate::place::{Destination, MemoryPlace, Pair, Source};
use crate::shape::ShapeCase;
use gusset_types::FlatType;
use wasm_encoder::BlockType;

/// Where the payloads of a variant are, on both sides.
#[derive(Clone, Copy)]
struct Payloads<'a> {
    src: Source<'a>,
    dst: Destination<'a>,
}

impl Translator<'_, '_> {
    /// Translates a variant, option or result.
    pub(crate) fn variant(&mut self, pair: Pair, cases: &[ShapeCase<'_>], src: Source<'_>, dst: Destination<'_>) {
        let layout = |ty, width| self.types.variant_layout(ty, width).expect("the type has cases");
        let (size, src_offset) = layout(pair.src, self.lane.src.width);
        let (_, dst_offset) = layout(pair.dst, self.lane.dst.width);
        let discriminant = self.read_discriminant(cases.len() as u32, size, src);
        self.begin(dst);
        self.ins().local_get(discriminant);
        self.write_int(size, dst);
        let payloads = Payloads {
            src: match src {
                Source::Flat(slots) => Source::Flat(&slots[1..]),
                Source::Memory(address) => Source::Memory(address.at(src_offset)),
            },
            dst: match dst {
                Destination::Stack(want) => Destination::Stack(&want[1..]),
                Destination::Memory(address) => Destination::Memory(address.at(dst_offset)),
            },
        };
        if cases.iter().any(|case| case.1.is_some()) {
            match cases {
                [only] => self.payload(only, payloads),
                [first, second] => self.two_cases(discriminant, first, second, payloads),
                _ => self.many_cases(discriminant, cases, payloads),
            }
        }
        self.body.release(discriminant);
    }

    fn two_cases(&mut self, discriminant: u32, first: &ShapeCase<'_>, second: &ShapeCase<'_>, payloads: Payloads<'_>) {
        let pushes = matches!(payloads.dst, Destination::Stack(_));
        let block = self.payload_block(payloads);
        self.ins().local_get(discriminant);
        let (on_true, on_false) = if second.1.is_some() || pushes {
            (second, first)
        } else {
            self.ins().i32_eqz();
            (first, second)
        };
        self.ins().if_(block);
        self.payload(on_true, payloads);
        if on_false.1.is_some() || pushes {
            self.ins().else_();
            self.payload(on_false, payloads);
        }
        self.ins().end();
    }

    /// One jump table; each case with a payload has its code, all others share one target.
    fn many_cases(&mut self, discriminant: u32, cases: &[ShapeCase<'_>], payloads: Payloads<'_>) {
        let block = self.payload_block(payloads);
        let bodies: Vec<&ShapeCase<'_>> = cases.iter().filter(|case| case.1.is_some()).collect();
        let shared = bodies.len() as u32;
        // Outermost the end of all, then the shared target of the cases without payload, then a block for each payload.
        self.ins().block(block).block(BlockType::Empty);
        for _ in &bodies {
            self.ins().block(BlockType::Empty);
        }
        let mut next = 0;
        let targets: Vec<u32> = cases
            .iter()
            .map(|case| match case.1 {
                None => shared,
                Some(_) => {
                    next += 1;
                    next - 1
                }
            })
            .collect();
        self.ins().local_get(discriminant).br_table(targets, shared);
        for (i, case) in bodies.into_iter().enumerate() {
            self.ins().end();
            self.payload(case, payloads);
            self.ins().br(shared - i as u32);
        }
        self.ins().end();
        self.payload(&("", None), payloads);
        self.ins().end();
    }

    /// The type of a block that each case leaves its payload in.
    fn payload_block(&mut self, payloads: Payloads<'_>) -> BlockType {
        match payloads.dst {
            Destination::Stack(want) => self.block_type(want),
            Destination::Memory(_) => BlockType::Empty,
        }
    }

    /// Translates the payload of one case. On the stack, what the case does not use is zero.
    fn payload(&mut self, &(name, ty): &ShapeCase<'_>, payloads: Payloads<'_>) {
        let mark = self.path.enter(".", name);
        let used = match ty {
            None => 0,
            Some(pair) => {
                let (src_count, dst_count) = self.payload_flats(pair, payloads);
                let src = match payloads.src {
                    Source::Flat(slots) => Source::Flat(&slots[..src_count]),
                    memory => memory,
                };
                let dst = match payloads.dst {
                    Destination::Stack(want) => Destination::Stack(&want[..dst_count]),
                    memory => memory,
                };
                self.value(pair, src, dst);
                dst_count
            }
        };
        if let Destination::Stack(want) = payloads.dst {
            want[used..].iter().for_each(|&ty| self.zero(ty));
        }
        self.path.leave(mark);
    }

    /// How many flat values a payload has on each side; 0 where it lies in memory.
    fn payload_flats(&self, pair: Pair, payloads: Payloads<'_>) -> (usize, usize) {
        let count = |flat: Option<&[FlatType]>| flat.expect("a part of flat values is flat").len();
        let src = match payloads.src {
            Source::Flat(_) => count(self.types.flat(pair.src, self.lane.src.width)),
            Source::Memory(MemoryPlace { .. }) => 0,
        };
        let dst = match payloads.dst {
            Destination::Stack(_) => count(self.types.flat(pair.dst, self.lane.dst.width)),
            Destination::Memory(_) => 0,
        };
        (src, dst)
    }
}
