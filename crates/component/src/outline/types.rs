//! The items of components and instances, from the types that the validator knows. A type that has a name is written by it; what
//! is left to unfold is bounded, by type and in all.

use super::names::{Called, NameScope, TypeNames};
use super::wit_name::Name;
use super::{ComponentOutline, FuncOutline, OutlineItem, OutlineItemKind, TypeOutline, core_types};
use std::fmt::Write;
use wasmparser::component_types::{
    AliasableResourceId, ComponentAnyTypeId, ComponentDefinedType, ComponentDefinedTypeId, ComponentEntityType,
    ComponentFuncTypeId, ComponentItem, ComponentTypeId, ComponentValType,
};
use wasmparser::types::Types;

/// How long the text of a type of values gets, in bytes: shared parts can make it exponentially long.
const MAX_TYPE_TEXT: usize = 900;

/// What stands for the rest of a type's text.
const CUT: &str = "…";

/// Makes items of types.
pub(super) struct ItemReader<'a> {
    pub(super) types: &'a Types,
    pub(super) names: TypeNames,
    /// How many bytes of text, about, may still be made.
    pub(super) left: usize,
}

impl ItemReader<'_> {
    /// These items, whose types have their names in `scope`.
    pub(super) fn items<'n>(
        &mut self,
        scope: NameScope,
        items: impl Iterator<Item = (&'n str, &'n ComponentItem)>,
    ) -> Vec<OutlineItem> {
        let mut made = Vec::new();
        for (name, item) in items {
            if !self.spend(name.len() + size_of::<OutlineItem>()) {
                break;
            }
            let kind = self.item(scope, name, item.ty);
            let implements = item.full_implements().map(|interface| interface.into_owned());
            made.push(OutlineItem { name: item.full_name(name).into_owned(), implements, kind });
        }
        made
    }

    /// Takes from what may still be made; false when there is not so much left.
    fn spend(&mut self, bytes: usize) -> bool {
        let left = self.left.checked_sub(bytes);
        self.left = left.unwrap_or(0);
        left.is_some()
    }

    fn item(&mut self, scope: NameScope, name: &str, ty: ComponentEntityType) -> OutlineItemKind {
        let types = self.types;
        match ty {
            ComponentEntityType::Func(id) => OutlineItemKind::Func(self.func(scope, id)),
            ComponentEntityType::Value(ty) => OutlineItemKind::Value(self.value(scope, ty)),
            ComponentEntityType::Type { referenced, created } => {
                let ty = self.declaration(scope, name, referenced);
                self.names.declare(created, scope, name);
                OutlineItemKind::Type(ty)
            }
            ComponentEntityType::Instance(id) => {
                let scope = self.names.scope(scope, name);
                OutlineItemKind::Instance(self.items(scope, named(&types[id].exports)))
            }
            ComponentEntityType::Component(id) => OutlineItemKind::Component(self.component(scope, name, id)),
            ComponentEntityType::Module(id) => {
                let module = core_types::module_type(types, &types[id]);
                let items = module.imports.iter().chain(&module.exports);
                self.spend(items.map(|item| item.name.len() + item.ty.len()).sum());
                OutlineItemKind::CoreModule(module)
            }
        }
    }

    fn component(&mut self, scope: NameScope, name: &str, id: ComponentTypeId) -> ComponentOutline {
        let (scope, ty) = (self.names.scope(scope, name), &self.types[id]);
        let imports = self.items(scope, named(&ty.imports));
        ComponentOutline { imports, exports: self.items(scope, named(&ty.exports)) }
    }

    /// What a type is that gets a name.
    fn declaration(&mut self, scope: NameScope, name: &str, ty: ComponentAnyTypeId) -> TypeOutline {
        match self.names.called(self.types, ty, scope) {
            Some(Called::Here(name)) => return TypeOutline::Alias(Name(name).to_string()),
            Some(Called::Elsewhere { interface, name }) => {
                return TypeOutline::Use { interface: interface.into(), name: name.into() };
            }
            None => {}
        }
        match ty {
            ComponentAnyTypeId::Resource(_) => TypeOutline::Resource,
            ComponentAnyTypeId::Defined(id) => self.defined(scope, id),
            ComponentAnyTypeId::Func(id) => TypeOutline::Func(self.func(scope, id)),
            ComponentAnyTypeId::Instance(id) => {
                let (scope, types) = (self.names.scope(scope, name), self.types);
                TypeOutline::Instance(self.items(scope, named(&types[id].exports)))
            }
            ComponentAnyTypeId::Component(id) => TypeOutline::Component(self.component(scope, name, id)),
        }
    }

    fn defined(&mut self, scope: NameScope, id: ComponentDefinedTypeId) -> TypeOutline {
        let types = self.types;
        match &types[id] {
            ComponentDefinedType::Record(record) => {
                let fields = record.fields.iter();
                TypeOutline::Record(fields.map(|(name, ty)| (self.label(name), self.value(scope, *ty))).collect())
            }
            ComponentDefinedType::Variant(variant) => {
                let cases = variant.cases.iter();
                TypeOutline::Variant(
                    cases.map(|(label, case)| (self.label(label), case.ty.map(|ty| self.value(scope, ty)))).collect(),
                )
            }
            ComponentDefinedType::Enum(labels) => {
                TypeOutline::Enum(labels.iter().map(|label| self.label(label)).collect())
            }
            ComponentDefinedType::Flags(labels) => {
                TypeOutline::Flags(labels.iter().map(|label| self.label(label)).collect())
            }
            _ => {
                let mut text = String::new();
                self.structure(&mut text, scope, id);
                self.spend(text.len());
                TypeOutline::Alias(text)
            }
        }
    }

    fn func(&mut self, scope: NameScope, id: ComponentFuncTypeId) -> FuncOutline {
        let ty = &self.types[id];
        let params = ty.params.iter().map(|(name, ty)| (self.label(name), self.value(scope, *ty))).collect();
        FuncOutline { async_: ty.async_, params, result: ty.result.map(|ty| self.value(scope, ty)) }
    }

    fn label(&mut self, label: &str) -> String {
        self.spend(label.len());
        label.to_string()
    }

    /// The text of a type of values.
    fn value(&mut self, scope: NameScope, ty: ComponentValType) -> String {
        let mut text = String::new();
        self.write(&mut text, scope, ty);
        self.spend(text.len());
        text
    }

    fn write(&self, text: &mut String, scope: NameScope, ty: ComponentValType) {
        if text.len() > MAX_TYPE_TEXT || self.left == 0 {
            if !text.ends_with(CUT) {
                text.push_str(CUT);
            }
            return;
        }
        match ty {
            ComponentValType::Primitive(ty) => {
                let _ = write!(text, "{ty}");
            }
            ComponentValType::Type(id) => match self.names.called(self.types, ComponentAnyTypeId::Defined(id), scope) {
                Some(called) => write_called(text, &called),
                None => self.structure(text, scope, id),
            },
        }
    }

    /// Writes a type that has no name.
    fn structure(&self, text: &mut String, scope: NameScope, id: ComponentDefinedTypeId) {
        let list = |text: &mut String, word: &str, types: &[Option<ComponentValType>]| {
            self.generic(text, scope, word, types);
        };
        match &self.types[id] {
            ComponentDefinedType::Primitive(ty) => {
                let _ = write!(text, "{ty}");
            }
            ComponentDefinedType::List { element, .. } => list(text, "list", &[Some(*element)]),
            ComponentDefinedType::FixedLengthList { element, length, .. } => {
                text.push_str("list<");
                self.write(text, scope, *element);
                let _ = write!(text, ", {length}>");
            }
            ComponentDefinedType::Map { key, value, .. } => list(text, "map", &[Some(*key), Some(*value)]),
            ComponentDefinedType::Tuple(tuple) => {
                list(text, "tuple", &tuple.types.iter().copied().map(Some).collect::<Vec<_>>());
            }
            ComponentDefinedType::Option { ty, .. } => list(text, "option", &[Some(*ty)]),
            ComponentDefinedType::Result { ok: None, err: None, .. } => text.push_str("result"),
            ComponentDefinedType::Result { ok, err: None, .. } => list(text, "result", &[*ok]),
            ComponentDefinedType::Result { ok, err, .. } => list(text, "result", &[*ok, *err]),
            ComponentDefinedType::Future { ty: None, .. } => text.push_str("future"),
            ComponentDefinedType::Future { ty, .. } => list(text, "future", &[*ty]),
            ComponentDefinedType::Stream { ty: None, .. } => text.push_str("stream"),
            ComponentDefinedType::Stream { ty, .. } => list(text, "stream", &[*ty]),
            ComponentDefinedType::Own(id) => self.resource(text, scope, *id),
            ComponentDefinedType::Borrow(id) => {
                text.push_str("borrow<");
                self.resource(text, scope, *id);
                text.push('>');
            }
            // WIT has these with names only, which the validator asks for where they are imported or exported.
            ComponentDefinedType::Record(record) => {
                let fields = record.fields.iter().map(|(name, ty)| (name.as_str(), Some(*ty)));
                self.braces(text, scope, "record", fields);
            }
            ComponentDefinedType::Variant(variant) => {
                let cases = variant.cases.iter().map(|(label, case)| (label.as_str(), case.ty));
                self.braces(text, scope, "variant", cases);
            }
            ComponentDefinedType::Enum(labels) => {
                self.braces(text, scope, "enum", labels.iter().map(|label| (label.as_str(), None)));
            }
            ComponentDefinedType::Flags(labels) => {
                self.braces(text, scope, "flags", labels.iter().map(|label| (label.as_str(), None)));
            }
        }
    }

    /// Writes `word<type, …>`, `_` for a type that is not there.
    fn generic(&self, text: &mut String, scope: NameScope, word: &str, types: &[Option<ComponentValType>]) {
        text.push_str(word);
        for (number, ty) in types.iter().enumerate() {
            text.push_str(if number == 0 { "<" } else { ", " });
            match ty {
                Some(ty) => self.write(text, scope, *ty),
                None => text.push('_'),
            }
            if text.ends_with(CUT) {
                break;
            }
        }
        text.push('>');
    }

    fn braces<'n>(
        &self,
        text: &mut String,
        scope: NameScope,
        word: &str,
        parts: impl Iterator<Item = (&'n str, Option<ComponentValType>)>,
    ) {
        let _ = write!(text, "{word} {{");
        for (number, (label, ty)) in parts.enumerate() {
            text.push_str(if number == 0 { " " } else { ", " });
            let _ = write!(text, "{}", Name(label));
            if let Some(ty) = ty {
                text.push_str(": ");
                self.write(text, scope, ty);
            }
            if text.len() > MAX_TYPE_TEXT {
                text.push_str(CUT);
                break;
            }
        }
        text.push_str(" }");
    }

    fn resource(&self, text: &mut String, scope: NameScope, id: AliasableResourceId) {
        match self.names.resource(self.types, id, scope) {
            Some(called) => write_called(text, &called),
            None => text.push_str("resource"),
        }
    }
}

fn write_called(text: &mut String, called: &Called<'_>) {
    match called {
        Called::Here(name) => {
            let _ = write!(text, "{}", Name(name));
        }
        Called::Elsewhere { interface, name } => {
            let _ = write!(text, "{interface}.{{{}}}", Name(name));
        }
    }
}

fn named<'n, S: AsRef<str> + 'n>(
    items: impl IntoIterator<Item = (&'n S, &'n ComponentItem)>,
) -> impl Iterator<Item = (&'n str, &'n ComponentItem)> {
    items.into_iter().map(|(name, item)| (name.as_ref(), item))
}
