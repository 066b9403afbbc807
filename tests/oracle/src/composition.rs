//! The text of a composition that passes values of one type through an adapter, there and back.

use crate::generate::{GeneratedType, name};
use crate::own::lends;
use crate::side::{Addresses, CallSide};
use crate::view::{align_to, layout};
use std::collections::HashMap;
use std::fmt::Write;

/// How many core values parameters may have.
const MAX_FLAT: u32 = 16;

/// The core signature that canonical lowering gives a function `T -> T`, told from outside by the specification's rules.
struct Flat {
    params: Vec<&'static str>,
    /// Whether the only one is the address of all of them.
    spilled: bool,
    /// The result when it is a single core value; otherwise it goes through memory.
    result: Option<&'static str>,
}

/// Where a guest has results put that do not fit core values.
const RESULT: u32 = 1024;

/// The text of the composition for `types`: for the n-th of them the root imports `fN: func(x: T) -> T` and exports an `fN` of the
/// same type. Where some type lends handles, they are all `func(x: T, handles: u32)`, with the number of handles in the value, and each
/// guest drops as many: those that it was lent are the only ones that it has, and have the indices from 1 on.
pub fn composition(types: &[GeneratedType], caller: CallSide, callee: CallSide) -> String {
    let mut named = NamedTypes::default();
    let lend = types.iter().any(lends);
    let funcs: Vec<EchoFunc> = types.iter().map(|ty| EchoFunc::new(ty, lend, &mut named)).collect();
    let with_types = named.arguments();
    let imports = named.imports();
    let caller = forwarder("caller", &imports, &funcs, caller);
    let callee = forwarder("callee", &imports, &funcs, callee);
    let each = |text: &dyn Fn(usize, &EchoFunc) -> String| -> String {
        funcs.iter().enumerate().map(|(n, func)| text(n, func)).collect()
    };
    let echoes = each(&|n, func| format!("  (import \"f{n}\" (func $echo{n} {}))\n", func.text));
    let with_echoes = each(&|n, _| format!(" (with \"f{n}\" (func $echo{n}))"));
    let with_callee = each(&|n, _| format!(" (with \"f{n}\" (func $b \"f{n}\"))"));
    let exports = each(&|n, _| format!("  (func (export \"f{n}\") (alias export $a \"f{n}\"))\n"));
    format!(
        "(component\n{imports}{echoes}{caller}{callee}\
         \x20 (instance $b (instantiate $callee{with_types}{with_echoes}))\n\
         \x20 (instance $a (instantiate $caller{with_types}{with_callee}))\n{exports})\n"
    )
}

/// The texts of two components, callee and caller, each of which imports and exports the functions of a [`composition`].
pub(crate) fn halves(types: &[GeneratedType], caller: CallSide, callee: CallSide) -> [String; 2] {
    let mut named = NamedTypes::default();
    let lend = types.iter().any(lends);
    let funcs: Vec<EchoFunc> = types.iter().map(|ty| EchoFunc::new(ty, lend, &mut named)).collect();
    [("callee", callee), ("caller", caller)].map(|(name, side)| forwarder(name, &named.imports(), &funcs, side))
}

/// A function that takes and returns a value of one type.
struct EchoFunc {
    /// Its type's text.
    text: String,
    /// The type of the value; of both parameters where it takes handles that it must drop.
    ty: GeneratedType,
    /// Whether the last parameter is the number of these handles.
    lend: bool,
}

impl EchoFunc {
    fn new(ty: &GeneratedType, lend: bool, named: &mut NamedTypes) -> EchoFunc {
        let text = named.text(ty);
        if lend {
            let text = format!("(param \"x\" {text}) (param \"handles\" u32)");
            return EchoFunc { text, ty: GeneratedType::Tuple(vec![ty.clone(), GeneratedType::U32]), lend };
        }
        EchoFunc { text: format!("(param \"x\" {text}) (result {text})"), ty: ty.clone(), lend }
    }

