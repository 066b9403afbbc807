//! Records, tuples and fixed-length lists: values one after the other.

use crate::emit::{Index, Translator};
use crate::list::ListElements;
use crate::place::{Amount, Destination, Pair, Source};
use crate::shape::{FieldName, ShapeField};
use gusset_types::{MAX_FLAT_PARAMS, PointerWidth, Types, ValType};

impl Translator<'_, '_> {
    /// Translates fields, each at its place.
    pub(crate) fn fields(&mut self, fields: &[ShapeField<'_>], src: Source<'_>, dst: Destination<'_>) {
        if let (Source::Memory(from), Destination::Memory(to), Some(bytes)) = (src, dst, self.copyable(fields)) {
            return self.copy_bytes(bytes, from, to);
        }
        let sources = split_source(self.types, self.lane.src.width, fields.iter().map(|field| field.1.src), src);
        let destinations =
            split_destination(self.types, self.lane.dst.width, fields.iter().map(|field| field.1.dst), dst);
        let repeated = self.repeated(fields);
        for ((&(name, pair), src), dst) in fields.iter().zip(sources).zip(destinations) {
            let mark = self.path.enter_field(name);
            match repeated.contains(&pair) {
                true => self.outlined_value(pair, src, dst),
                false => self.value(pair, src, dst),
            }
            self.path.leave(mark);
        }
    }

    /// Translates a list whose length its type gives: element by element where values are flat, which are few, else by a loop.
    pub(crate) fn fixed_length_list(&mut self, element: Pair, length: u32, src: Source<'_>, dst: Destination<'_>) {
        if let (Source::Memory(from), Destination::Memory(to)) = (src, dst) {
            let (src_at, dst_at) = (self.address(from, self.lane.src), self.address(to, self.lane.dst));
            let entry = [(FieldName::Position(0), element)];
            self.elements(&entry, ListElements { src_at, dst_at, count: Amount::Const(length) });
            self.body.release_all([src_at, dst_at]);
            return;
        }
        assert!(length as usize <= MAX_FLAT_PARAMS, "a longer list is not flat");
        let repeat = |ty: ValType| std::iter::repeat_n(ty, length as usize);
        let sources = split_source(self.types, self.lane.src.width, repeat(element.src), src);
        let destinations = split_destination(self.types, self.lane.dst.width, repeat(element.dst), dst);
        let mark = self.path.enter("[]", "");
        for (i, (src, dst)) in (0..length).zip(sources.into_iter().zip(destinations)) {
            self.indices.push(Index::Const(i));
            self.value(element, src, dst);
            self.indices.pop();
        }
        self.path.leave(mark);
    }
}

/// The place of each of `fields` in a source that holds them one after the other.
pub(crate) fn split_source<'s>(
    types: &Types,
    width: PointerWidth,
    fields: impl Iterator<Item = ValType> + Clone,
    src: Source<'s>,
) -> Vec<Source<'s>> {
    match src {
        Source::Memory(address) => {
            let offsets = types.field_offsets(fields, width);
            offsets.into_iter().map(|offset| Source::Memory(address.at(offset))).collect()
        }
        Source::Flat(mut slots) => {
            let take = |ty| {
                let flat = types.flat(ty, width).expect("a part of flat values is flat");
                let (head, tail) = slots.split_at(flat.len());
                slots = tail;
                Source::Flat(head)
            };
            fields.map(take).collect()
        }
    }
}

/// The place of each of `fields` in a destination that holds them one after the other.
pub(crate) fn split_destination<'d>(
    types: &Types,
    width: PointerWidth,
    fields: impl Iterator<Item = ValType> + Clone,
    dst: Destination<'d>,
) -> Vec<Destination<'d>> {
    match dst {
        Destination::Memory(address) => {
            let offsets = types.field_offsets(fields, width);
            offsets.into_iter().map(|offset| Destination::Memory(address.at(offset))).collect()
        }
        Destination::Stack(mut want) => {
            let take = |ty| {
                let flat = types.flat(ty, width).expect("a part of flat values is flat");
                let (head, tail) = want.split_at(flat.len());
                want = tail;
                Destination::Stack(head)
            };
            fields.map(take).collect()
        }
    }
}
