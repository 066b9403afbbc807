//! [`SharedMemory`]: a linear memory that stores on several threads have.

use super::memory::MemoryAccessError;
use crate::engine::Engine;
use crate::error::{Result, bail};
use crate::trap::Trap;
use crate::vm::{AwaitedNumber, MemoryHandle, ParkOutcome, SharedLinearMemory, VmStore};
use gusset_artifact::MemoryType;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::time::Duration;

/// A linear [memory] that any number of stores of one engine have at the same time, on as many threads. Copies of this are the same
/// memory, which lives as long as any of them, or a store that was given it.
///
/// Each thread of a guest is a store with an instance of its own: they import the memory, and the host starts them (`docs/threads.md`
/// has such a host).
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::core::{Extern, Instance, MemoryType, Module, SharedMemory};
/// use gusset::{Engine, Result, Store};
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module
///     (import "host" "memory" (memory 1 1 shared))
///     (func (export "count") (drop (i32.atomic.rmw.add (i32.const 8) (i32.const 1)))))"#)?;
/// let ty = MemoryType { minimum: 1, maximum: Some(1), memory64: false, shared: true, page_size_log2: 16 };
/// let memory = SharedMemory::new(&engine, ty)?;
/// std::thread::scope(|scope| {
///     let count = || -> Result<()> {
///         let mut store = Store::new(&engine, ());
///         let instance = Instance::new(&mut store, &module, &[Extern::from(memory.clone())])?;
///         instance.get_typed_func::<(), ()>(&mut store, "count")?.call(&mut store, ())
///     };
///     let threads = [(); 4].map(|()| scope.spawn(count));
///     threads.into_iter().try_for_each(|thread| thread.join().expect("it does not panic"))
/// })?;
/// let mut counted = [0; 4];
/// memory.read(8, &mut counted)?;
/// assert_eq!(u32::from_le_bytes(counted), 4);
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// [memory]: https://webassembly.github.io/threads/core/syntax/types.html#memory-types
#[derive(Clone)]
pub struct SharedMemory {
    engine: Engine,
    memory: Arc<SharedLinearMemory>,
}

/// How a wait at an address of a shared memory ended: what `memory.atomic.wait32` returns to a guest as 0, 1 and 2.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WaitResult {
    /// It was woken.
    Ok = 0,
    /// Something else stood at the address than what was expected.
    Mismatch = 1,
    /// Nobody woke it in time.
    TimedOut = 2,
}

impl SharedMemory {
    /// A memory, zeroed, whose type is `shared` and has a maximum. Address space for that much is reserved, since it never moves; with addresses of
    /// 64 bits no more than [`memory64_reservation`](crate::Config::memory64_reservation), beyond which it does not grow.
    ///
    /// # Errors
    ///
    /// When there is no room for it, the type is not that of a shared memory, or its limits contradict each other.
    ///
    /// ```
    /// use gusset::Engine;
    /// use gusset::core::{MemoryType, SharedMemory};
    /// let ty = MemoryType { minimum: 1, maximum: None, memory64: false, shared: true, page_size_log2: 16 };
    /// assert!(SharedMemory::new(&Engine::default(), ty).unwrap_err().to_string().contains("has a maximum"));
    /// ```
    pub fn new(engine: &Engine, ty: MemoryType) -> Result<SharedMemory> {
        if !ty.shared {
            bail!("the type of a shared memory says `shared`; any other is made with Memory::new");
        }
        let memory = SharedLinearMemory::new(engine.allocator(), ty)?;
        Ok(SharedMemory { engine: engine.clone(), memory: Arc::new(memory) })
    }

    /// The type, with the present size as the minimum.
    pub fn ty(&self) -> MemoryType {
        MemoryType { minimum: self.memory.pages(), ..self.memory.declared_type() }
    }

    /// The present size in pages. Others may make it larger at any time, and nobody smaller.
    pub fn size(&self) -> u64 {
        self.memory.pages()
    }

    /// The present size in bytes.
    pub fn data_size(&self) -> usize {
        self.memory.length()
    }

    /// Bytes of a page: 65,536, or 1, as its type has it.
    pub fn page_size(&self) -> u64 {
        1 << self.memory.declared_type().page_size_log2
    }

    /// The bytes, all that the memory has at present. Guests read and write them meanwhile.
    ///
    /// ```
    /// use gusset::Engine;
    /// use gusset::core::{MemoryType, SharedMemory};
    /// use std::sync::atomic::Ordering::SeqCst;
    /// let ty = MemoryType { minimum: 1, maximum: Some(2), memory64: false, shared: true, page_size_log2: 16 };
    /// let memory = SharedMemory::new(&Engine::default(), ty)?;
    /// assert_eq!(memory.data()[65_535].fetch_add(3, SeqCst), 0);
    /// assert_eq!((memory.grow(1)?, memory.data().len()), (1, 2 << 16));
    /// assert_eq!(memory.data()[65_535].load(SeqCst), 3);
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn data(&self) -> &[AtomicU8] {
        self.memory.bytes()
    }

