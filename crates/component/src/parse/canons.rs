//! The canonical section: `canon lift`, `canon lower` and the built-ins.

use super::{OpenComponent, items};
use crate::body::{Canon, ComponentDefinition, OptionRefs};
use crate::error::TranslateError;
use gusset_types::StringEncoding;
use wasmparser::{CanonicalFunction, CanonicalOption, ComponentCanonicalSectionReader};

impl<'a> OpenComponent<'a> {
    pub(super) fn canons(&mut self, section: ComponentCanonicalSectionReader<'a>) -> Result<(), TranslateError> {
        for item in items(section) {
            let (offset, function) = item?;
            let canon = match function {
                CanonicalFunction::Lift { core_func_index, type_index, options } => {
                    Canon::Lift { func: core_func_index, ty: type_index, options: read_options(&options) }
                }
                CanonicalFunction::Lower { func_index, options } => {
                    Canon::Lower { func: func_index, options: read_options(&options) }
                }
                builtin => Canon::Builtin(Box::new(builtin)),
            };
            self.define(offset, ComponentDefinition::Canon(canon));
        }
        Ok(())
    }
}

/// Validation has seen to it that no option is there twice.
fn read_options(options: &[CanonicalOption]) -> OptionRefs {
    let mut refs = OptionRefs::default();
    for option in options {
        match *option {
            CanonicalOption::UTF8 => refs.string_encoding = StringEncoding::Utf8,
            CanonicalOption::UTF16 => refs.string_encoding = StringEncoding::Utf16,
            CanonicalOption::CompactUTF16 => refs.string_encoding = StringEncoding::Latin1Utf16,
            CanonicalOption::Memory(memory) => refs.memory = Some(memory),
            CanonicalOption::Realloc(func) => refs.realloc = Some(func),
            CanonicalOption::PostReturn(func) => refs.post_return = Some(func),
            CanonicalOption::Callback(func) => refs.callback = Some(func),
            CanonicalOption::Async => refs.async_ = true,
            CanonicalOption::CoreType(_) | CanonicalOption::Gc => refs.gc = true,
        }
    }
    refs
}
