//! What a component's functions and values look like, for hosts that learn it at run time. These are views of a
//! component's own tables: they hold the tables alive, and never copy a type.
//!
//! ```
//! # #[cfg(all(feature = "compile", feature = "wat"))] {
//! use gusset::types::{ComponentItem, TypeKind};
//! use gusset::{Component, Engine};
//! let component = Component::new(&Engine::default(), r#"(component
//!     (import "docs:demo/log" (instance (export "line" (func (param "text" string) (param "to" (option u32)))))))"#)?;
//! let (name, item) = component.imports().next().expect("there is an import");
//! let ComponentItem::Instance(exports) = item else { panic!("{name} is an instance") };
//! let [(_, ComponentItem::Func(line))] = &exports[..] else { panic!("it has one function") };
//! assert_eq!(line.to_string(), "func(text: string, to: option<u32>)");
//! let (_, to) = line.params().nth(1).expect("there are two parameters");
//! assert!(matches!(to.kind(), TypeKind::Option(payload) if matches!(payload.kind(), TypeKind::U32)));
//! # }
//! # Ok::<(), gusset::Error>(())
//! ```

use crate::component::Component;
use crate::resource::ResourceType;
use crate::type_scope::{TypeScope, TypeTables};
use gusset_artifact::{ExternItem, Externs, PlanModule, RootExport, RootImport};
use gusset_types::{DefinedType, FuncType, FuncTypeIndex, Types, ValType};
use std::fmt;
use std::sync::Arc;

mod equality;
mod module_type;

pub use module_type::ModuleType;

use gusset_types::func_type_text;
pub(crate) use gusset_types::type_text;

/// A component [value type]. [`kind`](Type::kind) takes it apart.
///
/// `Display` writes it as WIT does, leaving out (as `..`) what is beyond a few dozen parts.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// # use gusset::{Component, Engine, types::{ComponentItem, TypeKind}};
/// # let component = Component::new(&Engine::default(), r#"(component
/// #     (import "f" (func (param "x" (list (tuple u8 char))))))"#)?;
/// # let Some((_, ComponentItem::Func(func))) = component.imports().next() else { panic!("it is a function") };
/// let (_, ty) = func.params().next().expect("it has a parameter");
/// assert_eq!(ty.to_string(), "list<tuple<u8, char>>");
/// let TypeKind::List(element) = ty.kind() else { panic!("it is a list") };
/// assert_eq!(element.to_string(), "tuple<u8, char>");
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// [value type]: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#type-definitions
#[derive(Clone)]
pub struct Type {
    tables: Arc<TypeTables>,
    ty: ValType,
}

/// What a [`Type`] is, one level deep. The names are those of the [specification].
///
/// [specification]: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#type-definitions
#[derive(Clone, Debug)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the spec's own words, one for one")]
pub enum TypeKind {
    Bool,
    S8,
    U8,
    S16,
    U16,
    S32,
    U32,
    S64,
    U64,
    F32,
    F64,
    Char,
    String,
    ErrorContext,
    List(Type),
    FixedLengthList(Type, u32),
    Map(Type, Type),
    /// Fields, in order.
    Record(Vec<(Arc<str>, Type)>),
    Tuple(Vec<Type>),
    /// Cases, in order, with the types of their payloads.
    Variant(Vec<(Arc<str>, Option<Type>)>),
    Enum(Vec<Arc<str>>),
    Flags(Vec<Arc<str>>),
    Option(Type),
    Result {
        ok: Option<Type>,
        err: Option<Type>,
    },
    Own(ResourceType),
    Borrow(ResourceType),
    Stream(Option<Type>),
    Future(Option<Type>),
}

impl Type {
    pub(crate) fn new(tables: &Arc<TypeTables>, ty: ValType) -> Type {
        Type { tables: tables.clone(), ty }
    }

