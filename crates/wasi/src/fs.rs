//! Files as a guest sees them: what a [`Directory`] and a [`File`] can do, whoever implements them. A directory is asked for what
//! is below it by a [`RelativePath`]; it never gives out anything that is not, whatever the path and the symbolic links on it say.

mod archive;
mod device;
mod host;
mod lock;
mod memory;
mod metadata;
mod open;
mod overlay;
mod path;
mod read_only;
mod resolve;
mod shared;

pub use archive::{ArchiveBytes, ArchiveDirectory};
pub(crate) use device::DeviceNumbers;
pub use host::HostDirectory;
pub(crate) use host::metadata_of;
pub use memory::{MemoryDirectory, MemoryFileSystem, MemoryFileSystemBuilder};
pub use metadata::{DirectoryEntry, FileType, Metadata, SetTime, SetTimes};
pub use overlay::Overlay;
pub use path::RelativePath;
pub use read_only::ReadOnly;
pub use resolve::{FileTree, LastLink, LastPart, ResolvedPath, resolve};

use crate::error::{ErrorCode, WasiResult};
use crate::stream::{Listener, Stream};
use crate::wait::Pollable;
use std::any::Any;
use std::sync::Arc;

/// What a guest's descriptor stands for.
///
/// ```
/// use gusset_wasi::{Descriptor, Directory, MemoryFileSystem, OpenOptions, RelativePath};
/// let files = MemoryFileSystem::new();
/// files.write("notes.txt", "one\n")?;
/// let options = OpenOptions { read: true, ..OpenOptions::default() };
/// let Descriptor::File(file) = files.root().open(RelativePath::new("notes.txt")?, options)? else {
///     panic!("it is a file");
/// };
/// let mut bytes = [0; 8];
/// assert_eq!(file.read_at(&mut bytes, 1)?, 3);
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone)]
pub enum Descriptor {
    /// A directory.
    Directory(Arc<dyn Directory>),
    /// A file whose bytes have positions.
    File(Arc<dyn File>),
    /// Bytes without positions: a pipe, a device, a connection.
    Stream(Arc<dyn Stream>),
    /// A socket that takes connections.
    Listener(Arc<dyn Listener>),
}

impl Descriptor {
    pub(crate) fn directory(&self) -> WasiResult<&Arc<dyn Directory>> {
        match self {
            Descriptor::Directory(directory) => Ok(directory),
            _ => Err(ErrorCode::NotDirectory.into()),
        }
    }
}

/// How something is opened.
///
/// ```
/// use gusset_wasi::{Directory, ErrorCode, MemoryFileSystem, OpenOptions, RelativePath};
/// let (files, path) = (MemoryFileSystem::new(), RelativePath::new("new.txt")?);
/// let options = OpenOptions { write: true, create: true, exclusive: true, ..OpenOptions::default() };
/// files.root().open(path, options)?;
/// let again = files.root().open(path, options).err().expect("it is there now");
/// assert_eq!(again.code(), Some(ErrorCode::Exist));
/// # Ok::<(), gusset_wasi::WasiError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OpenOptions {
    /// Bytes will be read.
    pub read: bool,
    /// Bytes will be written.
    pub write: bool,
    /// Make a file where there is none.
    pub create: bool,
    /// It must be this call that makes the file: [`ErrorCode::Exist`] otherwise. Only with `create`.
    pub exclusive: bool,
    /// Take away what is in the file.
    pub truncate: bool,
    /// It must be a directory: [`ErrorCode::NotDirectory`] otherwise.
    pub directory: bool,
    /// Where the last part of the path is a symbolic link: open what it leads to. Otherwise that is [`ErrorCode::Loop`].
    pub follow: bool,
    /// Do not wait for whoever opens the other end of a pipe.
    pub nonblocking: bool,
}

/// The entries of a directory, without `.` and `..`.
///
/// ```
/// use gusset_wasi::{DirectoryEntries, DirectoryEntry, FileType};
/// fn files(names: &'static [&'static str]) -> DirectoryEntries {
///     Box::new(names.iter().zip(1..).map(|(name, inode)| {
///         Ok(DirectoryEntry { name: name.to_string(), inode, file_type: FileType::RegularFile })
///     }))
/// }
/// assert_eq!(files(&["one", "two"]).count(), 2);
/// ```
pub type DirectoryEntries = Box<dyn Iterator<Item = WasiResult<DirectoryEntry>> + Send>;

