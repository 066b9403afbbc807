//! Instances of core modules, and how they are made: imports are checked, then everything is allocated and initialised
//! in the specification's order. The start function is run by who can run guests.

use super::code::{CodeMemory, StoreCode};
use super::context::{Context, JointContexts};
use super::function::describe;
use super::handle::{ExternHandle, FuncHandle, GlobalHandle, InstanceHandle, MemoryHandle, TableHandle, TagHandle};
use super::items::InstanceItems;
use super::limits::{WantedItems, bytes_of_instance};
use super::memory::checked_range;
use super::memory_image::InitialContents;
use super::raw_value::RawValue;
use super::segment::SegmentState;
use super::stack::EnteredBy;
use super::store::{ContextOwner, ContextPlace, GlobalRecord, VmStore};
use super::store_memory::StoreMemory;
use super::table::AppliedSegment;
use crate::error::{Error, Result, bail, format_err};
use crate::store::StoreInner;
use crate::trap::Trap;
use gusset_artifact::{
    ContextLayout, CoreModule, DataIndex, ElemIndex, ElementItems, EntityIndex, FUNC_REF, FuncIndex, GlobalIndex,
    MemoryIndex, ModuleImage, ModuleIndex, SegmentMode, TableIndex, TagIndex,
};
use gusset_types::{ArenaIndex, TrapCode};
use std::sync::Arc;

/// An instance.
pub(super) struct InstanceRecord {
    pub(super) code: StoreCode,
    pub(super) module: ModuleIndex,
    pub(super) context: u32,
    /// Its functions are found by their records in the context.
    pub(super) items: InstanceItems,
    pub(super) elements: SegmentState,
    pub(super) data: SegmentState,
}

impl InstanceRecord {
    pub(super) fn image(&self) -> &ModuleImage {
        &self.code.image().modules[self.module]
    }

    /// The bytes of a data segment; none once dropped.
    pub(super) fn data_of(&self, index: DataIndex) -> &[u8] {
        let Some(segment) = self.image().module.data.get(index) else { return &[] };
        if self.data.is_dropped(index.as_usize(), &segment.mode) {
            return &[];
        }
        &self.code.image().data[segment.bytes.start as usize..segment.bytes.end as usize]
    }

    /// How many elements an element segment has; none once dropped.
    pub(super) fn elements_of(&self, index: ElemIndex) -> usize {
        let segment = &self.image().module.elements[index];
        if self.elements.is_dropped(index.as_usize(), &segment.mode) { 0 } else { segment.items.len() }
    }
}

impl<T: 'static> StoreInner<T> {
    /// Makes an instance of a module of a unit, with `imports` in the module's order, and runs its start function. One whose context is
    /// joint has its part of the `joint` ones.
    ///
    /// # Errors
    ///
    /// When an import is not of its type, there is no room for a memory or table, the store's limits do not allow it, a segment
    /// does not fit (a trap; what was written before stays written), or the start function fails.
    pub(crate) fn instantiate(
        &mut self,
        code: &Arc<CodeMemory>,
        module: ModuleIndex,
        imports: &[ExternHandle],
        joint: Option<&JointContexts>,
    ) -> Result<InstanceHandle> {
        let image = code.module(module)?;
        self.admit_module(image).map_err(|error| not_made(error, module, image))?;
        let before = self.vm.instances.len();
        let made = self.instantiate_generated(code, module, imports, joint);
        if let Err(error) = &made
            && self.vm.instances.len() == before
        {
            self.vm.discount_instance();
            let [_, memories, tables] = WantedItems::counts(image);
            self.tell_not_made(memories, tables, error);
        }
        made
    }

    /// The same for a module that Gusset made, which has nothing of its own that the store's limiter is asked about.
    ///
    /// # Errors
    ///
    /// As [`StoreInner::instantiate`].
    pub(crate) fn instantiate_generated(
        &mut self,
        code: &Arc<CodeMemory>,
        module: ModuleIndex,
        imports: &[ExternHandle],
        joint: Option<&JointContexts>,
    ) -> Result<InstanceHandle> {
        let instance = self.vm.instantiate(code, module, imports, joint)?;
        if let Some(start) = self.vm.start_function(instance)? {
            self.call_core_by(EnteredBy::Host, start, &mut []).map_err(|error| {
                let name = describe(module, &code.image().modules[module].module);
                error.context(format!("the start function of {name} failed"))
            })?;
        }
        Ok(instance)
    }
}

