//! [`HostDirectory`](gusset_wasi::HostDirectory): what each method means, and each of its refusals. What leads outside is `hostile`'s.

mod files;
mod listing;
mod metadata;
mod names;
mod opening;
mod special;