/// A directory of some file system.
///
/// All but [`open`](Directory::open), [`metadata`](Directory::metadata), [`entries`](Directory::entries) and `as_any` can be left as they stand:
/// the file system is read-only then. Whoever implements it sees that nothing outside is reached; [`RelativePath::parts`] helps, and [`resolve`]
/// where there are symbolic links.
/// Many guests may use one directory at the same time.
///
/// ```
/// # use gusset_wasi::{Descriptor, Directory, DirectoryEntries, DirectoryEntry, ErrorCode, File, FileType, Metadata};
/// # use gusset_wasi::{OpenOptions, Pollable, RelativePath, WasiConfig, WasiResult};
/// # use std::{any::Any, sync::Arc};
/// # struct Text(String);
/// # impl Pollable for Text {}
/// # impl File for Text {
/// #     fn metadata(&self) -> WasiResult<Metadata> {
/// #         Ok(Metadata::default())
/// #     }
/// #     fn read_at(&self, _: &mut [u8], _: u64) -> WasiResult<usize> {
/// #         Ok(0)
/// #     }
/// # }
/// /// The files `0` to `99`, each with the square of its name.
/// struct Squares;
///
/// fn file_at(path: RelativePath<'_>) -> WasiResult<Option<u64>> {
///     match path.parts().collect::<Vec<_>>()[..] {
///         [] => Ok(None), // the directory itself
///         ["..", ..] => Err(ErrorCode::NotPermitted.into()),
///         [name] => Ok(Some((0..100).find(|number| number.to_string() == name).ok_or(ErrorCode::NoEntry)?)),
///         _ => Err(ErrorCode::NoEntry.into()),
///     }
/// }
///
/// impl Directory for Squares {
///     fn open(&self, path: RelativePath<'_>, options: OpenOptions) -> WasiResult<Descriptor> {
///         options.check(self.metadata(path, true)?.file_type)?;
///         if options.changes() {
///             return Err(ErrorCode::ReadOnly.into());
///         }
///         Ok(match file_at(path)? {
///             None => Descriptor::Directory(Arc::new(Squares)),
///             Some(number) => Descriptor::File(Arc::new(Text((number * number).to_string()))), // the example of `File`
///         })
///     }
///
///     fn metadata(&self, path: RelativePath<'_>, _follow: bool) -> WasiResult<Metadata> {
///         Ok(match file_at(path)? {
///             None => Metadata { inode: 1, file_type: FileType::Directory, link_count: 1, ..Metadata::default() },
///             Some(number) => Metadata {
///                 inode: number + 2,
///                 file_type: FileType::RegularFile,
///                 link_count: 1,
///                 size: (number * number).to_string().len() as u64,
///                 ..Metadata::default()
///             },
///         })
///     }
///
///     fn entries(&self) -> WasiResult<DirectoryEntries> {
///         Ok(Box::new((0..100).map(|number| {
///             Ok(DirectoryEntry { name: number.to_string(), inode: number + 2, file_type: FileType::RegularFile })
///         })))
///     }
///
///     fn as_any(&self) -> &dyn Any {
///         self
///     }
/// }
///
/// let config = WasiConfig::builder().preopened_directory("/squares", Squares).build()?;
/// assert_eq!(Squares.metadata(RelativePath::new("12")?, true)?.size, 3);
/// # Ok::<(), gusset::Error>(())
/// ```
pub trait Directory: Send + Sync + 'static {
    /// Opens what is at a path.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::NoEntry`] where there is nothing, [`ErrorCode::NotPermitted`] for a path that leads out of the directory, and
    /// what else a system's `open` says.
    fn open(&self, path: RelativePath<'_>, options: OpenOptions) -> WasiResult<Descriptor>;

    /// What is known of what is at a path; `follow`: of what a symbolic link leads to. The path `.` is this directory.
    ///
    /// # Errors
    ///
    /// Those of opening.
    fn metadata(&self, path: RelativePath<'_>, follow: bool) -> WasiResult<Metadata>;

    /// What is in the directory, in an order that stays while it does not change.
    ///
    /// # Errors
    ///
    /// What a system's `opendir` says; the iterator has the errors of reading.
    fn entries(&self) -> WasiResult<DirectoryEntries>;

    /// What a symbolic link holds.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Invalid`], as it stands: it is none.
    fn read_link(&self, path: RelativePath<'_>) -> WasiResult<String> {
        self.metadata(path, false)?;
        Err(ErrorCode::Invalid.into())
    }

    /// Makes a directory.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::ReadOnly`], as it stands.
    fn create_directory(&self, path: RelativePath<'_>) -> WasiResult<()> {
        let _ = path;
        Err(ErrorCode::ReadOnly.into())
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::ReadOnly`], as it stands.
    fn remove_directory(&self, path: RelativePath<'_>) -> WasiResult<()> {
        let _ = path;
        Err(ErrorCode::ReadOnly.into())
    }

    /// Removes what is no directory.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::ReadOnly`], as it stands.
    fn unlink_file(&self, path: RelativePath<'_>) -> WasiResult<()> {
        let _ = path;
        Err(ErrorCode::ReadOnly.into())
    }

    /// Makes a symbolic link that holds `target`, which may be anything.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::ReadOnly`], as it stands.
    fn symlink(&self, target: &str, path: RelativePath<'_>) -> WasiResult<()> {
        let _ = (target, path);
        Err(ErrorCode::ReadOnly.into())
    }

    /// Moves something to a path below another directory, in place of what is there.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::CrossDevice`] where that directory is of another file system; [`ErrorCode::ReadOnly`], as it stands.
    fn rename(&self, from: RelativePath<'_>, directory: &dyn Directory, to: RelativePath<'_>) -> WasiResult<()> {
        let _ = (from, directory, to);
        Err(ErrorCode::ReadOnly.into())
    }

    /// Gives a file a second name, below another directory; `follow`: the file that a symbolic link leads to.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::CrossDevice`] where that directory is of another file system; [`ErrorCode::ReadOnly`], as it stands.
    fn link(
        &self,
        from: RelativePath<'_>,
        follow: bool,
        directory: &dyn Directory,
        to: RelativePath<'_>,
    ) -> WasiResult<()> {
        let _ = (from, follow, directory, to);
        Err(ErrorCode::ReadOnly.into())
    }

    /// Sets times; `follow`: of what a symbolic link leads to.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::ReadOnly`], as it stands.
    fn set_times(&self, path: RelativePath<'_>, follow: bool, times: SetTimes) -> WasiResult<()> {
        let _ = (path, follow, times);
        Err(ErrorCode::ReadOnly.into())
    }

    /// Sees to it that what was changed outlasts a crash; `data_only`: not its times and the like.
    ///
    /// # Errors
    ///
    /// What a system's `fsync` says.
    fn sync(&self, data_only: bool) -> WasiResult<()> {
        let _ = data_only;
        Ok(())
    }

    /// Itself, by which a file system knows its own directories in [`rename`](Directory::rename) and [`link`](Directory::link).
    fn as_any(&self) -> &dyn Any;
}

/// An open file whose bytes have positions. Whoever has it open keeps the position; many may have.
///
/// All but [`metadata`](File::metadata) and [`read_at`](File::read_at) can be left as they stand: the file cannot be changed then.
/// A file that makes its guest wait for bytes returns [`ErrorCode::WouldBlock`] and says so by [`Pollable`] too.
///
/// ```
/// use gusset_wasi::{File, FileType, Metadata, Pollable, WasiResult};
///
/// struct Text(String);
///
/// impl Pollable for Text {} // always ready
///
/// impl File for Text {
///     fn metadata(&self) -> WasiResult<Metadata> {
///         let size = self.0.len() as u64;
///         Ok(Metadata { inode: 1, file_type: FileType::RegularFile, link_count: 1, size, ..Metadata::default() })
///     }
///
///     fn read_at(&self, bytes: &mut [u8], offset: u64) -> WasiResult<usize> {
///         let offset = usize::try_from(offset).unwrap_or(usize::MAX);
///         let rest = self.0.as_bytes().get(offset..).unwrap_or_default();
///         let count = rest.len().min(bytes.len());
///         bytes[..count].copy_from_slice(&rest[..count]);
///         Ok(count)
///     }
/// }
///
/// let mut bytes = [0; 3];
/// assert_eq!(Text("144".into()).read_at(&mut bytes, 1)?, 2);
/// assert_eq!(Text("144".into()).read_at(&mut bytes, u64::MAX)?, 0);
/// # Ok::<(), gusset_wasi::WasiError>(())
/// ```
pub trait File: Pollable + 'static {
    /// What is known of it.
    ///
    /// # Errors
    ///
    /// What a system's `fstat` says.
    fn metadata(&self) -> WasiResult<Metadata>;

    /// Reads from an offset; how many bytes were read, 0 only at the end (or into no bytes).
    ///
    /// # Errors
    ///
    /// [`ErrorCode::BadDescriptor`] where it was not opened to be read.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> WasiResult<usize>;

    /// Writes at an offset, beyond the end too: what is between is zero then. How many bytes were written.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::BadDescriptor`], as it stands, and where it was not opened to be written.
    fn write_at(&self, bytes: &[u8], offset: u64) -> WasiResult<usize> {
        let _ = (bytes, offset);
        Err(ErrorCode::BadDescriptor.into())
    }

    /// Writes at the end, wherever that is, in one step; how many bytes were written, and where the end is now.
    ///
    /// # Errors
    ///
    /// Those of [`write_at`](File::write_at).
    fn append(&self, bytes: &[u8]) -> WasiResult<(usize, u64)> {
        let _ = bytes;
        Err(ErrorCode::BadDescriptor.into())
    }

    /// Sets its size; what is new is zero.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::BadDescriptor`], as it stands, and where it was not opened to be written.
    fn set_size(&self, size: u64) -> WasiResult<()> {
        let _ = size;
        Err(ErrorCode::BadDescriptor.into())
    }

    /// Sees to it that a range can be written later; the file grows where it ends before.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InsufficientSpace`], [`ErrorCode::Invalid`] for no bytes, and those of [`set_size`](File::set_size).
    fn allocate(&self, offset: u64, length: u64) -> WasiResult<()> {
        grow(self, offset, length)
    }

    /// Sets times.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::ReadOnly`], as it stands.
    fn set_times(&self, times: SetTimes) -> WasiResult<()> {
        let _ = times;
        Err(ErrorCode::ReadOnly.into())
    }

    /// Sees to it that what was written outlasts a crash; `data_only`: not its times and the like.
    ///
    /// # Errors
    ///
    /// What a system's `fsync` says.
    fn sync(&self, data_only: bool) -> WasiResult<()> {
        let _ = data_only;
        Ok(())
    }

    /// Is told how a range will be used. Nothing depends on it.
    fn advise(&self, offset: u64, length: u64, advice: Advice) {
        let _ = (offset, length, advice);
    }
}

