//! What `gusset run` lets a guest use of time, memory and the like, and what is said of one that wanted more.

use crate::quantity;
use anyhow::{Error, Result};
use clap::Args;
use gusset::{Config, LimitExceeded, LimitKind, ResourceLimiter, Store, Trap, TrapCode};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What the limits stand under in the help.
const HEADING: &str = "Limits";

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub(crate) struct LimitOptions {
    /// Stop the guest after this time, such as `10s`, `500ms` or `5m`; compiling does not count
    #[arg(long, help_heading = HEADING, value_name = "DURATION", value_parser = quantity::duration)]
    timeout: Option<Duration>,
    /// Stop the guest when it has used so much fuel: one for each operator, and more for what is copied between components
    #[arg(long, help_heading = HEADING, value_name = "N", value_parser = quantity::number)]
    fuel: Option<u64>,
    #[command(flatten)]
    sizes: SizeOptions,
}

/// How large a guest may become.
#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub(crate) struct SizeOptions {
    /// The most that the guest's linear memories may have together, such as `64MiB`; tables do not count
    #[arg(long, help_heading = HEADING, value_name = "SIZE", value_parser = quantity::size)]
    max_memory: Option<u64>,
    /// The most core instances that a component may have
    #[arg(long, help_heading = HEADING, value_name = "N", value_parser = quantity::count)]
    max_instances: Option<usize>,
    /// The most elements that each table may have
    #[arg(long, help_heading = HEADING, value_name = "N", value_parser = quantity::count)]
    max_table_elements: Option<usize>,
    /// The most that the guest may use of the native stack [default: 512KiB]; it gets one that is large enough
    #[arg(long, help_heading = HEADING, value_name = "SIZE", value_parser = quantity::stack_size)]
    max_wasm_stack: Option<u64>,
}

impl LimitOptions {
    /// What the guest may use of the native stack, if that is said.
    pub(super) fn max_wasm_stack(&self) -> Option<u64> {
        self.sizes.max_wasm_stack
    }

    /// Settles what has to be compiled in.
    pub(super) fn configure(&self, config: &mut Config) {
        if self.timeout.is_some() {
            config.epoch_interruption(true);
        }
        if self.fuel.is_some() {
            config.consume_fuel(true);
        }
        self.sizes.configure(config);
    }
}

impl SizeOptions {
    /// What the guest may use of a stack, if that is said.
    pub(crate) fn max_wasm_stack(&self) -> Option<u64> {
        self.max_wasm_stack
    }

    /// Settles what has to be compiled in.
    pub(crate) fn configure(&self, config: &mut Config) {
        if let Some(bytes) = self.max_wasm_stack {
            config.max_wasm_stack(bytes.try_into().unwrap_or(usize::MAX));
        }
    }

    /// What a guest's store is to ask.
    pub(crate) fn limiter(&self) -> GuestLimiter {
        GuestLimiter::new(self, Refused::default())
    }

    /// Whether there is a limit that a store is to ask for.
    pub(crate) fn limits_something(&self) -> bool {
        self.max_memory.is_some() || self.max_instances.is_some() || self.max_table_elements.is_some()
    }

    /// The limit that a guest met whose store asked `refused`'s limiter, if `error`, which came of running it, says that it met one.
    pub(crate) fn reached(&self, error: &Error, refused: &Refused) -> Option<LimitReached> {
        let SizeOptions { max_instances, max_table_elements, .. } = *self;
        if let Some(exceeded) = error.downcast_ref::<LimitExceeded>() {
            return match exceeded.kind {
                LimitKind::MemoryBytes => refused.last(),
                LimitKind::Instances => max_instances.map(LimitReached::Instances),
                LimitKind::TableElements => max_table_elements.map(LimitReached::TableElements),
                _ => None,
            };
        }
        // What was refused need not be why it trapped, but mostly is.
        error.is::<Trap>().then(|| refused.first()).flatten()
    }
}

/// A limit of the command line that a guest met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LimitReached {
    Timeout(Duration),
    Fuel(u64),
    /// The limit, and what other memories have of it.
    Memory(u64, u64),
    Instances(usize),
    TableElements(usize),
}

impl LimitReached {
    /// The exit code that tells it: those that no shell has a meaning for, and that of `timeout`.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            LimitReached::Fuel(_) => 120,
            LimitReached::Memory(..) => 121,
            LimitReached::Instances(_) => 122,
            LimitReached::TableElements(_) => 123,
            LimitReached::Timeout(_) => 124,
        }
    }
}

impl fmt::Display for LimitReached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LimitReached::Timeout(limit) => write!(f, "the guest ran for longer than --timeout allows, {limit:?}"),
            LimitReached::Fuel(limit) => write!(f, "the guest used more fuel than --fuel allows, {limit}"),
            LimitReached::Memory(limit, others) => {
                write!(f, "the guest wanted more memory than --max-memory allows, {}", bytes(*limit))?;
                if *others == 0 { Ok(()) } else { write!(f, "; other memories have {} of it", bytes(*others)) }
            }
            LimitReached::Instances(limit) => {
                write!(f, "the guest has more core instances than --max-instances allows, {limit}")
            }
            LimitReached::TableElements(limit) => {
                write!(f, "the guest wanted a larger table than --max-table-elements allows, {limit} elements")
            }
        }
    }
}

