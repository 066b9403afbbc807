//! Reclaiming what references refer to: values of the host's, and exceptions.
//!
//! It is looked for only when something of the kind is made, and then all at once: what is found from the roots is marked, and the rest is
//! dropped. Nothing moves. The roots are
//!
//! - what stack maps list in the frames of all activations (V17),
//! - tables, and globals,
//! - what the host [holds](super::roots),
//! - what is being thrown just now;
//!
//! and the values of each exception that was found. At a landing pad compiled code reads the record that it is given before it calls
//! anything. Element segments need nothing: their expressions read globals. In the frame form a slot holds what stood there last until
//! something else does, and so may hold it for longer than the guest does.

use super::exceptions::Exceptions;
use super::raw_value::RawValue;
use super::reference_table::{EXCEPTION_KIND, ReferenceTable};
use super::store::{TagRecord, VmStore};
use super::unwind::each_live_reference;
use crate::error::{Error, Result};
use crate::host_panic::HostPanic;
use gusset_artifact::CoreValType;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Bytes of a place, of either kind.
pub(super) const PLACE_SIZE: u64 = ReferenceTable::<HostValue>::PLACE_SIZE;

/// So many bytes may always be made before anything is reclaimed.
const LEAST: u64 = 256 << 10;

/// Bytes that may be made for each place that was looked at: so the looking costs no more than the making.
const BYTES_PER_LOOK: u64 = 4;

/// Places that looking at a frame is worth.
const LOOKS_PER_FRAME: u64 = 16;

/// A value of the host's that guests have references to.
pub(super) type HostValue = Box<dyn Any + Send + Sync>;

/// When it is time.
#[derive(Default)]
pub(super) struct CollectorPace {
    /// Bytes that have been made since the last time, and that have not gone by themselves.
    made: u64,
    /// So many are enough; at first, [`LEAST`].
    enough: u64,
    /// Bytes that were found the last time.
    found: u64,
}

impl CollectorPace {
    fn is_due(&self) -> bool {
        self.made >= self.enough.max(LEAST)
    }

    /// Whether enough has been made for it that there is no room, so that guests that have all the room there is do not have everything
    /// looked at for each thing that they make.
    fn is_worth_it(&self) -> bool {
        self.made > 0 && self.made >= self.enough / 8
    }

    /// Something was made.
    pub(super) fn made(&mut self, bytes: u64) {
        self.made += bytes;
    }

    /// Something has gone by itself.
    pub(super) fn gone(&mut self, bytes: u64) {
        self.made = self.made.saturating_sub(bytes);
    }
}

/// Whether references of this type are the store's to reclaim.
pub(super) fn is_traced(ty: &CoreValType) -> bool {
    matches!(ty, CoreValType::Ref(ty) if !ty.heap.is_func())
}

/// Marks what it is told of.
struct Marker<'a> {
    externs: &'a mut ReferenceTable<HostValue>,
    exceptions: &'a mut Exceptions,
    /// Exceptions that are marked, and whose values are not.
    pending: Vec<u32>,
    looks: u64,
}

impl Marker<'_> {
    fn mark(&mut self, reference: u32) {
        self.looks += 1;
        if reference & EXCEPTION_KIND == 0 {
            self.externs.mark(reference);
        } else if self.exceptions.mark(reference) {
            self.pending.push(reference);
        }
    }

    fn mark_values(&mut self, types: &[CoreValType], values: &[RawValue]) {
        self.looks += types.len() as u64;
        for (ty, value) in types.iter().zip(values) {
            if is_traced(ty) {
                self.mark(value.u32());
            }
        }
    }

    /// Marks what the marked exceptions carry.
    fn follow(&mut self, tags: &[TagRecord]) {
        let mut found = Vec::new();
        while let Some(exception) = self.pending.pop() {
            let Some((tag, values)) = self.exceptions.parts(exception) else { continue };
            let types = &tags[tag].signature.ty.params;
            let traced = types.iter().zip(values).filter(|(ty, _)| is_traced(ty));
            found.extend(traced.map(|(_, value)| value.u32()));
            self.looks += types.len() as u64;
            for reference in found.drain(..) {
                self.mark(reference);
            }
        }
    }
}

