//! Names of interfaces as people give them: without what goes without saying. Whoever takes one has looked for the very name, and
//! for compatible versions, before, and takes it only where it can mean one thing.

use crate::interface_version::CompatibleName;

/// Whether somebody who writes `given` can mean the interface `name`: by its short name, without namespace and package, without
/// its version, or by a compatible one.
///
/// ```
/// use gusset_types::may_mean;
/// for given in ["docs:text/parse@0.2.1", "docs:text/parse@0.2.7", "docs:text/parse", "parse", "parse@0.2"] {
///     assert!(may_mean(given, "docs:text/parse@0.2.1"));
/// }
/// for given in ["docs:text/parse@0.3.0", "docs:other/parse", "text/parse", "pars"] {
///     assert!(!may_mean(given, "docs:text/parse@0.2.1"));
/// }
/// ```
pub fn may_mean(given: &str, name: &str) -> bool {
    let (given_parts, name_parts) = (interface_parts(given), interface_parts(name));
    let same_interface = [name_parts.interface, name_parts.short].contains(&given_parts.interface);
    let same_version = match (given_parts.version, name_parts.version) {
        (Some(given_version), Some(version)) => {
            given_version == version || track(given).is_some_and(|given| track(name) == Some(given))
        }
        _ => true,
    };
    same_interface && same_version
}

/// The name of an interface, taken apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InterfaceParts<'a> {
    /// Without the version: `docs:text/parse`.
    pub interface: &'a str,
    /// Without namespace and package, too: `parse`.
    pub short: &'a str,
    /// The version, if there is one.
    pub version: Option<&'a str>,
}

/// Takes the name of an interface, or any other, apart.
pub fn interface_parts(name: &str) -> InterfaceParts<'_> {
    let (interface, version) = match name.rsplit_once('@') {
        Some((interface, version)) => (interface, Some(version)),
        None => (name, None),
    };
    let short = interface.rsplit_once('/').map_or(interface, |(_, short)| short);
    InterfaceParts { interface, short, version }
}

/// The part of a name's version that compatible ones share.
fn track(name: &str) -> Option<&str> {
    interface_parts(CompatibleName::new(name)?.track()).version
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_goes_without_saying_and_what_is_said_counts() {
        let cases = [
            ("parse", "parse", true),
            ("parse", "docs:text/parse", true),
            ("docs:text/parse@1.0.0", "docs:text/parse", true),
            ("docs:text/parse@1.0.0", "docs:text/parse@1.9.3", true),
            ("docs:text/parse@1", "docs:text/parse@1.9.3", true),
            ("parse@1.0.0", "docs:text/parse@1.9.3", true),
            ("docs:text/parse@0.0.1", "docs:text/parse@0.0.1", true),
            ("docs:text/parse@0.0.1", "docs:text/parse@0.0.2", false),
            ("docs:text/parse@1.0.0-rc", "docs:text/parse@1.0.0", false),
            ("docs:text/parse@2.0.0", "docs:text/parse@1.0.0", false),
            ("docs:text/parse", "parse", false),
            ("text/parse", "docs:text/parse", false),
            ("docs:text", "docs:text/parse", false),
            ("", "docs:text/parse", false),
        ];
        for (given, name, means) in cases {
            assert_eq!(may_mean(given, name), means, "{given} for {name}");
        }
    }
}
