//! The walk beside the syntax tree: the definitions of a component come in its binary in the order in which they stand in the
//! expanded tree, one item for each. Where the two do not agree, what follows is mapped to the component around it.

use crate::map::Mapped;
use crate::module::ModulePlaces;
use wasmparser::{FromReader, Parser, Payload, SectionLimited};
use wast::Wat;
use wast::component::{ComponentField, ComponentKind, CoreModuleKind, NestedComponentKind};
use wast::core::ModuleKind;
use wast::token::Span;

/// The places of a tree that has been encoded as `wasm`.
pub(crate) fn walk(wat: &Wat<'_>, wasm: &[u8], text: &str) -> Vec<Mapped> {
    let root = wat.span().offset();
    let mut walk = Walk { text, places: Vec::new(), levels: Vec::new() };
    let level = match wat {
        Wat::Module(module) => match &module.kind {
            ModuleKind::Text(fields) => Level::Module(ModulePlaces::new(root, fields)),
            ModuleKind::Binary(_) => Level::Opaque,
        },
        Wat::Component(component) => match &component.kind {
            ComponentKind::Text(fields) => Level::Component(ComponentPlaces::new(root, fields)),
            ComponentKind::Binary(_) => Level::Opaque,
        },
    };
    walk.add(0, root, false);
    walk.levels.push(level);
    for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
        walk.payload(payload);
    }
    walk.places
}

/// A module or component whose payloads are being read.
enum Level<'a> {
    Module(ModulePlaces<'a>),
    Component(ComponentPlaces<'a>),
    /// One that is given as bytes, or that the tree does not have.
    Opaque,
}

/// The definitions of a component that have not been seen in the binary yet.
struct ComponentPlaces<'a> {
    root: usize,
    fields: std::iter::Peekable<std::vec::IntoIter<(&'a ComponentField<'a>, usize)>>,
}

impl<'a> ComponentPlaces<'a> {
    fn new(root: usize, fields: &'a [ComponentField<'a>]) -> ComponentPlaces<'a> {
        let mut places = Vec::new();
        // Types that expansion has made have no place: they stand before what uses them.
        let mut user = root;
        for field in fields.iter().rev() {
            let Some(span) = span(field) else { continue };
            user = if span.offset() == 0 { user } else { span.offset() };
            places.push((field, user));
        }
        places.reverse();
        ComponentPlaces { root, fields: places.into_iter().peekable() }
    }
}

/// Where a definition stands; `None` for what is no definition.
fn span(field: &ComponentField<'_>) -> Option<Span> {
    match field {
        ComponentField::CoreModule(module) => Some(module.span),
        ComponentField::CoreInstance(instance) => Some(instance.span),
        ComponentField::CoreType(ty) => Some(ty.span),
        ComponentField::CoreRec(rec) => Some(rec.span),
        ComponentField::Component(component) => Some(component.span),
        ComponentField::Instance(instance) => Some(instance.span),
        ComponentField::Alias(alias) => Some(alias.span),
        ComponentField::Type(ty) => Some(ty.span),
        ComponentField::CanonicalFunc(func) => Some(func.span),
        ComponentField::CoreFunc(func) => Some(func.span),
        ComponentField::Func(func) => Some(func.span),
        ComponentField::Start(start) => Some(start.func.span()),
        ComponentField::Import(import) => Some(import.span),
        ComponentField::Export(export) => Some(export.span),
        ComponentField::Custom(_) | ComponentField::Producers(_) => None,
    }
}

struct Walk<'a> {
    text: &'a str,
    places: Vec<Mapped>,
    /// Outermost first.
    levels: Vec<Level<'a>>,
}

impl<'a> Walk<'a> {
    fn add(&mut self, binary: u64, text: usize, item: bool) {
        self.places.push(Mapped { binary, text, item });
    }

    fn payload(&mut self, payload: Payload<'_>) {
        match payload {
            Payload::ModuleSection { unchecked_range, .. } => {
                let level = match self.item(unchecked_range.start) {
                    Some((ComponentField::CoreModule(module), place)) => match &module.kind {
                        CoreModuleKind::Inline { fields } => Level::Module(ModulePlaces::new(place, fields)),
                        CoreModuleKind::Import { .. } => Level::Opaque,
                    },
                    _ => Level::Opaque,
                };
                self.levels.push(level);
            }
            Payload::ComponentSection { unchecked_range, .. } => {
                let level = match self.item(unchecked_range.start) {
                    Some((ComponentField::Component(component), place)) => match &component.kind {
                        NestedComponentKind::Inline(fields) => Level::Component(ComponentPlaces::new(place, fields)),
                        NestedComponentKind::Import { .. } => Level::Opaque,
                    },
                    _ => Level::Opaque,
                };
                self.levels.push(level);
            }
            Payload::End(offset) => {
                self.levels.pop();
                // What follows belongs to the component around, until its next item.
                if let Some(Level::Component(outer)) = self.levels.last() {
                    let place = outer.root;
                    self.add(offset, place, false);
                }
            }
            Payload::InstanceSection(section) => self.items(section),
            Payload::CoreTypeSection(section) => self.items(section),
            Payload::ComponentInstanceSection(section) => self.items(section),
            Payload::ComponentAliasSection(section) => self.items(section),
            Payload::ComponentTypeSection(section) => self.items(section),
            Payload::ComponentCanonicalSection(section) => self.items(section),
            Payload::ComponentImportSection(section) => self.items(section),
            Payload::ComponentExportSection(section) => self.items(section),
            Payload::ComponentStartSection { range, .. } => {
                self.item(range.start);
            }
            payload => {
                if let Some(Level::Module(module)) = self.levels.last_mut() {
                    module.payload(payload, self.text, &mut self.places);
                }
            }
        }
    }

    /// The items of a section stand for the next definitions.
    fn items<'b, T: FromReader<'b>>(&mut self, section: SectionLimited<'b, T>) {
        for (offset, _) in section.into_iter_with_offsets().map_while(Result::ok) {
            self.item(offset);
        }
    }

    /// The item at `binary` stands for the next definition.
    fn item(&mut self, binary: u64) -> Option<(&'a ComponentField<'a>, usize)> {
        let Some(Level::Component(component)) = self.levels.last_mut() else { return None };
        let next = component.fields.next();
        let (place, item) = next.map_or((component.root, false), |(_, place)| (place, true));
        self.add(binary, place, item);
        next
    }
}
