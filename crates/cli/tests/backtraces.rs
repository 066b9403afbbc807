//! What `gusset run` says of a guest that was stopped, with `GUSSET_BACKTRACE=full` and without.

use crate::program::{ScratchFolder, shell};
use std::path::Path;

const AVERAGE: &[u8] = include_bytes!("../../runtime/tests/source_lines/average.wasm");

const LINES: [&str; 3] = [
    "         at /source/average.c:6:16 in divide, inlined\n",
    "         at /source/average.c:13:12 in average, inlined\n",
    "         at /source/average.c:20:12\n",
];

#[test]
fn lines_of_sources_are_told_where_a_variable_asks_for_them() {
    let scratch = ScratchFolder::new();
    scratch.file("average.wasm", AVERAGE);
    let run =
        |words: &str| shell(Path::new(&scratch.path("")), &format!("export GUSSET_CACHE_DIR=\"$PWD/cache\"; {words}"));
    let plain = "gusset run average.wasm --invoke 'run(0)'";
    // The first one leaves it in the cache without its sections for debuggers.
    for (words, lines) in
        [(plain.to_string(), 0), (format!("GUSSET_BACKTRACE=full {plain}"), 3), (plain.to_string(), 0)]
    {
        let ended = run(&words);
        assert_eq!(ended.code, Some(134), "{}", ended.stderr);
        ended.assert_says(&["integer divide by zero", "!run\n"]);
        let told = LINES.iter().filter(|line| ended.stderr.contains(**line)).count();
        assert_eq!(told, lines, "{words}: {}", ended.stderr);
    }
    for (compile, run_with, lines) in [("full", "full", 3), ("full", "", 0), ("", "full", 0)] {
        let words = format!(
            "GUSSET_BACKTRACE={compile} gusset compile average.wasm -o average.gusset && \
             GUSSET_BACKTRACE={run_with} gusset run --allow-precompiled average.gusset --invoke 'run(0)'"
        );
        let ended = run(&words);
        let told = LINES.iter().filter(|line| ended.stderr.contains(**line)).count();
        assert_eq!((ended.code, told), (Some(134), lines), "{words}: {}", ended.stderr);
    }
}
