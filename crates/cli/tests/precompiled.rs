//! What `gusset compile` writes, and how `gusset run` takes it.

use crate::program::{Ended, ScratchFolder, shell};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn scratch() -> ScratchFolder {
    let scratch = ScratchFolder::new();
    scratch.file("calc.wat", include_bytes!("mistakes/inputs/calc.wat"));
    scratch.file("module.wat", include_bytes!("mistakes/inputs/module.wat"));
    scratch.file("words.wat", include_bytes!("programs/words.wat"));
    scratch
}

fn run(scratch: &ScratchFolder, line: &str) -> Ended {
    shell(Path::new(&scratch.path("")), line)
}

/// What a line writes, which must end well and say nothing else.
fn written(scratch: &ScratchFolder, line: &str) -> String {
    let ended = run(scratch, line);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{line}\n{}", ended.stdout);
    ended.stdout
}

#[test]
fn components_and_modules_run_as_if_they_were_compiled_now() {
    let scratch = scratch();
    assert_eq!(
        written(
            &scratch,
            "gusset compile calc.wat; gusset compile -o m.gusset module.wat; cat words.wat | gusset compile - -o words.gusset"
        ),
        ""
    );
    for (line, output) in [
        ("gusset run --allow-precompiled calc.gusset --invoke 'add(1, 2)'", "3\n"),
        ("gusset run --allow-precompiled --invoke 'add(1, 2)' calc.gusset", "3\n"),
        ("gusset run --allow-precompiled m.gusset --invoke 'add(1, 2)'", "3\n"),
        ("gusset run --allow-precompiled --invoke add m.gusset 1 2", "3\n"),
        ("gusset run --allow-precompiled words.gusset a --invoke b", "words.gusset\0a\0--invoke\0b\0"),
        ("gusset run --allow-precompiled --argv0 w --env A=1 words.gusset", "w\0A=1\0"),
        // What is not precompiled is compiled.
        ("gusset run --allow-precompiled calc.wat --invoke 'add(1, 2)'", "3\n"),
    ] {
        assert_eq!(written(&scratch, line), output, "{line}");
    }
    let ended = run(&scratch, "gusset run --allow-precompiled calc.gusset --invoke 'divide(1, 0)'");
    assert_eq!(ended.code, Some(134));
    ended.assert_says(&["integer divide by zero", "m!divide"]);
    let ended = run(&scratch, "gusset run --allow-precompiled calc.gusset");
    ended.assert_refused(1);
    ended.assert_says(&["is a library", "gusset run --allow-precompiled calc.gusset --invoke 'add("]);
}

#[test]
fn they_go_to_standard_output_and_never_over_what_they_are_made_of() {
    let scratch = scratch();
    let line =
        "gusset compile calc.wat -o - > piped.gusset; gusset run --allow-precompiled --invoke 'add(1, 2)' piped.gusset";
    assert_eq!(written(&scratch, line), "3\n");
    for line in
        ["gusset compile calc.wat -o ./calc.wat", "ln -s calc.wat link.wat; gusset compile calc.wat -o link.wat"]
    {
        let ended = run(&scratch, line);
        ended.assert_refused(2);
        ended.assert_says(&["would be written over what it is made of"]);
    }
    assert_eq!(written(&scratch, "gusset run --invoke 'add(1, 2)' calc.wat"), "3\n");
}

