//! [`VmStore`]: owns what all instances of one store are made of. Everything in it lives as long as the store, so a
//! handle is never stale; but not what [references](super::collector) refer to.

use super::budget::HostBudget;
use super::builtins;
use super::code::{CodeMemory, StoreCode};
use super::collector::{CollectorPace, HostValue};
use super::context::{Context, RawStoreContext, erase};
use super::exceptions::Exceptions;
use super::function::{CallRecord, FuncRecord, HostEntry};
use super::handle::{GlobalHandle, InstanceHandle, MemoryHandle, StoreId, TableHandle, TagHandle};
use super::instance::InstanceRecord;
use super::limits::LimitedTotals;
use super::metering::on_deadline;
use super::raw_value::RawValue;
use super::reference_table::ReferenceTable;
use super::roots::Roots;
use super::store_memory::StoreMemory;
use super::table::{TableElement, TableStorage};
use super::unwind;
use crate::engine::Engine;
use crate::error::{Result, bail, format_err};
use crate::signatures::RegisteredSignature;
use gusset_artifact::{
    CoreFuncType, CoreValType, GlobalType, HeapType, MEMORY_DEFINITION, MemoryIndex, MemoryType, TABLE_DEFINITION,
    TableIndex, TableType, TagIndex,
};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

/// What all instances of one store are made of.
///
/// All its methods are safe: they check what they are given, and what they hand to compiled code is what its types say.
/// Methods with `&mut self` are called by the host, while no code of this store runs (V6), or by that code itself.
pub(crate) struct VmStore {
    id: StoreId,
    engine: Engine,
    pub(super) raw: Rc<RawStoreContext>,
    pub(super) contexts: Vec<(Context, ContextOwner)>,
    /// Positions of contexts, by the address at which they start: of the first so many, since few stores are ever asked.
    pub(super) context_at: BTreeMap<usize, u32>,
    pub(super) functions: Vec<FuncRecord>,
    /// Of the functions that the host has called.
    pub(super) calls: Vec<CallRecord>,
    /// Positions of host functions whose references are out, and which no code of the store can call yet.
    pub(super) waiting_for_stubs: BTreeSet<usize>,
    pub(super) hosts: Vec<HostEntry>,
    pub(super) instances: Vec<InstanceRecord>,
    pub(super) memories: Vec<MemoryRecord>,
    pub(super) tables: Vec<TableRecord>,
    pub(super) globals: Vec<GlobalRecord>,
    pub(super) tags: Vec<TagRecord>,
    /// What external references refer to.
    pub(super) externs: ReferenceTable<HostValue>,
    pub(super) exceptions: Exceptions,
    /// What of these the host holds.
    pub(super) roots: Roots,
    pub(super) pace: CollectorPace,
    /// What adapters import that charge fuel.
    pub(super) fuel_import: Option<GlobalHandle>,
    /// How many calls the host has begun, of guests and of its own functions.
    pub(super) calls_begun: u64,
    pub(super) totals: LimitedTotals,
    pub(super) budget: Arc<HostBudget>,
}

// SAFETY: V7: everything in it is owned by it alone and bound to no thread; what points into it from compiled code does
// so while the store is borrowed, which keeps it on its thread.
unsafe impl Send for VmStore {}

/// What a context is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ContextOwner {
    Instance(u32),
    Host,
    /// A memory, table, global or tag that the host made.
    Definition,
}

/// A place in a context.
#[derive(Clone, Copy, Debug)]
pub(super) struct ContextPlace {
    pub(super) context: u32,
    pub(super) offset: i32,
}

pub(super) struct MemoryRecord {
    pub(super) memory: StoreMemory,
    /// Of a shared one, where the address of its definition stands, if it has a place in the store.
    pub(super) definition: ContextPlace,
    /// Whether no guest has it: it is for what the runtime keeps of one.
    pub(super) of_runtime: bool,
}

pub(super) struct TableRecord {
    pub(super) table: TableStorage,
    pub(super) definition: ContextPlace,
}

pub(super) struct GlobalRecord {
    pub(super) ty: GlobalType,
    pub(super) place: ContextPlace,
}

pub(super) struct TagRecord {
    pub(super) signature: RegisteredSignature,
    pub(super) place: ContextPlace,
}

