//! `gusset serve`, as clients see it. What the service does whose text is `serve/service.wat` is said by the first letter of a path.

mod answers;
mod clients;
mod files;
mod limits;
mod logs;
mod reply;
mod server;
mod stopping;