#[test]
fn they_are_believed_only_if_that_is_allowed() {
    let scratch = scratch();
    written(&scratch, "gusset compile calc.wat");
    let ended = run(&scratch, "gusset run calc.gusset --invoke 'add(1, 2)'");
    ended.assert_refused(1);
    ended.assert_says(&["calc.gusset is precompiled", "`gusset run --allow-precompiled calc.gusset`"]);
    // Behind the file it could be a program's own.
    for (line, corrected) in [
        (
            "run calc.gusset --allow-precompiled --invoke 'add(1, 2)'",
            "gusset run --allow-precompiled calc.gusset --invoke 'add(1, 2)'",
        ),
        (
            "run --invoke 'add(1, 2)' calc.gusset --allow-precompiled",
            "gusset run --invoke 'add(1, 2)' --allow-precompiled calc.gusset",
        ),
    ] {
        let ended = run(&scratch, &format!("gusset {line}"));
        ended.assert_refused(2);
        ended.assert_says(&["--allow-precompiled stands before the file", &format!("\n  {corrected}\n")]);
        assert_eq!(written(&scratch, corrected), "3\n");
    }
    written(&scratch, "gusset compile words.wat");
    run(&scratch, "gusset run words.gusset --allow-precompiled").assert_refused(2);
    let line = "gusset run --allow-precompiled words.gusset --allow-precompiled";
    assert_eq!(written(&scratch, line), "words.gusset\0--allow-precompiled\0");
    let ended = run(&scratch, "gusset run --allow-precompiled - < calc.gusset");
    ended.assert_refused(1);
    ended.assert_says(&["<stdin> is precompiled, which only files can be"]);
}

#[test]
fn commands_that_look_into_a_file_say_what_they_take() {
    let scratch = scratch();
    written(&scratch, "gusset compile calc.wat");
    for command in ["inspect", "validate", "adapters", "compile -o other.gusset"] {
        let ended = run(&scratch, &format!("gusset {command} calc.gusset"));
        ended.assert_refused(1);
        ended.assert_says(&["calc.gusset is precompiled", "not the component or core module that it was made of"]);
    }
    let ended = run(&scratch, "gusset wast calc.gusset");
    ended.assert_refused(1);
    ended.assert_says(&["cannot read calc.gusset", "it is a precompiled component or module, and no script"]);
}

#[test]
fn they_are_written_whole_or_not_at_all() {
    let scratch = scratch();
    let mode = |name: &str| std::fs::metadata(scratch.path(name)).expect("it is there").permissions().mode() & 0o777;
    written(&scratch, "umask 022; gusset compile calc.wat");
    assert_eq!(mode("calc.gusset"), 0o644);
    let first = std::fs::read(scratch.path("calc.gusset")).expect("it is there");
    // What takes the place of a file is read by those who could read that.
    written(&scratch, "umask 022; chmod 640 calc.gusset; gusset compile module.wat -o calc.gusset");
    assert_eq!(mode("calc.gusset"), 0o640);
    written(&scratch, "gusset compile calc.wat");
    // Whoever writes beyond it gets a signal.
    let ended = run(&scratch, "ulimit -f 20; gusset compile module.wat -o calc.gusset");
    ended.assert_refused(1);
    ended.assert_says(&["cannot write calc.gusset", "(ulimit -f)"]);
    assert!(std::fs::read(scratch.path("calc.gusset")).expect("it is there") == first);
    // A directory that is full, and one that is taken away.
    let mounted = "mkdir -p full; unshare -rm sh -c 'mount -t tmpfs -o size=32k none full && ";
    if run(&scratch, &format!("{mounted}true'")).code == Some(0) {
        let ended = run(&scratch, &format!("{mounted}gusset compile calc.wat -o full/x.gusset; ls -A full'"));
        ended.assert_says(&["cannot write full/x.gusset"]);
        assert_eq!(ended.stdout, "");
    } else {
        println!("not run: no file system can be mounted here");
    }
    let names = written(&scratch, "ls -A");
    assert!(!names.contains(".tmp"), "{names}");
}

