//! Gusset: a WebAssembly component-model runtime, as a library.
//!
//! A host hands it a component and gets Rust functions to call. Components that contain other components are joined
//! ahead of time: each call from one to another goes through an *adapter*, a function of core wasm that is generated
//! for that pair of `canon lower` and `canon lift` and compiled together with the modules on either side. No value that
//! passes between components becomes a value of the host.
//!
//! # The five steps
//!
//! 1. An [`Engine`] holds the settings ([`Config`]) and the compiler. A process needs one.
//! 2. A [`Component`] is what the engine makes of bytes, text or a file. It is validated and compiled completely, and
//!    it does not change any more.
//! 3. A [`Linker`] holds the host's functions by name. It knows no component until it links one, and compares all types
//!    then.
//! 4. A [`Store`] owns instances, and the host's data beside them. It is the unit that is dropped at once: use one for
//!    each request, plug-in or program.
//! 5. A call enters an [`Instance`] through one of its functions.
//!
//! ```
//! # #[cfg(all(feature = "compile", feature = "wat"))] {
//! use gusset::{Component, Engine, Linker, Store, StoreContextMut};
//!
//! let engine = Engine::default();
//! let component = Component::new(&engine, r#"(component
//!   (import "log" (func $log (param "line" string)))
//!   (core module $libc
//!     (memory (export "memory") 1)
//!     (global $next (mut i32) (i32.const 16))
//!     (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $new-size i32)
//!       (result i32)
//!       (global.get $next) ;; The next free address, a multiple of 8.
//!       (local.set $new-size (i32.and (i32.add (local.get $new-size) (i32.const 7)) (i32.const -8)))
//!       (global.set $next (i32.add (global.get $next) (local.get $new-size)))))
//!   (core instance $libc (instantiate $libc))
//!   (core func $log (canon lower (func $log) (memory (core memory $libc "memory"))))
//!   (core module $main
//!     (import "libc" "memory" (memory 1))
//!     (import "host" "log" (func $log (param i32 i32)))
//!     (func (export "longest") (param $word i32) (param $count i32) (result i32)
//!       ;; The result is a string in memory: its address and its length stand at 0.
//!       (i64.store (i32.const 0) (i64.const 0))
//!       (block $done
//!         (loop $next
//!           (br_if $done (i32.eqz (local.get $count)))
//!           (if (i32.gt_u (i32.load offset=4 (local.get $word)) (i32.load (i32.const 4)))
//!             (then (i64.store (i32.const 0) (i64.load (local.get $word)))))
//!           (local.set $word (i32.add (local.get $word) (i32.const 8)))
//!           (local.set $count (i32.sub (local.get $count) (i32.const 1)))
//!           (br $next)))
//!       (call $log (i32.load (i32.const 0)) (i32.load (i32.const 4)))
//!       (i32.const 0)))
//!   (core instance $main (instantiate $main
//!     (with "libc" (instance $libc))
//!     (with "host" (instance (export "log" (func $log))))))
//!   (func (export "longest") (param "words" (list string)) (result string)
//!     (canon lift (core func $main "longest")
//!       (memory (core memory $libc "memory")) (realloc (core func $libc "realloc")))))"#)?;
//!
//! // The host's data is a log; the component's import `log` writes to it.
//! let mut linker = Linker::<Vec<String>>::new(&engine);
//! linker.root().func_wrap("log", |mut store: StoreContextMut<'_, Vec<String>>, (line,): (String,)| {
//!     store.data_mut().push(line);
//!     Ok(())
//! })?;
//!
//! let mut store = Store::new(&engine, Vec::new());
//! let instance = linker.instantiate(&mut store, &component)?;
//! let longest = instance.get_typed_func::<(&[&str],), (String,)>(&mut store, "longest")?;
//! let (word,) = longest.call(&mut store, (&["gore", "gusset", "hem"],))?;
//! assert_eq!(word, "gusset");
//! assert_eq!(store.data(), &["gusset"]);
//! # }
//! # Ok::<(), gusset::Error>(())
//! ```
//!
//! # Typed and dynamic calls
//!
//! A host that knows a function's type when it is compiled uses Rust types: [`Instance::get_typed_func`] and
//! [`LinkerInstance::func_wrap`]. Types are compared once, at the lookup or when a component is linked, and values go
//! straight between Rust and the guest. [`ComponentType`] says which Rust type stands for which component type.
//! Parameters are a tuple and so is the result: `(String,)`, or `()` for none.
//!
//! A host that learns types at run time uses [`Func::call`] and [`LinkerInstance::func_new`] with [`Val`]s, which are
//! checked at each call. [`Component::exports`] and [`Func::ty`] describe what there is, [`Val`] reads and prints WAVE,
//! and [`WaveCall`] reads whole calls. [`Val::from_typed`] and [`Val::to_typed`] go from one to the other.
//!
//! Structs and enums that [derive it](derive@ComponentType) stand for records, variants and enums, and what [`flags!`] makes
//! for flags. [`WasmStr`] and [`WasmList`] stand for strings and lists that are looked at where the guest has them.
//!
//! # Resources
//!
//! A host defines a resource type with [`LinkerInstance::resource`], and keeps what its resources are where it likes, a
//! [`ResourceTable`] for instance: guests know them by handles, and the host by numbers. [`Resource<T>`](Resource) is a
//! handle whose type Rust knows; [`ResourceAny`] is any other, those of resources that guests define among them.
//!
//! Owned handles are given away once, and borrowed ones end with the call that they came with. A host that gets that
//! wrong gets an error, and a guest that does traps.
//!
//! # Errors and traps
//!
//! All that can fail returns an [`Error`], which is `anyhow`'s: what it is about is found by its type, under any
//! [`Context`]. There are four sorts:
//!
//! - The input cannot be used: `TextError`, or `TranslateError` and `CodegenError`, which know a kind and an offset.
//! - The host and the component do not fit together: an import is missing, a type is another one, a value is not of its
//!   type ([`ValMismatch`]). The text names the place.
//! - The guest was stopped: a [`Trap`], with its [`TrapCode`], a backtrace, and, when a value was found to be bad on
//!   its way between two sides, who called whom and which part of which value it was.
//! - A host function failed: its own error, as it returned it, with the guest's [`WasmBacktrace`].
//!
//! Of a component or module that was given as text, errors and backtraces show the line: [`source_location`].
//!
//! Values of a guest that take more of the host's memory than [`Config::max_lifted_bytes`] are an error whose text says
//! so. After that or one of the last two in a call, the instance is locked for good; see [`Func::call`]. The store
//! stays usable.
//!
//! ```
//! # #[cfg(all(feature = "compile", feature = "wat"))] {
//! # use gusset::{Component, Engine, Linker, Store};
//! use gusset::{Trap, TrapCode};
//! # let engine = Engine::default();
//! # let component = Component::new(&engine, r#"(component
//! #     (core module $calculator (func $divide (export "divide") (param i32 i32) (result i32)
//! #       (i32.div_u (local.get 0) (local.get 1))))
//! #     (core instance $i (instantiate $calculator))
//! #     (func (export "divide") (param "a" u32) (param "b" u32) (result u32)
//! #       (canon lift (core func $i "divide"))))"#)?;
//! # let mut store = Store::new(&engine, ());
//! # let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
//! let divide = instance.get_typed_func::<(u32, u32), (u32,)>(&mut store, "divide")?;
//! let error = divide.call(&mut store, (1, 0)).unwrap_err();
//! let trap = error.downcast_ref::<Trap>().expect("the guest was stopped");
//! assert_eq!(trap.code(), TrapCode::IntegerDivideByZero);
//! // wasm trap: integer divide by zero
//! // wasm backtrace:
//! //     0: 0x34 - calculator!divide
//! //          at <text>:3:7
//! let text = trap.to_string();
//! assert!(text.starts_with("wasm trap: integer divide by zero\nwasm backtrace:\n    0: 0x"));
//! assert!(text.ends_with(" - calculator!divide\n         at <text>:3:7"));
//!
//! // The instance is locked now: a later call says by what.
//! let error = divide.call(&mut store, (1, 1)).unwrap_err();
//! assert_eq!(error.downcast_ref().map(Trap::code), Some(TrapCode::CannotEnter));
//! let text = error.to_string();
//! assert!(text.contains("an earlier call of `divide` trapped: integer divide by zero, at calculator!divide ("));
//! # }
//! # Ok::<(), gusset::Error>(())
//! ```
//!
//! A bad input, a guest that misbehaves or a wrong value never panics. Panics are for hosts that mix up what belongs
//! together: a component with a store of another engine, an instance with another store. The methods that can panic say
//! so. A panic of a host function that a guest calls arrives as an error too, a [`HostPanic`].
//!
//! # Bounds
//!
//! A guest has what its host gives it. How large the guests of a store may become a [`ResourceLimiter`] says ([`Store::limiter`]), with numbers in
//! [`StoreLimits`]; what the runtime keeps for them beside their memories has a limit of its own ([`Config::max_host_bytes`]), and so have the
//! values of a call ([`Config::max_lifted_bytes`]) and the stack ([`Config::max_wasm_stack`]). How long they may run is said by the clock
//! ([`Store::set_deadline`]), by epochs ([`Store::set_epoch_deadline`]) or by fuel ([`Store::set_fuel`]).
//!
//! # Threads
//!
//! Engines, components, linkers and stores can be sent to other threads, and all but stores can be shared by them. A
//! store runs one guest at a time: a call borrows it exclusively. What compiles is the caller's thread and
//! helpers that it starts: [`Config::compile_threads`] says how many. Where stores have deadlines by the clock, the process has one
//! thread that waits for the next of them.
//!
//! # Core modules
//!
//! [`gusset::core`](crate::core) runs modules that no component surrounds, in the same stores. Its types have the names
//! of those at the root.
//!
//! # Features
//!
//! - `addr2line` (default): lines of sources in backtraces, of modules that have DWARF, with [`Config::wasm_backtrace_details`].
//! - `cache` (default): [`Cache`], which keeps what was compiled in a directory. It needs `compile`.
//! - `compile` (default): the compiler, and with it `new`, `from_file` and `from_source` of [`Component`] and [`core::Module`],
//!   [`Component::validate`], `Config::validate`, `NamedSource`, `outline` with `Outline` and its parts, `AdapterCode`,
//!   `CodegenError` and `TranslateError`. Without it components and modules come from artefacts that another process compiled:
//!   [`Component::deserialize_file`].
//! - `cross-compile`: code generators for all machines that [`Config::target`] knows.
//! - `demangle` (default): backtraces show the names of functions of Rust and C++ as their sources have them.
//! - `derive` (default): the derives of [`ComponentType`], [`Lift`] and [`Lower`], and [`flags!`].
//! - `wat` (default): whatever takes bytes takes the text format too; `TextError`, `NamedSource::part_of_text`.
//!
//! # What is not supported yet
//!
//! Of the Component Model: async functions, streams and futures, error contexts, value and `start` definitions, 64-bit
//! memories, imports of components by the root; all of them are read and validated. Of core WebAssembly: threads,
//! exceptions, tail calls, 64-bit memories, garbage collection. There is no WASI. A
//! component that needs one of these gives an error that names the feature and the place; [`Component::validate`] tells
//! whether it is valid all the same. Code runs on x86-64 under Linux.
#![deny(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod activation;
mod adapter_trap;
mod artifact;
mod async_call;
mod backtrace;
#[cfg(feature = "cache")]
mod cache;
mod callable_export;
mod canon;
#[cfg(feature = "compile")]
mod compile;
mod component;
mod component_instance;
mod config;
pub mod core;
mod core_text;
mod deadline;
mod demangle;
mod earlier_failure;
mod engine;
mod erased_store;
mod error;
mod export_name;
mod export_path;
mod func;
mod host_func;
mod host_panic;
#[cfg(feature = "compile")]
mod inspect;
mod instance;
mod instantiate;
#[cfg(feature = "compile")]
mod lazy;
mod lifted_func;
mod limits;
mod link;
mod linker;
mod metering;
mod pooling;
mod progress;
mod relayed_call;
mod resource;
mod signatures;
mod source;
mod source_lines;
mod store;
mod trace;
mod trap;
mod type_scope;
mod typed;
mod typed_export;
pub mod types;
mod val;
#[allow(unsafe_code, reason = "the only place for it; see its invariants")]
mod vm;
mod wave;

