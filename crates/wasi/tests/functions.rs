//! Every function of preview1, and of preview0 where it is the same, called by a module through a real instance: a test of what
//! each means (`NAME_means`) and one of what it refuses (`NAME_refuses`), over files of the host's and in memory.

mod args;
mod arguments;
mod clocks;
mod descriptors;
mod embedding;
mod files;
pub(crate) mod guest;
mod listing;
mod paths;
mod polling;
mod preview0;
mod processes;
mod sockets;
mod top_of_memory;
mod transfer;

const SOURCES: [&str; 10] = [
    include_str!("functions/args.rs"),
    include_str!("functions/clocks.rs"),
    include_str!("functions/descriptors.rs"),
    include_str!("functions/files.rs"),
    include_str!("functions/listing.rs"),
    include_str!("functions/paths.rs"),
    include_str!("functions/polling.rs"),
    include_str!("functions/processes.rs"),
    include_str!("functions/sockets.rs"),
    include_str!("functions/transfer.rs"),
];

#[test]
fn each_function_is_tested() {
    let names = gusset_wasi::preview1::FUNCTIONS.iter().map(|function| function.name);
    let tests = names.flat_map(|name| ["means", "refuses"].map(|how| format!("fn {name}_{how}()")));
    let missing: Vec<_> = tests.filter(|test| !SOURCES.iter().any(|source| source.contains(test))).collect();
    assert_eq!(missing, [""; 0]);
}