#[test]
fn what_does_not_fit_is_refused() {
    let scratch = scratch();
    written(&scratch, "gusset compile calc.wat; gusset compile -o few.gusset --features -multi-memory calc.wat");
    let whole = std::fs::read(scratch.path("calc.gusset")).expect("it was written");
    scratch.file("short.gusset", &whole[..whole.len() - 1]);
    scratch.file("damaged.gusset", &{
        let mut bytes = whole.clone();
        *bytes.last_mut().expect("there are bytes") ^= 1;
        bytes
    });
    for (name, words) in [
        ("short", "the artefact is truncated"),
        ("damaged", "hash"),
        ("few", "`multi_memory` is false in it, and true in this engine"),
    ] {
        let ended = run(&scratch, &format!("gusset run --allow-precompiled {name}.gusset --invoke 'add(1, 2)'"));
        ended.assert_refused(1);
        ended.assert_says(&[&format!("{name}.gusset"), words]);
    }
    let line = "gusset run --allow-precompiled few.gusset --features -multi-memory --invoke 'add(1, 2)'";
    run(&scratch, line).assert_refused(1);
    let line = "gusset run --allow-precompiled --features -multi-memory few.gusset --invoke 'add(1, 2)'";
    assert_eq!(written(&scratch, line), "3\n");
}

#[test]
fn what_runs_is_not_written_over() {
    let scratch = scratch();
    // A link stays one; what it leads to is another file afterwards, for somebody may have mapped the one that was there.
    let line = "gusset compile calc.wat -o real.gusset; ln -s real.gusset link.gusset; ln real.gusset held
        gusset compile module.wat -o link.gusset; test -L link.gusset && ! test held -ef real.gusset && ls -A";
    assert_eq!(written(&scratch, line), "calc.wat\nheld\nlink.gusset\nmodule.wat\nreal.gusset\nwords.wat\n");
    assert_eq!(written(&scratch, "gusset run --allow-precompiled held --invoke 'add(1, 2)'"), "3\n");
    assert_eq!(
        written(
            &scratch,
            "gusset compile calc.wat -o /dev/stdout > piped; gusset run --allow-precompiled piped --invoke 'add(1, 2)'"
        ),
        "3\n"
    );
    let ended = run(&scratch, "echo '(module' > bad.wat; gusset compile bad.wat; ls");
    assert!(!ended.stdout.contains("bad.gusset"), "{}", ended.stdout);
    ended.assert_says(&["error: cannot compile bad.wat"]);
}

#[test]
fn they_are_for_the_processor_that_is_named() {
    let scratch = scratch();
    let line = "gusset compile calc.wat --target-cpu baseline; gusset run --allow-precompiled calc.gusset --invoke 'add(1, 2)'";
    assert_eq!(written(&scratch, line), "3\n");
    for (options, words) in
        [("--target-cpu no-such-cpu", "no-such-cpu"), ("--target z80-unknown-none", "z80-unknown-none")]
    {
        let ended = run(&scratch, &format!("gusset compile calc.wat -o n.gusset {options}"));
        ended.assert_refused(1);
        ended.assert_says(&["cannot compile with these options", words]);
    }
}

#[test]
fn they_are_for_the_machines_that_the_help_names() {
    let scratch = scratch();
    let help = written(&scratch, "gusset compile --help");
    for arch in ["x86_64", "aarch64"] {
        let ended =
            run(&scratch, &format!("gusset compile calc.wat -o {arch}.gusset --target {arch}-unknown-linux-gnu"));
        if arch == std::env::consts::ARCH || cfg!(feature = "cross-compile") {
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        } else {
            assert!(help.contains("without Cargo's feature `cross-compile`"), "{help}");
            ended.assert_refused(1);
            ended.assert_says(&["not supported: code for ", arch, "Cargo's feature `cross-compile`"]);
            continue;
        }
        let ended = run(&scratch, &format!("gusset run --allow-precompiled {arch}.gusset --invoke 'add(1, 2)'"));
        if arch == std::env::consts::ARCH {
            assert_eq!(ended.stdout, "3\n", "{}", ended.stderr);
        } else {
            assert!(help.contains("`aarch64-unknown-linux-gnu`"), "{help}");
            ended.assert_refused(1);
            ended.assert_says(&[&format!("{arch}-linux"), &format!("{}-linux", std::env::consts::ARCH)]);
        }
    }
}
