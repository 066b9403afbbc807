//! `wasi:filesystem/types`: the table of its functions, which stand in [`files`] and [`names`].

use super::descriptor::{EntryStream, OpenDescriptor};
use super::error_code::FilesystemError;
use super::{files, names};
use crate::p2::interface;

interface! { "wasi:filesystem/types@0.2.12" {
    resource "descriptor": OpenDescriptor;
    function "[method]descriptor.read-via-stream": files::read_via_stream, FilesystemError::of;
    function "[method]descriptor.write-via-stream": files::write_via_stream, FilesystemError::of;
    function "[method]descriptor.append-via-stream": files::append_via_stream, FilesystemError::of;
    waits "[method]descriptor.advise": files::advise, FilesystemError::of;
    waits "[method]descriptor.sync-data": files::sync_data, FilesystemError::of;
    function "[method]descriptor.get-flags": files::get_flags, FilesystemError::of;
    waits "[method]descriptor.get-type": files::get_type, FilesystemError::of;
    waits "[method]descriptor.set-size": files::set_size, FilesystemError::of;
    waits "[method]descriptor.set-times": files::set_times, FilesystemError::of;
    waits "[method]descriptor.read": files::read, FilesystemError::of;
    waits "[method]descriptor.write": files::write, FilesystemError::of;
    waits "[method]descriptor.read-directory": names::read_directory, FilesystemError::of;
    waits "[method]descriptor.sync": files::sync, FilesystemError::of;
    waits "[method]descriptor.create-directory-at": names::create_directory, FilesystemError::of;
    waits "[method]descriptor.stat": files::stat, FilesystemError::of;
    waits "[method]descriptor.stat-at": names::stat, FilesystemError::of;
    waits "[method]descriptor.set-times-at": names::set_times, FilesystemError::of;
    waits "[method]descriptor.link-at": names::link, FilesystemError::of;
    waits "[method]descriptor.open-at": names::open, FilesystemError::of;
    waits "[method]descriptor.readlink-at": names::read_link, FilesystemError::of;
    waits "[method]descriptor.remove-directory-at": names::remove_directory, FilesystemError::of;
    waits "[method]descriptor.rename-at": names::rename, FilesystemError::of;
    waits "[method]descriptor.symlink-at": names::symlink, FilesystemError::of;
    waits "[method]descriptor.unlink-file-at": names::unlink_file, FilesystemError::of;
    waits "[method]descriptor.is-same-object": files::is_same_object;
    waits "[method]descriptor.metadata-hash": files::metadata_hash, FilesystemError::of;
    waits "[method]descriptor.metadata-hash-at": names::metadata_hash, FilesystemError::of;
    resource "directory-entry-stream": EntryStream;
    waits "[method]directory-entry-stream.read-directory-entry": names::read_directory_entry, FilesystemError::of;
    function "filesystem-error-code": files::filesystem_error_code;
} }
