//! [`Config`]: everything that is decided before the first byte is compiled. Nothing here is read from the environment.

/// How much work the compiler puts into code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum OptLevel {
    /// None: compiles fastest.
    None,
    /// For speed.
    #[default]
    Speed,
    /// For speed and size.
    SpeedAndSize,
}

/// The settings of an [`Engine`](crate::Engine).
///
/// ```
/// use gusset::{Config, Engine, OptLevel};
/// let engine = Engine::new(Config::new().opt_level(OptLevel::None).max_wasm_stack(256 << 10))?;
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) opt_level: OptLevel,
    pub(crate) nan_canonicalization: bool,
    pub(crate) max_wasm_stack: usize,
    pub(crate) memory_reservation: u64,
    pub(crate) memory_guard: u64,
    pub(crate) max_table_elements: u64,
}

impl Default for Config {
    fn default() -> Config {
        Config::new()
    }
}

impl Config {
    /// The defaults: optimised for speed, 512 KiB of stack, memories of up to 4 GiB without explicit bounds checks.
    pub fn new() -> Config {
        Config {
            opt_level: OptLevel::default(),
            nan_canonicalization: false,
            max_wasm_stack: 512 << 10,
            memory_reservation: 4 << 30,
            memory_guard: 2 << 30,
            max_table_elements: 10_000_000,
        }
    }

    /// How much work the compiler puts into code.
    pub fn opt_level(&mut self, level: OptLevel) -> &mut Config {
        self.opt_level = level;
        self
    }

    /// Whether results of float operations that are NaN are always the same NaN, so that runs are equal on every
    /// machine (default: any that the specification allows).
    pub fn nan_canonicalization(&mut self, enabled: bool) -> &mut Config {
        self.nan_canonicalization = enabled;
        self
    }

    /// How many bytes of a thread's stack guests may use, counted from where the host first enters one (default 512
    /// KiB). A guest that needs more traps. The thread must have that much, and what host functions need beyond it.
    pub fn max_wasm_stack(&mut self, bytes: usize) -> &mut Config {
        self.max_wasm_stack = bytes;
        self
    }

    /// Bytes of address space that a linear memory reserves (default 4 GiB), rounded up to whole pages. A memory cannot
    /// grow beyond what it has reserved; one that starts larger reserves its initial size. From 4 GiB on, accesses to
    /// 32-bit memories need no bounds checks; with less, many more memories fit into the address space.
    pub fn memory_reservation(&mut self, bytes: u64) -> &mut Config {
        self.memory_reservation = bytes;
        self
    }

    /// Bytes of address space after a reservation that are never accessible (default 2 GiB), rounded up to whole pages.
    pub fn memory_guard(&mut self, bytes: u64) -> &mut Config {
        self.memory_guard = bytes;
        self
    }

    /// The largest number of elements of any table (default 10,000,000).
    pub fn max_table_elements(&mut self, elements: u64) -> &mut Config {
        self.max_table_elements = elements;
        self
    }
}
