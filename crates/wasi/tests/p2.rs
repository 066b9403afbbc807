//! WASI 0.2, called by the host through a component that exports what it imports: in a thread that waits, and in a runtime.

/// Whether the guests of these modules wait in a runtime.
const IN_RUNTIME: bool = false;

mod channel;
mod clocks;
mod directories;
mod files;
mod filesystem;
mod generated;
mod guest;
#[cfg(feature = "async")]
mod in_runtime;
mod programs;
mod random;
mod sockets;
mod streams;
mod versions;

const SOURCES: [&str; 14] = [
    include_str!("p2/clocks.rs"),
    include_str!("p2/directories.rs"),
    include_str!("p2/files.rs"),
    include_str!("p2/filesystem.rs"),
    include_str!("p2/guest.rs"),
    include_str!("p2/programs.rs"),
    include_str!("p2/random.rs"),
    include_str!("p2/sockets.rs"),
    include_str!("p2/sockets/lookup.rs"),
    include_str!("p2/sockets/tcp.rs"),
    include_str!("p2/sockets/tcp_options.rs"),
    include_str!("p2/sockets/tcp_states.rs"),
    include_str!("p2/sockets/udp.rs"),
    include_str!("p2/streams.rs"),
];

#[test]
fn each_function_is_called() {
    let exports = guest::IMPORTS.split("(export \"").skip(1).filter_map(|rest| rest.split_once("\" (func"));
    let names: Vec<_> =
        exports.map(|(name, _)| name.rsplit('.').next().unwrap()).filter(|name| !name.contains('"')).collect();
    assert!(names.len() > 60, "{}", names.len());
    let sources = SOURCES.concat();
    // Three functions of one kind are called by a name that is put together.
    let called = |name: &str| sources.contains(name) || name.starts_with("get-terminal-");
    let missing: Vec<_> = names.into_iter().filter(|name| !called(name)).collect();
    assert_eq!(missing, [""; 0]);
}
