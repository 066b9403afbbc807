//! Index types of core modules and of plans.

use crate::pod_table::{Record, read_u32};

gusset_types::define_index! {
    /// A core module of a link unit.
    ModuleIndex;
    /// A core function signature of a link unit.
    SignatureIndex;
    /// A function of a core module, imports first.
    FuncIndex;
    /// A table of a core module, imports first.
    TableIndex;
    /// A memory of a core module, imports first.
    MemoryIndex;
    /// A global of a core module, imports first.
    GlobalIndex;
    /// A tag of a core module, imports first.
    TagIndex;
    /// An element segment of a core module.
    ElemIndex;
    /// A data segment of a core module.
    DataIndex;
    /// A core instance that a plan makes.
    CoreInstanceIndex;
    /// A function that a component imports, wherever in its imports it stands.
    ImportIndex;
    /// A core module that a component imports, wherever in its imports it stands.
    ModuleImportIndex;
    /// A function that a component exports, at whatever names.
    FuncExportIndex;
    /// An instance that a component imports or exports.
    ExternInstanceIndex;
    /// A core function that the runtime provides.
    TrampolineIndex;
    /// A module of fused adapters.
    AdapterModuleIndex;
}

macro_rules! index_records {
    ($($name:ident),*) => {$(
        impl Record for $name {
            const SIZE: usize = 4;

            fn read(bytes: &[u8]) -> $name {
                $name::from_u32(read_u32(bytes))
            }

            fn write(self, bytes: &mut Vec<u8>) {
                self.as_u32().write(bytes);
            }
        }
    )*};
}

index_records!(SignatureIndex, FuncIndex);
