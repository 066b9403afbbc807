//! `wasi:http`, called by the host through a component that exports what it imports, with servers and clients over loopback; and a service.

mod blocking;
mod bodies;
mod connections;
mod fields;
mod guest;
mod handlers;
mod hostile;
mod hostile_frames;
mod messages;
mod outgoing;
mod server;
mod service;
mod tls;
mod wire;