fn bytes(count: u64) -> String {
    if count == 1 { "1 byte".into() } else { format!("{count} bytes") }
}

/// What a guest was refused, and perhaps went on without.
#[derive(Clone, Default)]
pub(crate) struct Refused(Arc<Mutex<Vec<LimitReached>>>);

impl Refused {
    fn note(&self, limit: LimitReached) {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What is between the first and the last is of no interest.
        refused.truncate(1);
        refused.push(limit);
    }

    fn first(&self) -> Option<LimitReached> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).first().copied()
    }

    fn last(&self) -> Option<LimitReached> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last().copied()
    }
}

/// The limits of one guest.
pub(super) struct GuestLimits<'a> {
    options: &'a LimitOptions,
    refused: Refused,
}

/// What a guest's store asks.
pub(crate) struct GuestLimiter {
    max_memory: Option<u64>,
    max_instances: Option<usize>,
    max_table_elements: Option<usize>,
    /// Bytes of linear memories.
    memory: u64,
    /// What is left of `max_memory` for the memory that was refused.
    left: Option<u64>,
    /// What the last growth of a memory added.
    last_growth: u64,
    refused: Refused,
}

impl<'a> GuestLimits<'a> {
    pub(super) fn new(options: &'a LimitOptions) -> GuestLimits<'a> {
        GuestLimits { options, refused: Refused::default() }
    }

    /// What the guest's store is to ask.
    pub(super) fn limiter(&self) -> GuestLimiter {
        GuestLimiter::new(&self.options.sizes, self.refused.clone())
    }

    /// Sets the limits of a store, where they begin: `limiter` finds in its data what [`limiter`](GuestLimits::limiter) gave.
    pub(super) fn begin<T>(
        &self,
        store: &mut Store<T>,
        limiter: impl Fn(&mut T) -> &mut GuestLimiter + Send + Sync + 'static,
    ) -> Result<()> {
        store.limiter(move |data| limiter(data));
        if let Some(fuel) = self.options.fuel {
            store.set_fuel(fuel)?;
        }
        if let Some(time) = self.options.timeout {
            store.set_deadline(Instant::now().checked_add(time))?;
        }
        Ok(())
    }

    /// `error`, which came of running the guest, with the limit that it met if it met one.
    pub(super) fn explain(&self, error: Error) -> Error {
        match self.reached(&error) {
            Some(limit) => error.context(limit),
            None => error,
        }
    }

    fn reached(&self, error: &Error) -> Option<LimitReached> {
        match error.downcast_ref::<Trap>().map(Trap::code) {
            Some(TrapCode::Interrupt) => self.options.timeout.map(LimitReached::Timeout),
            Some(TrapCode::OutOfFuel) => self.options.fuel.map(LimitReached::Fuel),
            _ => self.options.sizes.reached(error, &self.refused),
        }
    }
}

impl GuestLimiter {
    fn new(options: &SizeOptions, refused: Refused) -> GuestLimiter {
        let SizeOptions { max_memory, max_instances, max_table_elements, .. } = *options;
        GuestLimiter { max_memory, max_instances, max_table_elements, memory: 0, left: None, last_growth: 0, refused }
    }

    /// What it has refused, and will.
    pub(crate) fn refused(&self) -> Refused {
        self.refused.clone()
    }
}

impl ResourceLimiter for GuestLimiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        let growth = (desired as u64).saturating_sub(current as u64);
        let memory = self.memory.saturating_add(growth);
        if let Some(limit) = self.max_memory
            && memory > limit
        {
            let others = self.memory.saturating_sub(current as u64);
            self.refused.note(LimitReached::Memory(limit, others));
            (self.left, self.last_growth) = (Some(limit.saturating_sub(others)), 0);
            return Ok(false);
        }
        (self.memory, self.last_growth) = (memory, growth);
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _: Error) -> Result<()> {
        self.memory -= std::mem::take(&mut self.last_growth);
        Ok(())
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        if let Some(limit) = self.max_table_elements
            && desired > limit
        {
            self.refused.note(LimitReached::TableElements(limit));
            return Ok(false);
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.max_instances.unwrap_or(usize::MAX)
    }

    // What they take is limited, and not how many there are.
    fn memories(&self) -> usize {
        usize::MAX
    }

    fn tables(&self) -> usize {
        usize::MAX
    }

    fn limit_of(&self, kind: LimitKind) -> Option<u64> {
        match kind {
            LimitKind::MemoryBytes => self.left.or(self.max_memory),
            LimitKind::TableElements => self.max_table_elements.map(|elements| elements as u64),
            LimitKind::Instances => self.max_instances.map(|instances| instances as u64),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_first_and_last_is_known() {
        let refused = Refused::default();
        assert_eq!((refused.first(), refused.last()), (None, None));
        let limits = [LimitReached::TableElements(9), LimitReached::Memory(1, 0), LimitReached::Memory(1, 1)];
        for limit in limits {
            refused.note(limit);
            assert_eq!((refused.first(), refused.last()), (Some(limits[0]), Some(limit)));
        }
    }
}
