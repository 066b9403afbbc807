//! The functions of `wasi:filesystem/types` on what is open.

use super::descriptor::{OpenDescriptor, Opened, opened, with, with_both, with_waiting};
use super::error_code::FilesystemError;
use super::records::{AdviceParam, DescriptorFlags, DescriptorStat, DescriptorType, MetadataHashValue, NewTimestamp};
use crate::error::{ErrorCode, WasiError, WasiResult};
use crate::fs::{Descriptor, RelativePath, SetTimes, file_offset};
use crate::p2::io::{FileSync, Sink};
use crate::p2::{InputStream, IoError, OutputStream, Waits, WasiCtxView};
use crate::wait::Interest;
use gusset::Resource;
use std::sync::Arc;

/// What is read at once at most, whatever a guest asks for.
const MOST: usize = 64 << 10;

pub(super) fn read_via_stream(
    view: &mut WasiCtxView<'_>,
    (descriptor, offset): (Resource<OpenDescriptor>, u64),
) -> WasiResult<Resource<InputStream>> {
    let opened = opened(view, &descriptor)?;
    let stream = match &opened.thing {
        Descriptor::Directory(_) => return Err(ErrorCode::IsDirectory.into()),
        Descriptor::File(file) => InputStream::file(file.clone(), file_offset(offset)?, opened.permit.clone()),
        // What has no positions is read from where it is.
        Descriptor::Stream(stream) => InputStream::new(stream.clone()),
        Descriptor::Listener(_) => return Err(ErrorCode::NotSupported.into()),
    };
    opened.check(DescriptorFlags::READ)?;
    Ok(view.table.push(stream)?)
}

pub(super) fn write_via_stream(
    view: &mut WasiCtxView<'_>,
    (descriptor, offset): (Resource<OpenDescriptor>, u64),
) -> WasiResult<Resource<OutputStream>> {
    let opened = opened(view, &descriptor)?;
    let stream = OutputStream::to(sink(&opened, false)?, file_offset(offset)?);
    Ok(view.table.push(stream)?)
}

pub(super) fn append_via_stream(
    view: &mut WasiCtxView<'_>,
    (descriptor,): (Resource<OpenDescriptor>,),
) -> WasiResult<Resource<OutputStream>> {
    let opened = opened(view, &descriptor)?;
    let stream = OutputStream::to(sink(&opened, true)?, 0);
    Ok(view.table.push(stream)?)
}

fn sink(opened: &Opened, append: bool) -> WasiResult<Sink> {
    opened.check(DescriptorFlags::WRITE)?;
    match &opened.thing {
        Descriptor::Directory(_) => Err(ErrorCode::BadDescriptor.into()),
        Descriptor::File(file) => {
            let sync = sync_of(opened.flags);
            Ok(Sink::File { file: file.clone(), append, sync, _permit: opened.permit.clone() })
        }
        Descriptor::Stream(stream) => Ok(Sink::Stream(stream.clone())),
        Descriptor::Listener(_) => Err(ErrorCode::NotSupported.into()),
    }
}

/// What is to be stored with each write.
fn sync_of(flags: DescriptorFlags) -> Option<FileSync> {
    let either = DescriptorFlags::DATA_INTEGRITY_SYNC | DescriptorFlags::REQUESTED_WRITE_SYNC;
    if flags.contains(DescriptorFlags::FILE_INTEGRITY_SYNC) {
        return Some(FileSync { data_only: false });
    }
    flags.intersects(either).then_some(FileSync { data_only: true })
}

pub(super) async fn advise<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (descriptor, offset, length, advice): (Resource<OpenDescriptor>, u64, u64, AdviceParam),
    waits: W,
) -> WasiResult<()> {
    let work = move |opened: &Opened| {
        let (offset, length) = (file_offset(offset)?, file_offset(length)?);
        opened.file(ErrorCode::InvalidSeek)?.advise(offset, length, advice.into());
        Ok(())
    };
    with(view, &descriptor, waits, work).await
}

pub(super) async fn sync_data<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (descriptor,): (Resource<OpenDescriptor>,),
    waits: W,
) -> WasiResult<()> {
    sync_to(view, &descriptor, true, waits).await
}

pub(super) async fn sync<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (descriptor,): (Resource<OpenDescriptor>,),
    waits: W,
) -> WasiResult<()> {
    sync_to(view, &descriptor, false, waits).await
}

async fn sync_to(
    view: &mut WasiCtxView<'_>,
    descriptor: &Resource<OpenDescriptor>,
    data_only: bool,
    waits: impl Waits,
) -> WasiResult<()> {
    let work = move |opened: &Opened| match &opened.thing {
        Descriptor::Directory(directory) => directory.sync(data_only),
        Descriptor::File(file) => file.sync(data_only),
        Descriptor::Stream(stream) => stream.flush(),
        Descriptor::Listener(_) => Err(ErrorCode::Invalid.into()),
    };
    with_waiting(view, descriptor, Interest::Write, waits, work).await
}

pub(super) fn get_flags(
    view: &mut WasiCtxView<'_>,
    (descriptor,): (Resource<OpenDescriptor>,),
) -> WasiResult<DescriptorFlags> {
    Ok(opened(view, &descriptor)?.flags)
}

