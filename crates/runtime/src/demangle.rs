//! [`demangled`]: the names that compilers gave to functions, as their sources have them. Names are a guest's: nothing here may panic, or
//! take more time, memory or stack than is said here.

/// A name as its source has it, or as it is where it is not mangled, or beyond what is said in this file.
#[cfg(not(feature = "demangle"))]
pub(crate) fn demangled(name: &str) -> std::borrow::Cow<'_, str> {
    std::borrow::Cow::Borrowed(name)
}

#[cfg(feature = "demangle")]
pub(crate) use mangled::demangled;

#[cfg(feature = "demangle")]
mod mangled {
    use crate::vm::stack_left;
    use cpp_demangle::{DemangleOptions, ParseOptions, Symbol};
    use std::borrow::Cow;
    use std::fmt::{self, Write};

    /// Longer names are shown as they are, in bytes.
    const MAX_MANGLED: usize = 4 << 10;

    /// So are those that would become longer: a few bytes can stand for very many.
    const MAX_DEMANGLED: usize = 16 << 10;

    /// How deep the parts of a C++ name may be nested.
    const MAX_NESTED_PARTS: u32 = 96;

    /// How much of the stack what is nested so deeply may take.
    const STACK_NEEDED: usize = 512 << 10;

    /// A name as its source has it, or as it is where it is not mangled, or beyond what is said in this file. Hashes at the end of Rust's
    /// names are left out.
    pub(crate) fn demangled(name: &str) -> Cow<'_, str> {
        let can_be = name.starts_with("_Z") || name.starts_with("_R");
        if !can_be || name.len() > MAX_MANGLED || stack_left().is_none_or(|left| left < STACK_NEEDED) {
            return Cow::Borrowed(name);
        }
        of_rust(name).or_else(|| of_cpp(name)).map_or(Cow::Borrowed(name), Cow::Owned)
    }

    fn of_rust(name: &str) -> Option<String> {
        let symbol = rustc_demangle::try_demangle(name).ok()?;
        let mut text = BoundedText::default();
        write!(text, "{symbol:#}").ok()?;
        Some(text.0)
    }

    fn of_cpp(name: &str) -> Option<String> {
        let options = ParseOptions::default().recursion_limit(MAX_NESTED_PARTS);
        let symbol = Symbol::new_with_options(name.as_bytes(), &options).ok()?;
        let mut text = BoundedText::default();
        let options = DemangleOptions::new().recursion_limit(MAX_NESTED_PARTS);
        symbol.structured_demangle(&mut text, &options).ok()?;
        Some(text.0)
    }

    /// A text that does not become longer than [`MAX_DEMANGLED`]: who writes more is told to stop.
    #[derive(Default)]
    struct BoundedText(String);

    impl Write for BoundedText {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            if self.0.len() + part.len() > MAX_DEMANGLED {
                return Err(fmt::Error);
            }
            self.0.push_str(part);
            Ok(())
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use std::time::{Duration, Instant};

        /// Names as compilers write them, each with what it stands for.
        const NAMES: [(&str, &str); 8] = [
            ("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad"),
            (
                "_ZN41_$LT$a..B$u20$as$u20$core..fmt..Debug$GT$3fmt17h0123456789abcdefE",
                "<a::B as core::fmt::Debug>::fmt",
            ),
            ("_RNvC6_123foo3bar", "123foo::bar"),
            ("_RNvMCs1234_4listNtB2_4List3get", "<list::List>::get"),
            ("_Z3addii", "add(int, int)"),
            ("_ZN5shape6Square4areaEv", "shape::Square::area()"),
            ("_ZNSt6vectorIiSaIiEE9push_backERKi", "std::vector<int, std::allocator<int> >::push_back(int const&)"),
            ("_ZN1AC2Ev", "A::A()"),
        ];

        #[test]
        fn names_of_rust_and_cpp_are_as_in_their_sources() {
            for (mangled, source) in NAMES {
                assert_eq!(demangled(mangled), source, "{mangled}");
            }
            for plain in ["", "main", "_", "_Z", "_R", "_start", "_ZN", "std::sort(int*, int*)", "größe", "_Zé"] {
                assert_eq!(demangled(plain), plain);
            }
        }

        #[test]
        fn what_is_hostile_is_shown_as_it_is() {
            let nested = format!("_Z1f{}i", "P".repeat(3_000));
            let templates = format!("_Z1fI{}", "1aI".repeat(1_000));
            // Each substitution stands for two of the one before.
            let pairs: String = (0..30).map(|at| format!("1pIS{0}_S{0}_E", base_36(at))).collect();
            let doubling = format!("_Z1f1pIiiE{pairs}");
            let long = format!("_Z{}{}", MAX_MANGLED, "a".repeat(MAX_MANGLED));
            let rust = format!("_RNvC1a{}", "B_".repeat(1_000));
            let tuples = format!("_RINvC1a1b{}E", "T".repeat(2_000));
            for name in [nested, templates, long, rust, tuples] {
                assert_eq!(demangled(&name), name, "{}", &name[..40]);
            }
            let start = Instant::now();
            assert!(demangled(&doubling).len() <= MAX_DEMANGLED);
            assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
        }

        fn base_36(number: usize) -> String {
            let digit = |digit: usize| char::from_digit(digit as u32, 36).expect("it is one").to_ascii_uppercase();
            if number < 36 {
                digit(number).to_string()
            } else {
                format!("{}{}", digit(number / 36), digit(number % 36))
            }
        }

        /// Names that are nearly right, or put together of what can be in one.
        #[test]
        fn no_name_panics_or_takes_long() {
            const PARTS: [&str; 40] = [
                "N",
                "E",
                "I",
                "S_",
                "S0_",
                "T_",
                "T0_",
                "St",
                "P",
                "R",
                "K",
                "F",
                "D",
                "J",
                "X",
                "L",
                "Z",
                "C1",
                "D0",
                "i",
                "v",
                "1a",
                "3foo",
                "B_",
                "B0_",
                "M",
                "Y",
                "17h0123456789abcdef",
                "..",
                "$LT$",
                "Dp",
                "sr",
                "cv",
                "Ul",
                "Ut_",
                "_",
                "Nv",
                "C",
                "H",
                "W",
            ];
            let mut state = 0x9e37_79b9_7f4a_7c15_u64;
            let mut random = |below: usize| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state % below as u64) as usize
            };
            let mut longest = Duration::ZERO;
            for round in 0..8_000 {
                let mut name = NAMES[random(NAMES.len())].0.to_string();
                if round % 2 == 0 {
                    name.truncate(2);
                    (0..random(120)).for_each(|_| name.push_str(PARTS[random(PARTS.len())]));
                } else {
                    for _ in 0..=random(4) {
                        let at = random(name.len());
                        name.replace_range(at..at + random(name.len() - at).min(3), PARTS[random(PARTS.len())]);
                    }
                }
                let start = Instant::now();
                assert!(demangled(&name).len() <= MAX_DEMANGLED.max(name.len()));
                longest = longest.max(start.elapsed());
            }
            assert!(longest < Duration::from_secs(1), "{longest:?}");
        }
    }
}
