//! Which programs of wasi-testsuite a component of WASI 0.2 cannot pass, and why: what is asked of it has no word there.

use std::path::Path;

/// Languages and programs, each with the reason.
const INEXPRESSIBLE: &[(&str, &str, &str)] =
    &[("assemblyscript", "proc_exit-failure", "0.2.0 has no exit codes but success and failure")];

/// Why a program does otherwise when it is a component, if it is known to.
pub(super) fn why_not_as_component(program: &Path) -> Option<&'static str> {
    let name = program.file_stem()?.to_str()?;
    let is_of = |language: &str| program.components().any(|part| part.as_os_str() == language);
    INEXPRESSIBLE.iter().find(|(language, listed, _)| *listed == name && is_of(language)).map(|(.., why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_known_by_language_and_name() {
        let path = |language: &str, name: &str| format!("x/{language}/testsuite/wasm32-wasip1/{name}.wasm");
        for (language, name, why) in INEXPRESSIBLE {
            assert_eq!(why_not_as_component(Path::new(&path(language, name))), Some(*why));
            assert_eq!(why_not_as_component(Path::new(&path("pascal", name))), None);
        }
        assert_eq!(why_not_as_component(Path::new(&path("rust", "proc_exit-failure"))), None);
    }
}