    /// The core types of the function lowered and lifted, and what the lifted one does, on a side with these addresses.
    fn core(&self, n: usize, addresses: Addresses) -> (String, String, String) {
        let flat = flatten(&self.ty, addresses);
        let address = addresses.core_type();
        let params = flat.params.join(" ");
        let gets: String = (0..flat.params.len()).map(|n| format!(" (local.get {n})")).collect();
        if self.lend {
            let count = match (&flat.params[..], flat.spilled) {
                (_, true) => {
                    let GeneratedType::Tuple(both) = &self.ty else { unreachable!("the value, and how many handles") };
                    format!("(i32.load offset={} (local.get 0))", align_to(layout(&both[0], addresses).0, 4))
                }
                (params, false) => format!("(local.get {})", params.len() - 1),
            };
            let ty = format!("(param {params})");
            return (ty.clone(), ty, format!("(call $f{n}{gets}) (call $drop-all {count})"));
        }
        match flat.result {
            Some(result) => {
                let ty = format!("(param {params}) (result {result})");
                (ty.clone(), ty, format!("(call $f{n}{gets})"))
            }
            // The lifted function returns the address that it gave to the lowered one.
            None => (
                format!("(param {params} {address})"),
                format!("(param {params}) (result {address})"),
                format!("(call $f{n}{gets} ({address}.const {RESULT})) ({address}.const {RESULT})"),
            ),
        }
    }
}

/// A component that imports `f0`, `f1` and so on, and exports functions of these names which forward to them.
fn forwarder(component: &str, imports: &str, funcs: &[EchoFunc], side: CallSide) -> String {
    let (options, addresses) = (side.options(), side.addresses);
    let (mut func_imports, mut lowered_funcs, mut with, mut main, mut lifted_funcs) =
        (String::new(), String::new(), String::new(), [String::new(), String::new()], String::new());
    for (n, func) in funcs.iter().enumerate() {
        let (lowered, lifted, body) = func.core(n, addresses);
        func_imports += &format!("    (import \"f{n}\" (func $f{n} {}))\n", func.text);
        lowered_funcs += &format!("    (core func $f{n}' (canon lower (func $f{n}) {options}))\n");
        with += &format!(" (export \"f{n}\" (func $f{n}'))");
        main[0] += &format!("      (import \"\" \"f{n}\" (func $f{n} {lowered}))\n");
        main[1] += &format!("      (func (export \"f{n}\") {lifted} {body})\n");
        lifted_funcs +=
            &format!("    (func (export \"f{n}\") {} (canon lift (core func $m \"f{n}\") {options}))\n", func.text);
    }
    let heap = RESULT + funcs.iter().map(|func| layout(&func.ty, addresses).0).max().unwrap_or(0);
    let libc = libc(heap, addresses);
    let memory = addresses.memory();
    let [imported, exported] = main;
    format!(
        r#"  (component ${component}
{imports}{func_imports}{libc}{lowered_funcs}    (core func $drop (canon resource.drop $r))
    (core module $main
      (import "l" "memory" (memory {memory} 1))
      (import "" "drop" (func $drop (param i32)))
{imported}      (func $drop-all (param i32)
        (loop $next
          (if (local.get 0) (then
            (call $drop (local.get 0))
            (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
            (br $next)))))
{exported}    )
    (core instance $m (instantiate $main (with "l" (instance $l)) (with "" (instance (export "drop" (func $drop)){with}))))
{lifted_funcs}  )
"#
    )
}