impl VmStore {
    fn instantiate(
        &mut self,
        code: &Arc<CodeMemory>,
        module: ModuleIndex,
        imports: &[ExternHandle],
        joint: Option<&JointContexts>,
    ) -> Result<InstanceHandle> {
        self.check_imports(code, module, imports)?;
        let kept = self.add_code(code);
        self.give_stubs(code)?;
        let image = code.module(module)?;
        let mark = self.mark();
        // What is joint has been charged.
        let bytes = bytes_of_instance(image) - image.joint.map_or(0, |_| image.layout.size().into());
        let charged = self.budget.charge(bytes).map_err(Error::from);
        let context = charged.and_then(|()| self.context_for(image, joint));
        let context = context.inspect_err(|_| self.roll_back(&mark)).map_err(|error| not_made(error, module, image))?;
        let context = self.add_context(context, ContextOwner::Instance(self.instances.len() as u32));
        let number = self.instances.len();
        self.instances.push(InstanceRecord {
            code: kept,
            module,
            context,
            items: InstanceItems::new(&image.module),
            elements: SegmentState::default(),
            data: SegmentState::default(),
        });
        let defined = self.define(number, code, imports);
        let defined = defined.inspect_err(|_| self.roll_back(&mark));
        defined.and_then(|()| self.apply(number, code)).map_err(|error| not_made(error, module, image))?;
        Ok(InstanceHandle::new(self.id(), number))
    }

    /// The context of an instance: its own, or its part of those that are joint.
    fn context_for(&self, image: &ModuleImage, joint: Option<&JointContexts>) -> Result<Context> {
        let size = image.layout.size();
        match image.joint {
            None => self.engine().allocator().context(size),
            Some(start) => joint
                .and_then(|joint| joint.take(start, size))
                .ok_or_else(|| format_err!("internal error: an instance has no place among those of its component")),
        }
    }

    /// The memory of the contexts that are joint in an instance of a unit, which is charged.
    ///
    /// # Errors
    ///
    /// When there is no room for them.
    pub(crate) fn joint_contexts(&self, code: &CodeMemory) -> Result<Option<JointContexts>> {
        let size = code.image().joint_size;
        if size == 0 {
            return Ok(None);
        }
        self.budget.charge(size.into())?;
        self.engine().allocator().joint_contexts(size).map(Some)
    }

    fn check_imports(&self, code: &CodeMemory, module: ModuleIndex, given: &[ExternHandle]) -> Result<()> {
        if !code.belongs_to(self.engine().signatures()) {
            bail!("a module of one engine was used with a store of another");
        }
        let image = code.module(module)?;
        let imports = &image.module.imports;
        let wanted = || imports.iter().filter(|import| !import.builtin);
        if wanted().count() != given.len() {
            let name = describe(module, &image.module);
            bail!("{name} has {} imports, but {} were given", wanted().count(), given.len());
        }
        wanted().zip(given).try_for_each(|(import, &given)| self.check_import(code, import, given))
    }

    /// What comes before anything of the instance can be seen, in the specification's order.
    fn define(&mut self, number: usize, code: &Arc<CodeMemory>, imports: &[ExternHandle]) -> Result<()> {
        self.link_imports(number, code, imports)?;
        self.define_memories_and_tags(number, code)?;
        self.define_globals(number, code)?;
        self.define_tables(number, code)
    }

    /// What may be seen even if it fails.
    fn apply(&mut self, number: usize, code: &CodeMemory) -> Result<()> {
        self.apply_elements(number, code)?;
        self.apply_data(number, code)
    }

