//! Functions of a store, by handle: those that guests define and those of the host. How a reference that compiled code
//! holds becomes a handle, and a handle a reference.

use super::code::CodeMemory;
use super::context::{Context, RawStoreContext};
use super::handle::FuncHandle;
use super::host::{self, HostRecord, SharedHostRecord};
use super::raw_value::RawValue;
use super::store::{ContextOwner, ContextPlace, VmStore};
use crate::error::{Result, bail, format_err};
use crate::signatures::RegisteredSignature;
use crate::store::{StoreContextMut, StoreInner};
use gusset_artifact::{
    ContextLayout, CoreFuncType, CoreModule, CoreValType, FUNC_REF, FuncIndex, HOST_CONTEXT, HeapType, ModuleIndex,
};
use gusset_types::Printable;
use std::any::Any;
use std::sync::Arc;

/// A function of a store. Components export functions by the thousand, so this is little: what a call needs is looked up when the host
/// first calls.
#[derive(Clone, Copy)]
pub(super) struct FuncRecord {
    /// The number of its signature.
    pub(super) type_id: u32,
    pub(super) origin: FunctionOrigin,
    /// Where it stands among the store's [`CallRecord`]s, plus 1; 0 as long as it is not there.
    call: u32,
}

/// Where a function comes from.
#[derive(Clone, Copy)]
pub(super) enum FunctionOrigin {
    /// An instance defines it.
    Guest { instance: u32, func: FuncIndex },
    /// It is the closure at that position, and this its context.
    Host { host: u32, context: u32 },
}

/// How the host calls a function.
#[derive(Clone, Copy)]
pub(super) struct CallRecord {
    pub(super) target: CallTarget,
    /// Room that a call needs: the larger number of parameters and results.
    pub(super) values: usize,
    /// Whether a parameter is a reference.
    pub(super) takes_references: bool,
}

/// What a call of a function does.
#[derive(Clone, Copy)]
pub(super) enum CallTarget {
    /// Calls the code, through an entry trampoline.
    Wasm { code: usize, context: usize, entry: usize },
    /// Calls the closure at that position.
    Host(usize),
}

/// A host function's closure.
pub(super) struct HostEntry {
    /// A [`SharedHostRecord`], with the type of the store's data erased.
    pub(super) record: Box<dyn Any + Send + Sync>,
    ty: Arc<CoreFuncType>,
}

/// Where a host function's context and its function reference stand: one after the other in one context.
const HOST_DATA: i32 = 24;
const HOST_REFERENCE: i32 = 32;
const HOST_SIZE: u32 = HOST_REFERENCE as u32 + FUNC_REF.size;

pub(super) fn is_reference(ty: &CoreValType) -> bool {
    matches!(ty, CoreValType::Ref(_))
}

/// The last word of a record: the number of the function's type, and above it the function's position plus 1.
fn type_word(type_id: u32, number: usize) -> u64 {
    const { assert!(FUNC_REF.number == FUNC_REF.type_id + 4) };
    let number = u32::try_from(number + 1).expect("a store holds fewer than 2^32 of a kind");
    u64::from(number) << 32 | u64::from(type_id)
}

impl<T: 'static> StoreInner<T> {
    /// A function that is the host's closure. `signature` is of the store's engine.
    pub(crate) fn add_host_func<F>(&mut self, signature: RegisteredSignature, func: F) -> FuncHandle
    where
        F: Fn(StoreContextMut<'_, T>, &mut [RawValue]) -> Result<()> + Send + Sync + 'static,
    {
        let record = Arc::new(HostRecord::new(func, signature.ty.clone()));
        let store = self.vm.context_pointer() as u64;
        let number = self.vm.add_context(Context::new(HOST_SIZE), ContextOwner::Host);
        let place = ContextPlace { context: number, offset: HOST_REFERENCE };
        let context = self.vm.context_of(place);
        // V8: the glue for `T` and `F` and a record of an `F`, in a store of `T`.
        context.set(HOST_CONTEXT.store, store);
        context.set(HOST_CONTEXT.call, host::call::<T, F> as *const () as u64);
        context.set(HOST_DATA, Arc::as_ptr(&record) as u64);
        let record: SharedHostRecord<T> = record;
        self.vm.hosts.push(HostEntry { record: Box::new(record), ty: signature.ty });
        let host = (self.vm.hosts.len() - 1) as u32;
        let origin = FunctionOrigin::Host { host, context: number };
        let function = self.vm.add_function(signature.number, origin, Some(place));
        FuncHandle::new(self.vm.id(), function)
    }
}

