//! Programs, which are core modules, as a person runs them: what they are given, and how they end. Their texts stand in `programs/`.

use crate::program::{Ended, SIGINT, ScratchFolder, gusset, interrupted, shell};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The path of a program's text.
fn program(name: &str) -> String {
    format!("{}/tests/programs/{name}.wat", env!("CARGO_MANIFEST_DIR"))
}

/// Runs a line of a shell, in which `$P` is the folder of the programs.
fn run(scratch: &ScratchFolder, line: &str) -> Ended {
    let folder = program("hello");
    let folder = Path::new(&folder).parent().expect("it lies in a folder").display().to_string();
    shell(Path::new(&scratch.path("")), &format!("P='{folder}'\n{line}"))
}

/// What the program writes in a shell, which must end well.
fn written(scratch: &ScratchFolder, line: &str) -> String {
    let ended = run(scratch, line);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{line}\n{}", ended.stdout);
    ended.stdout
}

#[test]
fn write_to_standard_output() {
    let ended = gusset(["run", &program("hello")]);
    assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(0), "Hello, world!\n", ""));
}

#[test]
fn have_all_words_after_the_file_as_arguments() {
    let scratch = ScratchFolder::new();
    for (line, words) in [
        ("$P/words.wat", "words.wat\0"),
        ("$P/words.wat a 'b c' ''", "words.wat\0a\0b c\0\0"),
        ("$P/words.wat --invoke x --help -v -- -", "words.wat\0--invoke\0x\0--help\0-v\0--\0-\0"),
        ("--argv0 me $P/words.wat --argv0 you", "me\0--argv0\0you\0"),
        ("-- $P/words.wat é", "words.wat\0é\0"),
        ("- a < $P/words.wat", "-\0a\0"),
    ] {
        assert_eq!(written(&scratch, &format!("gusset run {line}")), words, "{line}");
    }
    let ended = run(&scratch, r#"gusset run $P/words.wat ok "$(printf '\377')""#);
    ended.assert_refused(2);
    ended.assert_says(&["argument 2 of the guest is not UTF-8"]);
}

#[test]
fn have_the_variables_that_are_given_and_no_others() {
    let scratch = ScratchFolder::new();
    for (line, variables) in [
        ("HOME=/root gusset run $P/words.wat", ""),
        ("gusset run --env B=2 --env A=1 --env B=3 $P/words.wat", "B=3\0A=1\0"),
        ("A='a b' gusset run --env A --env C=a=b --env D= $P/words.wat", "A=a b\0C=a=b\0D=\0"),
        ("unset NONE; gusset run --env NONE $P/words.wat", ""),
    ] {
        assert_eq!(written(&scratch, line), format!("words.wat\0{variables}"), "{line}");
    }
}

#[test]
fn have_the_directories_that_are_given_in_their_order() {
    let scratch = ScratchFolder::new();
    for (options, names) in [("", ""), ("--dir .", ".\0"), ("--dir .::/ --dir /::sys:ro --dir .", "/\0sys\0.\0")] {
        assert_eq!(written(&scratch, &format!("gusset run {options} $P/words.wat")), format!("words.wat\0{names}"));
    }
}

#[test]
fn write_into_directories_that_are_not_read_only() {
    let scratch = ScratchFolder::new();
    assert_eq!(written(&scratch, "mkdir in out; gusset run --dir out::/ $P/create.wat; cat out/made"), "it\n");
    let ended = run(&scratch, "gusset run --dir in::/:ro $P/create.wat");
    // `rofs`.
    assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(69), "", ""));
    assert!(!Path::new(&scratch.path("in/made")).exists());
    // `badf`: without a directory there is no third descriptor.
    assert_eq!(run(&scratch, "gusset run $P/create.wat").code, Some(8));
}

#[test]
fn read_standard_input_or_what_is_given_for_it() {
    let scratch = ScratchFolder::new();
    scratch.file("text", b"from a file\n");
    for (line, expected) in [
        ("echo piped | gusset run $P/cat.wat", "piped\n"),
        ("echo piped | gusset run --stdin inherit $P/cat.wat", "piped\n"),
        ("gusset run $P/cat.wat < text", "from a file\n"),
        ("echo piped | gusset run --stdin text $P/cat.wat", "from a file\n"),
        ("echo piped | gusset run --stdin text - < $P/cat.wat", "from a file\n"),
        ("mkfifo fifo; echo late > fifo & gusset run --stdin fifo $P/cat.wat", "late\n"),
        ("head -c 1000000 /dev/zero | gusset run $P/cat.wat | wc -c | tr -d ' '", "1000000\n"),
    ] {
        assert_eq!(written(&scratch, line), expected, "{line}");
    }
    for line in [
        "echo piped | gusset run --stdin null $P/cat.wat",
        "gusset run - < $P/cat.wat",
        "gusset run --stdin /dev/null $P/cat.wat",
    ] {
        assert_eq!(run(&scratch, line).code, Some(3), "{line}");
    }
}

