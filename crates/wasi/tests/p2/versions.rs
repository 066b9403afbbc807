//! Components import whatever version 0.2.x they were made with.

use super::guest::{P2Guest, component, linker};
use gusset_wasi::{Exit, WasiConfig};

#[test]
fn every_0_2_is_met() {
    for version in ["@0.2.0", "@0.2.3", "@0.2.12", "@0.2.99"] {
        let mut guest = P2Guest::of_version(&WasiConfig::builder().arg(version).build().unwrap(), version);
        let arguments: Vec<String> = guest.call(&format!("wasi:cli/environment{version}#get-arguments"), ());
        assert_eq!(arguments, [version]);
        let exit = guest.try_call(&format!("wasi:cli/exit{version}#exit-with-code"), (7_u8,));
        assert_eq!(Exit::of(exit).unwrap().code(), 7);
    }
}

#[test]
fn no_other_is() {
    for version in ["@0.1.0", "@0.3.0", "@1.0.0", "@0.2.0-rc.1"] {
        let Err(error) = linker().instantiate_pre(&component(version)) else { panic!("{version} is another") };
        assert!(error.to_string().contains(&format!("wasi:cli/environment{version}")), "{error}");
    }
}
