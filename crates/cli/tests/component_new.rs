//! `gusset component`: components that it makes of modules, and the WIT that it prints.

use crate::program::{Ended, ScratchFolder, gusset, shell};
use gusset::NamedSource;
use std::path::Path;
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const WORLD: &str = "package docs:hello;

interface names {
  count: func() -> u32;
}

world greeter {
  import names;

  export double: func() -> u32;
}
world lonely {
  export double: func() -> u32;
}
";

/// What doubles a number that it imports from there.
fn doubling(from: &str) -> String {
    format!(
        r#"(module
            (import "{from}" "count" (func $count (result i32)))
            (func (export "double") (result i32) (i32.mul (call $count) (i32.const 2))))"#
    )
}

/// A module that says which world it is for.
fn module(text: &str, world: &str) -> Vec<u8> {
    let mut wasm = NamedSource::new("m.wat", text).to_wasm().expect("it is a module").into_owned();
    let mut resolve = Resolve::default();
    let package = resolve.push_str("hello.wit", WORLD).expect("it is WIT");
    let world = resolve.select_world(&[package], Some(world)).expect("it is there");
    embed_component_metadata(&mut wasm, &resolve, world, StringEncoding::UTF8, false).expect("they fit");
    wasm
}

fn succeeded(ended: Ended) -> String {
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{}", ended.stdout);
    ended.stdout
}

