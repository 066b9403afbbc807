//! A [`Plan`] as text, for people and for golden files: stable, one thing a line. Nothing reads it back.

use crate::core_module::EntityIndex;
use crate::externs::ExternItem;
use crate::module_type::PlanModule;
use crate::plan::{CoreDef, FuncSource, Plan, RootExport, RootImport, Step, Trampoline};
use crate::unit::{ImportLink, TranscoderImport};
use gusset_types::{
    CanonOptions, CoreDefIndex, FuncTypeIndex, PAGE_SIZE_LOG2, PointerWidth, Printable, ResourceType,
    ResourceTypeIndex, StringEncoding, func_type_text, type_text,
};
use std::fmt::{self, Write};

impl Plan {
    /// The plan as text.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text).expect("writing to a string does not fail");
        text
    }

    fn write(&self, f: &mut String) -> fmt::Result {
        for (index, instance) in self.component_instances.iter() {
            write!(f, "component-instance {index} \"{}\"", Printable::name(&instance.name))?;
            match instance.parent {
                Some(parent) => writeln!(f, " in {parent}")?,
                None => writeln!(f)?,
            }
        }
        for (name, import) in &self.imports.items {
            self.write_import(f, "import", 0, name, import)?;
        }
        for step in &self.steps {
            self.write_step(f, step)?;
        }
        for (name, export) in &self.exports.items {
            self.write_export(f, "export", 0, name, export)?;
        }
        Ok(())
    }

    fn write_import(
        &self,
        f: &mut String,
        word: &str,
        indent: usize,
        name: &str,
        item: &ExternItem<RootImport>,
    ) -> fmt::Result {
        write!(f, "{:indent$}{word} \"{}\" ", "", Printable::name(name))?;
        match item {
            ExternItem::Item(RootImport::Func(import)) => {
                writeln!(f, "{} = import {import}", self.func_text(self.imported_funcs[*import].ty))
            }
            ExternItem::Item(RootImport::Module(module)) => writeln!(f, "core module = module-import {module}"),
            ExternItem::Item(RootImport::Type(ty)) => {
                writeln!(f, "type {}", type_text(&self.types, *ty))
            }
            ExternItem::Item(RootImport::Resource(resource)) => writeln!(f, "resource {resource}"),
            ExternItem::Instance(instance) => {
                writeln!(f, "instance")?;
                let exports = &self.imports.instances[*instance];
                exports.iter().try_for_each(|(name, item)| self.write_import(f, "item", indent + 2, name, item))
            }
        }
    }

    fn write_export(
        &self,
        f: &mut String,
        word: &str,
        indent: usize,
        name: &str,
        item: &ExternItem<RootExport>,
    ) -> fmt::Result {
        write!(f, "{:indent$}{word} \"{}\" ", "", Printable::name(name))?;
        match item {
            ExternItem::Item(RootExport::Func(func)) => {
                let func = &self.exported_funcs[*func];
                write!(f, "{} = ", self.func_text(func.ty))?;
                match &func.source {
                    FuncSource::Lift { func, options } => {
                        writeln!(f, "lift {}{}", self.def_text(*func), self.options_text(options))
                    }
                    FuncSource::Import(import) => writeln!(f, "import {import}"),
                }
            }
            ExternItem::Item(RootExport::Module(module)) => writeln!(f, "{}", module_text(*module)),
            ExternItem::Item(RootExport::Component) => writeln!(f, "component"),
            ExternItem::Item(RootExport::Type(Some(ty))) => {
                writeln!(f, "type {}", type_text(&self.types, *ty))
            }
            ExternItem::Item(RootExport::Type(None)) => writeln!(f, "type"),
            ExternItem::Item(RootExport::Resource(resource)) => writeln!(f, "resource {resource}"),
            ExternItem::Instance(instance) => {
                writeln!(f, "instance")?;
                let exports = &self.exports.instances[*instance];
                exports.iter().try_for_each(|(name, item)| self.write_export(f, "item", indent + 2, name, item))
            }
        }
    }

    fn write_step(&self, f: &mut String, step: &Step) -> fmt::Result {
        match step {
            Step::DefineResource(index) => {
                let ResourceType { instance, dtor, .. } = &self.resources[*index];
                write!(f, "{}", self.resource_text(*index))?;
                match instance {
                    Some(instance) => write!(f, " of component-instance {instance}")?,
                    None => write!(f, " imported")?,
                }
                match dtor {
                    Some(dtor) => writeln!(f, " dtor={}", self.def_text(*dtor)),
                    None => writeln!(f),
                }
            }
            Step::DefineTrampoline(index) => {
                write!(f, "trampoline {index} = ")?;
                self.write_trampoline(f, &self.trampolines[*index])
            }
            Step::InstantiateModule { instance, imports } => {
                let module = self.core_instances[*instance];
                writeln!(f, "instance {instance} = {}", module_text(module))?;
                for &import in imports {
                    writeln!(f, "  with {}", self.def_text(import))?;
                }
                let adapters = self.adapter_modules.values().filter(|info| PlanModule::Unit(info.module) == module);
                for name in adapters.flat_map(|info| &info.adapters) {
                    writeln!(f, "  adapter {name}")?;
                }
                Ok(())
            }
        }
    }

    fn write_trampoline(&self, f: &mut String, trampoline: &Trampoline) -> fmt::Result {
        match trampoline {
            Trampoline::LowerImport { import, ty, options } => {
                writeln!(f, "lower import {import} {}{}", self.func_text(*ty), self.options_text(options))
            }
            Trampoline::AdapterTrap { module, indices } => {
                writeln!(f, "trap of adapters {module} with {indices} indices")
            }
            Trampoline::LowerLifted { func, lift, lift_type, lower, name, .. } => {
                writeln!(f, "lower {} {name}{}", self.func_text(*lift_type), self.options_text(lower))?;
                writeln!(f, "  lift {}{}", self.def_text(*func), self.options_text(lift))
            }
            Trampoline::DropImportedResource(resource) => writeln!(f, "drop {}", self.resource_text(*resource)),
        }
    }

    fn def_text(&self, def: CoreDefIndex) -> String {
        match self.core_defs[def] {
            CoreDef::Export { instance, item } => {
                let (kind, index) = match item {
                    EntityIndex::Func(index) => ("func", index.as_u32()),
                    EntityIndex::Table(index) => ("table", index.as_u32()),
                    EntityIndex::Memory(index) => ("memory", index.as_u32()),
                    EntityIndex::Global(index) => ("global", index.as_u32()),
                    EntityIndex::Tag(index) => ("tag", index.as_u32()),
                };
                format!("({kind} {index} of instance {instance})")
            }
            CoreDef::NamedExport { instance, export } => {
                let name = match self.core_instances[instance] {
                    PlanModule::Imported(module) => self.imported_modules[module].ty.exports.get_index(export as usize),
                    PlanModule::Unit(_) => None,
                };
                let name = name.map_or("", |(name, _)| &**name);
                format!("(export \"{}\" of instance {instance})", Printable::name(name))
            }
            CoreDef::Trampoline(trampoline) => format!("(trampoline {trampoline})"),
            CoreDef::State => "(state)".into(),
            CoreDef::Fuel => "(fuel)".into(),
            CoreDef::ResourceType(resource) => format!("({})", self.resource_text(resource)),
        }
    }

    fn resource_text(&self, resource: ResourceTypeIndex) -> String {
        format!("resource {resource} \"{}\"", Printable::name(&self.resources[resource].name))
    }

    fn options_text(&self, options: &CanonOptions) -> String {
        let mut text = format!(" in component-instance {}", options.instance);
        text.push_str(match options.string_encoding {
            StringEncoding::Utf8 => "",
            StringEncoding::Utf16 => " utf16",
            StringEncoding::Latin1Utf16 => " latin1+utf16",
        });
        if options.pointer_width == PointerWidth::Memory64 {
            text.push_str(" memory64");
        }
        if options.page_size_log2 != PAGE_SIZE_LOG2 {
            write!(text, " pages of 2^{} bytes", options.page_size_log2).expect("a string takes all text");
        }
        let defs = [
            ("memory", options.memory),
            ("realloc", options.realloc),
            ("post-return", options.post_return),
            ("callback", options.callback),
        ];
        for (name, def) in defs {
            if let Some(def) = def {
                text.push_str(&format!(" {name}={}", self.def_text(def)));
            }
        }
        if options.async_ {
            text.push_str(" async");
        }
        text
    }

    fn func_text(&self, ty: FuncTypeIndex) -> String {
        func_type_text(&self.types, self.types.func(ty), usize::MAX)
    }
}

fn module_text(module: PlanModule) -> String {
    match module {
        PlanModule::Unit(module) => format!("module {module}"),
        PlanModule::Imported(module) => format!("module-import {module}"),
    }
}

impl fmt::Display for ImportLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ImportLink::Unknown => f.write_str("unknown"),
            ImportLink::Func { module, func } => write!(f, "func {func} of module {module}"),
            ImportLink::Table { module, table } => write!(f, "table {table} of module {module}"),
            ImportLink::Memory { module, memory } => write!(f, "memory {memory} of module {module}"),
            ImportLink::Transcoder(TranscoderImport { op, src, dst }) => {
                write!(f, "transcoder {} from memory {src} to memory {dst}", op.contract().name)
            }
        }
    }
}
