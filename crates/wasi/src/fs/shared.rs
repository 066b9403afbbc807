//! A shared directory is a directory: wrappers take one that a host already has behind an [`Arc`].

use super::{Descriptor, Directory, DirectoryEntries, Metadata, OpenOptions, RelativePath, SetTimes};
use crate::error::WasiResult;
use std::any::Any;
use std::sync::Arc;

impl Directory for Arc<dyn Directory> {
    fn open(&self, path: RelativePath<'_>, options: OpenOptions) -> WasiResult<Descriptor> {
        (**self).open(path, options)
    }

    fn metadata(&self, path: RelativePath<'_>, follow: bool) -> WasiResult<Metadata> {
        (**self).metadata(path, follow)
    }

    fn entries(&self) -> WasiResult<DirectoryEntries> {
        (**self).entries()
    }

    fn read_link(&self, path: RelativePath<'_>) -> WasiResult<String> {
        (**self).read_link(path)
    }

    fn create_directory(&self, path: RelativePath<'_>) -> WasiResult<()> {
        (**self).create_directory(path)
    }

    fn remove_directory(&self, path: RelativePath<'_>) -> WasiResult<()> {
        (**self).remove_directory(path)
    }

    fn unlink_file(&self, path: RelativePath<'_>) -> WasiResult<()> {
        (**self).unlink_file(path)
    }

    fn symlink(&self, target: &str, path: RelativePath<'_>) -> WasiResult<()> {
        (**self).symlink(target, path)
    }

    fn rename(&self, from: RelativePath<'_>, directory: &dyn Directory, to: RelativePath<'_>) -> WasiResult<()> {
        (**self).rename(from, directory, to)
    }

    fn link(
        &self,
        from: RelativePath<'_>,
        follow: bool,
        directory: &dyn Directory,
        to: RelativePath<'_>,
    ) -> WasiResult<()> {
        (**self).link(from, follow, directory, to)
    }

    fn set_times(&self, path: RelativePath<'_>, follow: bool, times: SetTimes) -> WasiResult<()> {
        (**self).set_times(path, follow, times)
    }

    fn sync(&self, data_only: bool) -> WasiResult<()> {
        (**self).sync(data_only)
    }

    /// Of the directory that is shared.
    fn as_any(&self) -> &dyn Any {
        (**self).as_any()
    }
}
