//! Paths that lead out, when nothing else happens.

use super::operations::OPERATIONS;
use super::outside::Outside;
use crate::folder::{CREATE, READ, TestFolder, path, refused, subdirectory};
use gusset_wasi::{Directory, ErrorCode, HostDirectory, OpenOptions, RelativePath};
use std::fs;
use std::path::Path;

/// Links that lead out, and to what.
const TRAPS: &[(&str, &str)] = &[
    ("out", "../outside"),
    ("up", ".."),
    ("a/b/up", "../../.."),
    ("chain", "a/../out"),
    ("to-secret", "../outside/secret"),
    ("to-secret-by-link", "out/directory/secret"),
    ("to-new", "../outside/new"),
    ("root", "/"),
    ("magic", "/proc/self/cwd"),
];

/// A folder with all of them, and `absolute`.
fn trapped() -> (TestFolder, Outside) {
    let folder = TestFolder::new();
    let outside = Outside::lay_out(&folder);
    folder.make_directory("a/b");
    set_traps(&folder);
    (folder, outside)
}

/// Makes again what operations made of them and of what these work with.
fn set_traps(folder: &TestFolder) {
    let remove = |name| fs::remove_file(folder.at(name)).or_else(|_| fs::remove_dir(folder.at(name)));
    let absolute = folder.outside("outside");
    let traps = TRAPS.iter().map(|&(name, target)| (name, Path::new(target)));
    for (name, target) in traps.chain([("absolute", &*absolute)]) {
        if fs::read_link(folder.at(name)).ok().as_deref() != Some(target) {
            let _ = remove(name);
            folder.symlink(target, name);
        }
    }
    let _ = remove("spare");
    folder.write("file", "");
    folder.make_directory("empty");
}

#[test]
fn nothing_that_leads_out_is_done() {
    let (folder, outside) = trapped();
    let paths = [
        "..",
        "../",
        "../.",
        "../..",
        "../outside/secret",
        "../outside/new",
        "../inside",
        "../inside/file",
        "./../outside/secret",
        "a/../../outside/secret",
        "a/b/../../../outside/new",
        "a/..//..",
        "empty/../../inside/file",
        "out/secret",
        "out/new",
        "out/directory/secret",
        "out/.",
        "out/..",
        "absolute/secret",
        "absolute/.",
        "up/outside/secret",
        "up/inside/file",
        "up/.",
        "a/b/up/outside/secret",
        "chain/secret",
        "root/etc/passwd",
        "root/.",
        "magic/Cargo.toml",
    ];
    for name in paths {
        for operation in OPERATIONS {
            let refusal = operation.refusal(&folder.inside, name);
            assert_eq!(refusal, Some(ErrorCode::NotPermitted), "{}: {name}", operation.name);
            outside.is_untouched(|| format!("{}: {name}", operation.name));
        }
    }
    outside.check();
}

#[test]
fn no_link_that_leads_out_is_followed_at_the_end_of_a_path() {
    let (folder, outside) = trapped();
    for name in TRAPS.iter().map(|&(name, _)| name).chain(["absolute"]) {
        for operation in OPERATIONS {
            let what = || format!("{}: {name}", operation.name);
            let refusal = operation.refusal(&folder.inside, name);
            if operation.follows {
                assert_eq!(refusal, Some(ErrorCode::NotPermitted), "{}", what());
            }
            outside.is_untouched(what);
            set_traps(&folder);
            // A slash after it asks to follow it, or makes no sense.
            let refusal = operation.refusal(&folder.inside, &format!("{name}/"));
            assert!(refusal.is_some(), "{}, with a slash", what());
            outside.is_untouched(what);
            set_traps(&folder);
        }
    }
    outside.check();
}

#[test]
fn a_directory_inside_is_a_whole_world() {
    let (folder, outside) = trapped();
    let below = subdirectory(&folder.inside, "a").unwrap();
    for name in ["..", "../file", "b/../../file", "b/up/inside/file"] {
        for operation in OPERATIONS {
            let refusal = operation.refusal(&*below, name);
            assert_eq!(refusal, Some(ErrorCode::NotPermitted), "{}: {name}", operation.name);
        }
    }
    assert_eq!(fs::read(folder.at("file")).unwrap(), b"");
    outside.check();
}