pub use artifact::Precompiled;
pub use async_call::{Accessor, Cancelled};
pub use backtrace::{BacktraceGap, WasmBacktrace, WasmFrame};
#[cfg(feature = "cache")]
pub use cache::{Cache, CacheConfig, CacheStats, CacheUsage};
#[doc(hidden)]
pub use callable_export::CallableExport;
pub use canon::{
    CanonError, CanonResult, FlatReader, FlatWriter, LiftContext, LiftList, LowerContext, LowerList, TypeList,
};
pub use component::{AdapterSource, Component};
pub use config::{Config, OptLevel, WasmBacktraceDetails};
pub use earlier_failure::EarlierFailure;
pub use engine::Engine;
pub use error::{Context, Error, LinkError, Result, bail, ensure, format_err};
pub use export_path::ExportPath;
pub use func::Func;
#[doc(inline)]
pub use gusset_artifact::{ArtifactError, ArtifactErrorKind, SettingDifference};
#[cfg(feature = "compile")]
#[doc(inline)]
pub use gusset_codegen::{CodegenError, CodegenErrorKind};
#[cfg(feature = "compile")]
#[doc(inline)]
pub use gusset_component::{
    AdapterCode, ComponentOutline, CoreItemOutline, FuncOutline, ModuleOutline, Outline, OutlineItem, OutlineItemKind,
    OutlinePart, OutlineProducer, OutlineWorld, TranslateError, TranslateErrorKind, TypeOutline,
};
#[cfg(feature = "derive")]
pub use gusset_derive::{ComponentType, Lift, Lower, flags};
#[cfg(feature = "wat")]
#[doc(inline)]
pub use gusset_text::TextError;
#[doc(inline)]
pub use gusset_types::{
    AdapterName, ComponentFeature, CoreFeature, Excerpt, Printable, SourceLocation, TrapCause, TrapCode, TrapSite,
    TrapValues, nearest,
};
pub use host_panic::HostPanic;
#[cfg(feature = "compile")]
pub use inspect::outline;
pub use instance::Instance;
pub use instantiate::InstancePre;
pub use limits::{LimitExceeded, LimitKind, ResourceLimiter, StoreLimits, StoreLimitsBuilder};
pub use link::FuncSlot;
pub use linker::{Linker, LinkerInstance};
pub use metering::UpdateDeadline;
pub use pooling::{InstanceAllocationStrategy, PoolDemand, PoolExhausted, PooledResource, PoolingConfig};
pub use progress::{CompilePhase, CompileProgress};
pub use resource::{Resource, ResourceAny, ResourceTable, ResourceTableError, ResourceType};
pub use source::{NamedSource, source_location};
pub use source_lines::FrameSymbol;
pub use store::{AsContext, AsContextMut, Store, StoreContext, StoreContextMut};
pub use trace::{CallStep, TracedCall};
pub use trap::{AdapterTrapSite, Trap};
#[doc(hidden)]
pub use type_scope::{TypeMismatch, TypeScope};
pub use typed::{ComponentType, Lift, Lower, TypedFunc, ValueList, WasmList, WasmStr};
pub use typed_export::TypedExport;

/// What derived implementations of [`ComponentType`], [`Lift`] and [`Lower`] are written with. Nothing here is for people.
#[doc(hidden)]
pub mod derive_support {
    pub use crate::canon::{CanonResult, FlatReader, FlatWriter, LiftContext, LowerContext};
    pub use crate::type_scope::{TypeMismatch, TypeScope};
    pub use crate::typed::shape::{
        CaseCursor, RecordCursor, debug_flags, flags_layouts, largest, load_flags, record_layouts, store_flags,
        variant_layouts,
    };
    pub use gusset_types::{Layout, ValType};
}
pub use val::{Val, ValMismatch};
pub use vm::PlainNumber;
pub use wave::{WaveCall, WaveError};

/// The README's examples are tests.
#[cfg(all(doctest, feature = "compile", feature = "derive", feature = "wat"))]
#[doc = include_str!("../README.md")]
struct Readme;
