//! [`OpenDescriptor`] and [`EntryStream`]: what a guest has open.

use super::records::DescriptorFlags;
use crate::ctx::DescriptorPermit;
use crate::error::{ErrorCode, WasiResult};
use crate::fs::{Descriptor, Directory, DirectoryEntries, File, FileType, Metadata, RelativePath};
use crate::p2::{Waits, WasiCtxView};
use crate::wait::{Interest, Pollable};
use gusset::Resource;
use std::sync::{Arc, Mutex};

/// The resource `descriptor` of `wasi:filesystem/types`.
#[derive(Clone)]
pub(super) struct OpenDescriptor(Arc<Opened>);

/// What handles, streams and work that goes on share.
pub(super) struct Opened {
    pub(super) thing: Descriptor,
    pub(super) flags: DescriptorFlags,
    /// `None` of what the guest was given, which takes nothing.
    pub(super) permit: Option<Arc<DescriptorPermit>>,
}

/// The resource `directory-entry-stream`.
#[derive(Clone)]
pub(super) struct EntryStream {
    pub(super) entries: Arc<Mutex<ListedEntries>>,
    pub(super) _permit: Arc<DescriptorPermit>,
}

/// A type of its own, so that the compiler knows a future that holds it to be `Send`.
pub(super) struct ListedEntries(pub(super) DirectoryEntries);

impl OpenDescriptor {
    pub(super) fn new(thing: Descriptor, flags: DescriptorFlags, permit: Option<DescriptorPermit>) -> OpenDescriptor {
        OpenDescriptor(Arc::new(Opened { thing, flags, permit: permit.map(Arc::new) }))
    }
}

impl Opened {
    pub(super) fn directory(&self) -> WasiResult<&Arc<dyn Directory>> {
        self.thing.directory()
    }

    /// The file; what is told of what else has no positions.
    pub(super) fn file(&self, instead: ErrorCode) -> WasiResult<&Arc<dyn File>> {
        match &self.thing {
            Descriptor::File(file) => Ok(file),
            Descriptor::Directory(_) => Err(ErrorCode::BadDescriptor.into()),
            Descriptor::Stream(_) | Descriptor::Listener(_) => Err(instead.into()),
        }
    }

    /// Whether it was opened so.
    pub(super) fn check(&self, flag: DescriptorFlags) -> WasiResult<()> {
        if self.flags.contains(flag) { Ok(()) } else { Err(ErrorCode::BadDescriptor.into()) }
    }

    pub(super) fn file_type(&self) -> WasiResult<FileType> {
        Ok(match &self.thing {
            Descriptor::Directory(_) => FileType::Directory,
            Descriptor::File(file) => file.metadata()?.file_type,
            Descriptor::Stream(stream) => stream.file_type(),
            Descriptor::Listener(_) => FileType::SocketStream,
        })
    }

    pub(super) fn metadata(&self) -> WasiResult<Metadata> {
        match &self.thing {
            Descriptor::Directory(directory) => directory.metadata(RelativePath::HERE, true),
            Descriptor::File(file) => file.metadata(),
            Descriptor::Stream(stream) => stream.metadata(),
            Descriptor::Listener(_) => Ok(Metadata { file_type: FileType::SocketStream, ..Metadata::default() }),
        }
    }

    /// What is waited for; a directory never is.
    fn source(&self) -> Option<Arc<dyn Pollable>> {
        match &self.thing {
            Descriptor::Directory(_) => None,
            Descriptor::File(file) => Some(file.clone()),
            Descriptor::Stream(stream) => Some(stream.clone()),
            Descriptor::Listener(listener) => Some(listener.clone()),
        }
    }
}

/// What a handle stands for.
pub(super) fn opened(view: &WasiCtxView<'_>, handle: &Resource<OpenDescriptor>) -> WasiResult<Arc<Opened>> {
    Ok(view.table.get(handle)?.0.clone())
}

/// Does something with what is open, where that may take its time.
pub(super) async fn with<R: Send + 'static>(
    view: &mut WasiCtxView<'_>,
    handle: &Resource<OpenDescriptor>,
    waits: impl Waits,
    work: impl FnOnce(&Opened) -> WasiResult<R> + Send + 'static,
) -> WasiResult<R> {
    let opened = opened(view, handle)?;
    waits.work(move || work(&opened)).await?
}

/// The same with two.
pub(super) async fn with_both<R: Send + 'static>(
    view: &mut WasiCtxView<'_>,
    handles: (&Resource<OpenDescriptor>, &Resource<OpenDescriptor>),
    waits: impl Waits,
    work: impl FnOnce(&Opened, &Opened) -> WasiResult<R> + Send + 'static,
) -> WasiResult<R> {
    let (one, other) = (opened(view, handles.0)?, opened(view, handles.1)?);
    waits.work(move || work(&one, &other)).await?
}

/// Does it as often as it would have to wait.
pub(super) async fn with_waiting<R: Send + 'static>(
    view: &mut WasiCtxView<'_>,
    handle: &Resource<OpenDescriptor>,
    interest: Interest,
    waits: impl Waits,
    work: impl Fn(&Opened) -> WasiResult<R> + Clone + Send + 'static,
) -> WasiResult<R> {
    loop {
        let outcome = with(view, handle, waits, work.clone()).await;
        match (outcome, opened(view, handle)?.source()) {
            (Err(error), Some(source)) if error.would_block() => {
                waits.wait(view.ctx, vec![(source, interest)], None).await?;
            }
            (outcome, _) => return outcome,
        }
    }
}
