//! The text of a composition that passes values of one type through an adapter, there and back.

use crate::generate::{GeneratedType, name};
use arbitrary::{Result, Unstructured};
use std::collections::HashMap;
use std::fmt::Write;

/// A string encoding of one side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the spec's own words, one for one")]
pub enum Encoding {
    Utf8,
    Utf16,
    Latin1Utf16,
}

impl Encoding {
    /// One of the three.
    ///
    /// # Errors
    ///
    /// When the input ends.
    pub fn arbitrary(input: &mut Unstructured<'_>) -> Result<Encoding> {
        input.choose(&[Encoding::Utf8, Encoding::Utf16, Encoding::Latin1Utf16]).copied()
    }

    pub(crate) fn option(self) -> &'static str {
        match self {
            Encoding::Utf8 => "string-encoding=utf8",
            Encoding::Utf16 => "string-encoding=utf16",
            Encoding::Latin1Utf16 => "string-encoding=latin1+utf16",
        }
    }
}

/// The core signature that canonical lowering gives a function `T -> T`, told from outside by the specification's rules.
struct Flat {
    params: Vec<&'static str>,
    /// The result when it is a single core value; otherwise it goes through memory.
    result: Option<&'static str>,
}

/// The text of the composition for `ty`: the root imports `echo: func(x: T) -> T` and exports `run` of the same type.
pub fn composition(ty: &GeneratedType, caller: Encoding, callee: Encoding) -> String {
    let mut types = NamedTypes::default();
    let text = types.text(ty);
    let flat = flatten(ty);
    let with_types = types.arguments();
    let imports = types.imports();
    let func = format!("(param \"x\" {text}) (result {text})");
    let caller = forwarder("caller", &imports, &func, &flat, caller);
    let callee = forwarder("callee", &imports, &func, &flat, callee);
    format!(
        "(component\n{imports}  (import \"echo\" (func $echo {func}))\n{caller}{callee}\
         \x20 (instance $b (instantiate $callee{with_types} (with \"f\" (func $echo))))\n\
         \x20 (instance $a (instantiate $caller{with_types} (with \"f\" (func $b \"f\"))))\n\
         \x20 (func (export \"run\") (alias export $a \"f\")))\n"
    )
}

