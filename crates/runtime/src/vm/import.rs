//! Import matching as the core specification has it.

use super::code::CodeMemory;
use super::handle::ExternHandle;
use super::store::VmStore;
use crate::core::ExternType;
use crate::core_text::{describe_func, describe_global, describe_memory, describe_table, describe_tag};
use crate::error::{LinkError, Result};
use gusset_artifact::{CoreExternType, CoreImport, CoreValType, GlobalType, HeapType, MemoryType, TableType};
use gusset_types::Printable;

impl VmStore {
    /// Checks that `given` may stand for an import. A wrong one must never reach compiled code.
    ///
    /// # Errors
    ///
    /// Names the import and both types.
    pub(super) fn check_import(&self, code: &CodeMemory, import: &CoreImport, given: ExternHandle) -> Result<()> {
        let ty = code.resolve(import.ty);
        if self.import_matches(code, ty, given) {
            return Ok(());
        }
        let CoreImport { module, name, .. } = import;
        let expected = match ty {
            CoreExternType::Func(signature) => describe_func(&code.signature(signature).ty),
            CoreExternType::Tag(signature) => describe_tag(&code.signature(signature).ty),
            CoreExternType::Table(ty) => describe_table(&ty),
            CoreExternType::Memory(ty) => describe_memory(&ty),
            CoreExternType::Global(ty) => describe_global(&ty),
        };
        let found = match given {
            ExternHandle::Func(func) => describe_func(self.func_type(func)),
            ExternHandle::Tag(tag) => describe_tag(self.tag_type(tag)),
            ExternHandle::Table(table) => describe_table(&self.table_type(table)),
            ExternHandle::Memory(memory) => describe_memory(&self.memory_type(memory)),
            ExternHandle::Global(global) => describe_global(&self.global_type(global)),
        };
        let location = code.locate_import(&[module, name]);
        let (module, name) = (Printable::name(module), Printable::name(name));
        let message =
            format_args!("incompatible import type for `{module}::{name}`: expected {expected}, found {found}");
        Err(LinkError::located(message, location))
    }

    fn import_matches(&self, code: &CodeMemory, wanted: CoreExternType, given: ExternHandle) -> bool {
        let id = self.id();
        match (wanted, given) {
            (CoreExternType::Func(signature), ExternHandle::Func(func)) => {
                self.functions[func.index(id)].type_id == code.number_of(signature)
            }
            (CoreExternType::Tag(signature), ExternHandle::Tag(tag)) => {
                self.tags[tag.index(id)].signature.number == code.number_of(signature)
            }
            (CoreExternType::Table(wanted), ExternHandle::Table(table)) => {
                table_matches(&wanted, &self.table_type(table))
            }
            (CoreExternType::Memory(wanted), ExternHandle::Memory(memory)) => {
                memory_matches(&wanted, &self.memory_type(memory))
            }
            (CoreExternType::Global(wanted), ExternHandle::Global(global)) => {
                global_matches(&wanted, &self.global_type(global))
            }
            _ => false,
        }
    }
}

/// Whether something of type `found` may stand where `wanted` is asked for. Neither speaks of signatures of a link unit.
pub(crate) fn extern_matches(wanted: &ExternType, found: &ExternType) -> bool {
    match (wanted, found) {
        (ExternType::Func(wanted), ExternType::Func(found)) => wanted == found,
        (ExternType::Tag(wanted), ExternType::Tag(found)) => wanted == found,
        (ExternType::Table(wanted), ExternType::Table(found)) => table_matches(wanted, found),
        (ExternType::Memory(wanted), ExternType::Memory(found)) => memory_matches(wanted, found),
        (ExternType::Global(wanted), ExternType::Global(found)) => global_matches(wanted, found),
        _ => false,
    }
}

fn limits_match(wanted: (u64, Option<u64>), found: (u64, Option<u64>)) -> bool {
    let maximum = match (wanted.1, found.1) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wanted), Some(found)) => found <= wanted,
    };
    found.0 >= wanted.0 && maximum
}

fn table_matches(wanted: &TableType, found: &TableType) -> bool {
    wanted.element == found.element
        && wanted.table64 == found.table64
        && limits_match((wanted.minimum, wanted.maximum), (found.minimum, found.maximum))
}

fn memory_matches(wanted: &MemoryType, found: &MemoryType) -> bool {
    wanted.memory64 == found.memory64
        && wanted.shared == found.shared
        && wanted.page_size_log2 == found.page_size_log2
        && limits_match((wanted.minimum, wanted.maximum), (found.minimum, found.maximum))
}

fn global_matches(wanted: &GlobalType, found: &GlobalType) -> bool {
    wanted.mutable == found.mutable
        && match wanted.mutable {
            true => wanted.content == found.content,
            false => is_subtype(found.content, wanted.content),
        }
}

/// Whether values of one type are of the other, too.
pub(super) fn is_subtype(sub: CoreValType, sup: CoreValType) -> bool {
    match (sub, sup) {
        (CoreValType::Ref(sub), CoreValType::Ref(sup)) => {
            (sup.nullable || !sub.nullable) && is_heap_subtype(sub.heap, sup.heap)
        }
        _ => sub == sup,
    }
}

fn is_heap_subtype(sub: HeapType, sup: HeapType) -> bool {
    sub == sup
        || matches!(
            (sub, sup),
            (HeapType::Concrete(_), HeapType::Func)
                | (HeapType::NoFunc, HeapType::Func | HeapType::Concrete(_))
                | (HeapType::NoExtern, HeapType::Extern)
                | (HeapType::NoExn, HeapType::Exn)
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use gusset_artifact::RefType;

    #[test]
    fn limits_match_as_the_specification_says() {
        assert!(limits_match((1, None), (2, Some(3))));
        assert!(limits_match((1, Some(3)), (1, Some(3))));
        assert!(!limits_match((1, Some(3)), (1, None)));
        assert!(!limits_match((1, Some(3)), (1, Some(4))));
        assert!(!limits_match((2, None), (1, None)));
    }

    #[test]
    fn constant_globals_are_covariant_and_mutable_ones_are_not() {
        let global = |nullable, mutable| GlobalType {
            content: CoreValType::Ref(RefType { nullable, heap: HeapType::Func }),
            mutable,
        };
        assert!(global_matches(&global(true, false), &global(false, false)));
        assert!(!global_matches(&global(false, false), &global(true, false)));
        assert!(!global_matches(&global(true, true), &global(false, true)));
        assert!(!global_matches(&global(true, true), &global(true, false)));
    }
}
