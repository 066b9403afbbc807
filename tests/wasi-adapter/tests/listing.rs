//! Directories that are listed while others are, and change meanwhile.

use crate::command::BothWays;
use crate::guest;

/// Each directory is removed as it is listed, in the middle of the listings of those above it. Where an adapter goes on in one listing at a time
/// and passes over as many entries of others as it has told, it misses some of those that are left: with the adapter of
/// wasi-preview1-component-adapter-provider 48.0.8 this program prints `cannot remove the folder`.
#[test]
fn a_tree_is_removed_as_it_is_listed() {
    let program = BothWays::new(&guest("tree"));
    for ran in [program.as_module(&[]), program.as_component(&[])] {
        let said = [&ran.stdout, &ran.stderr].map(|said| String::from_utf8_lossy(said).into_owned());
        assert_eq!((ran.end, said), (Ok(0), ["12603 removed\n".to_owned(), String::new()]));
        assert!(ran.files.list(".").unwrap().is_empty());
    }
}
