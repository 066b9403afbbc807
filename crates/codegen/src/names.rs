//! The name section. It is for people: whatever is wrong with it is ignored and never makes a module invalid.

use gusset_artifact::FuncIndex;
use wasmparser::{Name, NameSectionReader};

/// Names in a name section, as far as they can be read.
#[derive(Default)]
pub(crate) struct ModuleNames<'a> {
    pub(crate) module: Option<&'a str>,
    /// Sorted by function.
    pub(crate) functions: Vec<(FuncIndex, &'a str)>,
}

/// Reads the names of the module and of its functions, of which there are so many.
pub(crate) fn read<'a>(reader: NameSectionReader<'a>, functions: usize, found: &mut ModuleNames<'a>) {
    for subsection in reader {
        match subsection {
            Ok(Name::Module { name, .. }) => found.module = Some(name),
            Ok(Name::Function(names)) => {
                let names = names.into_iter().map_while(Result::ok);
                found.functions = names.map(|naming| (FuncIndex::from_u32(naming.index), naming.name)).collect();
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    found.functions.retain(|(func, _)| (func.as_u32() as usize) < functions);
    found.functions.sort_by_key(|(func, _)| *func);
    found.functions.dedup_by_key(|(func, _)| *func);
}