#[test]
fn what_a_module_imports_beside_its_world_comes_from_adapters() {
    let scratch = ScratchFolder::new();
    let run = |line: &str| succeeded(shell(Path::new(&scratch.path("")), line));
    scratch.file("m.wasm", &module(&doubling("env"), "lonely"));
    scratch.file("env.old.wat", br#"(module (func (export "count") (result i32) (i32.const 21)))"#);
    scratch.file("other.wat", br#"(module (func (export "count") (result i32) (i32.const 4)))"#);
    let call = "gusset run --invoke 'double()' c.wasm";
    for (options, expected) in [
        ("m.wasm --adapt env.old.wat -o c.wasm", "42\n"),
        ("--adapt env=other.wat m.wasm -o c.wasm", "8\n"),
        ("--adapt env=other.wat - < m.wasm > c.wasm", "8\n"),
        ("--adapt env=- m.wasm -o - < env.old.wat > c.wasm", "42\n"),
        ("--adapt env=other.wat m.wasm --skip-validation --realloc-via-memory-grow -o c.wasm", "8\n"),
    ] {
        assert_eq!(run(&format!("rm -f c.wasm; gusset component new {options} && {call}")), expected, "{options}");
    }
    let text = run(
        "gusset component new -t m.wasm --adapt env=other.wat; gusset component new -t c.wasm 2>/dev/null || echo not twice",
    );
    assert!(text.starts_with("(component\n") && text.ends_with(")\nnot twice\n"), "{text}");
    assert_eq!(
        run("gusset component new m.wasm --adapt env=other.wat -t -o c.wat; gusset run --invoke 'double()' c.wat"),
        "8\n"
    );
    shell(Path::new(&scratch.path("")), "gusset component new m.wasm --adapt env=- - < other.wat").assert_refused(2);
    let ended = shell(Path::new(&scratch.path("")), "gusset component new m.wasm -o c.wasm");
    ended.assert_refused(1);
    ended.assert_says(&["cannot make a component of m.wasm", "env"]);
}

#[test]
fn the_world_of_a_module_becomes_that_of_the_component() {
    let scratch = ScratchFolder::new();
    let file = scratch.file("m.wasm", &module(&doubling("docs:hello/names"), "greeter"));
    let component = scratch.path("c.wasm");
    let wit = || succeeded(gusset(["component", "wit", &component]));
    succeeded(gusset(["component", "new", &file, "-o", &component]));
    assert!(
        wit().contains("world root {\n  import docs:hello/names;\n\n  export double: func() -> u32;\n}"),
        "{}",
        wit()
    );
    // Of the module too, which says it.
    let said = succeeded(gusset(["component", "wit", &file]));
    assert!(said.contains("import docs:hello/names;"), "{said}");

    let renamed = "docs:hello/names=docs:other/names";
    succeeded(gusset(["component", "new", &file, "--import-name", renamed, "-o", &component]));
    assert!(wit().contains("import docs:other/names;"), "{}", wit());
    let ended = gusset(["component", "new", &file, "--reject-legacy-names", "-o", &component]);
    ended.assert_refused(1);
    ended.assert_says(&["cannot make a component of"]);
}

#[test]
fn wit_is_printed_as_it_was_read() {
    let scratch = ScratchFolder::new();
    let file = scratch.file("hello.wit", WORLD.as_bytes());
    assert_eq!(succeeded(gusset(["component", "wit", &file])), WORLD);
    let package = scratch.path("hello.wasm");
    assert_eq!(succeeded(gusset(["component", "wit", &file, "--wasm", "-o", &package])), "");
    assert_eq!(succeeded(gusset(["component", "wit", &package])), WORLD);
    let json = succeeded(gusset(["component", "wit", &package, "--json"]));
    assert!(json.starts_with("{\n") && json.contains("\"greeter\"") && json.ends_with("}\n"), "{json}");
    let run = |line: &str| succeeded(shell(Path::new(&scratch.path("")), line));
    assert_eq!(run("gusset component wit - < hello.wit"), WORLD);
    // A folder is a package, with others that it needs in another folder.
    let folder = run("mkdir -p wit/deps/log
        echo 'package docs:log; interface log { /// Says it.
            line: func(text: string); }' > wit/deps/log/log.wit
        echo 'package docs:app; world app { import docs:log/log; }' > wit/app.wit
        gusset component wit wit; gusset component wit --no-docs wit | grep -c Says || true");
    assert!(folder.starts_with("package docs:app;\n\nworld app {\n  import docs:log/log;\n}\n"), "{folder}");
    assert!(folder.contains("/// Says it.\n") && folder.ends_with("\n0\n"), "{folder}");
}

#[test]
fn inputs_that_are_damaged_are_refused() {
    let scratch = ScratchFolder::new();
    let whole = module(&doubling("docs:hello/names"), "greeter");
    // Each byte of what says the world, and of what stands before it.
    for at in (8..whole.len()).step_by(13) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        let file = scratch.file("m.wasm", &damaged);
        for arguments in [&["component", "new", &file, "-o", &scratch.path("c.wasm")][..], &["component", "wit", &file]]
        {
            let ended = gusset(arguments);
            match ended.code {
                Some(0) => {}
                _ => {
                    ended.assert_refused(1);
                    assert!(ended.stderr.contains("m.wasm"), "byte {at}: {}", ended.stderr);
                }
            }
        }
    }
}

#[test]
fn folders_of_wit_hold_files() {
    let scratch = ScratchFolder::new();
    let run = |line: &str| shell(Path::new(&scratch.path("")), line);
    for (made, name) in [
        ("ln -s /dev/zero d/z.wit", "d/z.wit"),
        ("mkfifo d/f.wit", "d/f.wit"),
        ("mkdir -p d/deps/a; mkfifo d/deps/a/f.wit", "d/deps/a/f.wit"),
        ("mkdir d/deps; mkfifo d/deps/f.wit", "d/deps/f.wit"),
        ("mkdir d/deps; ln -s /dev/zero d/deps/z.wasm", "d/deps/z.wasm"),
    ] {
        let ended = run(&format!("rm -rf d; mkdir d; echo 'package a:b;' > d/a.wit; {made}; gusset component wit d"));
        ended.assert_refused(1);
        ended.assert_says(&[&format!("cannot read {name}: it is neither a file nor a folder")]);
    }
    // What is not read may be anything.
    assert_eq!(
        run("rm -rf d; mkdir d; echo 'package a:b;' > d/a.wit; mkfifo d/f; gusset component wit d").code,
        Some(0)
    );
}

#[test]
fn packages_that_would_not_be_valid_are_not_written() {
    let scratch = ScratchFolder::new();
    let types = |first: &str, next: &dyn Fn(usize) -> String, count: usize| {
        let lines = (1..count).map(|at| format!("type t{at} = {};\n", next(at - 1))).collect::<String>();
        format!("package a:b;\ninterface i {{\ntype t0 = {first};\n{lines}}}\n")
    };
    for (text, says) in [
        (types("u8", &|last| format!("tuple<t{last}, t{last}>"), 60), "type size"),
        (types("u8", &|last| format!("list<t{last}>"), 20_000), "nest"),
        (format!("package a:b;\ninterface i {{\ntype {} = u8;\n}}\n", "x".repeat(1_000_000)), "string size"),
    ] {
        let file = scratch.file("large.wit", text.as_bytes());
        let package = scratch.path("package.wasm");
        let ended = gusset(["component", "wit", &file, "--wasm", "-o", &package]);
        ended.assert_refused(1);
        ended.assert_says(&["cannot write it as a package", says]);
        assert!(!Path::new(&package).exists());
    }
}

#[test]
fn imports_that_are_to_be_renamed_are_there() {
    let scratch = ScratchFolder::new();
    let file = scratch.file("m.wasm", &module(&doubling("docs:hello/names"), "greeter"));
    let ended = gusset(["component", "new", &file, "--import-name", "docs:hello/name=docs:other/names", "-o", "-"]);
    ended.assert_refused(1);
    ended.assert_says(&["the component imports no instance `docs:hello/name`; did you mean `docs:hello/names`?"]);
}

#[test]
fn what_is_written_may_have_a_long_name_or_be_behind_a_link() {
    let scratch = ScratchFolder::new();
    scratch.file("hello.wit", WORLD.as_bytes());
    let run = |line: &str| shell(Path::new(&scratch.path("")), line);
    let name = "x".repeat(250);
    assert_eq!(succeeded(run(&format!("gusset component wit hello.wit -o {name} && cat {name}"))), WORLD);
    let line = "mkdir in; ln -s in/made link; ln -s link second; gusset component wit hello.wit -o second && test -L second -a -L link \
                && cat in/made";
    assert_eq!(succeeded(run(line)), WORLD);
    let ended = run("ln -s b a; ln -s a b; gusset component wit hello.wit -o a");
    ended.assert_refused(1);
    ended.assert_says(&["cannot write a", "symbolic links"]);
}
