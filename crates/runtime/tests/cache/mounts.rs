//! Directories on file systems from which nothing may be executed, or to which nothing can be written: what is there is used.

use super::{SharedDirectory, answer, compiled_answer, module_text};
use crate::artifacts::deserialize_module_file;
use gusset::{Cache, CacheConfig, CacheStats, Config, Engine};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Tells a process of this test which directory is mounted so, and thereby what it is.
const DIRECTORY_VARIABLE: &str = "GUSSET_TEST_MOUNTED_DIRECTORY";

fn cache_in(directory: &Path) -> Cache {
    Cache::new(CacheConfig::new().with_directory(directory.join("cache"))).expect("a directory is given")
}

/// What a process does where the directory is mounted: it asks for what is there, and for what is not.
#[test]
fn a_process_uses_what_is_there() {
    // In an ordinary run of all tests this is none of these processes.
    let Some(directory) = std::env::var_os(DIRECTORY_VARIABLE).map(PathBuf::from) else { return };
    let cache = cache_in(&directory);
    let engine = Engine::new(Config::new().cache(Some(cache.clone()))).expect("the settings are supported");
    assert_eq!(compiled_answer(&engine, 1), 1);
    let CacheStats { hits, misses, damaged, problems, .. } = cache.stats();
    assert_eq!((hits, misses, damaged, problems), (1, 0, 0, 0), "{:?}", cache.last_problem());
    assert_eq!(compiled_answer(&engine, 2), 2);
    assert_eq!(cache.stats().misses, 1);
    let module = deserialize_module_file(&engine, &directory.join("module.gusset")).expect("it can be loaded");
    assert_eq!(answer(&engine, &module), 3);
}

/// Runs the process where a directory that holds an entry and an artefact is mounted with these options.
fn mounted(options: &str) {
    if std::env::var_os(DIRECTORY_VARIABLE).is_some() {
        return;
    }
    let mount = |directory: &str| {
        let mount = format!("mount --bind {directory} {directory} && mount -o remount,bind,{options} {directory}");
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c", &format!("{mount} && exec \"$@\"")]).stdin(Stdio::null());
        command
    };
    let scratch = SharedDirectory::new();
    let directory = scratch.0.path().to_str().expect("it is text");
    let can_mount = mount(directory).args(["sh", "true"]).output();
    if !can_mount.is_ok_and(|output| output.status.success()) {
        println!("not run: nothing can be mounted here");
        return;
    }
    let cache = cache_in(scratch.0.path());
    let engine = Engine::new(Config::new().cache(Some(cache))).expect("the settings are supported");
    assert_eq!(compiled_answer(&engine, 1), 1);
    let artifact = engine.precompile_module(module_text(3)).expect("it is valid");
    std::fs::write(scratch.0.path().join("module.gusset"), artifact).expect("it can be written");

    let program = std::env::current_exe().expect("the system tells");
    let mut command = mount(directory);
    command.arg("sh").arg(program).args(["--exact", "cache::mounts::a_process_uses_what_is_there", "--nocapture"]);
    let output = command.env(DIRECTORY_VARIABLE, directory).output().expect("it starts");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn what_may_not_be_executed_there_is_copied() {
    mounted("noexec");
}

#[test]
fn what_cannot_be_written_there_is_read() {
    mounted("ro");
}
