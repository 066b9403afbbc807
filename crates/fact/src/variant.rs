//! Variants, options and results: a discriminant, and the payload of the case that it names.

use crate::emit::Translator;
use crate::place::{Destination, MemoryPlace, Pair, Source};
use crate::shape::{MAX_SEPARATE_CASES, ShapeCase};
use crate::site::{CaseSites, Sites};
use gusset_types::FlatType;
use std::collections::HashMap;
use wasm_encoder::BlockType;

/// Where the payloads of a variant are, on both sides.
#[derive(Clone, Copy)]
struct Payloads<'a> {
    src: Source<'a>,
    dst: Destination<'a>,
}

/// The cases of a variant by the code that they have.
struct Groups {
    /// The cases of each group, in order.
    members: Vec<Vec<u32>>,
    /// The group of each case that has a payload.
    of_case: Vec<Option<u32>>,
}

impl Groups {
    /// Cases of the same payload share code if the cases are many; else each has its own.
    fn of(cases: &[ShapeCase<'_>]) -> Groups {
        let mut groups = Groups { members: Vec::new(), of_case: Vec::with_capacity(cases.len()) };
        let mut known = HashMap::new();
        for (case, &(_, pair)) in (0..).zip(cases) {
            let group = pair.map(|pair| {
                let next = groups.members.len() as u32;
                match cases.len() > MAX_SEPARATE_CASES {
                    true => *known.entry(pair).or_insert(next),
                    false => next,
                }
            });
            if let Some(group) = group {
                groups.members.resize_with(groups.members.len().max(group as usize + 1), Vec::new);
                groups.members[group as usize].push(case);
            }
            groups.of_case.push(group);
        }
        groups
    }
}

impl<'t> Translator<'_, 't> {
    /// Translates a variant, option or result.
    pub(crate) fn variant(&mut self, pair: Pair, cases: &[ShapeCase<'t>], src: Source<'_>, dst: Destination<'_>) {
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

    /// One jump table; each payload has its code, all cases without one share a target.
    fn many_cases(&mut self, discriminant: u32, cases: &[ShapeCase<'t>], payloads: Payloads<'_>) {
        let block = self.payload_block(payloads);
        let groups = Groups::of(cases);
        let empty = groups.members.len() as u32;
        // Outermost the end of all, then the shared target of the cases without payload, then a block for each payload.
        self.ins().block(block).block(BlockType::Empty);
        for _ in 0..empty {
            self.ins().block(BlockType::Empty);
        }
        let targets = groups.of_case.into_iter().map(|group| group.unwrap_or(empty));
        self.ins().local_get(discriminant).br_table(targets, empty);
        let mut sites = match self.sites {
            Sites::Own { adapter } if groups.members.iter().any(|members| members.len() > 1) => {
                let names = cases.iter().map(|case| case.0).collect();
                Some(CaseSites::new(adapter, &self.path, names, discriminant))
            }
            _ => None,
        };
        for (group, members) in (0..empty).zip(groups.members) {
            self.ins().end();
            match members[..] {
                [only] => self.payload(&cases[only as usize], payloads),
                _ => self.shared_payload(cases[members[0] as usize].1, members, &mut sites, payloads),
            }
            self.ins().br(empty - group);
        }
        self.ins().end();
        self.payload_of(None, payloads);
        self.ins().end();
    }

    /// Translates a payload that several cases have. Its site is computed, or else that of the variant.
    fn shared_payload(
        &mut self,
        pair: Option<Pair>,
        members: Vec<u32>,
        sites: &mut Option<CaseSites<'t>>,
        payloads: Payloads<'_>,
    ) {
        let Some(mut cases) = sites.take() else { return self.payload_of(pair, payloads) };
        cases.share(members);
        let own = std::mem::replace(&mut self.sites, Sites::Cases(cases));
        self.payload_of(pair, payloads);
        if let Sites::Cases(cases) = std::mem::replace(&mut self.sites, own) {
            *sites = Some(cases);
        }
    }

    /// The type of a block that each case leaves its payload in.
    fn payload_block(&mut self, payloads: Payloads<'_>) -> BlockType {
        match payloads.dst {
            Destination::Stack(want) => self.block_type(want),
            Destination::Memory(_) => BlockType::Empty,
        }
    }

    /// Translates the payload of one case.
    fn payload(&mut self, &(name, pair): &ShapeCase<'_>, payloads: Payloads<'_>) {
        let mark = self.path.enter(".", name);
        self.payload_of(pair, payloads);
        self.path.leave(mark);
    }

    /// Translates a payload. On the stack, what it does not use is zero.
    fn payload_of(&mut self, pair: Option<Pair>, payloads: Payloads<'_>) {
        let used = match pair {
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