impl VmStore {
    fn add_function(&mut self, type_id: u32, origin: FunctionOrigin, reference: Option<ContextPlace>) -> usize {
        // A module has so many functions, and who makes one of the host's knows how many there are. Each may be called.
        self.budget().count((size_of::<FuncRecord>() + size_of::<CallRecord>()) as u64);
        let number = self.functions.len();
        if let Some(place) = reference {
            self.context_of(place).set(place.offset + FUNC_REF.type_id, type_word(type_id, number));
        }
        self.functions.push(FuncRecord { type_id, origin, call: 0 });
        number
    }

    /// The type.
    #[track_caller]
    pub(crate) fn func_type(&self, func: FuncHandle) -> &Arc<CoreFuncType> {
        self.type_of_function(func.index(self.id()))
    }

    /// Whether a reference to a function may have this heap type, whose signature, if it has one, is given by its number.
    pub(super) fn is_function_of(&self, number: usize, heap: HeapType) -> bool {
        match heap {
            HeapType::Func => true,
            HeapType::Concrete(signature) => self.functions[number].type_id == signature.as_u32(),
            _ => false,
        }
    }

    /// The same of a handle.
    #[track_caller]
    pub(crate) fn is_func_of(&self, func: FuncHandle, heap: HeapType) -> bool {
        self.is_function_of(func.index(self.id()), heap)
    }

    fn type_of_function(&self, number: usize) -> &Arc<CoreFuncType> {
        match self.functions[number].origin {
            FunctionOrigin::Guest { instance, func } => {
                let record = &self.instances[instance as usize];
                record.code.type_of(record.image().module.functions.at(func))
            }
            FunctionOrigin::Host { host, .. } => &self.hosts[host as usize].ty,
        }
    }

    fn signature_of(&self, number: usize) -> RegisteredSignature {
        RegisteredSignature { ty: self.type_of_function(number).clone(), number: self.functions[number].type_id }
    }

    /// How the host calls a function.
    ///
    /// # Errors
    ///
    /// When no compiled code goes between host and guest for functions of its type.
    #[inline]
    pub(super) fn call_of(&mut self, number: usize) -> Result<&CallRecord> {
        if self.functions[number].call == 0 {
            self.prepare_call(number)?;
        }
        Ok(&self.calls[self.functions[number].call as usize - 1])
    }

    #[cold]
    fn prepare_call(&mut self, number: usize) -> Result<()> {
        let signature = self.signature_of(number);
        let target = match self.functions[number].origin {
            FunctionOrigin::Guest { instance, func } => {
                let (code, context) = self.target_of(instance as usize, func)?;
                CallTarget::Wasm { code, context, entry: self.entry_of(&signature)? }
            }
            FunctionOrigin::Host { host, .. } => CallTarget::Host(host as usize),
        };
        let CoreFuncType { params, results } = &*signature.ty;
        let values = params.len().max(results.len());
        let record = CallRecord { target, values, takes_references: params.iter().any(is_reference) };
        self.calls.push(record);
        self.functions[number].call = u32::try_from(self.calls.len()).expect("no more than there are functions");
        Ok(())
    }

    /// The code of a function that an instance defines, and its context.
    fn target_of(&self, instance: usize, func: FuncIndex) -> Result<(usize, usize)> {
        let code = self.code_of(instance, func).ok_or_else(|| {
            let record = &self.instances[instance];
            let module = describe(record.module, &record.image().module);
            format_err!("internal error: function {func} of {module} has no code of its own")
        })?;
        Ok((code, self.own_context(instance)))
    }

    /// The code of a function that an instance defines; `None` where all calls of it are inlined.
    fn code_of(&self, instance: usize, func: FuncIndex) -> Option<usize> {
        let record = &self.instances[instance];
        record.code.function(record.module, func)
    }

    /// The address of an instance's context.
    fn own_context(&self, instance: usize) -> usize {
        self.context_of(ContextPlace { context: self.instances[instance].context, offset: 0 }).start()
    }