/// A component that imports `f` and exports an `f` which forwards to it.
fn forwarder(component: &str, imports: &str, func: &str, flat: &Flat, encoding: Encoding) -> String {
    let params = flat.params.join(" ");
    let gets: String = (0..flat.params.len()).map(|n| format!(" (local.get {n})")).collect();
    let (lowered, lifted, body) = match flat.result {
        Some(result) => (
            format!("(param {params}) (result {result})"),
            format!("(param {params}) (result {result})"),
            format!("(call $f{gets})"),
        ),
        // The lifted function returns the address that it gave to the lowered one.
        None => (
            format!("(param {params} i32)"),
            format!("(param {params}) (result i32)"),
            format!("(call $f{gets} (i32.const 1024)) (i32.const 1024)"),
        ),
    };
    let options =
        format!("{} (memory (core memory $l \"memory\")) (realloc (core func $l \"realloc\"))", encoding.option());
    format!(
        r#"  (component ${component}
{imports}    (import "f" (func $f {func}))
    (core module $libc
      (memory (export "memory") 2)
      (global $next (mut i32) (i32.const 32768))
      (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
        (local $new i32)
        (local.set $new
          (i32.and (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
                   (i32.sub (i32.const 0) (local.get $align))))
        (global.set $next (i32.add (local.get $new) (local.get $size)))
        (loop $grow
          (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
            (then (drop (memory.grow (i32.const 1))) (br $grow))))
        (memory.copy (local.get $new) (local.get $old)
          (select (local.get $old-size) (local.get $size) (i32.lt_u (local.get $old-size) (local.get $size))))
        (local.get $new)))
    (core instance $l (instantiate $libc))
    (core func $f' (canon lower (func $f) {options}))
    (core module $main
      (import "" "f" (func $f {lowered}))
      (func (export "f") {lifted} {body}))
    (core instance $m (instantiate $main (with "" (instance (export "f" (func $f'))))))
    (func (export "f") {func} (canon lift (core func $m "f") {options})))
"#
    )
}

/// Types that must have a name to be imported or exported (records, variants, enums, flags), in order of definition.
#[derive(Default)]
pub(crate) struct NamedTypes {
    definitions: Vec<String>,
    known: HashMap<GeneratedType, usize>,
}

impl NamedTypes {
    /// The text of `ty`, with named types by their names.
    pub(crate) fn text(&mut self, ty: &GeneratedType) -> String {
        let maybe = |types: &mut Self, ty: &Option<GeneratedType>| ty.as_ref().map(|ty| types.text(ty));
        match ty {
            GeneratedType::List(element) => format!("(list {})", self.text(element)),
            GeneratedType::Tuple(types) => {
                let types: Vec<_> = types.iter().map(|ty| self.text(ty)).collect();
                format!("(tuple {})", types.join(" "))
            }
            GeneratedType::Option(some) => format!("(option {})", self.text(some)),
            GeneratedType::Result(ok, err) => {
                let ok = ok.as_ref().map(|ok| self.text(ok)).unwrap_or_default();
                let err = err.as_ref().map(|err| format!(" (error {})", self.text(err))).unwrap_or_default();
                format!("(result {ok}{err})")
            }
            GeneratedType::Record(_) | GeneratedType::Variant(_) | GeneratedType::Enum(_) | GeneratedType::Flags(_) => {
                if let Some(n) = self.known.get(ty) {
                    return format!("$t{n}");
                }
                let definition = match ty {
                    GeneratedType::Record(types) => {
                        let fields = types.iter().enumerate();
                        let fields = fields.map(|(n, ty)| format!(" (field \"{}\" {})", name(n), self.text(ty)));
                        format!("(record{})", fields.collect::<String>())
                    }
                    GeneratedType::Variant(cases) => {
                        let mut text = String::from("(variant");
                        for (n, case) in cases.iter().enumerate() {
                            let payload = maybe(self, case).unwrap_or_default();
                            write!(text, " (case \"{}\" {payload})", name(n)).expect("strings can be written to");
                        }
                        text + ")"
                    }
                    GeneratedType::Enum(labels) => format!("(enum{})", labels_text(*labels)),
                    GeneratedType::Flags(labels) => format!("(flags{})", labels_text(*labels)),
                    _ => unreachable!("only named types come here"),
                };
                self.definitions.push(definition);
                self.known.insert(ty.clone(), self.definitions.len() - 1);
                format!("$t{}", self.definitions.len() - 1)
            }
            primitive => format!("{primitive:?}").to_lowercase(),
        }
    }

    /// Arguments that give a component the types that it imports.
    pub(crate) fn arguments(&self) -> String {
        (0..self.definitions.len()).map(|n| format!(" (with \"t{n}\" (type $t{n}))")).collect()
    }

    /// Imports that give each named type its name, in whatever component they stand.
    pub(crate) fn imports(&self) -> String {
        let mut text = String::new();
        for (n, definition) in self.definitions.iter().enumerate() {
            writeln!(text, "    (type $raw{n} {definition}) (import \"t{n}\" (type $t{n} (eq $raw{n})))")
                .expect("strings can be written to");
        }
        text
    }
}

fn labels_text(labels: u32) -> String {
    (0..labels as usize).map(|n| format!(" \"{}\"", name(n))).collect()
}

fn flatten(ty: &GeneratedType) -> Flat {
    let flat = flat_types(ty);
    let result = if let [single] = flat[..] { Some(single) } else { None };
    Flat { params: if flat.len() > 16 { vec!["i32"] } else { flat }, result }
}

pub(crate) fn flat_types(ty: &GeneratedType) -> Vec<&'static str> {
    match ty {
        GeneratedType::S64 | GeneratedType::U64 => vec!["i64"],
        GeneratedType::F32 => vec!["f32"],
        GeneratedType::F64 => vec!["f64"],
        GeneratedType::String | GeneratedType::List(_) => vec!["i32", "i32"],
        GeneratedType::Tuple(types) | GeneratedType::Record(types) => types.iter().flat_map(flat_types).collect(),
        GeneratedType::Variant(cases) => flat_variant(cases.iter().flatten()),
        GeneratedType::Option(some) => flat_variant([&**some]),
        GeneratedType::Result(ok, err) => flat_variant(ok.iter().chain(err).map(|payload| &**payload)),
        _ => vec!["i32"],
    }
}

fn flat_variant<'a>(payloads: impl IntoIterator<Item = &'a GeneratedType>) -> Vec<&'static str> {
    let mut flat = vec!["i32"];
    for payload in payloads {
        for (n, ty) in flat_types(payload).into_iter().enumerate() {
            match flat.get_mut(n + 1) {
                None => flat.push(ty),
                Some(slot) if *slot == ty => {}
                Some(slot) => {
                    *slot = if matches!((*slot, ty), ("i32", "f32") | ("f32", "i32")) { "i32" } else { "i64" }
                }
            }
        }
    }
    flat
}