    pub(crate) fn scope(&self) -> TypeScope<'_> {
        self.tables.scope()
    }

    pub(crate) fn val_type(&self) -> ValType {
        self.ty
    }

    pub(crate) fn types(&self) -> &Types {
        &self.tables.plan.types
    }

    pub(crate) fn sibling(&self, ty: ValType) -> Type {
        Type::new(&self.tables, ty)
    }

    /// What it is, one level deep.
    pub fn kind(&self) -> TypeKind {
        let of = |ty: &ValType| self.sibling(*ty);
        let optional = |ty: &Option<ValType>| ty.map(|ty| self.sibling(ty));
        match self.ty {
            ValType::Bool => TypeKind::Bool,
            ValType::S8 => TypeKind::S8,
            ValType::U8 => TypeKind::U8,
            ValType::S16 => TypeKind::S16,
            ValType::U16 => TypeKind::U16,
            ValType::S32 => TypeKind::S32,
            ValType::U32 => TypeKind::U32,
            ValType::S64 => TypeKind::S64,
            ValType::U64 => TypeKind::U64,
            ValType::F32 => TypeKind::F32,
            ValType::F64 => TypeKind::F64,
            ValType::Char => TypeKind::Char,
            ValType::String => TypeKind::String,
            ValType::ErrorContext => TypeKind::ErrorContext,
            ValType::Defined(index) => match self.types().defined(index) {
                DefinedType::List(element) => TypeKind::List(of(element)),
                DefinedType::FixedLengthList(element, length) => TypeKind::FixedLengthList(of(element), *length),
                DefinedType::Map(key, value) => TypeKind::Map(of(key), of(value)),
                DefinedType::Record(fields) => {
                    TypeKind::Record(fields.iter().map(|field| (field.name.clone(), of(&field.ty))).collect())
                }
                DefinedType::Tuple(types) => TypeKind::Tuple(types.iter().map(of).collect()),
                DefinedType::Variant(cases) => {
                    TypeKind::Variant(cases.iter().map(|case| (case.name.clone(), optional(&case.ty))).collect())
                }
                DefinedType::Enum(labels) => TypeKind::Enum(labels.to_vec()),
                DefinedType::Flags(labels) => TypeKind::Flags(labels.to_vec()),
                DefinedType::Option(some) => TypeKind::Option(of(some)),
                DefinedType::Result(result) => {
                    TypeKind::Result { ok: optional(&result.ok), err: optional(&result.err) }
                }
                DefinedType::Own(resource) => TypeKind::Own(self.tables.resource(*resource)),
                DefinedType::Borrow(resource) => TypeKind::Borrow(self.tables.resource(*resource)),
                DefinedType::Stream(payload) => TypeKind::Stream(optional(payload)),
                DefinedType::Future(payload) => TypeKind::Future(optional(payload)),
            },
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&type_text(self.types(), self.ty))
    }
}

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The type of a component function. `Display` writes it as WIT does.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// # use gusset::{Component, Engine, types::ComponentItem};
/// let component = Component::new(&Engine::default(), r#"(component
///     (import "parse" (func (param "text" string) (result (result f64 (error string))))))"#)?;
/// let Some((_, ComponentItem::Func(parse))) = component.imports().next() else { panic!("it is a function") };
/// assert_eq!(parse.to_string(), "func(text: string) -> result<f64, string>");
/// assert_eq!(parse.params().map(|(name, _)| name).collect::<Vec<_>>(), ["text"]);
/// assert_eq!(parse.result().expect("it has a result").to_string(), "result<f64, string>");
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone)]
pub struct ComponentFunc {
    tables: Arc<TypeTables>,
    ty: FuncTypeIndex,
}

impl ComponentFunc {
    pub(crate) fn new(tables: &Arc<TypeTables>, ty: FuncTypeIndex) -> ComponentFunc {
        ComponentFunc { tables: tables.clone(), ty }
    }

    fn func_type(&self) -> &FuncType {
        self.tables.plan.types.func(self.ty)
    }