    /// The reference that compiled code holds for a function.
    ///
    /// # Errors
    ///
    /// When no compiled code knows how to call a host function of that type, and there is no compiler to make such
    /// code.
    pub(crate) fn reference_of(&mut self, func: FuncHandle) -> Result<RawValue> {
        let number = func.index(self.id());
        self.materialize(number)?;
        let place = match self.functions[number].origin {
            FunctionOrigin::Guest { instance, func } => self.record_of(instance as usize, func),
            FunctionOrigin::Host { context, .. } => Some(ContextPlace { context, offset: HOST_REFERENCE }),
        };
        match place {
            Some(place) => Ok(RawValue::from_u64(self.address_of(place))),
            None => bail!("a start function that is not exported cannot be referred to"),
        }
    }

    /// The function that a reference of compiled code refers to; `None` for null.
    ///
    /// # Errors
    ///
    /// When it refers to no function of this store.
    pub(crate) fn func_of_reference(&mut self, reference: RawValue) -> Result<Option<FuncHandle>> {
        if reference.u64() == 0 {
            return Ok(None);
        }
        match self.function_of_reference(reference.u64()) {
            Some(number) => Ok(Some(FuncHandle::new(self.id(), number))),
            None => Err(format_err!("a reference to no function of this store")),
        }
    }

    /// The position of the function whose reference stands at `address`. Any number may be asked for.
    pub(super) fn function_of_reference(&mut self, address: u64) -> Option<usize> {
        let (place, owner) = self.context_around(usize::try_from(address).ok()?)?;
        match owner {
            ContextOwner::Instance(instance) => {
                let instance = instance as usize;
                let func = self.instances[instance].image().layout.func_at(place.offset)?;
                self.function_of_instance(instance, func).ok()
            }
            ContextOwner::Host if place.offset == HOST_REFERENCE => self.function_in_record(place),
            ContextOwner::Host | ContextOwner::Definition => None,
        }
    }

    /// The position of the function that a record says it is of; `None` where that has no position yet.
    fn function_in_record(&self, record: ContextPlace) -> Option<usize> {
        let word = self.context_of(record).get(record.offset + FUNC_REF.type_id);
        (word >> 32).checked_sub(1).map(|number| number as usize)
    }

    /// Takes a function's position from the record in its instance's context: it has none any more.
    pub(super) fn forget_number(&self, instance: usize, func: FuncIndex) {
        if let Some(place) = self.record_of(instance, func) {
            let (context, at) = (self.context_of(place), place.offset + FUNC_REF.type_id);
            context.set(at, context.get(at) & u64::from(u32::MAX));
        }
    }

    /// The position of a function of an instance. Only its start function may be one that does not escape.
    pub(super) fn function_of_instance(&mut self, instance: usize, index: FuncIndex) -> Result<usize> {
        let record = &self.instances[instance];
        let image = record.image();
        let reference = self.record_of(instance, index);
        if let Some(number) = reference.and_then(|place| self.function_in_record(place)) {
            return Ok(number);
        }
        if reference.is_none() && image.module.start != Some(index) {
            bail!("function {index} of {} does not escape", describe(record.module, &image.module));
        }
        let type_id = record.code.number_of(image.module.functions.at(index));
        let origin = FunctionOrigin::Guest { instance: instance as u32, func: index };
        Ok(self.add_function(type_id, origin, reference))
    }

    /// Where the record of a function of an instance stands; `None` when the function does not escape.
    fn record_of(&self, instance: usize, func: FuncIndex) -> Option<ContextPlace> {
        let record = &self.instances[instance];
        let image = record.image();
        let offset = match func.as_u32() < image.module.imported_functions {
            true => Some(image.layout.imported_function(func)),
            false => image.layout.func_ref(func),
        };
        Some(ContextPlace { context: record.context, offset: offset? })
    }

    /// The reference of a function of an instance, as compiled code holds it. The record there is written now, unless it was.
    pub(super) fn function_reference(&self, instance: usize, func: FuncIndex) -> Result<u64> {
        let place = self.record_of(instance, func);
        let place =
            place.ok_or_else(|| format_err!("internal error: function {func} is referred to but has no reference"))?;
        let context = self.context_of(place);
        if context.get(place.offset + FUNC_REF.code) == 0 {
            let (code, own) = self.target_of(instance, func)?;
            let record = &self.instances[instance];
            let type_id = record.code.number_of(record.image().module.functions.at(func));
            context.set(place.offset + FUNC_REF.code, code as u64);
            context.set(place.offset + FUNC_REF.context, own as u64);
            let word = context.get(place.offset + FUNC_REF.type_id) >> 32 << 32 | u64::from(type_id);
            context.set(place.offset + FUNC_REF.type_id, word);
        }
        Ok(self.address_of(place))
    }

