//! [`Extern`] and [`ExternType`]: what modules import and export.

use super::{Func, Global, Memory, SharedMemory, Table, Tag};
use crate::core_text::{describe_func, describe_global, describe_memory, describe_table, describe_tag};
use crate::error::Result;
use crate::store::AsContext;
use crate::vm::{CodeMemory, ExternHandle, VmStore};
use gusset_artifact::{CoreExternType, CoreFuncType, CoreItemType, GlobalType, MemoryType, TableType};
use std::fmt;

/// Something that a module can import or an instance exports: an [external value].
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::core::{Extern, Global, GlobalType, Instance, Module, Val, ValType};
/// use gusset::{Engine, Store};
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module (import "host" "limit" (global i32)) (export "limit" (global 0)))"#)?;
/// let mut store = Store::new(&engine, ());
/// let ty = GlobalType { content: ValType::I32, mutable: false };
/// let limit = Global::new(&mut store, ty, Val::I32(9))?;
/// let instance = Instance::new(&mut store, &module, &[Extern::from(limit)])?;
/// let exported = instance.get_export(&mut store, "limit").expect("it is exported");
/// assert_eq!(exported, Extern::Global(limit));
/// assert!(exported.into_func().is_none());
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// [external value]: https://webassembly.github.io/spec/core/exec/runtime.html#external-values
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the spec's own words, one for one")]
pub enum Extern {
    Func(Func),
    Table(Table),
    Memory(Memory),
    /// A memory that other stores may have too; it is of none of them, but of their engine.
    SharedMemory(SharedMemory),
    Global(Global),
    Tag(Tag),
}

/// The type of something that a module imports or exports: an [external type]. `Display` writes it in the words of the
/// text format.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::core::Module;
/// use gusset::Engine;
/// let text = r#"(module (memory (export "mem") 1 2))"#;
/// let module = Module::new(&Engine::default(), text)?;
/// let (_, ty) = module.exports().next().expect("there is one");
/// assert!(matches!(&ty, gusset::core::ExternType::Memory(ty) if ty.minimum == 1 && ty.maximum == Some(2)));
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// [external type]: https://webassembly.github.io/spec/core/syntax/types.html#external-types
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the spec's own words, one for one")]
pub enum ExternType {
    Func(CoreFuncType),
    Table(TableType),
    Memory(MemoryType),
    Global(GlobalType),
    Tag(CoreFuncType),
}

impl Extern {
    /// The type, with present sizes as minima.
    ///
    /// # Panics
    ///
    /// When it is of another store.
    #[track_caller]
    pub fn ty(&self, store: impl AsContext) -> ExternType {
        match self {
            Extern::Func(func) => ExternType::Func(func.ty(store).expect("it is of this store")),
            Extern::Table(table) => ExternType::Table(table.ty(store)),
            Extern::Memory(memory) => ExternType::Memory(memory.ty(store)),
            Extern::SharedMemory(memory) => ExternType::Memory(memory.ty()),
            Extern::Global(global) => ExternType::Global(global.ty(store)),
            Extern::Tag(tag) => ExternType::Tag(tag.ty(store)),
        }
    }

    /// The function, if it is one.
    pub fn into_func(self) -> Option<Func> {
        if let Extern::Func(func) = self { Some(func) } else { None }
    }

    /// The table, if it is one.
    pub fn into_table(self) -> Option<Table> {
        if let Extern::Table(table) = self { Some(table) } else { None }
    }

    /// The memory, if it is one that is not shared.
    pub fn into_memory(self) -> Option<Memory> {
        if let Extern::Memory(memory) = self { Some(memory) } else { None }
    }

    /// The memory, if it is one that is shared.
    pub fn into_shared_memory(self) -> Option<SharedMemory> {
        if let Extern::SharedMemory(memory) = self { Some(memory) } else { None }
    }