impl VmStore {
    /// A store for the guests of a `StoreInner<T>`.
    pub(crate) fn new<T: 'static>(engine: &Engine) -> VmStore {
        let raise = unwind::raise as *const () as usize;
        let (builtins, epochs) = (builtins::ARRAY.pointer(), engine.epoch_counter());
        let raw = RawStoreContext::new(builtins, raise, epochs, on_deadline::<T>, erase::<T>);
        let keep_apart = engine.config().gc_stress;
        VmStore {
            id: StoreId::new(),
            engine: engine.clone(),
            raw: Rc::new(raw),
            contexts: Vec::new(),
            context_at: BTreeMap::new(),
            functions: Vec::new(),
            calls: Vec::new(),
            waiting_for_stubs: BTreeSet::new(),
            hosts: Vec::new(),
            instances: Vec::new(),
            memories: Vec::new(),
            tables: Vec::new(),
            globals: Vec::new(),
            tags: Vec::new(),
            externs: ReferenceTable::new(0, keep_apart),
            exceptions: Exceptions::new(keep_apart),
            roots: Roots::default(),
            pace: CollectorPace::default(),
            fuel_import: None,
            calls_begun: 0,
            totals: LimitedTotals::default(),
            budget: Arc::new(HostBudget::new(engine.config().max_host_bytes)),
        }
    }

    #[inline]
    pub(crate) fn id(&self) -> StoreId {
        self.id
    }

    #[inline]
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    #[inline]
    pub(super) fn context(&self) -> &RawStoreContext {
        &self.raw
    }

    /// The address of the store's context, which is the same as long as the store lives.
    #[inline]
    pub(super) fn context_pointer(&self) -> *const RawStoreContext {
        Rc::as_ptr(&self.raw)
    }

    pub(super) fn add_context(&mut self, context: Context, owner: ContextOwner) -> u32 {
        if !matches!(owner, ContextOwner::Instance(_)) {
            self.budget.count(context.len() as u64);
        }
        let number = u32::try_from(self.contexts.len()).expect("a store holds fewer than 2^32 of a kind");
        self.contexts.push((context, owner));
        number
    }

    pub(super) fn context_of(&self, place: ContextPlace) -> &Context {
        &self.contexts[place.context as usize].0
    }

    pub(super) fn address_of(&self, place: ContextPlace) -> u64 {
        self.context_of(place).address(place.offset) as u64
    }

    /// The context around an address, what it is of, and the offset in it.
    pub(super) fn context_around(&mut self, address: usize) -> Option<(ContextPlace, ContextOwner)> {
        let new = self.contexts.iter().enumerate().skip(self.context_at.len());
        self.context_at.extend(new.map(|(number, (context, _))| (context.start(), number as u32)));
        let (&start, &context) = self.context_at.range(..=address).next_back()?;
        let offset = i32::try_from(address - start).ok()?;
        Some((ContextPlace { context, offset }, self.contexts[context as usize].1))
    }

    /// Makes code known to signal handlers and backtraces, and keeps it alive.
    pub(super) fn add_code(&self, code: &Arc<CodeMemory>) -> StoreCode {
        self.raw.add_code(code);
        StoreCode::new(code)
    }

    // Memories.

    /// A memory of the host's.
    ///
    /// # Errors
    ///
    /// When there is no room for it, or its type is not supported.
    pub(super) fn new_memory(&mut self, ty: MemoryType) -> Result<MemoryHandle> {
        let memory = StoreMemory::Own(self.engine.allocator().host_memory(ty)?);
        let context = self.add_context(Context::new(MEMORY_DEFINITION.size), ContextOwner::Definition);
        let number = self.define_memory(memory, ContextPlace { context, offset: 0 });
        Ok(MemoryHandle::new(self.id, number))
    }

    /// A memory for what the runtime keeps of guests, from where their own are: no limiter is asked about it.
    ///
    /// # Errors
    ///
    /// When there is no room for it.
    pub(crate) fn new_runtime_memory(&mut self, ty: MemoryType) -> Result<MemoryHandle> {
        let memory = StoreMemory::Own(self.engine.allocator().memory(ty, None)?);
        let context = self.add_context(Context::new(MEMORY_DEFINITION.size), ContextOwner::Definition);
        let number = self.add_memory(memory, ContextPlace { context, offset: 0 }, true);
        Ok(MemoryHandle::new(self.id, number))
    }

    pub(super) fn define_memory(&mut self, memory: StoreMemory, definition: ContextPlace) -> usize {
        self.count_memory(memory.length() as u64);
        self.add_memory(memory, definition, false)
    }

    pub(super) fn add_memory(&mut self, memory: StoreMemory, definition: ContextPlace, of_runtime: bool) -> usize {
        let context = self.context_of(definition);
        match &memory {
            StoreMemory::Own(own) => {
                context.set(definition.offset + MEMORY_DEFINITION.base, own.base() as u64);
                context.set(definition.offset + MEMORY_DEFINITION.length, own.length() as u64);
            }
            StoreMemory::Shared(shared) => context.set(definition.offset, shared.definition()),
        }
        self.raw.reservations.borrow_mut().push(memory.reservation());
        self.memories.push(MemoryRecord { memory, definition, of_runtime });
        self.memories.len() - 1
    }

    /// The bytes of a memory.
    ///
    /// # Panics
    ///
    /// Like all methods that take a handle: when it is of another store.
    #[track_caller]
    #[inline]
    pub(crate) fn memory(&self, memory: MemoryHandle) -> &[u8] {
        self.memories[memory.index(self.id)].memory.own().bytes()
    }

    /// The bytes of a memory.
    #[track_caller]
    #[inline]
    pub(crate) fn memory_mut(&mut self, memory: MemoryHandle) -> &mut [u8] {
        self.memories[memory.index(self.id)].memory.own_mut().bytes_mut()
    }

    /// The bytes of two memories, the second to be written to. They are not the same one.
    ///
    /// # Panics
    ///
    /// When they are.
    pub(crate) fn memory_beside(&mut self, one: Option<MemoryHandle>, other: MemoryHandle) -> (&[u8], &mut [u8]) {
        let other = other.index(self.id);
        let Some(one) = one else { return (&[], self.memories[other].memory.own_mut().bytes_mut()) };
        let both = self.memories.get_disjoint_mut([one.index(self.id), other]);
        let [one, other] = both.expect("the state of an instance is a memory of its own");
        (one.memory.own().bytes(), other.memory.own_mut().bytes_mut())
    }

    /// The size in pages.
    #[track_caller]
    pub(crate) fn memory_size(&self, memory: MemoryHandle) -> u64 {
        self.memories[memory.index(self.id)].memory.pages()
    }

    /// The type, with the present size as the minimum.
    #[track_caller]
    pub(crate) fn memory_type(&self, memory: MemoryHandle) -> MemoryType {
        let memory = &self.memories[memory.index(self.id)].memory;
        MemoryType { minimum: memory.pages(), ..memory.declared_type() }
    }

    // Tables.

    /// A table of the host's, filled with `value`.
    ///
    /// # Errors
    ///
    /// When there is no room for it, or `value` is not of its type.
    pub(super) fn new_table(&mut self, ty: TableType, value: RawValue) -> Result<TableHandle> {
        self.check_value(CoreValType::Ref(ty.element), value)?;
        let table = self.charged_table(&ty, |allocator| allocator.host_table(ty, value.u64()))?;
        let context = self.add_context(Context::new(TABLE_DEFINITION.size), ContextOwner::Definition);
        let number = self.define_table(table, ContextPlace { context, offset: 0 });
        Ok(TableHandle::new(self.id, number))
    }

    pub(super) fn define_table(&mut self, table: TableStorage, definition: ContextPlace) -> usize {
        self.count_table(&table.declared_type());
        let context = self.context_of(definition);
        context.set(definition.offset + TABLE_DEFINITION.base, table.base() as u64);
        context.set(definition.offset + TABLE_DEFINITION.length, table.len() as u64);
        self.tables.push(TableRecord { table, definition });
        self.tables.len() - 1
    }

    /// An element of a table, as compiled code holds references; `None` outside of it. What a segment has for it is written now.
    pub(super) fn table_element(&self, number: usize, index: usize) -> Option<u64> {
        let table = &self.tables[number].table;
        match table.get(index)? {
            TableElement::Reference(reference) => Some(reference),
            TableElement::OfSegment { instance, segment, at } => {
                let reference = self.segment_element(instance, segment, at);
                let reference = reference.expect("functions in element segments have references");
                table.set(index, reference);
                Some(reference)
            }
        }
    }

    /// The number of elements.
    #[track_caller]
    pub(crate) fn table_size(&self, table: TableHandle) -> u64 {
        self.tables[table.index(self.id)].table.len() as u64
    }

    /// An element; `None` outside of the table.
    #[track_caller]
    pub(crate) fn table_get(&self, table: TableHandle, index: u64) -> Option<RawValue> {
        self.table_element(table.index(self.id), usize::try_from(index).ok()?).map(RawValue::from_u64)
    }

    /// Writes an element.
    ///
    /// # Errors
    ///
    /// When `index` is outside of the table, or `value` is not of its type.
    #[track_caller]
    pub(crate) fn table_set(&mut self, table: TableHandle, index: u64, value: RawValue) -> Result<()> {
        let number = self.check_element(table, value)?;
        let table = &self.tables[number].table;
        if !usize::try_from(index).is_ok_and(|index| table.set(index, value.u64())) {
            bail!("index {index} is outside of a table of {} elements", table.len());
        }
        Ok(())
    }

    /// The position of a table.
    ///
    /// # Errors
    ///
    /// When `value` is not of its type.
    #[track_caller]
    pub(super) fn check_element(&mut self, table: TableHandle, value: RawValue) -> Result<usize> {
        let number = table.index(self.id);
        self.check_value(CoreValType::Ref(self.tables[number].table.declared_type().element), value)?;
        Ok(number)
    }

    /// The type, with the present size as the minimum.
    #[track_caller]
    pub(crate) fn table_type(&self, table: TableHandle) -> TableType {
        let table = &self.tables[table.index(self.id)].table;
        TableType { minimum: table.len() as u64, ..table.declared_type() }
    }

    // Globals.

    /// A global of the host's.
    ///
    /// # Errors
    ///
    /// When `value` is not of its type.
    pub(crate) fn new_global(&mut self, ty: GlobalType, value: RawValue) -> Result<GlobalHandle> {
        self.check_value(ty.content, value)?;
        let context = self.add_context(Context::new(size_of::<RawValue>() as u32), ContextOwner::Definition);
        let place = ContextPlace { context, offset: 0 };
        self.context_of(place).set_value(0, value);
        self.globals.push(GlobalRecord { ty, place });
        Ok(GlobalHandle::new(self.id, self.globals.len() - 1))
    }

    /// The value.
    #[track_caller]
    pub(crate) fn global_get(&self, global: GlobalHandle) -> RawValue {
        self.global_value(global.index(self.id))
    }

    pub(super) fn global_value(&self, number: usize) -> RawValue {
        let place = self.globals[number].place;
        self.context_of(place).get_value(place.offset)
    }

    /// Writes the value, whether or not guests may.
    ///
    /// # Errors
    ///
    /// When `value` is not of its type.
    #[track_caller]
    pub(crate) fn global_set(&mut self, global: GlobalHandle, value: RawValue) -> Result<()> {
        let GlobalRecord { ty, place } = self.globals[global.index(self.id)];
        self.check_value(ty.content, value)?;
        self.context_of(place).set_value(place.offset, value);
        Ok(())
    }

    /// The type.
    #[track_caller]
    pub(crate) fn global_type(&self, global: GlobalHandle) -> GlobalType {
        self.globals[global.index(self.id)].ty
    }

    // Tags.

    /// A tag of the host's.
    ///
    /// # Errors
    ///
    /// When the signature is not supported.
    pub(crate) fn new_tag(&mut self, ty: &CoreFuncType) -> Result<TagHandle> {
        let signature = self.engine.signatures().register(ty)?;
        let context = self.add_context(Context::new(8), ContextOwner::Definition);
        let number = self.define_tag(signature, ContextPlace { context, offset: 0 });
        Ok(TagHandle::new(self.id, number))
    }

    pub(super) fn define_tag(&mut self, signature: RegisteredSignature, place: ContextPlace) -> usize {
        self.tags.push(TagRecord { signature, place });
        self.tags.len() - 1
    }

    /// The type.
    #[track_caller]
    pub(crate) fn tag_type(&self, tag: TagHandle) -> &Arc<CoreFuncType> {
        &self.tags[tag.index(self.id)].signature.ty
    }

    // Checks.

    /// Whether a value can be handed to compiled code as one of this type.
    ///
    /// # Errors
    ///
    /// When it is a reference to nothing of this store, or a null where none may be.
    pub(crate) fn check_value(&mut self, ty: CoreValType, value: RawValue) -> Result<()> {
        let CoreValType::Ref(ty) = ty else { return Ok(()) };
        let null = if ty.heap.is_func() { value.u64() == 0 } else { value.u32() == 0 };
        if null {
            return if ty.nullable { Ok(()) } else { Err(format_err!("a null reference where none is allowed")) };
        }
        let holds = match ty.heap {
            HeapType::Func | HeapType::Concrete(_) => match self.function_of_reference(value.u64()) {
                Some(function) if self.is_function_of(function, ty.heap) => {
                    self.materialize(function)?;
                    true
                }
                _ => false,
            },
            HeapType::Extern => self.extern_value(value.u32()).is_some(),
            HeapType::Exn => self.is_exception(value.u32()),
            HeapType::NoFunc | HeapType::NoExtern | HeapType::NoExn => false,
        };
        if holds { Ok(()) } else { Err(format_err!("a reference to nothing of its type in this store")) }
    }

    // Instances.

    /// The instance that will be made next.
    pub(crate) fn next_instance(&self) -> InstanceHandle {
        InstanceHandle::new(self.id, self.instances.len())
    }

    #[track_caller]
    pub(super) fn instance_number(&self, instance: InstanceHandle) -> usize {
        instance.index(self.id)
    }

    /// The position of a memory that an instance has or imports.
    #[inline]
    pub(super) fn memory_number(&self, instance: usize, memory: MemoryIndex) -> usize {
        self.instances[instance].items.position(memory)
    }

    /// The position of a tag that an instance has or imports.
    pub(super) fn tag_number(&self, instance: usize, tag: TagIndex) -> usize {
        self.instances[instance].items.position(tag)
    }

    /// The position of a table that an instance has or imports.
    pub(super) fn table_number(&self, instance: usize, table: TableIndex) -> usize {
        self.instances[instance].items.position(table)
    }
}
