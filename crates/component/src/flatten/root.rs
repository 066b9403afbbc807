//! What the root component imports from the host and exports to it.

use super::Flattener;
use crate::body::name_weight;
use crate::convert_module::module_type;
use crate::error::TranslateError;
use crate::scope::{FuncItem, InstanceItem, ScopeItem};
use gusset_artifact::{
    ExternAttributes, ExternInstanceIndex, ExternItem, FuncExport, FuncSource, ImportedFunc, ImportedModule,
    NamedItems, PlanModule, RootExport, RootImport,
};
use gusset_types::{Arena, ComponentInstanceIndex, Printable, join_names};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;
use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType, ComponentInstanceTypeId, ComponentItem};

/// The root component's instance.
pub(super) const ROOT: ComponentInstanceIndex = ComponentInstanceIndex::from_u32(0);

/// Most functions, types and modules that a component imports, and most that it exports, with all instances written out: a host
/// that walks them sees each of them.
const MAX_ROOT_ITEMS: usize = 100_000;

/// What is known of the root's imports and exports beside the plan.
#[derive(Default)]
pub(super) struct RootExterns<'b> {
    names: HashSet<Arc<str>>,
    imported: usize,
    exported: usize,
    /// The instances that are exported, each with the type that it is exported as: the same one is not looked at twice.
    instances: HashMap<(*const InstanceItem<'b>, ComponentInstanceTypeId), ExportedInstance<'b>>,
    /// How many items there are in each exported instance.
    sizes: Arena<ExternInstanceIndex, usize>,
}

struct ExportedInstance<'b> {
    index: ExternInstanceIndex,
    /// Keeps the address that it is known by.
    _item: Rc<InstanceItem<'b>>,
}

impl RootExterns<'_> {
    /// The text of `name`, shared by all that have that name.
    fn name(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return known.clone();
        }
        let name: Arc<str> = name.into();
        self.names.insert(name.clone());
        name
    }
}