    /// Writes the header and the import slots of the context.
    fn link_imports(&mut self, number: usize, code: &CodeMemory, imports: &[ExternHandle]) -> Result<()> {
        let ModuleImage { module, layout, .. } = &code.image().modules[self.instances[number].module];
        let header = ContextPlace { context: self.instances[number].context, offset: 0 };
        let context = self.context_of(header);
        context.set(ContextLayout::RUNTIME, number as u64);
        context.set(ContextLayout::STORE, self.context_pointer() as u64);
        context.set(ContextLayout::TYPE_IDS, code.type_ids().as_ptr() as u64);
        let id = self.id();
        let (mut functions, mut tables, mut memories, mut globals, mut tags) = (0.., 0.., 0.., 0.., 0..);
        let next = |numbers: &mut std::ops::RangeFrom<u32>| numbers.next().expect("imports have indices");
        let mut given = imports.iter();
        for import in &module.imports {
            if import.builtin {
                next(&mut functions);
                continue;
            }
            let Some(&given) = given.next() else { bail!("internal error: an import is given nothing") };
            match given {
                ExternHandle::Func(func) => {
                    let index = FuncIndex::from_u32(next(&mut functions));
                    let words = self.import_words(func.index(id), code, import.direct)?;
                    let slot = layout.imported_function(index);
                    let context = self.context_of(header);
                    for (field, word) in [FUNC_REF.code, FUNC_REF.context, FUNC_REF.type_id].into_iter().zip(words) {
                        context.set(slot + field, word);
                    }
                }
                ExternHandle::Table(table) => {
                    let (index, table) = (TableIndex::from_u32(next(&mut tables)), table.index(id));
                    self.import_pointer(header, layout.table(index), self.tables[table].definition);
                    self.instances[number].items.set(index, table);
                }
                ExternHandle::Memory(memory) => {
                    let (index, memory) = (MemoryIndex::from_u32(next(&mut memories)), memory.index(id));
                    let slot = layout.memory(index).expect_err("imports come first in every index space");
                    self.context_of(header).set(slot, self.memory_definition(memory));
                    self.instances[number].items.set(index, memory);
                }
                ExternHandle::Global(global) => {
                    let (index, global) = (GlobalIndex::from_u32(next(&mut globals)), global.index(id));
                    self.import_pointer(header, layout.global(index), self.globals[global].place);
                    self.instances[number].items.set(index, global);
                }
                ExternHandle::Tag(tag) => {
                    let (index, tag) = (TagIndex::from_u32(next(&mut tags)), tag.index(id));
                    self.import_pointer(header, layout.tag(index), self.tags[tag].place);
                    self.instances[number].items.set(index, tag);
                }
            }
        }
        Ok(())
    }

    fn import_pointer(&self, header: ContextPlace, slot: Result<i32, i32>, definition: ContextPlace) {
        let slot = slot.expect_err("imports come first in every index space");
        self.context_of(header).set(slot, self.address_of(definition));
    }

    fn define_memories_and_tags(&mut self, number: usize, code: &CodeMemory) -> Result<()> {
        let InstanceRecord { context, module: number_of_module, .. } = self.instances[number];
        let ModuleImage { module, layout, .. } = &code.image().modules[number_of_module];
        for (index, &ty) in module.memories.iter().skip(module.imported_memories as usize) {
            let offset = layout.memory(index).expect("defined memories stand in the context");
            let failed = |error: Error| error.context(format!("memory {index}"));
            let contents = InitialContents::of(code, number_of_module, index);
            let memory = StoreMemory::new(self.engine().allocator(), ty, contents).map_err(failed)?;
            let memory = self.define_memory(memory, ContextPlace { context, offset });
            self.instances[number].items.set(index, memory);
        }
        for (index, &signature) in module.tags.iter().skip(module.imported_tags as usize) {
            let offset = layout.tag(index).expect("defined tags stand in the context");
            let tag = self.define_tag(code.signature(signature), ContextPlace { context, offset });
            self.instances[number].items.set(index, tag);
        }
        Ok(())
    }

    fn define_globals(&mut self, number: usize, code: &CodeMemory) -> Result<()> {
        let InstanceRecord { context, module, .. } = self.instances[number];
        let ModuleImage { module, layout, .. } = &code.image().modules[module];
        let defined = module.globals.iter().skip(module.imported_globals as usize);
        for ((index, &ty), init) in defined.zip(&module.global_inits) {
            let offset = layout.global(index).expect("defined globals stand in the context");
            let value = self.evaluate(number, init)?;
            let place = ContextPlace { context, offset };
            // Contexts are zero at first: pages of them that stay so cost nothing.
            if value != RawValue::default() {
                self.context_of(place).set_value(offset, value);
            }
            self.globals.push(GlobalRecord { ty: code.resolve_global(ty), place });
            let global = self.globals.len() - 1;
            self.instances[number].items.set(index, global);
        }
        Ok(())
    }

    fn define_tables(&mut self, number: usize, code: &CodeMemory) -> Result<()> {
        let InstanceRecord { context, module, .. } = self.instances[number];
        let ModuleImage { module, layout, .. } = &code.image().modules[module];
        let defined = module.tables.iter().skip(module.imported_tables as usize);
        for ((index, &ty), init) in defined.zip(&module.table_inits) {
            let offset = layout.table(index).expect("defined tables stand in the context");
            let failed = |error: Error| error.context(format!("table {index}"));
            let null = || Ok(RawValue::default());
            let value = init.as_ref().map_or_else(null, |init| self.evaluate(number, init))?;
            let ty = code.resolve_table(ty);
            let table = self.charged_table(&ty, |allocator| allocator.table(ty, value.u64())).map_err(failed)?;
            let table = self.define_table(table, ContextPlace { context, offset });
            self.instances[number].items.set(index, table);
        }
        Ok(())
    }

