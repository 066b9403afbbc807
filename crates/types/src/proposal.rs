//! What proposals for core modules are called, for people: the words in which an error says that one is not supported.

/// The parser's name for what a module needs, and ours.
const PROPOSALS: &[(&str, &str)] = &[
    ("SIMD", "SIMD (128-bit vectors)"),
    ("RELAXED_SIMD", "relaxed SIMD"),
    ("THREADS", "threads (shared memories and atomics)"),
    ("TAIL_CALL", "tail calls"),
    ("EXCEPTIONS", "exceptions"),
    ("MEMORY64", "memory64 (64-bit memories and tables)"),
    ("FUNCTION_REFERENCES", "typed function references"),
    ("GC", "GC (structs, arrays and i31)"),
    ("GC_TYPES", "GC (structs, arrays and i31)"),
    ("WIDE_ARITHMETIC", "wide arithmetic"),
    ("COMPACT_IMPORTS", "compact imports"),
    ("CUSTOM_PAGE_SIZES", "custom page sizes"),
    ("STACK_SWITCHING", "stack switching"),
    ("SHARED_EVERYTHING_THREADS", "shared-everything threads"),
    ("LEGACY_EXCEPTIONS", "legacy exceptions"),
];

/// The words for a proposal, by the parser's name for it. The parser's own messages say that something is not enabled, which sounds
/// as if it could be.
///
/// ```
/// assert_eq!(gusset_types::proposal_words("TAIL_CALL"), Some("tail calls"));
/// assert_eq!(gusset_types::proposal_words("MVP"), None);
/// ```
pub fn proposal_words(name: &str) -> Option<&'static str> {
    PROPOSALS.iter().find(|(known, _)| *known == name).map(|(_, words)| *words)
}
