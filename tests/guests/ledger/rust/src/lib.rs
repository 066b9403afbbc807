//! Two components, which are built as examples: a package has one library only.
#![forbid(unsafe_code)]
