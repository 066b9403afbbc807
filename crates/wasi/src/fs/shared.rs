//! A shared directory is a directory: wrappers take one that a host already has behind an [`Arc`].

use super::{Descriptor, Directory, DirectoryEntries, Metadata, OpenOptions, RelativePath, SetTimes};
use crate::error::WasiResult;
use std::any::Any;
use std::sync::Arc;

impl<D: Directory + ?Sized> Directory for Arc<D> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::{MemoryDirectory, MemoryFileSystem};

    #[test]
    fn what_is_shared_is_known_as_what_it_is() {
        let files = MemoryFileSystem::new();
        files.write("a", "text").unwrap();
        let [a, b] = ["a", "b"].map(|name| RelativePath::new(name).unwrap());
        let own: Arc<MemoryDirectory> = Arc::new(files.root());
        let any: Arc<dyn Directory> = own.clone();
        // Through as many pointers as there are.
        Directory::rename(&Arc::new(own), a, &Arc::new(any), b).unwrap();
        assert_eq!(files.read("b").unwrap(), b"text");
    }
}
