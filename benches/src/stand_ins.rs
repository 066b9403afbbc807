//! What stands in for the host that a guest has been made for.

/// Defines what interpreters ask for when they start, in the versions that componentize-py and componentize-js want. Both engines'
/// linkers look alike.
#[macro_export]
macro_rules! stand_ins {
    ($linker:ident) => {
        for version in ["0.2.9", "0.2.12"] {
            let mut environment = $linker.instance(&format!("wasi:cli/environment@{version}"))?;
            environment.func_wrap("get-environment", |_, (): ()| Ok((Vec::<(String, String)>::new(),)))?;
            environment.func_wrap("get-arguments", |_, (): ()| Ok((Vec::<String>::new(),)))?;
            environment.func_wrap("initial-cwd", |_, (): ()| Ok((None::<String>,)))?;
            let mut clock = $linker.instance(&format!("wasi:clocks/monotonic-clock@{version}"))?;
            clock.func_wrap("now", |_, (): ()| Ok((1_u64,)))?;
            let mut random = $linker.instance(&format!("wasi:random/random@{version}"))?;
            random.func_wrap("get-random-bytes", |_, (count,): (u64,)| Ok((vec![4_u8; count as usize],)))?;
            random.func_wrap("get-random-u64", |_, (): ()| Ok((4_u64,)))?;
        }
    };
}