#[test]
fn paths_that_cannot_be_are_not_asked_for() {
    assert_eq!(RelativePath::new("/etc/passwd").unwrap_err(), ErrorCode::NotPermitted);
    assert_eq!(RelativePath::new("/").unwrap_err(), ErrorCode::NotPermitted);
    assert_eq!(RelativePath::new("//..").unwrap_err(), ErrorCode::NotPermitted);
    assert_eq!(RelativePath::new("a\0/../..").unwrap_err(), ErrorCode::Invalid);
    assert_eq!(RelativePath::new(&"a/".repeat(2500)).unwrap_err(), ErrorCode::NameTooLong);
    assert_eq!(RelativePath::new(&"a".repeat(5000)).unwrap_err(), ErrorCode::NameTooLong);
    // As long as may be, and out.
    let (folder, outside) = trapped();
    let ways = [format!("{}../file", "./".repeat(2040)), "../".repeat(1300), format!("{}out/new", "a/../".repeat(800))];
    for way in ways {
        for operation in OPERATIONS {
            assert_eq!(operation.refusal(&folder.inside, &way), Some(ErrorCode::NotPermitted), "{}", operation.name);
        }
    }
    outside.check();
}

#[test]
fn magic_links_are_not_followed() {
    let process = HostDirectory::open("/proc/self").unwrap();
    let file = fs::File::open("/dev/null").unwrap();
    let number = std::os::fd::AsRawFd::as_raw_fd(&file);
    let paths =
        ["exe", "cwd/Cargo.toml", "root/etc/passwd", "root/", &format!("fd/{number}"), "task/../root/etc/passwd"];
    for name in paths {
        for operation in OPERATIONS.iter().filter(|operation| operation.follows && operation.name != "list") {
            let refusal = operation.refusal(&process, name);
            // Without `openat2` they are links to an absolute path like others.
            assert!(
                matches!(refusal, Some(ErrorCode::Loop | ErrorCode::NotPermitted | ErrorCode::IsDirectory)),
                "{}: {name}: {refusal:?}",
                operation.name
            );
        }
        assert!(refused(process.read_link(path(name))) != ErrorCode::Io, "{name}");
    }
    // What leads to them does so from inside.
    let all = HostDirectory::open("/proc").unwrap();
    assert!(matches!(refused(all.open(path("self/root/etc/passwd"), READ)), ErrorCode::Loop | ErrorCode::NotPermitted));
    assert!(all.open(path("self/status"), READ).is_ok());
}

#[test]
fn a_second_name_of_a_file_outside_can_only_be_the_hosts() {
    let (folder, outside) = trapped();
    for from in ["../outside/secret", "out/secret", "to-secret"] {
        assert_eq!(refused(folder.inside.link(path(from), true, &folder.inside, path("x"))), ErrorCode::NotPermitted);
    }
    // The link itself gets one, which leads out as before.
    folder.inside.link(path("to-secret"), false, &folder.inside, path("second")).unwrap();
    assert_eq!(refused(folder.inside.open(path("second"), READ)), ErrorCode::NotPermitted);
    outside.check();
}

#[test]
fn links_that_a_guest_makes_lead_nowhere_else() {
    let (folder, outside) = trapped();
    for (number, target) in ["../outside", "../outside/secret", "..", "a/../../outside"].into_iter().enumerate() {
        let name = format!("made-{number}");
        folder.inside.symlink(target, path(&name)).unwrap();
        for options in [READ, CREATE, OpenOptions { directory: true, ..READ }] {
            assert_eq!(refused(folder.inside.open(path(&name), options)), ErrorCode::NotPermitted, "{target}");
        }
    }
    for target in ["/", "/etc/passwd", "//", folder.outside("outside").to_str().unwrap()] {
        assert_eq!(refused(folder.inside.symlink(target, path("absolutely"))), ErrorCode::NotPermitted);
    }
    // A link that is moved up leads out.
    folder.inside.symlink("../file", path("a/fine")).unwrap();
    assert!(folder.inside.open(path("a/fine"), READ).is_ok());
    folder.inside.rename(path("a/fine"), &folder.inside, path("moved")).unwrap();
    assert_eq!(refused(folder.inside.open(path("moved"), READ)), ErrorCode::NotPermitted);
    outside.check();
}
