//! All tests of the oracle, in one program.

mod hostile;
mod memories;
mod oracle;
mod programs;
mod trap_codes;
mod waiting_programs;
mod wasi_calls;