    /// The global, if it is one.
    pub fn into_global(self) -> Option<Global> {
        if let Extern::Global(global) = self { Some(global) } else { None }
    }

    /// The tag, if it is one.
    pub fn into_tag(self) -> Option<Tag> {
        if let Extern::Tag(tag) = self { Some(tag) } else { None }
    }

    pub(crate) fn from_vm(vm: &VmStore, item: ExternHandle) -> Extern {
        match item {
            ExternHandle::Func(handle) => Extern::Func(Func::from_handle(handle)),
            ExternHandle::Table(handle) => Extern::Table(Table::from_handle(handle)),
            ExternHandle::Memory(handle) => match vm.shared_memory(handle) {
                Some(shared) => Extern::SharedMemory(SharedMemory::from_vm(vm, shared.clone())),
                None => Extern::Memory(Memory::from_handle(handle)),
            },
            ExternHandle::Global(handle) => Extern::Global(Global::from_handle(handle)),
            ExternHandle::Tag(handle) => Extern::Tag(Tag::from_handle(handle)),
        }
    }

    pub(crate) fn to_vm(&self, vm: &mut VmStore) -> Result<ExternHandle> {
        Ok(match self {
            Extern::Func(func) => ExternHandle::Func(func.handle(vm)?),
            Extern::Table(table) => ExternHandle::Table(table.handle(vm)?),
            Extern::Memory(memory) => ExternHandle::Memory(memory.handle(vm)?),
            Extern::SharedMemory(memory) => ExternHandle::Memory(memory.handle(vm)?),
            Extern::Global(global) => ExternHandle::Global(global.handle(vm)?),
            Extern::Tag(tag) => ExternHandle::Tag(tag.handle(vm)?),
        })
    }
}

impl ExternType {
    pub(super) fn new(code: &CodeMemory, ty: CoreExternType) -> ExternType {
        match code.resolve(ty) {
            CoreExternType::Func(signature) => ExternType::Func((**code.type_of(signature)).clone()),
            CoreExternType::Table(ty) => ExternType::Table(ty),
            CoreExternType::Memory(ty) => ExternType::Memory(ty),
            CoreExternType::Global(ty) => ExternType::Global(ty),
            CoreExternType::Tag(signature) => ExternType::Tag((**code.type_of(signature)).clone()),
        }
    }
}

impl From<&CoreItemType> for ExternType {
    fn from(ty: &CoreItemType) -> ExternType {
        match ty {
            CoreItemType::Func(ty) => ExternType::Func(ty.clone()),
            CoreItemType::Table(ty) => ExternType::Table(*ty),
            CoreItemType::Memory(ty) => ExternType::Memory(*ty),
            CoreItemType::Global(ty) => ExternType::Global(*ty),
            CoreItemType::Tag(ty) => ExternType::Tag(ty.clone()),
        }
    }
}

/// In the words of the text format.
impl fmt::Display for ExternType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            ExternType::Func(ty) => describe_func(ty),
            ExternType::Table(ty) => describe_table(ty),
            ExternType::Memory(ty) => describe_memory(ty),
            ExternType::Global(ty) => describe_global(ty),
            ExternType::Tag(ty) => describe_tag(ty),
        })
    }
}

impl From<Func> for Extern {
    fn from(func: Func) -> Extern {
        Extern::Func(func)
    }
}

impl From<Table> for Extern {
    fn from(table: Table) -> Extern {
        Extern::Table(table)
    }
}

impl From<Memory> for Extern {
    fn from(memory: Memory) -> Extern {
        Extern::Memory(memory)
    }
}

impl From<SharedMemory> for Extern {
    fn from(memory: SharedMemory) -> Extern {
        Extern::SharedMemory(memory)
    }
}

impl From<Global> for Extern {
    fn from(global: Global) -> Extern {
        Extern::Global(global)
    }
}

impl From<Tag> for Extern {
    fn from(tag: Tag) -> Extern {
        Extern::Tag(tag)
    }
}
