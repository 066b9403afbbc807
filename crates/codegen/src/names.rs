//! The name section. It is for people: whatever is wrong with it is ignored and never makes a module invalid.

use gusset_artifact::{CoreModule, FuncIndex};
use wasmparser::{Name, NameSectionReader};

/// Reads the names of the module and of its functions, as far as they can be read.
pub(crate) fn read(reader: NameSectionReader<'_>, module: &mut CoreModule) {
    for subsection in reader {
        match subsection {
            Ok(Name::Module { name, .. }) => module.name = Some(name.into()),
            Ok(Name::Function(names)) => {
                let names = names.into_iter().map_while(Result::ok);
                module.function_names =
                    names.map(|naming| (FuncIndex::from_u32(naming.index), naming.name.into())).collect();
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    let functions = module.functions.len();
    module.function_names.retain(|(func, _)| (func.as_u32() as usize) < functions);
    module.function_names.sort_by_key(|(func, _)| *func);
    module.function_names.dedup_by_key(|(func, _)| *func);
}