    /// Makes sure that a function's reference can be called by all compiled code of the store. Code that can call functions of a
    /// type has a host stub for it: where there is none, and no compiler to make one, a host function waits for such code.
    pub(super) fn materialize(&mut self, number: usize) -> Result<()> {
        let context = match self.functions[number].origin {
            FunctionOrigin::Guest { instance, func } => {
                if self.record_of(instance as usize, func).is_some() {
                    self.function_reference(instance as usize, func)?;
                }
                return Ok(());
            }
            FunctionOrigin::Host { context, .. } => context,
        };
        self.materialize_host(number, |vm, signature| {
            let known = vm.context().code.borrow().iter().find_map(|code| code.host_stub(signature.number));
            match known {
                Some(stub) => Ok(Some(stub)),
                None => Ok(vm.trampolines(signature)?.and_then(|code| code.host_stub(signature.number))),
            }
        })?;
        let place = ContextPlace { context, offset: HOST_REFERENCE };
        if self.context_of(place).get(place.offset + FUNC_REF.code) == 0 {
            self.waiting_for_stubs.insert(number);
        }
        Ok(())
    }

    /// Lets `code`, which has come into the store, call the host functions that have waited for its stubs.
    pub(super) fn give_stubs(&mut self, code: &CodeMemory) -> Result<()> {
        for number in std::mem::take(&mut self.waiting_for_stubs) {
            let found = code.host_stub(self.functions[number].type_id);
            self.materialize_host(number, |_, _| Ok(found))?;
            if found.is_none() {
                self.waiting_for_stubs.insert(number);
            }
        }
        Ok(())
    }

    fn materialize_host(
        &mut self,
        number: usize,
        stub: impl FnOnce(&VmStore, &RegisteredSignature) -> Result<Option<usize>>,
    ) -> Result<()> {
        let FunctionOrigin::Host { context, .. } = self.functions[number].origin else { return Ok(()) };
        let place = ContextPlace { context, offset: HOST_REFERENCE };
        let record = self.context_of(place);
        if record.get(place.offset + FUNC_REF.code) == 0
            && let Some(stub) = stub(self, &self.signature_of(number))?
        {
            record.set(place.offset + FUNC_REF.code, stub as u64);
            record.set(place.offset + FUNC_REF.context, record.start() as u64);
        }
        Ok(())
    }

    /// Code that goes between host and guest for functions of a type that no other code of this store goes for, if there is a compiler.
    fn trampolines(&self, signature: &RegisteredSignature) -> Result<Option<Arc<CodeMemory>>> {
        let code = super::trampolines::for_type(self.engine(), signature)?;
        if let Some(code) = &code {
            self.add_code(code);
        }
        Ok(code)
    }

    /// The entry trampoline for functions of a type.
    fn entry_of(&self, signature: &RegisteredSignature) -> Result<usize> {
        let known = self.context().code.borrow().iter().find_map(|code| code.entry(signature.number));
        match known {
            Some(entry) => Ok(entry),
            None => {
                let code = self.trampolines(signature)?;
                code.and_then(|code| code.entry(signature.number)).ok_or_else(|| no_trampoline(signature))
            }
        }
    }

    /// The three words of a function's reference, for an import slot of a module in `code`, which has stubs for whatever
    /// its modules import. If the import is direct, nobody looks for the function's code there, and 0 says that it has none of its own.
    pub(super) fn import_words(&mut self, number: usize, code: &CodeMemory, direct: bool) -> Result<[u64; 3]> {
        let FuncRecord { type_id, origin, .. } = self.functions[number];
        let context = match origin {
            FunctionOrigin::Guest { instance, func } => {
                let (code, context) = match self.code_of(instance as usize, func) {
                    None if direct => (0, self.own_context(instance as usize)),
                    _ => self.target_of(instance as usize, func)?,
                };
                return Ok([code as u64, context as u64, type_word(type_id, number)]);
            }
            FunctionOrigin::Host { context, .. } => context,
        };
        self.materialize_host(number, |_, signature| {
            code.host_stub(signature.number).ok_or_else(|| no_trampoline(signature)).map(Some)
        })?;
        let place = ContextPlace { context, offset: HOST_REFERENCE };
        let context = self.context_of(place);
        Ok([FUNC_REF.code, FUNC_REF.context, FUNC_REF.type_id].map(|field| context.get(place.offset + field)))
    }
}

