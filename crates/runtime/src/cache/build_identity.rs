//! Which build of this library runs. Builds of other sources have another hash of them (`SOURCES`), whatever this says; the file that the code
//! was loaded from tells also of what they were built with: dependencies that were changed in place, another compiler.

use crate::error::{Context, Result};
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::OnceLock;

/// How much of the file is hashed: its headers, and with them the identity that most linkers give a program.
const HEAD: u64 = 4096;

/// A hash that differs between builds: of the path, size and time of the file that this code was loaded from, and of its first bytes.
/// Reading all of it would take longer than most of what is cached.
///
/// # Errors
///
/// When the system does not tell which file that is, or it is not there any more.
pub(super) fn build_identity() -> Result<&'static [u8; 32]> {
    static IDENTITY: OnceLock<Result<[u8; 32]>> = OnceLock::new();
    let identity = IDENTITY.get_or_init(|| identity_of_file().context("cannot tell which build of Gusset this is"));
    identity.as_ref().map_err(|error| crate::error::format_err!("{error:#}"))
}

fn identity_of_file() -> Result<[u8; 32]> {
    let path = loaded_from()?;
    let mut file = File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let metadata = file.metadata()?;
    let mut head = Vec::new();
    file.by_ref().take(HEAD).read_to_end(&mut head)?;
    let mut hasher = blake3::Hasher::new();
    for part in [path.as_os_str().as_bytes(), &head] {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
    }
    for number in [metadata.size() as i64, metadata.mtime(), metadata.mtime_nsec()] {
        hasher.update(&number.to_le_bytes());
    }
    Ok(*hasher.finalize().as_bytes())
}

/// The file that holds this function: the program, or a library that it has loaded.
#[cfg(target_os = "linux")]
fn loaded_from() -> Result<PathBuf> {
    use crate::error::bail;

    let here = loaded_from as fn() -> Result<PathBuf> as usize as u64;
    let maps = std::fs::read("/proc/self/maps").context("cannot read /proc/self/maps")?;
    for line in maps.split(|byte| *byte == b'\n') {
        if let Some(path) = mapped_file(line, here) {
            return Ok(PathBuf::from(std::ffi::OsStr::from_bytes(path)));
        }
    }
    bail!("/proc/self/maps does not tell which file this code is of")
}

#[cfg(not(target_os = "linux"))]
fn loaded_from() -> Result<PathBuf> {
    Ok(std::env::current_exe()?)
}

/// The path of the file of which a line of `/proc/self/maps` says that it is mapped at `address`.
#[cfg(any(target_os = "linux", test))]
fn mapped_file(line: &[u8], address: u64) -> Option<&[u8]> {
    let range = line.split(|byte| *byte == b' ').next()?;
    let (start, end) = std::str::from_utf8(range).ok()?.split_once('-')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    if !(number(start)?..number(end)?).contains(&address) {
        return None;
    }
    // Nothing before the path has a slash.
    let path = line.iter().position(|byte| *byte == b'/')?;
    Some(&line[path..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_maps_names_the_file_at_an_address() {
        let line = b"7f00a000-7f00c000 r-xp 00002000 fe:01 1234                       /opt/with space/lib.so";
        assert_eq!(mapped_file(line, 0x7f00_a000), Some(&b"/opt/with space/lib.so"[..]));
        assert_eq!(mapped_file(line, 0x7f00_bfff), Some(&b"/opt/with space/lib.so"[..]));
        assert_eq!(mapped_file(line, 0x7f00_c000), None);
        assert_eq!(mapped_file(b"7f00a000-7f00c000 rw-p 00000000 00:00 0 ", 0x7f00_a000), None);
        assert_eq!(mapped_file(b"", 0), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_code_is_of_the_test_program() {
        let program = std::env::current_exe().expect("Linux tells");
        assert_eq!(loaded_from().expect("Linux tells"), program);
        assert_eq!(build_identity().expect("it can be read"), build_identity().expect("it can be read"));
    }
}