#[test]
fn know_the_files_that_are_their_standard_streams() {
    let scratch = ScratchFolder::new();
    let input = scratch.file("in", b"from a long line\n");
    for line in [
        "(gusset run $P/redirected.wat; cat) < in > out",
        "gusset run --stdin in $P/redirected.wat > out; tail -c +6 in >> out",
    ] {
        assert_eq!(written(&scratch, line), "", "{line}");
        let out = std::fs::read(scratch.path("out")).expect("it was written");
        for (record, path) in out.chunks(64).zip([&input, &scratch.path("out")]) {
            let field = |at: usize| u64::from_le_bytes(record[at..at + 8].try_into().expect("8 bytes"));
            let file = std::fs::metadata(path).expect("it is there");
            assert_eq!((field(0), field(8)), (file.dev(), file.ino()), "{path}");
            assert_eq!((record[16], field(24)), (4, 1), "a regular file, with one name: {path}");
            let size = if *path == input { file.len() } else { 0 };
            assert_eq!(field(32), size, "{path}");
            if *path == input {
                let modified = file.mtime() as u64 * 1_000_000_000 + file.mtime_nsec() as u64;
                assert_eq!(field(48), modified);
            }
        }
        // The position is the system's, where others go on.
        assert_eq!(String::from_utf8_lossy(&out[128..]), "ine\na long line\n", "{line}");
    }
    // What has no positions says so: `spipe` (the third step).
    assert_eq!(run(&scratch, "cat in | gusset run $P/redirected.wat").code, Some(3));
}

#[test]
fn are_the_same_in_each_run_only_where_that_is_asked_for() {
    let scratch = ScratchFolder::new();
    let line = "gusset run --deterministic $P/moment.wat | od -A n -t x1";
    assert_eq!(written(&scratch, line), written(&scratch, line));
    let line = line.replace("--deterministic", "");
    assert_ne!(written(&scratch, &line), written(&scratch, &line));
    // An hour of sleep takes none.
    assert_eq!(written(&scratch, "gusset run --deterministic $P/sleep.wat"), "ready\n");
}

#[test]
fn end_with_the_code_that_they_give() {
    let scratch = ScratchFolder::new();
    let exit = |code: &str, name: &str| {
        let import = format!("(import \"{name}\" \"proc_exit\" (func $exit (param i32)))");
        let text = format!("(module {import} (memory (export \"memory\") 1) (func (export \"_start\") {code}))");
        let ended = gusset(["run", &scratch.file("exit.wat", text.as_bytes())]);
        assert_eq!((&*ended.stdout, &*ended.stderr), ("", ""), "{text}");
        ended.code
    };
    // What is no success is none as far as a process can tell, either.
    for (code, expected) in
        [("0", 0), ("1", 1), ("3", 3), ("134", 134), ("255", 255), ("256", 1), ("259", 3), ("65536", 1), ("-1", 255)]
    {
        for name in ["wasi_snapshot_preview1", "wasi_unstable"] {
            assert_eq!(exit(&format!("(call $exit (i32.const {code}))"), name), Some(expected), "{code}");
        }
    }
    assert_eq!(exit("", "wasi_unstable"), Some(0), "it returned");
}

#[test]
fn that_trap_say_where() {
    let scratch = ScratchFolder::new();
    let text = "(module (func $inner unreachable)\n  (func (export \"_start\") (call $inner)))";
    let ended = gusset(["run", &scratch.file("trap.wat", text.as_bytes())]);
    ended.assert_refused(134);
    ended.assert_says(&["`unreachable` instruction executed", "!inner", "!_start", "trap.wat:1:22"]);
}

#[test]
fn end_quietly_where_nobody_reads_any_more() {
    let scratch = ScratchFolder::new();
    let ended = run(&scratch, "{ gusset run $P/yes.wat; echo $? >&2; } | head -n 2");
    assert_eq!((&*ended.stdout, &*ended.stderr), ("y\ny\n", "141\n"));
}

#[test]
fn are_ended_by_an_interruption() {
    for (name, waits) in [("spin", false), ("sleep", true), ("listen", true)] {
        match interrupted(&["run", &program(name)], waits) {
            Some(signal) => assert_eq!(signal, SIGINT, "{name}"),
            None => println!("not run: interruptions are ignored here"),
        }
    }
}

#[test]
fn that_have_a_start_function_only_run_it() {
    let scratch = ScratchFolder::new();
    let text = std::fs::read_to_string(program("hello")).expect("it is there");
    let text = text.replace("(func (export \"_start\")", "(start $start) (func $start");
    let ended = gusset(["run", &scratch.file("start.wat", text.as_bytes())]);
    assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(0), "Hello, world!\n", ""));
}

#[test]
fn exports_are_called_with_numbers() {
    let scratch = ScratchFolder::new();
    for (line, expected) in [
        ("--invoke add $P/reactor.wat 1 -2", "-1\n"),
        ("--invoke 'add(1, -2)' $P/reactor.wat", "-1\n"),
        ("$P/reactor.wat --invoke 'add(0x10, 4294967295)'", "15\n"),
        ("$P/reactor.wat --invoke add 1 -2", "-1\n"),
        ("--invoke halves $P/reactor.wat -inf", "-inf\ninf\n"),
        ("$P/reactor.wat --invoke 'halves(3)'", "1.5\n-1.5\n"),
        // Where it counts from is what `_initialize` says.
        ("--invoke next $P/reactor.wat", "41\n"),
        ("--invoke _initialize $P/reactor.wat", ""),
    ] {
        assert_eq!(written(&scratch, &format!("gusset run {line}")), expected, "{line}");
    }
    // Programs too have exports.
    assert_eq!(written(&scratch, "gusset run --invoke _start $P/hello.wat"), "Hello, world!\n");
}
