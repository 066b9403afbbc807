//! What a component or core module is, for people: what it imports and exports, and what is inside of it. It is read from the bytes
//! of any valid one, also of one that could not be translated; nothing is flattened or compiled, and no function body is looked
//! at.

mod core_types;
mod names;
mod read;
mod text;
mod types;
mod wit_name;

use std::fmt;

pub(crate) use read::read;

/// What a component or core module imports and exports, and what is inside of it.
///
/// `{}` writes it as text: imports and exports as [WIT] where WIT has words for them, each interface where it is imported or exported,
/// then the tree of what is inside, with sizes in bytes.
///
/// [WIT]: https://github.com/WebAssembly/component-model/blob/main/design/mvp/WIT.md
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outline {
    /// What it imports and exports.
    pub world: OutlineWorld,
    /// The component or module itself, with its parts.
    pub root: OutlinePart,
    /// Whether it has more than is recorded here: what a small input can unfold to is bounded.
    pub left_out: bool,
}

/// What the whole of an [`Outline`] imports and exports.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum OutlineWorld {
    /// It is a component.
    Component(ComponentOutline),
    /// It is a core module.
    CoreModule(ModuleOutline),
}

/// What a component imports and exports, in order.
#[derive(Clone, Default, Debug)]
#[non_exhaustive]
pub struct ComponentOutline {
    /// What it imports.
    pub imports: Vec<OutlineItem>,
    /// What it exports.
    pub exports: Vec<OutlineItem>,
}

/// What a core module imports, exports and has.
#[derive(Clone, Default, Debug)]
#[non_exhaustive]
pub struct ModuleOutline {
    /// What it imports.
    pub imports: Vec<CoreItemOutline>,
    /// What it exports.
    pub exports: Vec<CoreItemOutline>,
    /// The types of the memories that it defines; none of a module's type.
    pub memories: Vec<String>,
}

/// Something that a core module imports or exports.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CoreItemOutline {
    /// For an import, the module's name.
    pub module: Option<String>,
    /// Its name.
    pub name: String,
    /// Its type, as the text format has it: `func (param i32)`.
    pub ty: String,
}

/// Something that a component or instance imports or exports.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OutlineItem {
    /// Its name, as it stands in the component: `add`, `docs:text/parse@1.0.0`, `[method]file.read`.
    pub name: String,
    /// The interface that an instance with a plain name is said to implement.
    pub implements: Option<String>,
    /// What it is.
    pub kind: OutlineItemKind,
}

/// What an [`OutlineItem`] is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum OutlineItemKind {
    /// A function.
    Func(FuncOutline),
    /// A type.
    Type(TypeOutline),
    /// An instance, with what it exports.
    Instance(Vec<OutlineItem>),
    /// A component.
    Component(ComponentOutline),
    /// A core module.
    CoreModule(ModuleOutline),
    /// A value of this type.
    Value(String),
}

/// The type of a function. Types of values are written as in WIT; those that have a name, by their names.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FuncOutline {
    /// Whether it is async.
    pub async_: bool,
    /// Names and types of its parameters.
    pub params: Vec<(String, String)>,
    /// The type of its result, if it has one.
    pub result: Option<String>,
}

/// What a named type is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TypeOutline {
    /// A record: names and types of its fields.
    Record(Vec<(String, String)>),
    /// A variant: labels of its cases, with their types.
    Variant(Vec<(String, Option<String>)>),
    /// An enum: labels of its cases.
    Enum(Vec<String>),
    /// Flags, with their labels.
    Flags(Vec<String>),
    /// A resource.
    Resource,
    /// A name for this type.
    Alias(String),
    /// The type that another interface has under this name.
    Use {
        /// The name of the interface, as it is imported or exported; those around it stand before it, with `#` between them.
        interface: String,
        /// The name that the type has there.
        name: String,
    },
    /// The type of functions.
    Func(FuncOutline),
    /// The type of instances.
    Instance(Vec<OutlineItem>),
    /// The type of components.
    Component(ComponentOutline),
}

/// A component or core module, with what stands in it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OutlinePart {
    /// Whether it is a core module, and not a component.
    pub core_module: bool,
    /// Its index among the components or core modules of the component around it; 0 for the whole.
    pub index: u32,
    /// A name for people, if it has one.
    pub name: Option<String>,
    /// Where it starts in the input, in bytes.
    pub offset: usize,
    /// How many bytes it has, without the head of the section around it.
    pub size: usize,
    /// How many functions a core module defines, and how many instances of components a component makes.
    pub count: u32,
    /// Names and sizes of its custom sections, in bytes.
    pub custom_sections: Vec<(String, usize)>,
    /// What made it, as it says itself.
    pub producers: Vec<OutlineProducer>,
    /// The components and core modules that are defined in it.
    pub parts: Vec<OutlinePart>,
}

/// An entry of a [`producers`](https://github.com/WebAssembly/tool-conventions/blob/main/ProducersSection.md) section.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct OutlineProducer {
    /// `language`, `processed-by` or `sdk`.
    pub field: String,
    /// The language or tool.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl fmt::Display for Outline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write(f, self)
    }
}
