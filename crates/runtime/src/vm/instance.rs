//! Instances of core modules, and how they are made: imports are checked, then everything is allocated and initialised
//! in the specification's order. The start function is run by who can run guests.

use super::code::CodeMemory;
use super::function::describe;
use super::handle::{ExternHandle, FuncHandle, GlobalHandle, InstanceHandle, MemoryHandle, TableHandle, TagHandle};
use super::limits::bytes_of_instance;
use super::raw_value::RawValue;
use super::store::{ContextOwner, ContextPlace, GlobalRecord, VmStore};
use crate::error::{Error, Result, bail, format_err};
use crate::store::StoreInner;
use crate::trap::Trap;
use gusset_artifact::{
    ConstExpr, ConstOp, ContextLayout, DataIndex, ElementItems, EntityIndex, FUNC_REF, FuncIndex, GlobalIndex,
    MemoryIndex, ModuleImage, ModuleIndex, SegmentMode, TableIndex, TagIndex,
};
use gusset_types::ArenaIndex;
use std::sync::Arc;

/// An instance. Lists hold positions in the store's lists, imports first.
pub(super) struct InstanceRecord {
    pub(super) code: Arc<CodeMemory>,
    pub(super) module: ModuleIndex,
    pub(super) context: usize,
    pub(super) imported_functions: Box<[usize]>,
    pub(super) tables: Vec<usize>,
    pub(super) memories: Vec<usize>,
    pub(super) globals: Vec<usize>,
    pub(super) tags: Vec<usize>,
    /// Element segments as references; empty once dropped.
    pub(super) elements: Vec<Box<[u64]>>,
    pub(super) dropped_data: Vec<bool>,
}

impl InstanceRecord {
    pub(super) fn image(&self) -> &ModuleImage {
        &self.code.image().modules[self.module]
    }

    /// The bytes of a data segment; none once dropped.
    pub(super) fn data(&self, segment: DataIndex) -> &[u8] {
        if self.dropped_data[segment.as_usize()] {
            return &[];
        }
        let range = &self.image().module.data[segment].bytes;
        &self.code.image().data[range.start as usize..range.end as usize]
    }
}

