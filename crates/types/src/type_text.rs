//! Interface types as text, in the words of WIT.

use crate::index::ResourceTypeIndex;
use crate::name::{cut_name, cut_text};
use crate::printable::Printable;
use crate::val_type::{DefinedType, FuncType, Types, ValType};

/// How many parts of a type are written before the rest is left out: shared parts can make a type's text exponentially long.
const MAX_TYPE_PARTS: usize = 48;

/// The text of `ty` as WIT has it; what is beyond a few dozen parts is left out, as `..`, and long names are cut.
///
/// ```
/// use gusset_types::{DefinedType, Types, ValType, type_text};
/// let mut types = Types::default();
/// let list = types.intern(DefinedType::List(ValType::U8));
/// let option = types.intern(DefinedType::Option(list));
/// assert_eq!(type_text(&types, option), "option<list<u8>>");
/// ```
pub fn type_text(types: &Types, ty: ValType) -> String {
    let mut writer = TypeWriter { types, text: String::new(), budget: MAX_TYPE_PARTS };
    writer.ty(ty);
    writer.text
}

/// The text of a function type as WIT has it; types are cut as [`type_text`] does, and what is beyond about `most` bytes is left out.
///
/// ```
/// use gusset_types::{FuncType, Param, Types, ValType, func_type_text};
/// let params = [Param { name: "n".into(), ty: ValType::U8 }].into();
/// let func = FuncType { async_: false, params, result: Some(ValType::Bool) };
/// assert_eq!(func_type_text(&Types::default(), &func, usize::MAX), "func(n: u8) -> bool");
/// ```
pub fn func_type_text(types: &Types, func: &FuncType, most: usize) -> String {
    let mut text = String::from(if func.async_ { "async func(" } else { "func(" });
    for (i, param) in func.params.iter().enumerate() {
        if text.len() > most {
            break;
        }
        let comma = if i > 0 { ", " } else { "" };
        text.push_str(&format!("{comma}{}: {}", cut_name(&param.name), type_text(types, param.ty)));
    }
    text.push(')');
    if let Some(result) = func.result {
        text.push_str(&format!(" -> {}", type_text(types, result)));
    }
    cut_text(&text, most).into_owned()
}

struct TypeWriter<'a> {
    types: &'a Types,
    text: String,
    budget: usize,
}