    fn apply_elements(&mut self, number: usize, code: &CodeMemory) -> Result<()> {
        let module = &code.image().modules[self.instances[number].module].module;
        for (index, segment) in module.elements.iter() {
            if let SegmentMode::Active { target, offset } = &segment.mode {
                self.instances[number].elements.applied_before(index.as_usize());
                let offset = self.evaluate_offset(number, offset, module.tables[*target].table64)?;
                let failed = |code| Error::from(Trap::new(code)).context(format!("element segment {index}"));
                self.apply_segment(number, module, index, offset).map_err(failed)?;
            }
        }
        self.instances[number].elements.applied_before(module.elements.len());
        Ok(())
    }

    /// Applies an active segment of elements. Functions are told to the table, which writes each when it is asked for.
    fn apply_segment(
        &mut self,
        number: usize,
        module: &CoreModule,
        index: ElemIndex,
        offset: u64,
    ) -> Result<(), TrapCode> {
        let segment = &module.elements[index];
        let SegmentMode::Active { target, .. } = segment.mode else { return Ok(()) };
        let len = segment.items.len();
        if let ElementItems::Functions(_) = segment.items {
            let table = &mut self.tables[self.instances[number].items.position(target)].table;
            let range = checked_range(offset, len as u64).filter(|range| range.end <= table.len());
            let start = range.ok_or(TrapCode::TableOutOfBounds)?.start;
            // Between the making of an instance's own tables and this nobody else has run.
            let seen = target.as_u32() < module.imported_tables;
            if table.apply(AppliedSegment { instance: number, segment: index, start, len }, seen) {
                return Ok(());
            }
        }
        self.table_init(number, target, index, offset, 0, len as u64)
    }

    fn apply_data(&mut self, number: usize, code: &CodeMemory) -> Result<()> {
        let module = &code.image().modules[self.instances[number].module].module;
        for &index in &module.applied_data {
            let segment = module.data.get(index).expect("no image holds what is applied");
            if let SegmentMode::Active { target, offset } = &segment.mode {
                self.instances[number].data.applied_before(index.as_usize());
                let offset = self.evaluate_offset(number, offset, module.memories[*target].memory64)?;
                let len = u64::from(segment.bytes.end - segment.bytes.start);
                let failed = |code| Error::from(Trap::new(code)).context(format!("data segment {index}"));
                self.memory_init(number, *target, index, offset, 0, len).map_err(failed)?;
            }
        }
        self.instances[number].data.applied_before(module.data.len());
        Ok(())
    }

    fn start_function(&mut self, instance: InstanceHandle) -> Result<Option<FuncHandle>> {
        let number = self.instance_number(instance);
        let Some(start) = self.instances[number].image().module.start else { return Ok(None) };
        let function = self.function_of_instance(number, start)?;
        Ok(Some(FuncHandle::new(self.id(), function)))
    }

    /// What stands at `item` in an instance's index spaces.
    ///
    /// # Errors
    ///
    /// When there is nothing there, or a function that does not escape.
    #[track_caller]
    pub(crate) fn export(&mut self, instance: InstanceHandle, item: EntityIndex) -> Result<ExternHandle> {
        let (id, number) = (self.id(), self.instance_number(instance));
        let record = &self.instances[number];
        let none = || format_err!("{} has no {item:?}", describe(record.module, &record.image().module));
        Ok(match item {
            EntityIndex::Table(index) => {
                ExternHandle::Table(TableHandle::new(id, record.items.get(index).ok_or_else(none)?))
            }
            EntityIndex::Memory(index) => {
                ExternHandle::Memory(MemoryHandle::new(id, record.items.get(index).ok_or_else(none)?))
            }
            EntityIndex::Global(index) => {
                ExternHandle::Global(GlobalHandle::new(id, record.items.get(index).ok_or_else(none)?))
            }
            EntityIndex::Tag(index) => ExternHandle::Tag(TagHandle::new(id, record.items.get(index).ok_or_else(none)?)),
            EntityIndex::Func(index) => {
                if record.image().module.functions.get(index).is_none() {
                    bail!("{} has no function {index}", describe(record.module, &record.image().module));
                }
                ExternHandle::Func(FuncHandle::new(id, self.function_of_instance(number, index)?))
            }
        })
    }

    /// The module of an instance.
    #[track_caller]
    pub(crate) fn instance_module(&self, instance: InstanceHandle) -> (&CodeMemory, ModuleIndex) {
        let record = &self.instances[self.instance_number(instance)];
        (&record.code, record.module)
    }
}

/// An error of what has no instance.
fn not_made(error: Error, module: ModuleIndex, image: &ModuleImage) -> Error {
    error.context(format!("{} cannot be instantiated", describe(module, &image.module)))
}
