//! `wasi:cli` but for the standard streams: environment, exit, terminals.

use super::interface;

interface! {
    "wasi:cli/environment@0.2.0" {
        /// A list of pairs of strings.
        "get-environment" => environment(results: u32);
        /// A list of strings.
        "get-arguments" => arguments(results: u32);
    }
}

interface! {
    "wasi:cli/exit@0.2.0" {
        /// Does not return; 0 is success and 1 is failure.
        "exit" => exit(status: u32);
    }
}

interface! {
    "wasi:cli/terminal-input@0.2.0" {
        "[resource-drop]terminal-input" => drop_terminal_input(terminal: u32);
    }
}

interface! {
    "wasi:cli/terminal-output@0.2.0" {
        "[resource-drop]terminal-output" => drop_terminal_output(terminal: u32);
    }
}

interface! {
    "wasi:cli/terminal-stdin@0.2.0" {
        /// 0, or 1 and a handle from 4 on.
        "get-terminal-stdin" => terminal_stdin(results: u32);
    }
}

interface! {
    "wasi:cli/terminal-stdout@0.2.0" {
        /// As for input.
        "get-terminal-stdout" => terminal_stdout(results: u32);
    }
}

interface! {
    "wasi:cli/terminal-stderr@0.2.0" {
        /// As for input.
        "get-terminal-stderr" => terminal_stderr(results: u32);
    }
}