impl VmStore {
    /// Makes room for so many bytes of what can be reclaimed, where it is time or there is none. These values are held as long.
    ///
    /// # Errors
    ///
    /// A panic of what is dropped.
    pub(super) fn make_room(&mut self, bytes: u64, types: &[CoreValType], values: &[RawValue]) -> Result<()> {
        let is_full = bytes > self.budget.left() && self.pace.is_worth_it();
        if is_full || self.pace.is_due() || self.externs.keeps_apart() {
            return self.collect_beside(types, values);
        }
        Ok(())
    }

    /// In tests, at a place where something might be reclaimed: does that, and holds these values as long.
    ///
    /// # Errors
    ///
    /// A panic of what is dropped.
    #[inline]
    pub(super) fn stress(&mut self, types: &[CoreValType], values: &[RawValue]) -> Result<()> {
        if self.externs.keeps_apart() { self.collect_beside(types, values) } else { Ok(()) }
    }

    /// Reclaims all that no reference leads to.
    ///
    /// # Errors
    ///
    /// A panic of what is dropped.
    pub(crate) fn collect(&mut self) -> Result<()> {
        self.collect_beside(&[], &[])
    }

    /// The same, with these values for roots too.
    #[cold]
    #[inline(never)]
    fn collect_beside(&mut self, types: &[CoreValType], values: &[RawValue]) -> Result<()> {
        let looks = self.mark_all(types, values);
        let (mut dead, mut bytes) = (Vec::new(), 0);
        self.externs.sweep(|value| {
            bytes += size_of_val(&*value) as u64;
            dead.push(value);
        });
        let mut places = dead.len() as u64;
        self.exceptions.sweep(|values| {
            bytes += values;
            places += 1;
        });
        self.budget.release(bytes);
        let pace = &mut self.pace;
        pace.found = (pace.found + pace.made).saturating_sub(bytes + places * PLACE_SIZE);
        pace.enough = pace.found.max(looks * BYTES_PER_LOOK);
        pace.made = 0;
        drop_all(dead)
    }

    /// Marks all that references lead to; how many places were looked at for that.
    fn mark_all(&mut self, types: &[CoreValType], values: &[RawValue]) -> u64 {
        let VmStore { externs, exceptions, roots, tables, globals, contexts, tags, raw, .. } = self;
        let looks = (externs.len() + exceptions.len()) as u64;
        let mut marker = Marker { externs, exceptions, pending: Vec::new(), looks };
        raw.failure.exception().into_iter().for_each(|exception| marker.mark(exception));
        marker.mark_values(types, values);
        roots.all().for_each(|held| marker.mark(held.reference));
        for cell in tables.iter().flat_map(|record| record.table.indices()) {
            marker.mark(cell.get());
        }
        marker.looks += globals.len() as u64;
        for record in globals.iter().filter(|record| is_traced(&record.ty.content)) {
            let context = &contexts[record.place.context as usize].0;
            marker.mark(context.get_value(record.place.offset).u32());
        }
        // SAFETY: V1, V17: the store is borrowed exclusively, so that all of its activations wait for a call of the host.
        let frames = unsafe { each_live_reference(raw, &mut |reference| marker.mark(reference)) };
        marker.looks += frames * LOOKS_PER_FRAME;
        marker.follow(tags);
        marker.looks
    }
}

/// Drops values of the host's. A panic of one keeps none of the others.
fn drop_all(values: Vec<HostValue>) -> Result<()> {
    let mut outcome = Ok(());
    for value in values {
        match catch_unwind(AssertUnwindSafe(|| drop(value))) {
            Err(payload) if outcome.is_ok() => outcome = Err(Error::new(HostPanic::new(payload))),
            // It may panic in turn.
            Err(payload) => std::mem::forget(payload),
            Ok(()) => {}
        }
    }
    outcome
}
