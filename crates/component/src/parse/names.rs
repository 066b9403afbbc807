//! The `component-name` custom section. It is a help for people only: what cannot be read is passed over.

use super::OpenComponent;
use std::collections::HashMap;
use wasmparser::{ComponentName, CustomSectionReader, KnownCustom, NameMap};

impl<'a> OpenComponent<'a> {
    pub(super) fn names(&mut self, section: &CustomSectionReader<'a>) {
        let KnownCustom::ComponentName(subsections) = section.as_known() else { return };
        for subsection in subsections.into_iter().map_while(Result::ok) {
            match subsection {
                ComponentName::Component { name, .. } => self.names.component = Some(name),
                ComponentName::CoreModules(map) => read(map, &mut self.names.modules),
                ComponentName::Instances(map) => read(map, &mut self.names.instances),
                ComponentName::Funcs(map) => read(map, &mut self.names.funcs),
                ComponentName::Types(map) => read(map, &mut self.names.types),
                _ => {}
            }
        }
    }
}

fn read<'a>(map: NameMap<'a>, names: &mut HashMap<u32, &'a str>) {
    names.extend(map.into_iter().map_while(Result::ok).map(|naming| (naming.index, naming.name)));
}
