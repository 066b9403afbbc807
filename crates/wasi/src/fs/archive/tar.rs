//! Reading a tar archive: ustar, GNU's long names, pax. The headers alone are looked at.

use super::bytes::{ArchiveBytes, ArchivePart};
use super::index::{ArchiveIndex, ArchiveItem, IndexBuilder};
use gusset::{Context, Result, bail, ensure, format_err};
use std::borrow::Cow;
use std::io::{Cursor, Read};
use std::time::Duration;
use tar::{Archive, Entry, EntryType};

/// What compressed archives start with.
const COMPRESSED: [(&[u8], &str); 4] =
    [(b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\xfd7zXZ\0", "xz"), (b"BZh", "bzip2")];

pub(super) fn read_tar(bytes: &ArchiveBytes) -> Result<ArchiveIndex> {
    let compression = COMPRESSED.iter().find(|(start, _)| bytes.as_slice().starts_with(start));
    if let Some((_, compression)) = compression {
        bail!("the archive is compressed ({compression}): it must be decompressed first");
    }
    let mut index = IndexBuilder::new();
    let mut archive = Archive::new(Cursor::new(bytes.as_slice()));
    let mut before = String::from("at its start");
    for entry in archive.entries_with_seek()? {
        let mut entry = entry.with_context(|| format!("the archive is damaged {before}"))?;
        let name = entry.path_bytes().into_owned();
        let name = std::str::from_utf8(&name).map_err(|_| {
            let name = String::from_utf8_lossy(&name);
            format_err!("the name of the entry {name:?} of the archive is not UTF-8")
        })?;
        add(&mut index, name, &mut entry, bytes).with_context(|| format!("the entry {name:?} of the archive"))?;
        before = format!("after the entry {name:?}");
    }
    Ok(index.finish())
}

fn add<R: Read>(index: &mut IndexBuilder, name: &str, entry: &mut Entry<'_, R>, bytes: &ArchiveBytes) -> Result<()> {
    let modified = Duration::from_secs(entry.header().mtime().context("its time is no number")?);
    if has_sparse_map(entry)? {
        bail!("it is sparse, which is not supported: its bytes are not in a row");
    }
    let link = entry.link_name_bytes().map(Cow::into_owned).unwrap_or_default();
    let link = || std::str::from_utf8(&link).map_err(|_| format_err!("what it links to is not UTF-8"));
    let item = match entry.header().entry_type() {
        // Archives from before there was a type of their own.
        EntryType::Regular if name.ends_with('/') => ArchiveItem::Directory,
        EntryType::Directory => ArchiveItem::Directory,
        EntryType::Regular | EntryType::Continuous => ArchiveItem::File(contents(entry, bytes)?),
        EntryType::Symlink => ArchiveItem::Link(link()?),
        EntryType::Link => ArchiveItem::Second(link()?),
        // For all that follows: nothing that is used here.
        EntryType::XGlobalHeader => return Ok(()),
        EntryType::Char | EntryType::Block => bail!("it is a device, which no archive can give a guest"),
        EntryType::Fifo => bail!("it is a named pipe, which no archive can give a guest"),
        other => bail!("what its type {:?} is, is not known", other.as_byte() as char),
    };
    index.add(name, item, modified)
}

/// Whether only parts of a file are in the archive, by GNU's type or by one of pax's three ways to say it.
fn has_sparse_map<R: Read>(entry: &mut Entry<'_, R>) -> Result<bool> {
    if entry.header().entry_type() == EntryType::GNUSparse {
        return Ok(true);
    }
    let Some(extensions) = entry.pax_extensions().context("its pax header is damaged")? else { return Ok(false) };
    for extension in extensions {
        let extension = extension.context("its pax header is damaged")?;
        if extension.key_bytes().starts_with(b"GNU.sparse.") {
            return Ok(true);
        }
    }
    Ok(false)
}

fn contents<R: Read>(entry: &Entry<'_, R>, bytes: &ArchiveBytes) -> Result<ArchivePart> {
    let (start, size, total) = (entry.raw_file_position(), entry.size(), bytes.as_slice().len() as u64);
    let end = start.checked_add(size).filter(|&end| end <= total);
    ensure!(end.is_some(), "it is cut off: {size} bytes from {start}, and the archive has {total}");
    Ok(ArchivePart { bytes: bytes.clone(), range: start as usize..(start + size) as usize })
}