    /// The parameters, in order: names and types.
    pub fn params(&self) -> impl ExactSizeIterator<Item = (&str, Type)> + '_ {
        self.func_type().params.iter().map(|param| (&*param.name, Type::new(&self.tables, param.ty)))
    }

    /// The type of the result, if there is one.
    pub fn result(&self) -> Option<Type> {
        self.func_type().result.map(|ty| Type::new(&self.tables, ty))
    }

    /// Whether the function is `async` by its type.
    pub fn is_async(&self) -> bool {
        self.func_type().async_
    }
}

impl fmt::Display for ComponentFunc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&func_type_text(&self.tables.plan.types, self.func_type(), usize::MAX))
    }
}

impl fmt::Debug for ComponentFunc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Something that a component imports or exports; from [`Component::imports`](crate::Component::imports) and
/// [`Component::exports`](crate::Component::exports).
///
/// ```
/// use gusset::types::ComponentItem;
/// /// Prints functions, those of instances too.
/// fn print(name: &str, item: &ComponentItem) {
///     match item {
///         ComponentItem::Func(ty) => println!("{name}: {ty}"),
///         ComponentItem::Instance(items) => {
///             items.iter().for_each(|(inner, item)| print(&format!("{name}#{inner}"), item));
///         }
///         _ => {}
///     }
/// }
/// # print("code", &ComponentItem::Component);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ComponentItem {
    /// A function.
    Func(ComponentFunc),
    /// An instance: the names and kinds of its exports, in order.
    Instance(Vec<(Arc<str>, ComponentItem)>),
    /// A core module.
    Module(ModuleType),
    /// A component.
    Component,
    /// A resource type. That of a component which is not instantiated is equal to itself alone.
    Resource(ResourceType),
    /// A type; `None` if it is neither.
    Type(Option<Type>),
}

/// The items of a plan that can be shown as [`ComponentItem`]s.
pub(crate) trait PlanItem {
    fn view(&self, component: &Component) -> ComponentItem;
}

impl PlanItem for RootImport {
    fn view(&self, component: &Component) -> ComponentItem {
        let tables = component.tables();
        match self {
            RootImport::Func(index) => {
                ComponentItem::Func(ComponentFunc::new(tables, tables.plan.imported_funcs[*index].ty))
            }
            RootImport::Module(index) => ComponentItem::Module(ModuleType::imported(tables, *index)),
            RootImport::Type(ty) => ComponentItem::Type(Some(Type::new(tables, *ty))),
            RootImport::Resource(index) => ComponentItem::Resource(tables.resource(*index)),
        }
    }
}

impl PlanItem for RootExport {
    fn view(&self, component: &Component) -> ComponentItem {
        let tables = component.tables();
        match self {
            RootExport::Func(index) => {
                ComponentItem::Func(ComponentFunc::new(tables, tables.plan.exported_funcs[*index].ty))
            }
            RootExport::Module(PlanModule::Unit(index)) => {
                ComponentItem::Module(ModuleType::own(component.module(*index)))
            }
            RootExport::Module(PlanModule::Imported(index)) => {
                ComponentItem::Module(ModuleType::imported(tables, *index))
            }
            RootExport::Component => ComponentItem::Component,
            RootExport::Type(ty) => ComponentItem::Type(ty.map(|ty| Type::new(tables, ty))),
            RootExport::Resource(index) => ComponentItem::Resource(tables.resource(*index)),
        }
    }
}

/// An item of `externs`, written out. The plan bounds how much that is.
pub(crate) fn view<Item: PlanItem>(
    component: &Component,
    externs: &Externs<Item>,
    item: &ExternItem<Item>,
) -> ComponentItem {
    match item {
        ExternItem::Item(item) => item.view(component),
        ExternItem::Instance(instance) => {
            let items = externs.instances[*instance].iter();
            ComponentItem::Instance(items.map(|(name, item)| (name.clone(), view(component, externs, item))).collect())
        }
    }
}