impl TypeWriter<'_> {
    /// Takes one part from the budget; writes `..` and returns false when there is none left.
    fn part(&mut self) -> bool {
        if self.budget == 0 {
            self.text.push_str("..");
            return false;
        }
        self.budget -= 1;
        true
    }

    fn ty(&mut self, ty: ValType) {
        if !self.part() {
            return;
        }
        let types = self.types;
        let primitive = match ty {
            ValType::Bool => "bool",
            ValType::S8 => "s8",
            ValType::U8 => "u8",
            ValType::S16 => "s16",
            ValType::U16 => "u16",
            ValType::S32 => "s32",
            ValType::U32 => "u32",
            ValType::S64 => "s64",
            ValType::U64 => "u64",
            ValType::F32 => "f32",
            ValType::F64 => "f64",
            ValType::Char => "char",
            ValType::String => "string",
            ValType::ErrorContext => "error-context",
            ValType::Defined(index) => return self.defined(types.defined(index)),
        };
        self.text.push_str(primitive);
    }

    fn defined(&mut self, ty: &DefinedType) {
        match ty {
            DefinedType::List(element) => self.generic("list", &[Some(*element)]),
            DefinedType::FixedLengthList(element, length) => {
                self.text.push_str("list<");
                self.ty(*element);
                self.text.push_str(&format!(", {length}>"));
            }
            DefinedType::Map(key, value) => self.generic("map", &[Some(*key), Some(*value)]),
            DefinedType::Tuple(types) => {
                self.text.push_str("tuple<");
                self.list(types.iter(), |this, ty| this.ty(*ty));
                self.text.push('>');
            }
            DefinedType::Record(fields) => {
                self.text.push_str("record { ");
                self.list(fields.iter(), |this, field| {
                    this.text.push_str(&cut_name(&field.name));
                    this.text.push_str(": ");
                    this.ty(field.ty);
                });
                self.text.push_str(" }");
            }
            DefinedType::Variant(cases) => {
                self.text.push_str("variant { ");
                self.list(cases.iter(), |this, case| {
                    this.text.push_str(&cut_name(&case.name));
                    if let Some(ty) = case.ty {
                        this.text.push('(');
                        this.ty(ty);
                        this.text.push(')');
                    }
                });
                self.text.push_str(" }");
            }
            DefinedType::Enum(labels) => self.labels("enum", labels),
            DefinedType::Flags(labels) => self.labels("flags", labels),
            DefinedType::Option(some) => self.generic("option", &[Some(*some)]),
            DefinedType::Result(result) => match (result.ok, result.err) {
                (None, None) => self.text.push_str("result"),
                (ok, None) => self.generic("result", &[ok]),
                (ok, err) => self.generic("result", &[ok, err]),
            },
            DefinedType::Own(resource) => self.handle("own", *resource),
            DefinedType::Borrow(resource) => self.handle("borrow", *resource),
            DefinedType::Stream(None) => self.text.push_str("stream"),
            DefinedType::Stream(payload) => self.generic("stream", &[*payload]),
            DefinedType::Future(None) => self.text.push_str("future"),
            DefinedType::Future(payload) => self.generic("future", &[*payload]),
        }
    }

    fn handle(&mut self, kind: &str, resource: ResourceTypeIndex) {
        match self.types.resource_name(resource) {
            // It may come out of a name section, where anything may stand.
            Some(name) => self.text.push_str(&format!("{kind}<{}>", Printable::name(&cut_name(name)))),
            None => self.text.push_str(&format!("{kind}<resource {resource}>")),
        }
    }

    fn generic(&mut self, name: &str, arguments: &[Option<ValType>]) {
        self.text.push_str(name);
        self.text.push('<');
        self.list(arguments.iter(), |this, argument| match argument {
            Some(ty) => this.ty(*ty),
            None => this.text.push('_'),
        });
        self.text.push('>');
    }

    fn labels<S: AsRef<str>>(&mut self, name: &str, labels: &[S]) {
        self.text.push_str(name);
        self.text.push_str(" { ");
        self.list(labels.iter(), |this, label| {
            if this.part() {
                this.text.push_str(&cut_name(label.as_ref()));
            }
        });
        self.text.push_str(" }");
    }

    fn list<I>(&mut self, items: impl Iterator<Item = I>, mut item: impl FnMut(&mut Self, I)) {
        for (i, it) in items.enumerate() {
            if i > 0 {
                self.text.push_str(", ");
            }
            if self.budget == 0 {
                self.text.push_str("..");
                return;
            }
            item(self, it);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resource_types_go_by_their_names() {
        let mut types = Types::default();
        let [file, other] = [0, 1].map(ResourceTypeIndex::from_u32);
        types.name_resource(file, "file".into());
        let own = types.intern(DefinedType::Own(file));
        let borrow = types.intern(DefinedType::Borrow(other));
        assert_eq!((&*type_text(&types, own), &*type_text(&types, borrow)), ("own<file>", "borrow<resource 1>"));
        types.name_resource(other, "a\nb".into());
        assert_eq!(type_text(&types, borrow), r"borrow<a\nb>");
    }

    fn tuple_of_bytes(count: usize) -> String {
        let mut types = Types::default();
        let tuple = types.intern(DefinedType::Tuple(vec![ValType::U8; count].into()));
        type_text(&types, tuple)
    }

    #[test]
    fn shared_parts_and_long_names_make_no_long_text() {
        let mut types = Types::default();
        let mut ty = types.intern(DefinedType::Flags(["f".repeat(100_000).as_str().into()].into()));
        for _ in 0..60 {
            ty = types.intern(DefinedType::Tuple([ty, ty].into()));
        }
        let text = type_text(&types, ty);
        assert!(text.starts_with("tuple<tuple<") && text.contains("..") && text.len() < 48 * 200, "{text}");
        // One part is the tuple itself.
        assert_eq!(tuple_of_bytes(MAX_TYPE_PARTS - 1).matches("u8").count(), MAX_TYPE_PARTS - 1);
        assert!(
            !tuple_of_bytes(MAX_TYPE_PARTS - 1).contains("..") && tuple_of_bytes(MAX_TYPE_PARTS).ends_with("u8, ..>")
        );
        let result = types.intern(DefinedType::Result(crate::ResultType { ok: None, err: Some(ValType::String) }));
        assert_eq!(type_text(&types, result), "result<_, string>");
    }
}
