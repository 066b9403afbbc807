//! The functions of `wasi:filesystem/types` on what is in a directory.

use super::descriptor::{EntryStream, ListedEntries, OpenDescriptor, Opened, opened, with, with_both};
use super::records::{
    DescriptorFlags, DescriptorStat, MetadataHashValue, NamedEntry, NewTimestamp, OpenAtFlags, PathFlags,
};
use crate::error::{ErrorCode, WasiResult};
use crate::fs::{Descriptor, OpenOptions, RelativePath, SetTimes, check_link_target};
use crate::p2::{Waits, WasiCtxView};
use gusset::Resource;
use std::sync::{Arc, Mutex, PoisonError};

pub(super) async fn read_directory<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (descriptor,): (Resource<OpenDescriptor>,),
    waits: W,
) -> WasiResult<Resource<EntryStream>> {
    let permit = Arc::new(view.ctx.descriptor_permit()?);
    let work = |opened: &Opened| opened.directory()?.entries().map(ListedEntries);
    let entries = with(view, &descriptor, waits, work).await?;
    Ok(view.table.push(EntryStream { entries: Arc::new(Mutex::new(entries)), _permit: permit })?)
}

pub(super) async fn read_directory_entry<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (stream,): (Resource<EntryStream>,),
    waits: W,
) -> WasiResult<Option<NamedEntry>> {
    let entries = view.table.get(&stream)?.entries.clone();
    let next = waits.work(move || entries.lock().unwrap_or_else(PoisonError::into_inner).0.next()).await?;
    Ok(next.transpose()?.map(NamedEntry::from))
}

pub(super) async fn create_directory<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (descriptor, path): (Resource<OpenDescriptor>, String),
    waits: W,
) -> WasiResult<()> {
    let work = move |opened: &Opened| opened.directory()?.create_directory(RelativePath::new(&path)?);
    with(view, &descriptor, waits, work).await
}

pub(super) async fn stat<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (descriptor, flags, path): (Resource<OpenDescriptor>, PathFlags, String),
    waits: W,
) -> WasiResult<DescriptorStat> {
    let work =
        move |opened: &Opened| Ok(opened.directory()?.metadata(RelativePath::new(&path)?, flags.follow())?.into());
    with(view, &descriptor, waits, work).await
}

pub(super) async fn set_times<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (descriptor, flags, path, accessed, modified): (
        Resource<OpenDescriptor>,
        PathFlags,
        String,
        NewTimestamp,
        NewTimestamp,
    ),
    waits: W,
) -> WasiResult<()> {
    let times = SetTimes { accessed: accessed.set_time()?, modified: modified.set_time()? };
    let work = move |opened: &Opened| opened.directory()?.set_times(RelativePath::new(&path)?, flags.follow(), times);
    with(view, &descriptor, waits, work).await
}

pub(super) async fn link<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (old, flags, old_path, new, new_path): (
        Resource<OpenDescriptor>,
        PathFlags,
        String,
        Resource<OpenDescriptor>,
        String,
    ),
    waits: W,
) -> WasiResult<()> {
    let work = move |old: &Opened, new: &Opened| {
        let (from, to) = (old.directory()?, new.directory()?);
        from.link(RelativePath::new(&old_path)?, flags.follow(), &**to, RelativePath::new(&new_path)?)
    };
    with_both(view, (&old, &new), waits, work).await
}

pub(super) async fn open<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (descriptor, path_flags, path, how, flags): (
        Resource<OpenDescriptor>,
        PathFlags,
        String,
        OpenAtFlags,
        DescriptorFlags,
    ),
    waits: W,
) -> WasiResult<Resource<OpenDescriptor>> {
    let options = open_options(path_flags, how, flags)?;
    // Nothing is made that the guest may not have.
    opened(view, &descriptor)?.directory()?;
    let permit = view.ctx.descriptor_permit()?;
    let work = move |opened: &Opened| opened.directory()?.open(RelativePath::new(&path)?, options);
    let thing = with(view, &descriptor, waits, work).await?;
    let flags = match &thing {
        // The directory itself cannot be written.
        Descriptor::Directory(_) if options.write => return Err(ErrorCode::IsDirectory.into()),
        // Libraries ask for a directory to read it, and change what is in it all the same.
        Descriptor::Directory(_) => flags | DescriptorFlags::MUTATE_DIRECTORY,
        _ => flags - DescriptorFlags::MUTATE_DIRECTORY,
    };
    let read = if options.read { DescriptorFlags::READ } else { DescriptorFlags::empty() };
    Ok(view.table.push(OpenDescriptor::new(thing, flags | read, Some(permit)))?)
}

/// How something is opened; what is neither to be read nor written is to be read.
fn open_options(path_flags: PathFlags, how: OpenAtFlags, flags: DescriptorFlags) -> WasiResult<OpenOptions> {
    let (create, truncate) = (how.contains(OpenAtFlags::CREATE), how.contains(OpenAtFlags::TRUNCATE));
    let directory = how.contains(OpenAtFlags::DIRECTORY);
    if directory && (create || truncate) {
        return Err(ErrorCode::Invalid.into());
    }
    let write = flags.contains(DescriptorFlags::WRITE);
    Ok(OpenOptions {
        read: flags.contains(DescriptorFlags::READ) || !write,
        write: write || truncate,
        create,
        exclusive: create && how.contains(OpenAtFlags::EXCLUSIVE),
        truncate,
        directory,
        follow: path_flags.follow(),
        nonblocking: false,
    })
}

pub(super) async fn read_link<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (descriptor, path): (Resource<OpenDescriptor>, String),
    waits: W,
) -> WasiResult<String> {
    let work = move |opened: &Opened| opened.directory()?.read_link(RelativePath::new(&path)?);
    with(view, &descriptor, waits, work).await
}

pub(super) async fn remove_directory<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (descriptor, path): (Resource<OpenDescriptor>, String),
    waits: W,
) -> WasiResult<()> {
    let work = move |opened: &Opened| opened.directory()?.remove_directory(RelativePath::new(&path)?);
    with(view, &descriptor, waits, work).await
}

pub(super) async fn rename<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (old, old_path, new, new_path): (Resource<OpenDescriptor>, String, Resource<OpenDescriptor>, String),
    waits: W,
) -> WasiResult<()> {
    let work = move |old: &Opened, new: &Opened| {
        let (from, to) = (old.directory()?, new.directory()?);
        from.rename(RelativePath::new(&old_path)?, &**to, RelativePath::new(&new_path)?)
    };
    with_both(view, (&old, &new), waits, work).await
}

pub(super) async fn symlink<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (descriptor, target, path): (Resource<OpenDescriptor>, String, String),
    waits: W,
) -> WasiResult<()> {
    let work = move |opened: &Opened| {
        check_link_target(&target)?;
        opened.directory()?.symlink(&target, RelativePath::new(&path)?)
    };
    with(view, &descriptor, waits, work).await
}

pub(super) async fn unlink_file<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (descriptor, path): (Resource<OpenDescriptor>, String),
    waits: W,
) -> WasiResult<()> {
    let work = move |opened: &Opened| opened.directory()?.unlink_file(RelativePath::new(&path)?);
    with(view, &descriptor, waits, work).await
}

pub(super) async fn metadata_hash<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (descriptor, flags, path): (Resource<OpenDescriptor>, PathFlags, String),
    waits: W,
) -> WasiResult<MetadataHashValue> {
    let work = move |opened: &Opened| opened.directory()?.metadata(RelativePath::new(&path)?, flags.follow());
    let found = with(view, &descriptor, waits, work).await?;
    Ok(view.ctx.metadata_hasher()?.hash(found))
}
