//! Outlined translations: functions that adapters of a module share, for strings and for types so heavy that writing them out at
//! each place would make functions huge. A helper is given its caller's site, so it reports what failed at its caller's path.

use crate::body::{DefinedFunc, FunctionBody};
use crate::emit::{Index, Translator};
use crate::module::ModuleBuilder;
use crate::place::{Destination, FlatSlot, Lane, MemoryPlace, Pair, Source};
use crate::shape::ShapeField;
use crate::site::Sites;
use gusset_types::{FlatType, MAX_TRAP_INDICES, Types, ValType};
use std::collections::{HashMap, HashSet};

/// Types that weigh more are outlined.
pub(crate) const MAX_INLINE_WEIGHT: u32 = 256;
/// The same once a function is long: functions in wasm have a maximal size, and what compiling one takes is not in proportion to it.
const MAX_INLINE_WEIGHT_LONG: u32 = 8;
/// From how many bytes on a function is long.
const LONG_FUNCTION: usize = 16 << 10;

/// How many fields of the same type an outlined function writes out, if the type weighs more than in a long function.
const MAX_WRITTEN_OUT: usize = 8;

/// What a helper translates.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum HelperKind {
    /// A string, from address and length to address and length.
    String,
    /// A value, flat or in memory on either side.
    Value { pair: Pair, src_flat: bool, dst_flat: bool },
}

/// What makes helpers the same function.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct HelperKey {
    lane: Lane,
    kind: HelperKind,
    /// How many list indices it is given.
    indices: usize,
}

/// The core types of a helper: what it is given of the source, of the destination, and what it returns.
struct HelperSignature {
    src: Vec<FlatType>,
    dst: Vec<FlatType>,
    results: Vec<FlatType>,
}

impl HelperKey {
    fn signature(&self, types: &Types) -> HelperSignature {
        let (src, dst) = (self.lane.src, self.lane.dst);
        let flat = |ty: ValType, width| types.flat(ty, width).expect("only flat values are passed flat").to_vec();
        match self.kind {
            HelperKind::String => {
                HelperSignature { src: vec![src.pointer(); 2], dst: vec![], results: vec![dst.pointer(); 2] }
            }
            HelperKind::Value { pair, src_flat, dst_flat } => HelperSignature {
                src: if src_flat { flat(pair.src, src.width) } else { vec![src.pointer()] },
                dst: if dst_flat { vec![] } else { vec![dst.pointer()] },
                results: if dst_flat { flat(pair.dst, dst.width) } else { vec![] },
            },
        }
    }

    fn name(&self, module: &ModuleBuilder<'_>) -> String {
        let (src, dst) = (self.lane.src, self.lane.dst);
        let what = match self.kind {
            HelperKind::String => format!("string {:?} to {:?}", src.encoding, dst.encoding),
            HelperKind::Value { pair: Pair { src: ValType::Defined(ty), .. }, .. } => format!("type {ty}"),
            HelperKind::Value { pair, .. } => format!("{:?}", pair.src),
        };
        let (src, dst) = (module.instance_name(src.instance), module.instance_name(dst.instance));
        match self.indices {
            0 => format!("{what} {src} -> {dst}"),
            depth => format!("{what} {src} -> {dst} in {depth} lists"),
        }
    }
}

impl Translator<'_, '_> {
    /// Whether a value of this type gets a function of its own.
    pub(crate) fn outlines(&mut self, pair: Pair) -> bool {
        let long = self.body.size() > LONG_FUNCTION;
        self.outlines_beyond(if long { MAX_INLINE_WEIGHT_LONG } else { MAX_INLINE_WEIGHT }, pair)
    }

    /// Whether a value of this type weighs more than `weight`, and can have a function of its own.
    fn outlines_beyond(&mut self, weight: u32, pair: Pair) -> bool {
        matches!(pair.src, ValType::Defined(_))
            && self.module.facts.weight(self.types, pair.src, MAX_INLINE_WEIGHT) > weight
            && (self.borrows.scope.is_some() || !self.module.facts.holds_borrow(self.types, pair.src))
    }

