//! Versions in the names of interfaces, and which of them stand for one another. A name is compared letter by letter first;
//! this is for what has not been found so.

use std::cmp::Ordering;

/// The name of an interface with a version that others are compatible with, such as `wasi:io/streams@0.2.6`: what has the same
/// [`track`](CompatibleName::track) may stand for it, and of several the newest does.
///
/// Versions are compatible as the [canonical interface name] has it: from 1.0.0 on those of one major version, below those of
/// one minor version. Versions of 0.0 and pre-releases are compatible with nothing.
///
/// ```
/// use gusset_types::CompatibleName;
/// let name = CompatibleName::new("wasi:io/streams@0.2.6").expect("it has a version");
/// assert_eq!(name.track(), "wasi:io/streams@0.2");
/// assert!(name > CompatibleName::new("wasi:io/streams@0.2.1").expect("it has a version"));
/// assert!(CompatibleName::new("wasi:io/streams@0.0.3").is_none());
/// ```
///
/// [canonical interface name]: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#-canonical-interface-name
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CompatibleName<'a> {
    track: &'a str,
    /// What the track leaves open, and what only orders: `None` for a name that is its own track (`wasi:io/streams@0.2`).
    rest: Option<(u64, u64, &'a str)>,
}

impl<'a> CompatibleName<'a> {
    /// `name`, if it has a version that others are compatible with.
    pub fn new(name: &'a str) -> Option<CompatibleName<'a>> {
        let (interface, version) = name.rsplit_once('@')?;
        let (release, build) = match version.split_once('+') {
            Some((release, build)) if is_build(build) => (release, build),
            Some(_) => return None,
            None => (version, ""),
        };
        let mut parts = [0; 3];
        let mut count = 0;
        for part in release.split('.') {
            *parts.get_mut(count)? = number(part)?;
            count += 1;
        }
        let [major, minor, patch] = parts;
        // How many of the parts the track has.
        let fixed = match (major, minor) {
            (0, 0) => return None,
            (0, _) => 2,
            _ => 1,
        };
        let rest = match count {
            3 => Some((minor, patch, build)),
            _ if count == fixed && build.is_empty() => None,
            _ => return None,
        };
        let kept = release.split('.').take(fixed).map(|part| part.len() + 1).sum::<usize>();
        Some(CompatibleName { track: &name[..interface.len() + kept], rest })
    }

    /// What the names of all compatible versions begin with, which is a name itself: the canonical one.
    pub fn track(&self) -> &'a str {
        self.track
    }
}

/// By track, then by version; a name that leaves its version open comes before those that do not.
impl PartialOrd for CompatibleName<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for CompatibleName<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.track.cmp(other.track).then(self.rest.cmp(&other.rest))
    }
}

/// The one of `names` that stands for `name`, which is not among them: the newest of the compatible ones.
pub fn newest_compatible<'n>(names: impl Iterator<Item = &'n str>, name: &str) -> Option<&'n str> {
    let wanted = CompatibleName::new(name)?;
    let compatible = names.filter_map(|name| Some((CompatibleName::new(name)?, name)));
    let same = compatible.filter(|(found, _)| found.track == wanted.track);
    same.max_by_key(|(found, _)| *found).map(|(_, name)| name)
}

/// A number as semantic versions have it: without leading zeros.
fn number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    (digits && (text == "0" || !text.starts_with('0'))).then(|| text.parse().ok()).flatten()
}

/// Whether `text` is the build metadata of a version.
fn is_build(text: &str) -> bool {
    let identifier =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    text.split('.').all(identifier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracks_are_the_canonical_names() {
        let cases = [
            ("a:b/c@1.2.3", Some("a:b/c@1")),
            ("a:b/c@1.0.0", Some("a:b/c@1")),
            ("a:b/c@12.0.7+build.5", Some("a:b/c@12")),
            ("a:b/c@0.2.6", Some("a:b/c@0.2")),
            ("a:b/c@0.10.0", Some("a:b/c@0.10")),
            // Canonical names.
            ("a:b/c@1", Some("a:b/c@1")),
            ("a:b/c@0.2", Some("a:b/c@0.2")),
            // Compatible with nothing.
            ("a:b/c@0.0.1", None),
            ("a:b/c@0.0", None),
            ("a:b/c@0", None),
            ("a:b/c@1.2.3-rc.1", None),
            ("a:b/c@0.2.6-rc.1+b", None),
            // No versions.
            ("a:b/c", None),
            ("c", None),
            ("a:b/c@", None),
            ("a:b/c@1.2", None),
            ("a:b/c@1.2.3.4", None),
            ("a:b/c@01.2.3", None),
            ("a:b/c@1.2.x", None),
            ("a:b/c@1.2.+3", None),
            ("a:b/c@1.2.3+", None),
            ("a:b/c@1+b", None),
            ("a:b/c@99999999999999999999.0.0", None),
        ];
        for (name, track) in cases {
            assert_eq!(CompatibleName::new(name).map(|name| name.track()), track, "{name}");
        }
    }

    #[test]
    fn the_newest_compatible_name_stands_for_another() {
        let names =
            ["a:b/c@0.2.9", "a:b/c@0.2.10", "a:b/c@0.3.0", "a:b/c@1.9.0", "a:b/c@1.10.1-rc", "a:b/c@1", "a:b/d@0.2.11"];
        let cases = [
            ("a:b/c@0.2.0", Some("a:b/c@0.2.10")),
            ("a:b/c@0.2.77", Some("a:b/c@0.2.10")),
            ("a:b/c@0.2", Some("a:b/c@0.2.10")),
            ("a:b/c@0.4.0", None),
            ("a:b/c@1.0.0", Some("a:b/c@1.9.0")),
            ("a:b/c@2.0.0", None),
            ("a:b/c@0.2.0-rc", None),
            ("a:b/c", None),
        ];
        for (name, found) in cases {
            assert_eq!(newest_compatible(names.into_iter(), name), found, "{name}");
        }
    }
}