impl<T: 'static> StoreInner<T> {
    /// Makes an instance of a module of a unit, with `imports` in the module's order, and runs its start function.
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
    ) -> Result<InstanceHandle> {
        let image = code.module(module)?;
        self.admit_module(image).map_err(|error| not_made(error, module, image))?;
        self.instantiate_generated(code, module, imports)
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
    ) -> Result<InstanceHandle> {
        let instance = self.vm.instantiate(code, module, imports)?;
        if let Some(start) = self.vm.start_function(instance)? {
            self.call_core(start, &mut []).map_err(|error| {
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
    ) -> Result<InstanceHandle> {
        self.check_imports(code, module, imports)?;
        self.add_code(code);
        let image = code.module(module)?;
        let bytes = bytes_of_instance(image);
        self.budget.charge(bytes).map_err(|error| not_made(error.into(), module, image))?;
        let context = self.engine().allocator().context(image.layout.size());
        let context = context.inspect_err(|_| self.budget.release(bytes))?;
        let context = self.add_context(context, ContextOwner::Instance(self.instances.len()));
        let number = self.instances.len();
        self.instances.push(InstanceRecord {
            code: code.clone(),
            module,
            context,
            imported_functions: Box::default(),
            tables: Vec::new(),
            memories: Vec::new(),
            globals: Vec::new(),
            tags: Vec::new(),
            elements: Vec::new(),
            dropped_data: vec![false; image.module.data.len()],
        });
        let outcome = self.initialize(number, code, imports);
        outcome.map_err(|error| not_made(error, module, image))?;
        Ok(InstanceHandle::new(self.id(), number))
    }

    fn check_imports(&self, code: &CodeMemory, module: ModuleIndex, given: &[ExternHandle]) -> Result<()> {
        if !code.belongs_to(self.engine().signatures()) {
            bail!("a module of one engine was used with a store of another");
        }
        let image = code.module(module)?;
        let imports = &image.module.imports;
        if imports.len() != given.len() {
            let name = describe(module, &image.module);
            bail!("{name} has {} imports, but {} were given", imports.len(), given.len());
        }
        imports.iter().zip(given).try_for_each(|(import, &given)| self.check_import(code, import, given))
    }

    /// The rest of instantiation, in the specification's order.
    fn initialize(&mut self, number: usize, code: &Arc<CodeMemory>, imports: &[ExternHandle]) -> Result<()> {
        self.link_imports(number, code, imports)?;
        self.define_functions(number, code);
        self.define_memories_and_tags(number, code)?;
        self.define_globals(number, code)?;
        self.define_tables(number, code)?;
        self.evaluate_elements(number, code)?;
        self.apply_elements(number, code)?;
        self.apply_data(number, code)
    }

    /// Writes the header and the import slots of the context.
    fn link_imports(&mut self, number: usize, code: &CodeMemory, imports: &[ExternHandle]) -> Result<()> {
        let layout = &code.image().modules[self.instances[number].module].layout;
        let at = |offset: i32| ContextPlace { context: self.instances[number].context, offset };
        let header = at(0);
        let context = self.context_of(header);
        context.set(ContextLayout::RUNTIME, number as u64);
        context.set(ContextLayout::STORE, self.context_pointer() as u64);
        context.set(ContextLayout::TYPE_IDS, code.type_ids().as_ptr() as u64);
        let mut functions = Vec::new();
        for &import in imports {
            let id = self.id();
            match import {
                ExternHandle::Func(func) => {
                    let index = FuncIndex::from_usize(functions.len());
                    let words = self.import_words(func.index(id), code)?;
                    let slot = layout.imported_function(index);
                    let context = self.context_of(header);
                    for (field, word) in [FUNC_REF.code, FUNC_REF.context, FUNC_REF.type_id].into_iter().zip(words) {
                        context.set(slot + field, word);
                    }
                    functions.push(func.index(id));
                }
                ExternHandle::Table(table) => {
                    let table = table.index(id);
                    let index = TableIndex::from_usize(self.instances[number].tables.len());
                    self.import_pointer(header, layout.table(index), self.tables[table].definition);
                    self.instances[number].tables.push(table);
                }
                ExternHandle::Memory(memory) => {
                    let memory = memory.index(id);
                    let index = MemoryIndex::from_usize(self.instances[number].memories.len());
                    self.import_pointer(header, layout.memory(index), self.memories[memory].definition);
                    self.instances[number].memories.push(memory);
                }
                ExternHandle::Global(global) => {
                    let global = global.index(id);
                    let index = GlobalIndex::from_usize(self.instances[number].globals.len());
                    self.import_pointer(header, layout.global(index), self.globals[global].place);
                    self.instances[number].globals.push(global);
                }
                ExternHandle::Tag(tag) => {
                    let tag = tag.index(id);
                    let index = TagIndex::from_usize(self.instances[number].tags.len());
                    self.import_pointer(header, layout.tag(index), self.tags[tag].place);
                    self.instances[number].tags.push(tag);
                }
            }
        }
        self.instances[number].imported_functions = functions.into();
        Ok(())
    }

    fn import_pointer(&self, header: ContextPlace, slot: Result<i32, i32>, definition: ContextPlace) {
        let slot = slot.expect_err("imports come first in every index space");
        self.context_of(header).set(slot, self.address_of(definition));
    }

    /// Writes the references of escaping functions.
    fn define_functions(&mut self, number: usize, code: &CodeMemory) {
        let record = &self.instances[number];
        let image = record.image();
        let context = self.context_of(ContextPlace { context: record.context, offset: 0 });
        for func in image.module.escaping.iter() {
            // Imports may be listed: their slots are their references.
            let (Some(slot), Some(address)) = (image.layout.func_ref(func), code.function(record.module, func)) else {
                continue;
            };
            context.set(slot + FUNC_REF.code, address as u64);
            context.set(slot + FUNC_REF.context, context.start() as u64);
            context.set(slot + FUNC_REF.type_id, code.number_of(image.module.functions.at(func)).into());
        }
    }

    fn define_memories_and_tags(&mut self, number: usize, code: &CodeMemory) -> Result<()> {
        let InstanceRecord { context, module, .. } = self.instances[number];
        let ModuleImage { module, layout, .. } = &code.image().modules[module];
        for (index, &ty) in module.memories.iter().skip(module.imported_memories as usize) {
            let offset = layout.memory(index).expect("defined memories stand in the context");
            let failed = |error: Error| error.context(format!("memory {index}"));
            let memory = self.engine().allocator().memory(ty).map_err(failed)?;
            let memory = self.define_memory(memory, ContextPlace { context, offset });
            self.instances[number].memories.push(memory);
        }
        for (index, &signature) in module.tags.iter().skip(module.imported_tags as usize) {
            let offset = layout.tag(index).expect("defined tags stand in the context");
            let tag = self.define_tag(code.signature(signature), ContextPlace { context, offset });
            self.instances[number].tags.push(tag);
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
            self.globals.push(GlobalRecord { ty, place });
            let global = self.globals.len() - 1;
            self.instances[number].globals.push(global);
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
            let table = self.charged_table(&ty, |allocator| allocator.table(ty, value.u64())).map_err(failed)?;
            let table = self.define_table(table, ContextPlace { context, offset });
            self.instances[number].tables.push(table);
        }
        Ok(())
    }

    fn evaluate_elements(&mut self, number: usize, code: &CodeMemory) -> Result<()> {
        let module = &code.image().modules[self.instances[number].module].module;
        for segment in module.elements.values() {
            let declared = matches!(segment.mode, SegmentMode::Declared);
            let values: Box<[u64]> = match &segment.items {
                _ if declared => Box::default(),
                ElementItems::Functions(functions) => {
                    functions.iter().map(|func| self.function_reference(number, func)).collect::<Result<_>>()?
                }
                ElementItems::Expressions(expressions) => {
                    let value = |expression| self.evaluate(number, expression).map(RawValue::u64);
                    expressions.iter().map(value).collect::<Result<_>>()?
                }
            };
            self.instances[number].elements.push(values);
        }
        Ok(())
    }

    fn apply_elements(&mut self, number: usize, code: &CodeMemory) -> Result<()> {
        let module = &code.image().modules[self.instances[number].module].module;
        for (index, segment) in module.elements.iter() {
            if let SegmentMode::Active { target, offset } = &segment.mode {
                let offset = self.evaluate_offset(number, offset, module.tables[*target].table64)?;
                let len = segment.items.len() as u64;
                let failed = |code| Error::from(Trap::new(code)).context(format!("element segment {index}"));
                self.table_init(number, *target, index, offset, 0, len).map_err(failed)?;
                self.elem_drop(number, index);
            }
        }
        Ok(())
    }

    fn apply_data(&mut self, number: usize, code: &CodeMemory) -> Result<()> {
        let module = &code.image().modules[self.instances[number].module].module;
        for (index, segment) in module.data.iter() {
            if let SegmentMode::Active { target, offset } = &segment.mode {
                let offset = self.evaluate_offset(number, offset, module.memories[*target].memory64)?;
                let len = u64::from(segment.bytes.end - segment.bytes.start);
                let failed = |code| Error::from(Trap::new(code)).context(format!("data segment {index}"));
                self.memory_init(number, *target, index, offset, 0, len).map_err(failed)?;
                self.data_drop(number, index);
            }
        }
        Ok(())
    }

    fn evaluate_offset(&self, number: usize, offset: &ConstExpr, wide: bool) -> Result<u64> {
        let offset = self.evaluate(number, offset)?;
        Ok(if wide { offset.u64() } else { offset.u32().into() })
    }

    /// The value of a constant expression of an instance, whose globals before it have been defined.
    fn evaluate(&self, number: usize, expression: &ConstExpr) -> Result<RawValue> {
        let mut stack = Vec::new();
        for op in &expression.ops {
            let value = match *op {
                ConstOp::I32Const(value) => RawValue::from_i32(value),
                ConstOp::I64Const(value) => RawValue::from_i64(value),
                ConstOp::F32Const(bits) => RawValue::from_f32_bits(bits),
                ConstOp::F64Const(bits) => RawValue::from_f64_bits(bits),
                ConstOp::V128Const(bytes) => RawValue::from_v128(u128::from_le_bytes(bytes)),
                ConstOp::GlobalGet(index) => match self.instances[number].globals.get(index.as_usize()) {
                    Some(&global) => self.global_value(global),
                    None => return Err(malformed()),
                },
                ConstOp::RefNull(_) => RawValue::default(),
                ConstOp::RefFunc(func) => RawValue::from_u64(self.function_reference(number, func)?),
                ConstOp::I32Add | ConstOp::I32Sub | ConstOp::I32Mul => {
                    let (right, left) = stack.pop().zip(stack.pop()).ok_or_else(malformed)?;
                    let (left, right): (RawValue, RawValue) = (left, right);
                    RawValue::from_i32(match op {
                        ConstOp::I32Add => left.i32().wrapping_add(right.i32()),
                        ConstOp::I32Sub => left.i32().wrapping_sub(right.i32()),
                        _ => left.i32().wrapping_mul(right.i32()),
                    })
                }
                ConstOp::I64Add | ConstOp::I64Sub | ConstOp::I64Mul => {
                    let (right, left) = stack.pop().zip(stack.pop()).ok_or_else(malformed)?;
                    RawValue::from_i64(match op {
                        ConstOp::I64Add => left.i64().wrapping_add(right.i64()),
                        ConstOp::I64Sub => left.i64().wrapping_sub(right.i64()),
                        _ => left.i64().wrapping_mul(right.i64()),
                    })
                }
            };
            stack.push(value);
        }
        stack.pop().ok_or_else(malformed)
    }

    /// The reference of a function of an instance, as compiled code holds it.
    fn function_reference(&self, number: usize, func: FuncIndex) -> Result<u64> {
        let record = &self.instances[number];
        let image = record.image();
        let offset = match func.as_u32() < image.module.imported_functions {
            true => Some(image.layout.imported_function(func)),
            false => image.layout.func_ref(func),
        };
        let offset =
            offset.ok_or_else(|| format_err!("internal error: function {func} is referred to but has no reference"))?;
        Ok(self.address_of(ContextPlace { context: record.context, offset }))
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
        let at = |list: &[usize], index: u32| match list.get(index as usize) {
            Some(&at) => Ok(at),
            None => Err(format_err!("{} has no {item:?}", describe(record.module, &record.image().module))),
        };
        Ok(match item {
            EntityIndex::Table(index) => ExternHandle::Table(TableHandle::new(id, at(&record.tables, index.as_u32())?)),
            EntityIndex::Memory(index) => {
                ExternHandle::Memory(MemoryHandle::new(id, at(&record.memories, index.as_u32())?))
            }
            EntityIndex::Global(index) => {
                ExternHandle::Global(GlobalHandle::new(id, at(&record.globals, index.as_u32())?))
            }
            EntityIndex::Tag(index) => ExternHandle::Tag(TagHandle::new(id, at(&record.tags, index.as_u32())?)),
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
    pub(crate) fn instance_module(&self, instance: InstanceHandle) -> (&Arc<CodeMemory>, ModuleIndex) {
        let record = &self.instances[self.instance_number(instance)];
        (&record.code, record.module)
    }
}

/// An error of what has no instance.
fn not_made(error: Error, module: ModuleIndex, image: &ModuleImage) -> Error {
    error.context(format!("{} cannot be instantiated", describe(module, &image.module)))
}

fn malformed() -> Error {
    format_err!("internal error: a constant expression is not valid")
}