impl<'b> Flattener<'b, '_> {
    /// An import of the root component.
    pub(super) fn root_import(&mut self, name: &'b str) -> Result<ScopeItem<'b>, TranslateError> {
        let types = self.body_of(ROOT).types.as_ref();
        let import = types.component_item_for_import(name).expect("validation knows every import");
        let (item, stands) = self.import(&mut vec![name], &import.ty)?;
        if let Some(stands) = stands {
            let name = self.root_externs.name(name);
            let attributes = attributes(&name, import);
            self.plan.imports.attributes.extend(attributes.map(|attributes| (name.clone(), attributes)));
            self.plan.imports.items.insert(name, stands);
        }
        Ok(item)
    }

    /// Something that the host provides: what it is for the component, and what is to be provided. Validation bounds
    /// how deeply instances nest, and so the recursion.
    fn import(
        &mut self,
        path: &mut Vec<&'b str>,
        ty: &'b ComponentEntityType,
    ) -> Result<(ScopeItem<'b>, Option<ExternItem<RootImport>>), TranslateError> {
        self.root_externs.imported += 1;
        if self.root_externs.imported > MAX_ROOT_ITEMS {
            return Err(TranslateError::limit("imports of the root component", MAX_ROOT_ITEMS));
        }
        let types = self.body_of(ROOT).types.as_ref();
        match *ty {
            ComponentEntityType::Func(id) => {
                let ty = self.func_type(ROOT, id)?;
                let import = self.plan.imported_funcs.push(ImportedFunc { name: join_names(path).into(), ty });
                let stands = ExternItem::Item(RootImport::Func(import));
                Ok((ScopeItem::Func(FuncItem::Imported(import)), Some(stands)))
            }
            ComponentEntityType::Type { created: ComponentAnyTypeId::Resource(id), .. } => {
                let resource = self.import_resource(path, id)?;
                Ok((ScopeItem::Resource(resource), Some(ExternItem::Item(RootImport::Resource(resource)))))
            }
            ComponentEntityType::Type { created, .. } => {
                let ty = self.value_type(ROOT, created)?;
                Ok((ScopeItem::Type, ty.map(|ty| ExternItem::Item(RootImport::Type(ty)))))
            }
            ComponentEntityType::Instance(id) => {
                let mut exports = IndexMap::new();
                let mut stand = NamedItems::new();
                let instance = types.get(id).expect("the type is of this component");
                for (name, export) in &instance.exports {
                    self.spend(name_weight(name))?;
                    path.push(name);
                    let (item, stands) = self.import(path, &export.ty)?;
                    path.pop();
                    exports.insert(name.as_str(), item);
                    stand.extend(stands.map(|stands| (self.root_externs.name(name), stands)));
                }
                let stands = ExternItem::Instance(self.plan.imports.instances.push(stand));
                Ok((ScopeItem::Instance(Rc::new(InstanceItem { exports })), Some(stands)))
            }
            ComponentEntityType::Module(id) => {
                let ty = types.get(id).expect("the type is of this component");
                let names = ty.imports.keys().map(|(module, name)| name_weight(module).max(name_weight(name)));
                self.spend(names.chain(ty.exports.keys().map(|name| name_weight(name))).sum())?;
                let name = join_names(path).into();
                let module = ImportedModule { name, ty: module_type(types, ty)? };
                let import = self.plan.imported_modules.push(module);
                self.module_types.push(ty);
                let stands = ExternItem::Item(RootImport::Module(import));
                Ok((ScopeItem::Module(PlanModule::Imported(import)), Some(stands)))
            }
            ComponentEntityType::Component(_) => {
                let name = join_names(path);
                Err(TranslateError::unsupported(
                    "imports of components",
                    format_args!("component `{}`", Printable::name(&name)),
                ))
            }
            ComponentEntityType::Value(_) => {
                Err(TranslateError::unsupported("values", "a value").of("import", || join_names(path)))
            }
        }
    }

    /// An export of the root component: what its type shows of it.
    pub(super) fn root_export(&mut self, name: &'b str, item: &ScopeItem<'b>) -> Result<(), TranslateError> {
        let types = self.body_of(ROOT).types.as_ref();
        let ty = types.component_item_for_export(name).expect("validation knows every export");
        let export = self.export(&mut vec![name], item, &ty.ty)?;
        let size = self.size(&export);
        self.root_externs.exported = self.root_externs.exported.saturating_add(size);
        if self.root_externs.exported > MAX_ROOT_ITEMS {
            return Err(TranslateError::limit("exports of the root component", MAX_ROOT_ITEMS));
        }
        let name = self.root_externs.name(name);
        let attributes = attributes(&name, ty);
        self.plan.exports.attributes.extend(attributes.map(|attributes| (name.clone(), attributes)));
        self.plan.exports.items.insert(name, export);
        Ok(())
    }

    fn export(
        &mut self,
        path: &mut Vec<&'b str>,
        item: &ScopeItem<'b>,
        ty: &'b ComponentEntityType,
    ) -> Result<ExternItem<RootExport>, TranslateError> {
        let export = match (item, ty) {
            (ScopeItem::Func(func), ComponentEntityType::Func(id)) => {
                let ty = self.func_type(ROOT, *id)?;
                let source = match *func {
                    FuncItem::Imported(import) => FuncSource::Import(import),
                    FuncItem::Lifted(lift) => {
                        let lift = &self.lifts[lift];
                        FuncSource::Lift { func: lift.func, options: lift.options.clone() }
                    }
                };
                let name = join_names(path).into();
                RootExport::Func(self.plan.exported_funcs.push(FuncExport { name, ty, source }))
            }
            (ScopeItem::Instance(instance), ComponentEntityType::Instance(id)) => {
                return self.export_instance(path, instance, *id).map(ExternItem::Instance);
            }
            (ScopeItem::Module(module), ComponentEntityType::Module(_)) => RootExport::Module(*module),
            (ScopeItem::Resource(resource), ComponentEntityType::Type { .. }) => RootExport::Resource(*resource),
            (ScopeItem::Type, ComponentEntityType::Type { created, .. }) => {
                let ty = self.value_type(ROOT, *created);
                RootExport::Type(ty?)
            }
            (ScopeItem::Component(_), ComponentEntityType::Component(_)) => RootExport::Component,
            _ => unreachable!("validation has compared the export with its type"),
        };
        Ok(ExternItem::Item(export))
    }

    fn export_instance(
        &mut self,
        path: &mut Vec<&'b str>,
        instance: &Rc<InstanceItem<'b>>,
        id: ComponentInstanceTypeId,
    ) -> Result<ExternInstanceIndex, TranslateError> {
        let key = (Rc::as_ptr(instance), id);
        if let Some(known) = self.root_externs.instances.get(&key) {
            return Ok(known.index);
        }
        let types = self.body_of(ROOT).types.as_ref();
        let mut exports = NamedItems::new();
        let mut size = 1_usize;
        let ty = types.get(id).expect("the type is of this component");
        for (name, ty) in &ty.exports {
            self.spend(name_weight(name))?;
            let item = instance.exports.get(name.as_str()).expect("validation knows every export of an instance");
            path.push(name);
            let export = self.export(path, item, &ty.ty)?;
            path.pop();
            size = size.saturating_add(self.size(&export));
            exports.insert(self.root_externs.name(name), export);
        }
        let index = self.plan.exports.instances.push(exports);
        self.root_externs.sizes.push(size);
        self.root_externs.instances.insert(key, ExportedInstance { index, _item: instance.clone() });
        Ok(index)
    }

    /// How many items an export is, written out.
    fn size(&self, export: &ExternItem<RootExport>) -> usize {
        match export {
            ExternItem::Item(_) => 1,
            ExternItem::Instance(instance) => self.root_externs.sizes[*instance],
        }
    }
}

/// What the attributes of an import or export say, if it has any.
fn attributes(name: &str, item: &ComponentItem) -> Option<ExternAttributes> {
    let full_name = item.full_name(name);
    let own = item.version_suffix.is_some() && item.implements.is_none();
    let attributes = ExternAttributes {
        full_name: own.then(|| full_name.as_ref().into()),
        implements: item.full_implements().map(|name| name.as_ref().into()),
        external_id: item.external_id.as_deref().map(Into::into),
    };
    (attributes != ExternAttributes::default()).then_some(attributes)
}