/// Offsets are signed to those who have to go on from them; what does not fit is none.
pub(crate) fn file_offset(offset: u64) -> WasiResult<u64> {
    if i64::try_from(offset).is_ok() { Ok(offset) } else { Err(ErrorCode::Invalid.into()) }
}

/// What a symbolic link holds is no path yet: it may lead anywhere, or nowhere.
pub(crate) fn check_link_target(target: &str) -> WasiResult<()> {
    if target.is_empty() {
        return Err(ErrorCode::NoEntry.into());
    }
    if target.contains('\0') {
        return Err(ErrorCode::Invalid.into());
    }
    Ok(())
}

/// Lets a file grow to the end of a range.
fn grow(file: &(impl File + ?Sized), offset: u64, length: u64) -> WasiResult<()> {
    if length == 0 {
        return Err(ErrorCode::Invalid.into());
    }
    let end = offset.checked_add(length).ok_or(ErrorCode::FileTooLarge)?;
    if file.metadata()?.size < end {
        file.set_size(end)?;
    }
    Ok(())
}

/// How a range of a file will be used, as `posix_fadvise` has it.
///
/// ```
/// use gusset_wasi::Advice;
/// /// How many bytes a file of one's own fetches ahead of what is read.
/// fn read_ahead(advice: Advice) -> usize {
///     match advice {
///         Advice::Sequential | Advice::WillNeed => 1 << 20,
///         Advice::Normal => 64 << 10,
///         Advice::Random | Advice::DontNeed | Advice::NoReuse => 0,
///     }
/// }
/// assert!(read_ahead(Advice::Sequential) > read_ahead(Advice::Random));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[allow(missing_docs, reason = "POSIX explains its own words")]
pub enum Advice {
    Normal,
    Sequential,
    Random,
    WillNeed,
    DontNeed,
    NoReuse,
}
