//! What programs of wasmtime's tests expect that does not hold here, and why: each is run, and must fail.

use super::command_run::ProgramForm;

/// Names, forms (both, where there is none), and reasons.
const DIFFERENCES: &[(&str, Option<ProgramForm>, &str)] = &[
    ("p1_dir_fd_op_failures", None, DIRECTORY),
    ("p1_directory_seek", None, DIRECTORY),
    ("p1_fd_filestat_get", Some(ProgramForm::Module), "what the system knows of an inherited stream is told"),
    (
        "p1_fd_filestat_set",
        None,
        "of POSIX's two codes for a file that was not opened to be written it is told the plainer one: badf",
    ),
    ("p1_file_allocate", None, "a file can be made longer so"),
    ("p1_path_filestat", None, "files can be opened to be written with `sync`"),
    ("p1_path_link", None, "symbolic links are followed where that is asked for"),
    ("p1_path_symlink_trailing_slashes", None, "what is there already is told as Linux has it: exist"),
    ("p1_poll_oneoff_files", None, "what is wrong with one subscription is an event of its own"),
    ("p1_file_hardlink_across_perms", None, READ_ONLY),
    ("p1_file_rename_across_perms", None, READ_ONLY),
    ("p1_file_truncation_readonly", None, READ_ONLY),
    ("p2_file_hardlink_across_perms", None, READ_ONLY),
    ("p2_file_rename_across_perms", None, READ_ONLY),
    ("p2_file_truncation_readonly", None, READ_ONLY),
    (
        "p2_file_stream_not_permitted",
        None,
        "a file that was not opened to be written is told as POSIX has it: bad-descriptor",
    ),
    ("p2_cli_no_ip_name_lookup", None, "who may look up nothing is told so: access-denied"),
    ("p2_cli_stdout_epipe", None, "`gusset run` ends a program whose output nobody reads, as a shell ends native ones"),
    ("p2_http_outbound_request_invalid_version", None, "CONNECT is refused before anybody is asked"),
    ("p2_http_outbound_request_missing_path_and_query", None, "a request without a path is one for `/`"),
];

const DIRECTORY: &str = "a directory that is used as a file is told as POSIX has it: isdir";
const READ_ONLY: &str =
    "what changes a directory that is to be read only is told as 0.2 has it of `mutate-directory`: read-only";

/// Why a program does otherwise here, if it is known to.
pub(super) fn why_otherwise(name: &str, form: ProgramForm) -> Option<&'static str> {
    let is_it = |(listed, forms, _): &&(&str, Option<ProgramForm>, _)| {
        *listed == name && forms.is_none_or(|listed| listed == form)
    };
    DIFFERENCES.iter().find(is_it).map(|(.., why)| *why)
}

#[cfg(test)]
mod tests {
    use super::super::table;
    use super::*;

    #[test]
    fn all_are_programs_that_are_run() {
        for (name, ..) in DIFFERENCES {
            assert!(matches!(table::setting(name), Some(super::super::PeerSetting::Commands(_))), "{name}");
            let forms = [ProgramForm::Module, ProgramForm::Component];
            assert!(forms.iter().any(|form| why_otherwise(name, *form).is_some()), "{name}");
        }
        assert_eq!(why_otherwise("p1_stdio", ProgramForm::Module), None);
    }
}