    /// Copies bytes from `offset` on into `buffer`. What others write meanwhile may be copied in part.
    ///
    /// # Errors
    ///
    /// When not all of them are in the memory: nothing has been copied then.
    pub fn read(&self, offset: usize, buffer: &mut [u8]) -> Result<(), MemoryAccessError> {
        let length = buffer.len();
        self.memory.read(offset as u64, buffer).ok_or_else(|| self.outside(offset, length))
    }

    /// Copies the bytes of `buffer` to where `offset` is, one after the other: others may see some of them before the rest is there.
    ///
    /// # Errors
    ///
    /// When there is not room for all of them: nothing has been copied then.
    pub fn write(&self, offset: usize, buffer: &[u8]) -> Result<(), MemoryAccessError> {
        self.memory.write(offset as u64, buffer).ok_or_else(|| self.outside(offset, buffer.len()))
    }

    fn outside(&self, offset: usize, length: usize) -> MemoryAccessError {
        MemoryAccessError { offset, length, size: self.data_size() }
    }

    /// Grows the memory by a number of pages, zeroed; the size before, in pages. No store's limiter is asked.
    ///
    /// # Errors
    ///
    /// When it cannot grow by so much. Its size is as before then.
    pub fn grow(&self, pages: u64) -> Result<u64> {
        match self.memory.grow(pages) {
            Some(before) => Ok(before),
            None => bail!("a memory of {} pages cannot grow by {pages}", self.size()),
        }
    }

    /// Wakes up to `count` of those who wait at an address, guests and hosts, the first of them first; how many. As
    /// [`memory.atomic.notify`](https://webassembly.github.io/threads/core/exec/instructions.html#atomic-memory-instructions).
    ///
    /// # Errors
    ///
    /// A [`Trap`], when the address is not a multiple of 4, or there are no 4 bytes in the memory.
    pub fn atomic_notify(&self, address: u64, count: u32) -> Result<u32> {
        self.memory.notify(address, count).map_err(|code| Trap::new(code).into())
    }

    /// Waits until somebody wakes those who wait at an address, if the 4 bytes there are what is expected, and no longer than
    /// `timeout`. As `memory.atomic.wait32`. It keeps its thread, and no deadline of a store ends it.
    ///
    /// # Errors
    ///
    /// A [`Trap`], when the address is not a multiple of 4, or there are no 4 bytes in the memory.
    ///
    /// ```
    /// use gusset::Engine;
    /// use gusset::core::{MemoryType, SharedMemory, WaitResult};
    /// use std::time::Duration;
    /// let ty = MemoryType { minimum: 1, maximum: Some(1), memory64: false, shared: true, page_size_log2: 16 };
    /// let memory = SharedMemory::new(&Engine::default(), ty)?;
    /// let briefly = Some(Duration::from_millis(1));
    /// assert_eq!(memory.atomic_wait32(8, 1, briefly)?, WaitResult::Mismatch);
    /// assert_eq!(memory.atomic_wait32(8, 0, briefly)?, WaitResult::TimedOut);
    /// assert_eq!(memory.atomic_notify(8, 1)?, 0);
    /// assert!(memory.atomic_wait32(2, 0, briefly).is_err());
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn atomic_wait32(&self, address: u64, expected: u32, timeout: Option<Duration>) -> Result<WaitResult> {
        self.wait(address, AwaitedNumber::I32(expected), timeout)
    }

    /// The same of 8 bytes: `memory.atomic.wait64`.
    ///
    /// # Errors
    ///
    /// A [`Trap`], when the address is not a multiple of 8, or there are no 8 bytes in the memory.
    pub fn atomic_wait64(&self, address: u64, expected: u64, timeout: Option<Duration>) -> Result<WaitResult> {
        self.wait(address, AwaitedNumber::I64(expected), timeout)
    }

    fn wait(&self, address: u64, expected: AwaitedNumber, timeout: Option<Duration>) -> Result<WaitResult> {
        match self.memory.wait(address, expected, timeout, None) {
            Ok(ParkOutcome::Woken) => Ok(WaitResult::Ok),
            Ok(ParkOutcome::NotEqual) => Ok(WaitResult::Mismatch),
            Ok(ParkOutcome::TimedOut) => Ok(WaitResult::TimedOut),
            Ok(ParkOutcome::Stopped) => bail!("internal error: nobody stops a host that waits"),
            Err(code) => Err(Trap::new(code).into()),
        }
    }

    /// The engine that it was made for: stores of others cannot have it.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn from_vm(vm: &VmStore, memory: Arc<SharedLinearMemory>) -> SharedMemory {
        SharedMemory { engine: vm.engine().clone(), memory }
    }

    /// What stands for it in a store.
    pub(crate) fn handle(&self, vm: &mut VmStore) -> Result<MemoryHandle> {
        if !Engine::same(&self.engine, vm.engine()) {
            bail!("a shared memory of one engine was used with a store of another");
        }
        Ok(vm.share_memory(&self.memory))
    }
}

/// Whether they are the same memory.
impl PartialEq for SharedMemory {
    fn eq(&self, other: &SharedMemory) -> bool {
        Arc::ptr_eq(&self.memory, &other.memory)
    }
}

impl Eq for SharedMemory {}

impl fmt::Debug for SharedMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedMemory").field("ty", &self.ty()).finish_non_exhaustive()
    }
}