    /// The types of many of these fields that are not written out for each. In an outlined function this takes nothing from
    /// the paths of traps.
    pub(crate) fn repeated(&mut self, fields: &[ShapeField<'_>]) -> HashSet<Pair> {
        let mut counts = HashMap::new();
        if self.is_outlined() && fields.len() > MAX_WRITTEN_OUT {
            fields.iter().for_each(|field| *counts.entry(field.1).or_insert(0) += 1);
        }
        counts.retain(|&pair, count| *count > MAX_WRITTEN_OUT && self.outlines_beyond(MAX_INLINE_WEIGHT_LONG, pair));
        counts.into_keys().collect()
    }

    /// Translates a value by a helper.
    pub(crate) fn outlined_value(&mut self, pair: Pair, src: Source<'_>, dst: Destination<'_>) {
        let kind = HelperKind::Value {
            pair,
            src_flat: matches!(src, Source::Flat(_)),
            dst_flat: matches!(dst, Destination::Stack(_)),
        };
        match src {
            Source::Memory(place) => self.push_address(place, self.lane.src),
            Source::Flat(slots) => {
                let natural = self.types.flat(pair.src, self.lane.src.width).expect("only flat values are passed flat");
                for (&slot, &natural) in slots.iter().zip(natural) {
                    self.get_slot(slot, natural);
                }
            }
        }
        if let Destination::Memory(place) = dst {
            self.push_address(place, self.lane.dst);
        }
        let results = self.call_helper(kind);
        if let Destination::Stack(want) = dst {
            self.coerce_many(&results, want);
        }
    }

    /// Calls a helper whose source and destination have been pushed; returns the types of its results.
    pub(crate) fn call_helper(&mut self, kind: HelperKind) -> Vec<FlatType> {
        let key = HelperKey { lane: self.lane, kind, indices: self.indices.len().min(MAX_TRAP_INDICES) };
        let signature = key.signature(self.types);
        self.push_site();
        if self.module.passes_scope(key) {
            let scope = self.borrows.scope.expect("what holds borrow handles is outlined where there is a scope");
            self.ins().local_get(scope);
        }
        self.push_indices();
        let func = self.module.helper(key);
        self.body.call(func);
        signature.results
    }

    /// Coerces values on the stack, the last one on top.
    pub(crate) fn coerce_many(&mut self, have: &[FlatType], want: &[FlatType]) {
        if have == want {
            return;
        }
        let locals: Vec<u32> = have.iter().map(|&ty| self.body.local(ty)).collect();
        for &local in locals.iter().rev() {
            self.ins().local_set(local);
        }
        for (&local, (&have, &want)) in locals.iter().zip(have.iter().zip(want)) {
            self.ins().local_get(local);
            self.coerce(have, want);
        }
        self.body.release_all(locals);
    }
}

impl ModuleBuilder<'_> {
    /// The helper for `key`, declared if it is new.
    fn helper(&mut self, key: HelperKey) -> DefinedFunc {
        if let Some(&func) = self.helpers.get(&key) {
            return func;
        }
        let HelperSignature { src, dst, results } = key.signature(self.types);
        let mut params = [src, dst].concat();
        params.resize(params.len() + 1 + usize::from(self.passes_scope(key)), FlatType::I32);
        params.resize(params.len() + key.indices, FlatType::I64);
        let func = self.declare(key.name(self), &params, &results);
        self.helpers.insert(key, func);
        func
    }

    /// Whether a helper is given the scope of its caller's call.
    fn passes_scope(&mut self, key: HelperKey) -> bool {
        match key.kind {
            HelperKind::String => false,
            HelperKind::Value { pair, .. } => self.facts.holds_borrow(self.types, pair.src),
        }
    }

    /// Writes every helper that has been asked for, and those that they ask for.
    pub(crate) fn define_helpers(&mut self) {
        let mut written = 0;
        while let Some((&key, &func)) = self.helpers.get_index(written) {
            let body = self.helper_body(key);
            self.define(func, body);
            written += 1;
        }
    }

    fn helper_body(&mut self, key: HelperKey) -> FunctionBody {
        let HelperSignature { src, dst, results } = key.signature(self.types);
        let site = (src.len() + dst.len()) as u32;
        let scope = self.passes_scope(key).then_some(site + 1);
        let first = site + 1 + scope.iter().len() as u32;
        let mut params = [&src[..], &dst[..], &vec![FlatType::I32; (first - site) as usize]].concat();
        params.resize(params.len() + key.indices, FlatType::I64);
        let mut translator = Translator::new(self, FunctionBody::new(&params), key.lane, Sites::Callers { site });
        translator.indices = (0..key.indices as u32).map(|i| Index::Local(first + i, FlatType::I64)).collect();
        translator.borrows.scope = scope;
        match key.kind {
            HelperKind::String => translator.string_body(),
            HelperKind::Value { pair, src_flat, .. } => {
                let slots: Vec<FlatSlot> = (0..).zip(&src).map(|(local, &ty)| FlatSlot { local, ty }).collect();
                let source = if src_flat { Source::Flat(&slots) } else { Source::Memory(MemoryPlace::of(0)) };
                let destination = match dst.len() {
                    0 => Destination::Stack(&results),
                    _ => Destination::Memory(MemoryPlace::of(src.len() as u32)),
                };
                translator.value_here(pair, source, destination);
            }
        }
        translator.body
    }
}