/// A memory, and a `realloc` that gives new memory each time, from `heap` on.
fn libc(heap: u32, addresses: Addresses) -> String {
    let pages = heap / 0x1_0000 + 1;
    let (p, memory) = (addresses.core_type(), addresses.memory());
    format!(
        r#"    (core module $libc
      (memory (export "memory") {memory} {pages})
      (global $next (mut {p}) ({p}.const {heap}))
      (func (export "realloc") (param $old {p}) (param $old-size {p}) (param $align {p}) (param $size {p}) (result {p})
        (local $new {p})
        (local.set $new
          ({p}.and ({p}.add (global.get $next) ({p}.sub (local.get $align) ({p}.const 1)))
                   ({p}.sub ({p}.const 0) (local.get $align))))
        (global.set $next ({p}.add (local.get $new) (local.get $size)))
        (loop $grow
          (if ({p}.gt_u (global.get $next) ({p}.mul (memory.size) ({p}.const 65536)))
            (then (drop (memory.grow ({p}.const 1))) (br $grow))))
        (memory.copy (local.get $new) (local.get $old)
          (select (local.get $old-size) (local.get $size) ({p}.lt_u (local.get $old-size) (local.get $size))))
        (local.get $new)))
    (core instance $l (instantiate $libc))
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
            GeneratedType::FixedLengthList(element, length) => format!("(list {} {length})", self.text(element)),
            GeneratedType::Map(key, value) => format!("(map {} {})", self.text(key), self.text(value)),
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
            GeneratedType::Own => "(own $r)".into(),
            GeneratedType::Borrow => "(borrow $r)".into(),
            primitive => format!("{primitive:?}").to_lowercase(),
        }
    }

    /// Arguments that give a component the types that it imports.
    pub(crate) fn arguments(&self) -> String {
        let types = (0..self.definitions.len()).map(|n| format!(" (with \"t{n}\" (type $t{n}))"));
        std::iter::once(" (with \"r\" (type $r))".to_string()).chain(types).collect()
    }

    /// Imports that give each named type its name, in whatever component they stand, and the one of the resource type.
    pub(crate) fn imports(&self) -> String {
        let mut text = String::from("    (import \"r\" (type $r (sub resource)))\n");
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

fn flatten(ty: &GeneratedType, addresses: Addresses) -> Flat {
    let flat = flat_types(ty, addresses);
    let result = if let [single] = flat[..] { Some(single) } else { None };
    let spilled = flat.len() > 16;
    Flat { params: if spilled { vec![addresses.core_type()] } else { flat }, spilled, result }
}

/// The core types of a value, or as many of them as say that they are too many.
pub(crate) fn flat_types(ty: &GeneratedType, addresses: Addresses) -> Vec<&'static str> {
    let flatten = |ty: &GeneratedType| flat_types(ty, addresses);
    let mut flat = match ty {
        GeneratedType::S64 | GeneratedType::U64 => vec!["i64"],
        GeneratedType::F32 => vec!["f32"],
        GeneratedType::F64 => vec!["f64"],
        GeneratedType::String | GeneratedType::List(_) | GeneratedType::Map(..) => vec![addresses.core_type(); 2],
        GeneratedType::FixedLengthList(element, length) => {
            let element = flatten(element);
            std::iter::repeat_n(element, (*length).min(MAX_FLAT + 1) as usize).flatten().collect()
        }
        GeneratedType::Tuple(types) | GeneratedType::Record(types) => types.iter().flat_map(flatten).collect(),
        GeneratedType::Variant(cases) => flat_variant(cases.iter().flatten(), addresses),
        GeneratedType::Option(some) => flat_variant([&**some], addresses),
        GeneratedType::Result(ok, err) => flat_variant(ok.iter().chain(err).map(|payload| &**payload), addresses),
        _ => vec!["i32"],
    };
    flat.truncate(MAX_FLAT as usize + 1);
    flat
}

fn flat_variant<'a>(payloads: impl IntoIterator<Item = &'a GeneratedType>, addresses: Addresses) -> Vec<&'static str> {
    let mut flat = vec!["i32"];
    for payload in payloads {
        for (n, ty) in flat_types(payload, addresses).into_iter().enumerate() {
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
