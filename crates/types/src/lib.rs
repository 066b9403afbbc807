//! The vocabulary that every crate of Gusset shares: interface types with their memory layout and flattening, canonical
//! options, canonical built-ins, the state of component instances, the one table of trap codes, and the switches of features.
//!
//! **Internal.** It is a part of the crate `gusset`, which is for hosts. What it makes public may change in any release, without notice.
//!
//! This crate knows no parser, no encoder and no engine, and uses none of the other crates: it is what they talk with. The
//! names are those of the Component Model's specification (`Explainer.md`, `CanonicalABI.md`).
//!
//! ```
//! use gusset_types::{DefinedType, Field, PointerWidth, Types, ValType};
//!
//! let mut types = Types::default();
//! let point = types.intern(DefinedType::Record(
//!     [("x", ValType::U8), ("y", ValType::U32)]
//!         .map(|(name, ty)| Field { name: name.into(), ty })
//!         .into(),
//! ));
//! let layout = types.layout(point, PointerWidth::Memory32);
//! assert_eq!((layout.size, layout.align), (8, 4));
//! ```
#![forbid(unsafe_code)]

mod arena;
mod builtin;
mod component_feature;
mod core_feature;
mod excerpt;
mod flat;
mod fuel;
mod handle_table;
mod index;
mod interface_name;
mod interface_version;
mod labels;
mod layout;
mod name;
mod nearest;
mod options;
mod printable;
mod proposal;
mod resource_type;
mod source_location;
mod transcode;
mod trap;
mod trap_site;
mod type_text;
mod val_type;

pub use arena::{Arena, ArenaIndex};
pub use builtin::CanonBuiltin;
pub use component_feature::{ComponentFeature, ComponentFeatures};
pub use core_feature::{CoreFeature, CoreFeatures};
pub use excerpt::Excerpt;
pub use flat::{FlatSignature, FlatType, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS};
pub use fuel::{ADAPTER_FUEL, BYTE_FUEL, FUNCTION_FUEL};
pub use handle_table::{
    BORROW_SCOPE, BorrowScopeLayout, CELL, CellLayout, FIRST_HANDLES, FLAG_CANNOT_LEAVE, HANDLE_ENTRY,
    HANDLE_KIND_BITS, HandleEntryLayout, HandleKind, INSTANCE_STATE, InstanceStateLayout, LENDER, LenderLayout,
    MAX_HANDLES, STATE_HEADER, StateHeaderLayout, handle_tag, heap_start, instance_state, resource_type_number,
};
pub use index::{ComponentInstanceIndex, CoreDefIndex, DefinedTypeIndex, FuncTypeIndex, ResourceTypeIndex};
pub use interface_name::{InterfaceParts, interface_parts, may_mean};
pub use interface_version::{CompatibleName, newest_compatible};
pub use labels::{ERROR_LABEL, KEY_LABEL, NONE_LABEL, OK_LABEL, SOME_LABEL, VALUE_LABEL};
pub use layout::{Layout, MAX_BYTE_LENGTH, PointerWidth, align_to, is_aligned};
pub use name::{MAX_SHOWN_NAME, cut_name, cut_text, join_names};
pub use nearest::nearest;
pub use options::{CanonOptions, PAGE_SIZE_LOG2, StringEncoding};
pub use printable::Printable;
pub use proposal::proposal_words;
pub use resource_type::ResourceType;
pub use source_location::SourceLocation;
pub use transcode::{CodeUnits, Transcode, TranscodeContract, TranscodeResult};
pub use trap::{TAG_OF_HOST, TrapCause, TrapCode, TrapValues, mismatched_tags};
pub use trap_site::{AdapterName, MAX_TRAP_INDICES, TRAP_FROM_REALLOC, TrapSite, trap_params};
pub use type_text::{func_type_text, type_text};
pub use val_type::{Case, DefinedType, Field, FuncType, Param, ResultType, Types, ValType};
