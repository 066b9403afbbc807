//! What the root component imports from the host and exports to it.

use super::Flattener;
use crate::error::TranslateError;
use crate::scope::{FuncItem, InstanceItem, Item};
use gusset_artifact::{ExternItem, FuncSource, ImportedFunc, RootExport, RootImport};
use gusset_types::{ComponentInstanceIndex, Printable};
use indexmap::IndexMap;
use std::rc::Rc;
use wasmparser::component_types::{ComponentEntityType, ComponentInstanceTypeId};

/// The root component's instance.
pub(super) const ROOT: ComponentInstanceIndex = ComponentInstanceIndex::from_u32(0);

impl<'b> Flattener<'b, '_> {
    /// An import of the root component.
    pub(super) fn root_import(&mut self, name: &'b str) -> Result<Item<'b>, TranslateError> {
        let types = self.body_of(ROOT).types.as_ref();
        let import = types.component_item_for_import(name).expect("validation knows every import");
        let mut path = vec![name.into()];
        let (item, stands) = self.import(&mut path, &import.ty)?;
        if let Some(stands) = stands {
            self.plan.imports.insert(name.into(), stands);
        }
        Ok(item)
    }

    /// Something that the host provides: what it is for the component, and what is to be provided. Validation bounds
    /// how deeply instances nest, and so the recursion.
    fn import(
        &mut self,
        path: &mut Vec<Box<str>>,
        ty: &'b ComponentEntityType,
    ) -> Result<(Item<'b>, Option<ExternItem<RootImport>>), TranslateError> {
        self.spend(1)?;
        let types = self.body_of(ROOT).types.as_ref();
        let refused = |what: &str| {
            let path = path.join("#");
            Err(TranslateError::unsupported(
                "imports of modules and components",
                format_args!("{what} `{}`", Printable::name(&path)),
            ))
        };
        match *ty {
            ComponentEntityType::Func(id) => {
                let ty = self.converter.func(&mut self.plan.types, types, id)?;
                let import = self.plan.imported_funcs.push(ImportedFunc { path: path.clone(), ty });
                let stands = ExternItem::Item(RootImport::Func(import));
                Ok((Item::Func(FuncItem::Imported(import)), Some(stands)))
            }
            ComponentEntityType::Type { created, .. } => {
                let ty = self.converter.any(&mut self.plan.types, types, created)?;
                Ok((Item::Type, ty.map(|ty| ExternItem::Item(RootImport::Type(ty)))))
            }
            ComponentEntityType::Instance(id) => {
                let mut exports = IndexMap::new();
                let mut stand = IndexMap::new();
                let instance = types.get(id).expect("the type is of this component");
                for (name, export) in &instance.exports {
                    path.push(name.as_str().into());
                    let (item, stands) = self.import(path, &export.ty)?;
                    path.pop();
                    exports.insert(name.as_str(), item);
                    stand.extend(stands.map(|stands| (name.as_str().into(), stands)));
                }
                Ok((Item::Instance(Rc::new(InstanceItem { exports })), Some(ExternItem::Instance(stand))))
            }
            ComponentEntityType::Module(_) => refused("core module"),
            ComponentEntityType::Component(_) => refused("component"),
            ComponentEntityType::Value(_) => Err(TranslateError::unsupported("values", "an import of a value")),
        }
    }

    /// An export of the root component: what its type shows of it.
    pub(super) fn root_export(&mut self, name: &str, item: &Item<'b>) -> Result<(), TranslateError> {
        let types = self.body_of(ROOT).types.as_ref();
        let ty = types.component_item_for_export(name).expect("validation knows every export");
        let export = self.export(item, &ty.ty)?;
        self.plan.exports.insert(name.into(), export);
        Ok(())
    }

    fn export(&mut self, item: &Item<'b>, ty: &ComponentEntityType) -> Result<ExternItem<RootExport>, TranslateError> {
        self.spend(1)?;
        let types = self.body_of(ROOT).types.as_ref();
        let export = match (item, ty) {
            (Item::Func(func), ComponentEntityType::Func(id)) => {
                let ty = self.converter.func(&mut self.plan.types, types, *id)?;
                let source = match *func {
                    FuncItem::Imported(import) => FuncSource::Import(import),
                    FuncItem::Lifted(lift) => {
                        let lift = &self.lifts[lift];
                        FuncSource::Lift { func: lift.func, options: lift.options.clone() }
                    }
                };
                RootExport::Func { ty, source }
            }
            (Item::Instance(instance), ComponentEntityType::Instance(id)) => {
                return self.export_instance(instance, *id);
            }
            (Item::Module(module), ComponentEntityType::Module(_)) => RootExport::Module(*module),
            (Item::Type, ComponentEntityType::Type { created, .. }) => {
                RootExport::Type(self.converter.any(&mut self.plan.types, types, *created)?)
            }
            (Item::Component(_), _) => {
                return Err(TranslateError::unsupported("exports of components", "a component as an export"));
            }
            _ => unreachable!("validation has compared the export with its type"),
        };
        Ok(ExternItem::Item(export))
    }

    fn export_instance(
        &mut self,
        instance: &InstanceItem<'b>,
        id: ComponentInstanceTypeId,
    ) -> Result<ExternItem<RootExport>, TranslateError> {
        let types = self.body_of(ROOT).types.as_ref();
        let mut exports = IndexMap::new();
        for (name, ty) in &types[id].exports {
            let item = instance.exports.get(name.as_str()).expect("validation knows every export of an instance");
            exports.insert(name.as_str().into(), self.export(item, &ty.ty)?);
        }
        Ok(ExternItem::Instance(exports))
    }
}