pub(super) async fn get_type<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (descriptor,): (Resource<OpenDescriptor>,),
    waits: W,
) -> WasiResult<DescriptorType> {
    with(view, &descriptor, waits, |opened| Ok(opened.file_type()?.into())).await
}

pub(super) async fn set_size<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (descriptor, size): (Resource<OpenDescriptor>, u64),
    waits: W,
) -> WasiResult<()> {
    let work = move |opened: &Opened| opened.file(ErrorCode::Invalid)?.set_size(file_offset(size)?);
    with(view, &descriptor, waits, work).await
}

pub(super) async fn set_times<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (descriptor, accessed, modified): (Resource<OpenDescriptor>, NewTimestamp, NewTimestamp),
    waits: W,
) -> WasiResult<()> {
    let times = SetTimes { accessed: accessed.set_time()?, modified: modified.set_time()? };
    let work = move |opened: &Opened| match &opened.thing {
        Descriptor::Directory(directory) => directory.set_times(RelativePath::HERE, true, times),
        Descriptor::File(file) => file.set_times(times),
        Descriptor::Stream(_) | Descriptor::Listener(_) => Err(ErrorCode::Invalid.into()),
    };
    with(view, &descriptor, waits, work).await
}

pub(super) async fn read<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (descriptor, length, offset): (Resource<OpenDescriptor>, u64, u64),
    waits: W,
) -> WasiResult<(Vec<u8>, bool)> {
    let work = move |opened: &Opened| {
        let offset = file_offset(offset)?;
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(MOST).min(MOST)];
        let count = match &opened.thing {
            Descriptor::Directory(_) => return Err(ErrorCode::IsDirectory.into()),
            Descriptor::File(file) => file.read_at(&mut bytes, offset)?,
            Descriptor::Stream(stream) => stream.read_at(&mut bytes, offset)?,
            Descriptor::Listener(_) => return Err(ErrorCode::InvalidSeek.into()),
        };
        bytes.truncate(count);
        let is_end = bytes.is_empty();
        Ok((bytes, is_end))
    };
    with_waiting(view, &descriptor, Interest::Read, waits, work).await
}

pub(super) async fn write<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (descriptor, contents, offset): (Resource<OpenDescriptor>, Vec<u8>, u64),
    waits: W,
) -> WasiResult<u64> {
    let contents = Arc::new(contents);
    let work = move |opened: &Opened| {
        let offset = file_offset(offset)?;
        let count = match &opened.thing {
            Descriptor::Stream(stream) => stream.write_at(&contents, offset)?,
            _ => opened.file(ErrorCode::InvalidSeek)?.write_at(&contents, offset)?,
        };
        if let (Descriptor::File(file), Some(sync)) = (&opened.thing, sync_of(opened.flags)) {
            file.sync(sync.data_only)?;
        }
        Ok(count.min(contents.len()) as u64)
    };
    with_waiting(view, &descriptor, Interest::Write, waits, work).await
}

pub(super) async fn stat<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (descriptor,): (Resource<OpenDescriptor>,),
    waits: W,
) -> WasiResult<DescriptorStat> {
    with(view, &descriptor, waits, |opened| Ok(opened.metadata()?.into())).await
}

/// Nothing has a word for a failure here: what cannot be known is another.
pub(super) async fn is_same_object<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (one, other): (Resource<OpenDescriptor>, Resource<OpenDescriptor>),
    waits: W,
) -> WasiResult<(bool,)> {
    let work = |one: &Opened, other: &Opened| {
        let (one_is, other_is) = (one.metadata()?, other.metadata()?);
        let is_known = one_is.inode != 0;
        Ok(is_known && (one_is.device, one_is.inode) == (other_is.device, other_is.inode)
            || !is_known && is_same_thing(&one.thing, &other.thing))
    };
    match with_both(view, (&one, &other), waits, work).await {
        Err(WasiError::Code(_)) => Ok((false,)),
        outcome => Ok((outcome?,)),
    }
}

/// Of what has no inode.
fn is_same_thing(one: &Descriptor, other: &Descriptor) -> bool {
    match (one, other) {
        (Descriptor::Stream(one), Descriptor::Stream(other)) => Arc::ptr_eq(one, other),
        (Descriptor::File(one), Descriptor::File(other)) => Arc::ptr_eq(one, other),
        (Descriptor::Directory(one), Descriptor::Directory(other)) => Arc::ptr_eq(one, other),
        (Descriptor::Listener(one), Descriptor::Listener(other)) => Arc::ptr_eq(one, other),
        _ => false,
    }
}

pub(super) async fn metadata_hash<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (descriptor,): (Resource<OpenDescriptor>,),
    waits: W,
) -> WasiResult<MetadataHashValue> {
    let found = with(view, &descriptor, waits, Opened::metadata).await?;
    Ok(view.ctx.metadata_hasher()?.hash(found))
}

pub(super) fn filesystem_error_code(
    view: &mut WasiCtxView<'_>,
    (error,): (Resource<IoError>,),
) -> WasiResult<(Option<FilesystemError>,)> {
    Ok((FilesystemError::word_for(view.table.get(&error)?.code()),))
}
