//! What is stored and run: the [`Plan`] of a component, the [`CodeImage`] of its link unit, and the layout of the contexts
//! that compiled code reads.
//!
//! **Internal.** It is a part of the crate `gusset`, which is for hosts. What it makes public may change in any release, without notice.
//!
//! Producers (`component`, `codegen`) and the consumer (`runtime`) meet here and nowhere else. This crate knows no parser,
//! no encoder and no Cranelift, so that a runtime without a compiler can use it.
//!
//! ```
//! use gusset_artifact::{ModuleIndex, Plan, PlanModule, Step};
//!
//! let mut plan = Plan::default();
//! let instance = plan.core_instances.push(PlanModule::Unit(ModuleIndex::from_u32(3)));
//! plan.steps.push(Step::InstantiateModule { instance, imports: [].into() });
//! assert_eq!(plan.to_text(), "instance 0 = module 3\n");
//! ```
#![forbid(unsafe_code)]

mod artifact;
mod code_table;
mod context;
mod core_module;
mod core_names;
mod data_segments;
mod debug_sections;
mod delta_table;
mod externs;
mod image;
mod index;
mod memory_image;
mod module_type;
mod plan;
mod plan_text;
mod pod_table;
mod settings;
mod shared_bytes;
mod unit;

pub use artifact::{
    ArtifactContent, ArtifactError, ArtifactErrorKind, ArtifactFile, ArtifactKind, CodeIdentity, SettingDifference,
    check_artifact_start, detect_artifact, write_artifact,
};
pub use code_table::{
    AddressMapEntry, CallSite, CodeFrame, CodeRange, FunctionRange, InlinedCall, InlinedRange, StackMap, StackMaps,
    TrapRecord,
};
pub use context::{
    BuiltinFunction, ContextLayout, EXCEPTION, ExceptionLayout, FUNC_REF, FuncRefLayout, HOST_CONTEXT,
    HostContextLayout, LAZY_SLOTS, LazySlotsLayout, MEMORY_DEFINITION, MemoryDefinitionLayout, NULL_ELEMENT,
    RAW_VALUE_SIZE, STORE_CONTEXT, StoreContextLayout, TABLE_DEFINITION, TRANSCODE_STATUS_SHIFT, TableDefinitionLayout,
};
pub use core_module::{
    ConstExpr, ConstOp, CoreExternType, CoreFuncType, CoreImport, CoreModule, CoreValType, ElementItems,
    ElementSegment, EntityIndex, GlobalType, HeapType, MemoryType, RefType, SegmentMode, TableType,
};
pub use core_names::{CoreExports, FunctionNames};
pub use data_segments::{DataSegment, DataSegments};
pub use debug_sections::DebugSections;
pub use delta_table::{DeltaTable, NumberPair};
pub use externs::{ExternAttributes, ExternItem, Externs, NamedItems};
pub use image::{CodeImage, CodeTables, ModuleImage};
pub use index::{
    AdapterModuleIndex, CoreInstanceIndex, DataIndex, ElemIndex, ExternInstanceIndex, FuncExportIndex, FuncIndex,
    GlobalIndex, ImportIndex, MemoryIndex, ModuleImportIndex, ModuleIndex, SignatureIndex, TableIndex, TagIndex,
    TrampolineIndex,
};
pub use memory_image::{MEMORY_IMAGE_ALIGNMENT, MemoryImageRange};
pub use module_type::{CoreItemType, CoreModuleType, ImportedModule, PlanModule};
pub use plan::{
    AdapterModuleInfo, ComponentInstanceInfo, CoreDef, FuncExport, FuncSource, ImportedFunc, Plan, RootExport,
    RootImport, Step, Trampoline,
};
pub use pod_table::{PodTable, RawTable, Record};
pub use settings::{CodeSettings, OptimizationLevel};
pub use shared_bytes::SharedBytes;
pub use unit::{ImportLink, TranscoderImport};
