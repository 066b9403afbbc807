//! [`Config`]: everything that is decided before the first byte is compiled. Nothing is read from the environment, unless it is to be.

mod backtraces;
mod features;

use crate::artifact::platform;
use crate::pooling::InstanceAllocationStrategy;
use crate::progress::{CompileProgress, ProgressObserver};
use crate::trace::{CallTracer, TracedCall};
pub use backtraces::WasmBacktraceDetails;
use gusset_artifact::{CodeIdentity, CodeSettings, OptimizationLevel};
use gusset_types::{ComponentFeatures, CoreFeatures};
use std::sync::Arc;

/// How much work the compiler puts into code; for [`Config::opt_level`].
///
/// ```
/// assert_eq!(gusset::OptLevel::default(), gusset::OptLevel::Speed);
/// ```
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

/// The settings of an [`Engine`](crate::Engine): what is decided before anything is compiled.
///
/// A setting is checked when an engine is made of it, not when it is set. Nothing is read from the environment, but for
/// [`WasmBacktraceDetails::Environment`].
///
/// ```
/// use gusset::{Config, Engine, OptLevel};
/// let engine = Engine::new(Config::new().opt_level(OptLevel::None).max_wasm_stack(256 << 10))?;
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) opt_level: OptLevel,
    pub(crate) features: CoreFeatures,
    pub(crate) component_features: ComponentFeatures,
    pub(crate) nan_canonicalization: bool,
    pub(crate) relaxed_simd_deterministic: bool,
    pub(crate) max_wasm_stack: usize,
    pub(crate) async_stack_size: usize,
    pub(crate) async_stack_zeroing: bool,
    pub(crate) memory_reservation: u64,
    pub(crate) memory64_reservation: u64,
    pub(crate) memory_guard: u64,
    pub(crate) max_table_elements: u64,
    pub(crate) max_lifted_bytes: u64,
    pub(crate) max_host_bytes: u64,
    /// `None` for one thread per processor.
    pub(crate) compile_threads: Option<usize>,
    pub(crate) frame_form: bool,
    pub(crate) compiler_inlining: bool,
    pub(crate) gc_stress: bool,
    pub(crate) link_adapters: bool,
    pub(crate) tracer: Option<CallTracer>,
    pub(crate) target: Option<String>,
    pub(crate) target_cpu: Option<String>,
    pub(crate) consume_fuel: bool,
    pub(crate) epoch_interruption: bool,
    pub(crate) keep_flags: bool,
    pub(crate) progress: Option<ProgressObserver>,
    pub(crate) lazy_compilation: bool,
    wasm_backtrace_details: WasmBacktraceDetails,
    pub(crate) signals_based_traps: bool,
    pub(crate) heap_access_spectre_mitigation: bool,
    pub(crate) table_access_spectre_mitigation: bool,
    #[cfg(feature = "cache")]
    pub(crate) cache: Option<crate::cache::Cache>,
    pub(crate) allocation_strategy: InstanceAllocationStrategy,
    pub(crate) memory_init_cow: bool,
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
            features: CoreFeatures::default(),
            component_features: ComponentFeatures::default(),
            nan_canonicalization: false,
            relaxed_simd_deterministic: false,
            max_wasm_stack: 512 << 10,
            async_stack_size: 2 << 20,
            async_stack_zeroing: false,
            memory_reservation: 4 << 30,
            memory64_reservation: 64 << 30,
            memory_guard: 2 << 30,
            max_table_elements: 10_000_000,
            max_lifted_bytes: 128 << 20,
            max_host_bytes: 1 << 30,
            compile_threads: None,
            frame_form: false,
            compiler_inlining: true,
            gc_stress: false,
            link_adapters: true,
            tracer: None,
            target: None,
            target_cpu: None,
            consume_fuel: false,
            epoch_interruption: false,
            keep_flags: false,
            progress: None,
            lazy_compilation: false,
            wasm_backtrace_details: WasmBacktraceDetails::default(),
            signals_based_traps: true,
            heap_access_spectre_mitigation: true,
            table_access_spectre_mitigation: true,
            #[cfg(feature = "cache")]
            cache: None,
            allocation_strategy: InstanceAllocationStrategy::OnDemand,
            memory_init_cow: true,
        }
    }

    /// How much work the compiler puts into code.
    pub fn opt_level(&mut self, level: OptLevel) -> &mut Config {
        self.opt_level = level;
        self
    }

    /// Whether results of float operations that are NaN are always the same NaN, so that runs are equal on every
    /// machine (default: any that the [specification] allows). NaNs that one component passes to another become canonical too, as in the
    /// deterministic profile of `CanonicalABI.md`; those that the host passes stay as they are.
    ///
    /// [specification]: https://webassembly.github.io/spec/core/exec/numerics.html#nan-propagation
    pub fn nan_canonicalization(&mut self, enabled: bool) -> &mut Config {
        self.nan_canonicalization = enabled;
        self
    }

    /// Whether relaxed vector instructions have the results of the [deterministic profile], which are the same on every machine
    /// (default: those that the specification permits and the machine is quick at).
    ///
    /// NaNs are the business of [`nan_canonicalization`](Config::nan_canonicalization). On x86-64 machines without FMA, a module whose
    /// code multiplies and adds by a relaxed instruction is then refused as not supported.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::{Config, Engine, Store, core::{Instance, Module}};
    /// let engine = Engine::new(Config::new().relaxed_simd_deterministic(true))?;
    /// let text = r#"(module (func (export "least") (param v128 v128) (result v128)
    ///     (f32x4.relaxed_min (local.get 0) (local.get 1))))"#;
    /// let mut store = Store::new(&engine, ());
    /// let instance = Instance::new(&mut store, &Module::new(&engine, text)?, &[])?;
    /// let least = instance.get_typed_func::<(u128, u128), u128>(&mut store, "least")?;
    /// let zeros = 0x8000_0000_u128;
    /// assert_eq!(least.call(&mut store, (0, zeros))?, zeros, "-0 is less than 0, in whatever order");
    /// assert_eq!(least.call(&mut store, (zeros, 0))?, zeros);
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// [deterministic profile]: https://webassembly.github.io/spec/core/appendix/profiles.html#deterministic-profile-small-mathsf-det
    pub fn relaxed_simd_deterministic(&mut self, enabled: bool) -> &mut Config {
        self.relaxed_simd_deterministic = enabled;
        self
    }

    /// How many bytes of a thread's stack guests may use, counted from where the host first enters one (default 512
    /// KiB). A guest that needs more traps.
    ///
    /// Where the system says how large a thread's stack is (Linux with the GNU C library, and macOS), guests never come
    /// nearer to its end than 128 KiB (256 KiB in debug builds), which are for host functions; for those that need more,
    /// the stack must be larger. Elsewhere, and on stacks that the host has made and switched to, the stack must have
    /// these bytes and what host functions need beyond them.
    pub fn max_wasm_stack(&mut self, bytes: usize) -> &mut Config {
        self.max_wasm_stack = bytes;
        self
    }

    /// How many bytes a stack has of a guest that may wait: one that was entered by a `call_async` (default 2 MiB). Of these guests may use
    /// [`max_wasm_stack`](Config::max_wasm_stack), or what there is beyond the 128 KiB (256 KiB in debug builds) for host functions, if that is
    /// less. Memory is used as it is touched.
    pub fn async_stack_size(&mut self, bytes: usize) -> &mut Config {
        self.async_stack_size = bytes;
        self
    }

    /// Whether such a stack is all zero when it is used again (default: no). Guests cannot see what others have left there: it is for hosts
    /// that want nothing of a guest to stay in memory.
    pub fn async_stack_zeroing(&mut self, enabled: bool) -> &mut Config {
        self.async_stack_zeroing = enabled;
        self
    }

    /// Bytes of address space that a linear memory reserves (default 4 GiB), rounded up to whole pages. A memory cannot
    /// grow beyond what it has reserved; one that starts larger reserves its initial size. From 4 GiB on, accesses to
    /// 32-bit memories need no bounds checks, unless their pages have one byte; with less, many more memories fit into the address space.
    pub fn memory_reservation(&mut self, bytes: u64) -> &mut Config {
        self.memory_reservation = bytes;
        self
    }

    /// Bytes of address space that a memory with 64-bit addresses reserves (default 64 GiB), rounded up to whole pages, or as
    /// many as its maximum, if that is less. It cannot grow beyond them; one that starts larger reserves its initial size. In a pool,
    /// [`max_memory_size`](crate::PoolingConfig::max_memory_size) says how large a memory may become, whatever its addresses.
    ///
    /// Accesses to such a memory are always checked, so that code does not depend on this.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::{Config, Engine, Store, core};
    /// let engine = Engine::new(Config::new().memory64_reservation(6 << 30))?;
    /// let module = core::Module::new(&engine, r#"(module (memory (export "memory") i64 1))"#)?;
    /// let mut store = Store::new(&engine, ());
    /// let instance = core::Instance::new(&mut store, &module, &[])?;
    /// let memory = instance.get_memory(&mut store, "memory").expect("it is exported");
    /// assert_eq!(memory.grow(&mut store, 5 << 14)?, 1);
    /// assert!(memory.grow(&mut store, 1 << 14).is_err());
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn memory64_reservation(&mut self, bytes: u64) -> &mut Config {
        self.memory64_reservation = bytes;
        self
    }

    /// Bytes of address space after a reservation that are never accessible (default 2 GiB), rounded up to whole pages; there is always a page more.
    pub fn memory_guard(&mut self, bytes: u64) -> &mut Config {
        self.memory_guard = bytes;
        self
    }

    /// The largest number of elements of any table (default 10,000,000), whatever its type allows. One that starts
    /// larger is an error at instantiation; `table.grow` beyond it fails as the specification lets it. A table of more than
    /// a few thousand elements reserves address space for as many as it may get, 8 bytes each, and memory for those that
    /// are used.
    pub fn max_table_elements(&mut self, elements: u64) -> &mut Config {
        self.max_table_elements = elements;
        self
    }

    /// How many bytes of the host's memory the values of one call may take that are lifted out of a guest: the parameters
    /// of a host function, or the result of a guest's (default 128 MiB). A call that would need more is an error, before
    /// they are allocated.
    ///
    /// Rust's representation counts, and not the guest's: a `list<u8>` takes a byte for each element as a `Vec<u8>`, but
    /// a whole [`Val`](crate::Val) for each as a `Val::List`. What the host lowers into guests does not count.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// # use gusset::{Component, Config, Engine, Linker, Store};
    /// let engine = Engine::new(Config::new().max_lifted_bytes(1000))?;
    /// # let component = Component::new(&engine, r#"(component
    /// #     (core module $m (memory (export "m") 1)
    /// #         (func (export "read") (param i32) (result i32)
    /// #             (i32.store (i32.const 0) (i32.const 16))
    /// #             (i32.store (i32.const 4) (local.get 0))
    /// #             (i32.const 0)))
    /// #     (core instance $i (instantiate $m))
    /// #     (func (export "read") (param "length" u32) (result (list u8))
    /// #         (canon lift (core func $i "read") (memory (core memory $i "m")))))"#)?;
    /// # let mut store = Store::new(&engine, ());
    /// # let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
    /// let read = instance.get_typed_func::<(u32,), (Vec<u8>,)>(&mut store, "read")?;
    /// assert_eq!(read.call(&mut store, (500,))?.0.len(), 500);
    /// let error = read.call(&mut store, (1500,)).unwrap_err();
    /// assert!(format!("{error:#}").contains("more than 1000 bytes of the host; Config::max_lifted_bytes sets the limit"));
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn max_lifted_bytes(&mut self, bytes: u64) -> &mut Config {
        self.max_lifted_bytes = bytes;
        self
    }

    /// How many bytes of the host the runtime itself keeps for the guests of one store (default 1 GiB), beyond their linear memories:
    /// contexts of instances, tables and their elements, the tables of their handles, what external references refer to, handles
    /// that the host was given, functions, and the values of calls of the host that are running. Whatever would make it more is an error
    /// with a [`LimitExceeded`](crate::LimitExceeded), before it is allocated; `table.grow` returns -1.
    ///
    /// [`Store::set_max_host_bytes`](crate::Store::set_max_host_bytes) sets it for a store, and
    /// [`Store::host_bytes`](crate::Store::host_bytes) says what is in use.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::core::{Instance, Module};
    /// use gusset::{Config, Engine, LimitExceeded, Store};
    /// let engine = Engine::new(Config::new().max_host_bytes(1 << 20))?;
    /// let module = Module::new(&engine, "(module (table 100000 funcref))")?;
    /// let mut store = Store::new(&engine, ());
    /// Instance::new(&mut store, &module, &[])?;
    /// assert!(store.host_bytes() > 800_000);
    /// let error = Instance::new(&mut store, &module, &[]).unwrap_err();
    /// assert!(error.is::<LimitExceeded>());
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn max_host_bytes(&mut self, bytes: u64) -> &mut Config {
        self.max_host_bytes = bytes;
        self
    }

    /// How many threads compile a component or module together (default: as many as there are processors for the process).
    /// One is the caller's; the others are started when there is enough to do, and end with it. An engine has no more of these
    /// at once, however many callers it has. With 0 or 1 callers compile alone, and so they do where the system starts no
    /// more threads.
    ///
    /// What is compiled does not depend on it.
    pub fn compile_threads(&mut self, threads: usize) -> &mut Config {
        self.compile_threads = Some(threads);
        self
    }

    /// Tells `tracer` of every call from one component to another within a composition, with its arguments and result (default:
    /// nobody is told).
    ///
    /// It changes what is compiled: such calls go through the host then, which lifts and lowers, instead of an adapter, and cost
    /// what that costs; they call `realloc` as the host would, and traps have the host's words. Without it a call costs nothing more.
    /// `tracer` is called on the thread of the guest.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// # use gusset::{Component, Config, Engine, Linker, Store};
    /// use std::sync::{Arc, Mutex};
    ///
    /// let calls = Arc::new(Mutex::new(Vec::new()));
    /// let told = calls.clone();
    /// let engine = Engine::new(Config::new().trace_calls(move |call| told.lock().unwrap().push(call.to_string())))?;
    /// # let component = Component::new(&engine, r#"(component
    /// #     (component $lib
    /// #         (core module $m (func (export "half") (param i32) (result i32) (i32.shr_u (local.get 0) (i32.const 1))))
    /// #         (core instance $i (instantiate $m))
    /// #         (func (export "half") (param "x" u32) (result u32) (canon lift (core func $i "half"))))
    /// #     (component $app
    /// #         (import "half" (func $half (param "x" u32) (result u32)))
    /// #         (core func $half (canon lower (func $half)))
    /// #         (core module $m
    /// #             (import "" "half" (func $half (param i32) (result i32)))
    /// #             (func (export "run") (drop (call $half (i32.const 42)))))
    /// #         (core instance $i (instantiate $m (with "" (instance (export "half" (func $half))))))
    /// #         (func (export "run") (canon lift (core func $i "run"))))
    /// #     (instance $lib (instantiate $lib))
    /// #     (instance $app (instantiate $app (with "half" (func $lib "half"))))
    /// #     (export "run" (func $app "run")))"#)?;
    /// # let mut store = Store::new(&engine, ());
    /// # let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
    /// # let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
    /// run.call(&mut store, ())?;
    /// assert_eq!(*calls.lock().unwrap(), ["app -> lib half(42)", "app <- lib half: 21"]);
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn trace_calls(&mut self, tracer: impl Fn(TracedCall<'_>) + Send + Sync + 'static) -> &mut Config {
        self.tracer = Some(CallTracer(Arc::new(tracer)));
        self
    }

    /// Whether an adapter is compiled for each function that an instance imports from another one of its store (default:
    /// yes). Without, such calls are lifted and lowered by the host: linking is faster then, and calls are slower. Those that
    /// pass handles always are.
    ///
    /// See [`LinkerInstance::define_instance`](crate::LinkerInstance::define_instance).
    pub fn link_adapters(&mut self, enabled: bool) -> &mut Config {
        self.link_adapters = enabled;
        self
    }

    /// Where instances get their memories, tables and contexts from (default: from the system, on demand). Pools are for hosts that
    /// make many instances: see [`PoolingConfig`](crate::PoolingConfig).
    pub fn allocation_strategy(&mut self, strategy: impl Into<InstanceAllocationStrategy>) -> &mut Config {
        self.allocation_strategy = strategy.into();
        self
    }

    /// Whether what memories hold at first is mapped, so that instances of a module share what they do not write (default:
    /// yes), or copied into each. Where the system has no files in memory (`memfd_create`, of Linux), it is copied, and as long as the
    /// process may not open one: each component or module that has something to map keeps one open.
    pub fn memory_init_cow(&mut self, enabled: bool) -> &mut Config {
        self.memory_init_cow = enabled;
        self
    }

    /// The machine to compile for, by its triple (default: this one). An engine for another machine makes artefacts
    /// ([`Engine::precompile_component`](crate::Engine::precompile_component)) and runs nothing. Known are `x86_64` and `aarch64` under
    /// Linux, and `aarch64` under macOS; the feature `cross-compile` has code generators for all of them.
    ///
    /// ```
    /// # #[cfg(feature = "compile")] {
    /// # use gusset::{Config, Engine};
    /// assert!(Engine::new(Config::new().target("z80-unknown-none")).is_err());
    /// # }
    /// ```
    pub fn target(&mut self, triple: &str) -> &mut Config {
        self.target = Some(triple.into());
        self
    }

    /// The processor to compile for (default: this machine's, with all that it has; of another machine the least that is supported).
    /// `native` is this machine's, `baseline` the least that is supported (on x86-64 what has SSE4.1), and for x86-64 there are names such as
    /// `x86-64-v2`, `x86-64-v3`, `x86-64-v4` and `znver3`. Where what is compiled needs more than a processor has, it is refused there.
    pub fn target_cpu(&mut self, name: &str) -> &mut Config {
        self.target_cpu = Some(name.into());
        self
    }

    /// What code depends on.
    pub(crate) fn code_settings(&self) -> CodeSettings {
        CodeSettings {
            optimization: match self.opt_level {
                OptLevel::None => OptimizationLevel::None,
                OptLevel::Speed => OptimizationLevel::Speed,
                OptLevel::SpeedAndSize => OptimizationLevel::SpeedAndSize,
            },
            features: self.features,
            nan_canonicalization: self.nan_canonicalization,
            relaxed_simd_deterministic: self.relaxed_simd_deterministic,
            memory_reservation: self.memory_reservation,
            memory_guard: self.memory_guard,
            consume_fuel: self.consume_fuel,
            epoch_interruption: self.epoch_interruption,
            frame_form: self.frame_form,
            inlining: self.compiler_inlining,
            signals_based_traps: self.signals_based_traps,
            heap_access_spectre_mitigation: self.heap_access_spectre_mitigation,
            table_access_spectre_mitigation: self.table_access_spectre_mitigation,
        }
    }

    /// What code that runs on this machine in an engine of these settings is compiled for, but for features of the processor.
    pub(crate) fn identity(&self) -> CodeIdentity {
        CodeIdentity {
            target: platform(),
            cpu_features: Vec::new(),
            settings: self.code_settings(),
            component_features: self.component_features,
            calls_through_host: self.tracer.is_some(),
            keep_flags: self.keep_flags,
        }
    }

    /// Whether guests count the fuel that they use, and are stopped with [`TrapCode::OutOfFuel`](crate::TrapCode::OutOfFuel) when
    /// it is used up (default: no, and it costs nothing then). A store has none until
    /// [`Store::set_fuel`](crate::Store::set_fuel).
    ///
    /// What a run of a guest uses depends on the guest and its input alone, and not on the machine or on other settings.
    pub fn consume_fuel(&mut self, enabled: bool) -> &mut Config {
        self.consume_fuel = enabled;
        self
    }

    /// Whether guests look for the epoch of their store's deadline (default: no, and it costs nothing then), before they
    /// call and in loops. Where it is on, a store's guests are stopped at once until
    /// [`Store::set_epoch_deadline`](crate::Store::set_epoch_deadline), but for what is over at once.
    ///
    /// It is cheaper than fuel, and depends on time: [`Engine::increment_epoch`](crate::Engine::increment_epoch) counts.
    pub fn epoch_interruption(&mut self, enabled: bool) -> &mut Config {
        self.epoch_interruption = enabled;
        self
    }

    /// Tells `observer` how far each component or module is that is compiled (default: nobody is told).
    ///
    /// It is called on the threads that compile, several at once, some hundred times for each component or module, and never under a
    /// lock of the engine. What several threads tell may arrive out of order. Where it panics, so does what compiles, and the
    /// engine can be used as before. Code for links of instances is made without telling.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::{CompilePhase, Component, Config, Engine};
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// use std::sync::Arc;
    ///
    /// let (compiled, all) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    /// let told = (compiled.clone(), all.clone());
    /// let engine = Engine::new(Config::new().compile_progress(move |progress| {
    ///     if progress.phase == CompilePhase::Compile {
    ///         told.0.fetch_max(progress.functions, Ordering::Relaxed);
    ///         told.1.store(progress.total_functions, Ordering::Relaxed);
    ///     }
    /// }))?;
    /// Component::new(&engine, r#"(component (core module (func) (func)))"#)?;
    /// assert_eq!((compiled.load(Ordering::Relaxed), all.load(Ordering::Relaxed)), (2, 2));
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn compile_progress(&mut self, observer: impl Fn(CompileProgress) + Send + Sync + 'static) -> &mut Config {
        self.progress = Some(ProgressObserver(Arc::new(observer)));
        self
    }

    /// Whether a function is compiled when it is first called (default: no, all are compiled at once).
    ///
    /// What is compiled lazily starts much sooner and means the same: all of it is validated, calls, traps and backtraces do not differ.
    /// Threads in the background go on with the functions that nobody has called, as many as
    /// [`compile_threads`](Config::compile_threads) has beside the caller's, and end with them or with the last component or module
    /// of that code. Without any, functions are compiled when they are called and never else.
    ///
    /// A first call takes the time that compiling the function takes, or what a thread in the background is at that compiles it.
    /// Nothing interrupts that; a [deadline](crate::Store::set_deadline) by the clock is put off by as much, since it is not the
    /// guest's time. It needs a mebibyte of stack, or a thread where the stack has less left. It is an error, whose payload is a
    /// [`CodegenError`](crate::CodegenError), where the function is beyond one of the compiler's limits:
    /// [`Component::new`](crate::Component::new) refuses such functions where compilation is not lazy. Calls between functions
    /// are a jump dearer. A copy of the code section is kept. A cache is looked into, and what it does not have is not put there.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::{Config, Engine, Store, core::{Instance, Module}};
    /// let engine = Engine::new(Config::new().lazy_compilation(true))?;
    /// let module = Module::new(&engine, r#"(module
    ///     (func $half (param i32) (result i32) (i32.div_u (local.get 0) (i32.const 2)))
    ///     (func (export "run") (result i32) (call $half (i32.const 42))))"#)?;
    /// let mut store = Store::new(&engine, ());
    /// let instance = Instance::new(&mut store, &module, &[])?;
    /// let run = instance.get_typed_func::<(), i32>(&mut store, "run")?;
    /// assert_eq!(run.call(&mut store, ())?, 21);
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn lazy_compilation(&mut self, enabled: bool) -> &mut Config {
        self.lazy_compilation = enabled;
        self
    }

    /// Makes adapters test and toggle `may_leave` also where nobody could see it: for tests, which compare the two.
    #[doc(hidden)]
    pub fn keep_flags(&mut self, enabled: bool) -> &mut Config {
        self.keep_flags = enabled;
        self
    }

    /// Whether traps are faults of compiled code, which handlers of SIGSEGV, SIGBUS, SIGILL and SIGFPE turn into errors (default:
    /// yes). Without, an engine installs no handlers and changes nothing about signals and the threads' signal stacks: for hosts
    /// that own the handlers of their process. All that could fault is checked before: each access to memory against its length,
    /// each division, and at the start of each function the stack. Code is larger then and slower.
    ///
    /// Traps are the same, with the same places; but [`Trap::memory_offset`](crate::Trap::memory_offset) is not known. Engines
    /// of both kinds can be in one process.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::{Config, Engine, Store, Trap, TrapCode, core};
    ///
    /// let engine = Engine::new(Config::new().signals_based_traps(false))?;
    /// let module = core::Module::new(&engine, r#"(module (memory 1)
    ///     (func (export "load") (drop (i32.load (i32.const 65536)))))"#)?;
    /// let mut store = Store::new(&engine, ());
    /// let instance = core::Linker::new(&engine).instantiate(&mut store, &module)?;
    /// let load = instance.get_func(&mut store, "load").expect("it is exported");
    /// let error = load.call(&mut store, &[], &mut []).unwrap_err();
    /// assert_eq!(error.downcast_ref::<Trap>().map(Trap::code), Some(TrapCode::MemoryOutOfBounds));
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn signals_based_traps(&mut self, enabled: bool) -> &mut Config {
        self.signals_based_traps = enabled;
        self
    }

    /// Whether small functions are compiled in place of calls of them too (default: yes): what stands between two components in its
    /// caller, and small functions of guests, in one module, between modules and across components. Results, traps, fuel, the lines of backtraces and
    /// what the host sees are the same without; only a stack is used up at another depth. With [`OptLevel::None`] nothing is inlined.
    ///
    /// ```
    /// # #[cfg(feature = "compile")] {
    /// use gusset::{Config, Engine};
    /// let engine = Engine::new(Config::new().compiler_inlining(false))?;
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn compiler_inlining(&mut self, enabled: bool) -> &mut Config {
        self.compiler_inlining = enabled;
        self
    }

    /// Whether an access to a linear memory whose bounds are checked stays within them even while the processor only guesses
    /// that the check holds (default: yes), so that no guest reads the host's memory by way of what such a guess leaves in
    /// caches. It concerns memories with less than 4 GiB of [reservation](Config::memory_reservation), with addresses of 64 bits or with
    /// pages of one byte, offsets beyond the [guard](Config::memory_guard), and all memories without
    /// [signals](Config::signals_based_traps); other accesses have nothing that could be guessed wrongly.
    pub fn heap_access_spectre_mitigation(&mut self, enabled: bool) -> &mut Config {
        self.heap_access_spectre_mitigation = enabled;
        self
    }

    /// The same for accesses to tables, those of indirect calls among them (default: yes).
    pub fn table_access_spectre_mitigation(&mut self, enabled: bool) -> &mut Config {
        self.table_access_spectre_mitigation = enabled;
        self
    }

    /// Where to look for components and modules before they are compiled, and to keep what had to be (default: nowhere).
    ///
    /// What is found there is what compiling would give. An engine that compiles [lazily](Config::lazy_compilation) looks there too, and
    /// keeps nothing. See [`Cache`](crate::Cache).
    ///
    /// ```no_run
    /// use gusset::{Cache, Config, Engine};
    /// let engine = Engine::new(Config::new().cache(Cache::from_default_location().ok()))?;
    /// # Ok::<(), gusset::Error>(())
    /// ```
    #[cfg(feature = "cache")]
    pub fn cache(&mut self, cache: Option<crate::cache::Cache>) -> &mut Config {
        self.cache = cache;
        self
    }

    /// Reclaims references whenever that is possible, and uses no place of theirs again: for tests, which find those that are lost.
    #[doc(hidden)]
    pub fn gc_stress(&mut self, enabled: bool) -> &mut Config {
        self.gc_stress = enabled;
        self
    }

    /// Compiles every function as those are compiled that the optimiser could not afford: for tests, which compare the two.
    #[doc(hidden)]
    pub fn frame_form(&mut self, enabled: bool) -> &mut Config {
        self.frame_form = enabled;
        self
    }
}