fn no_trampoline(signature: &RegisteredSignature) -> crate::Error {
    let ty = crate::core_text::describe_func(&signature.ty);
    format_err!("no compiled code goes between host and guest for functions of type {ty}")
}

/// What people call a module.
pub(super) fn describe(index: ModuleIndex, module: &CoreModule) -> String {
    format!("module `{}`", Printable::name(&super::code::module_name(index, module)))
}

/// The address of a host function's record, from its context.
///
/// # Safety
///
/// `context` is a host function's context, as compiled code passes it.
#[inline]
pub(super) unsafe fn host_parts(context: *const u64) -> (*const RawStoreContext, *const ()) {
    // SAFETY: V8: `add_host_func` wrote both words, and nothing else writes to contexts of host functions.
    unsafe {
        let store = context.byte_add(ContextLayout::STORE as usize).read() as *const RawStoreContext;
        (store, context.byte_add(HOST_DATA as usize).read() as *const ())
    }
}

#[cfg(all(test, feature = "compile"))]
mod tests {
    use super::*;
    use crate::{Engine, Store};
    use gusset_artifact::{RefType, TableType};

    fn store() -> Store<i32> {
        Store::new(&Engine::default(), 0)
    }

    #[test]
    fn forged_references_are_refused() -> Result<()> {
        let mut store = store();
        let store = crate::AsContextMut::as_context_mut(&mut store).0;
        let signature = store.vm.engine().signatures().register(&CoreFuncType::default())?;
        let func = store.add_host_func(signature, |_, _| Ok(()));
        let vm = &mut store.vm;
        let ty = TableType { element: RefType::FUNCREF, minimum: 1, maximum: None, table64: false };
        let table = vm.new_table(ty, RawValue::default())?;
        let reference = vm.reference_of(func)?;
        let FunctionOrigin::Host { context, .. } = vm.functions[0].origin else { panic!("it is the host's") };
        let place = ContextPlace { context, offset: HOST_REFERENCE };
        assert_ne!(vm.context_of(place).get(place.offset + FUNC_REF.code), 0, "it can be called");
        for forged in [reference.u64() - 8, reference.u64() + 8, reference.u64() - HOST_REFERENCE as u64, 1, u64::MAX] {
            assert!(vm.table_set(table, 0, RawValue::from_u64(forged)).is_err());
            assert!(vm.func_of_reference(RawValue::from_u64(forged)).is_err());
        }
        vm.table_set(table, 0, reference)?;
        assert_eq!(vm.func_of_reference(reference)?, Some(func));
        assert!(vm.check_value(CoreValType::Ref(RefType::EXTERNREF), RawValue::from_u32(1)).is_err());
        let never_null = CoreValType::Ref(RefType { nullable: false, ..RefType::FUNCREF });
        assert!(vm.check_value(never_null, RawValue::default()).is_err());
        Ok(())
    }

    #[test]
    fn calls_need_room_for_parameters_and_results() -> Result<()> {
        let mut store = store();
        let store = crate::AsContextMut::as_context_mut(&mut store).0;
        let ty = CoreFuncType { params: [CoreValType::I32].into(), results: [CoreValType::I32; 2].into() };
        let twice = |mut store: StoreContextMut<'_, i32>, values: &mut [RawValue]| {
            *store.data_mut() += 1;
            values[1] = values[0];
            Ok(())
        };
        let signature = store.vm.engine().signatures().register(&ty)?;
        let func = store.add_host_func(signature, twice);
        assert!(store.call_core(func, &mut [RawValue::from_i32(5)]).is_err());
        let mut values = [RawValue::from_i32(5), RawValue::default()];
        store.call_core(func, &mut values)?;
        assert_eq!(values.map(RawValue::i32), [5, 5]);
        Ok(())
    }
}
