//! What a guest must not reach by a directory that it was given, whatever it names and whatever else happens meanwhile.

mod operations;
mod outside;
mod paths;
mod race;
