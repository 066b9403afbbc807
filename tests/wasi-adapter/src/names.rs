//! Names of functions, as short as people need them: the compiler's have types, hashes and the crate in them.

/// The parts of a mangled name that someone wrote, but for the crate's.
pub(crate) fn short(mangled: &str) -> String {
    let Some(mut rest) = mangled.strip_prefix("_R").or_else(|| mangled.strip_prefix("_ZN")) else {
        return mangled.to_owned();
    };
    let mut parts: Vec<&str> = Vec::new();
    while let Some(at) = rest.find(|of: char| of.is_ascii_digit()) {
        rest = &rest[at..];
        // What `s` and `B` introduce are numbers of other kinds, in letters as well.
        let digits = rest.len() - rest.trim_start_matches(|of: char| of.is_ascii_digit()).len();
        let (length, name) = rest.split_at(digits);
        let length: usize = length.parse().unwrap_or(0);
        let name = name.strip_prefix('_').unwrap_or(name);
        match name.get(..length) {
            Some(part) if length > 0 && part.starts_with(|of: char| of.is_ascii_lowercase()) => {
                if !is_hash(part) {
                    parts.push(part);
                }
                rest = &name[length..];
            }
            _ => rest = &rest[digits..],
        }
    }
    let from = parts.iter().position(|part| *part == "gusset_wasi_adapter").map_or(0, |at| at + 1);
    if parts.len() > from { parts[from..].join("::") } else { mangled.to_owned() }
}

/// Whether it is what ends a name of the older kind.
fn is_hash(part: &str) -> bool {
    part.len() == 17 && part.strip_prefix('h').is_some_and(|rest| rest.bytes().all(|of| of.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn what_was_written_is_left() {
        let mangled = "_RNvNtNtNtCsaKq2KvwHlUd_19gusset_wasi_adapter8preview12fd4file10write_stat";
        assert_eq!(short(mangled), "preview1::fd::file::write_stat");
        assert_eq!(short("_RNvNtCs3_19gusset_wasi_adapter5lists4take"), "lists::take");
        assert_eq!(short("_ZN19gusset_wasi_adapter5lists4take17h0123456789abcdefE"), "lists::take");
        assert_eq!(short("fd_write"), "fd_write");
    }
}
