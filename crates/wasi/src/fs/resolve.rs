//! The way through a tree that has symbolic links in it, as POSIX has it: one walk for all file systems that are not the host's. It
//! never leaves the directory at which it starts.

use super::metadata::FileType;
use super::path::{MAX_NAME, RelativePath};
use crate::error::{ErrorCode, WasiResult};
use std::borrow::Cow;

/// How many symbolic links may be on a way, as on Linux.
pub(super) const MAX_LINKS: usize = 40;

/// A tree of directories, files and symbolic links, for [`resolve`]: what a file system of a host's own says to have its paths walked.
///
/// ```
/// use gusset_wasi::{FileTree, FileType, LastLink, RelativePath, WasiResult, resolve};
/// /// Numbered nodes: (name, parent, what a link holds). Node 0 is the root.
/// struct Nodes(Vec<(&'static str, usize, Option<&'static str>)>);
/// impl FileTree for Nodes {
///     type Node = usize;
///     fn child(&self, directory: &usize, name: &str) -> WasiResult<Option<usize>> {
///         Ok((1..self.0.len()).find(|&at| self.0[at].0 == name && self.0[at].1 == *directory))
///     }
///     fn file_type(&self, node: &usize) -> FileType {
///         if self.0[*node].2.is_some() { FileType::SymbolicLink } else { FileType::Directory }
///     }
///     fn link_target(&self, node: &usize) -> WasiResult<String> {
///         Ok(self.0[*node].2.unwrap_or_default().to_owned())
///     }
/// }
/// let nodes = Nodes(vec![("", 0, None), ("a", 0, None), ("link", 1, Some("../b")), ("b", 0, None)]);
/// let found = resolve(&nodes, &0, RelativePath::new("a/link")?, LastLink::Follow)?;
/// assert_eq!(found.node, Some(3));
/// # Ok::<(), gusset_wasi::WasiError>(())
/// ```
pub trait FileTree {
    /// Something in the tree. Cheap to clone.
    type Node: Clone;

    /// What a directory has under a name, which is neither `.` nor `..`.
    ///
    /// # Errors
    ///
    /// What reading the directory fails with; that there is no such entry is none.
    fn child(&self, directory: &Self::Node, name: &str) -> WasiResult<Option<Self::Node>>;

    /// What it is.
    fn file_type(&self, node: &Self::Node) -> FileType;

    /// What a symbolic link holds.
    ///
    /// # Errors
    ///
    /// What reading it fails with.
    fn link_target(&self, link: &Self::Node) -> WasiResult<String>;
}

/// What becomes of a symbolic link at the end of a path. Those on the way are always followed.
///
/// What a directory of one's own does by [`resolve`] (see [`FileTree`]) takes one of these each:
///
/// ```
/// use gusset_wasi::LastLink;
/// let of_metadata = |follow: bool| if follow { LastLink::Follow } else { LastLink::Keep };
/// let of_unlink_file = LastLink::Entry;
/// assert_ne!(of_metadata(false), of_unlink_file);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LastLink {
    /// It is followed.
    Follow,
    /// It is not, unless a `/` stands behind it.
    Keep,
    /// It never is, and what is there may be no directory although a `/` stands behind it: for what makes, moves or removes names.
    Entry,
}

/// Where a path leads.
///
/// ```
/// use gusset_wasi::{ErrorCode, LastPart, ResolvedPath, WasiResult};
/// /// In which directory, and under which name, something is to be made.
/// fn place<'a, N>(found: ResolvedPath<'a, N>) -> WasiResult<(N, String)> {
///     match (found.node, found.last) {
///         (None, LastPart::Name(name)) => Ok((found.parent, name.into_owned())),
///         _ => Err(ErrorCode::Exist.into()),
///     }
/// }
/// let found = ResolvedPath { node: None, parent: 1, last: LastPart::Name("new".into()), slash: false };
/// assert_eq!(place(found)?, (1, "new".to_owned()));
/// # Ok::<(), gusset_wasi::WasiError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResolvedPath<'a, N> {
    /// What is there.
    pub node: Option<N>,
    /// The directory in which that stands, or would stand; where the path has no last name, the node itself.
    pub parent: N,
    /// Under which name.
    pub last: LastPart<'a>,
    /// Whether a `/` stood behind the name: it can only be a directory.
    pub slash: bool,
}

/// The last part of a path. [`ResolvedPath`] has an example.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LastPart<'a> {
    /// A name, which a symbolic link may have brought in.
    Name(Cow<'a, str>),
    /// `.`
    Here,
    /// `..`
    Up,
}

/// Walks a path from a directory, which `start` is. What is at its end need not exist. [`FileTree`] has an example.
///
/// # Errors
///
/// [`ErrorCode::NotPermitted`] where `..` or an absolute link would lead out of `start`, [`ErrorCode::NoEntry`] and
/// [`ErrorCode::NotDirectory`] for what is on the way, [`ErrorCode::Loop`] for more than 40 links, [`ErrorCode::NameTooLong`] for a name out
/// of a link, and what the tree fails with.
pub fn resolve<'a, T: FileTree>(
    tree: &T,
    start: &T::Node,
    path: RelativePath<'a>,
    last_link: LastLink,
) -> WasiResult<ResolvedPath<'a, T::Node>> {
    walk(tree, start, path, last_link, false)
}

/// Where a path leads at which a file is to be made, if nothing is there: [`ErrorCode::IsDirectory`] where only a directory can be.
pub(super) fn resolve_to_make<'a, T: FileTree>(
    tree: &T,
    start: &T::Node,
    path: RelativePath<'a>,
    last_link: LastLink,
) -> WasiResult<ResolvedPath<'a, T::Node>> {
    walk(tree, start, path, last_link, true)
}

fn walk<'a, T: FileTree>(
    tree: &T,
    start: &T::Node,
    path: RelativePath<'a>,
    last_link: LastLink,
    makes_file: bool,
) -> WasiResult<ResolvedPath<'a, T::Node>> {
    let mut rest = Cow::Borrowed(path.as_str());
    let mut at = 0;
    let mut links = 0;
    let mut directory = start.clone();
    // What `..` leads to: how one came here, not what moved where in the meantime.
    let mut above = Vec::new();
    let mut last = LastPart::Here;
    loop {
        at += rest[at..].len() - rest[at..].trim_start_matches('/').len();
        if at == rest.len() {
            if makes_file {
                return Err(ErrorCode::IsDirectory.into());
            }
            return Ok(ResolvedPath { node: Some(directory.clone()), parent: directory, last, slash: true });
        }
        let from = at;
        at = rest[from..].find('/').map_or(rest.len(), |length| from + length);
        let name = &rest[from..at];
        match name {
            "." => {
                last = LastPart::Here;
                continue;
            }
            ".." => {
                directory = above.pop().ok_or(ErrorCode::NotPermitted)?;
                last = LastPart::Up;
                continue;
            }
            name if name.len() > MAX_NAME => return Err(ErrorCode::NameTooLong.into()),
            _ => (),
        }
        let slash = at < rest.len();
        let is_last = rest[at..].bytes().all(|byte| byte == b'/');
        if makes_file && is_last && slash {
            return Err(ErrorCode::IsDirectory.into());
        }
        let node = tree.child(&directory, name)?;
        let file_type = node.as_ref().map(|node| tree.file_type(node));
        let followed = !is_last || last_link == LastLink::Follow || (slash && last_link == LastLink::Keep);
        match (node, file_type) {
            (Some(link), Some(FileType::SymbolicLink)) if followed => {
                links += 1;
                rest = Cow::Owned(after_link(tree.link_target(&link)?, &rest[at..], links)?);
                at = 0;
            }
            (node, file_type) if is_last => {
                let wrong = file_type.is_some_and(|ty| ty != FileType::Directory);
                if slash && wrong && last_link != LastLink::Entry {
                    return Err(ErrorCode::NotDirectory.into());
                }
                let last = LastPart::Name(part_of(&rest, from, at));
                return Ok(ResolvedPath { node, parent: directory, last, slash });
            }
            (Some(node), Some(FileType::Directory)) => above.push(std::mem::replace(&mut directory, node)),
            (Some(_), _) => return Err(ErrorCode::NotDirectory.into()),
            (None, _) => return Err(ErrorCode::NoEntry.into()),
        }
    }
}

/// What a symbolic link that a guest makes may hold. One that says an absolute path would lead elsewhere than it says.
pub(super) fn check_link_target(target: &str) -> WasiResult<()> {
    match target {
        "" => Err(ErrorCode::NoEntry.into()),
        _ if target.starts_with('/') => Err(ErrorCode::NotPermitted.into()),
        _ if target.len() >= RelativePath::MAX_PATH => Err(ErrorCode::NameTooLong.into()),
        _ => Ok(()),
    }
}

/// The path that is left behind a link.
fn after_link(mut target: String, rest: &str, links: usize) -> WasiResult<String> {
    match target.chars().next() {
        _ if links > MAX_LINKS => Err(ErrorCode::Loop.into()),
        None => Err(ErrorCode::NoEntry.into()),
        Some('/') => Err(ErrorCode::NotPermitted.into()),
        Some(_) => {
            target.push_str(rest);
            Ok(target)
        }
    }
}

fn part_of<'a>(text: &Cow<'a, str>, from: usize, to: usize) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[from..to]),
        Cow::Owned(text) => Cow::Owned(text[from..to].to_owned()),
    }
}

impl LastPart<'_> {
    /// The name.
    ///
    /// # Errors
    ///
    /// `otherwise`, where it has none.
    pub fn name_or(&self, otherwise: ErrorCode) -> WasiResult<&str> {
        match self {
            LastPart::Name(name) => Ok(name),
            LastPart::Here | LastPart::Up => Err(otherwise.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A path is its own node; links are those of this list, files end in `.txt`, and what is `gone` is not there.
    struct Paths;

    impl FileTree for Paths {
        type Node = String;

        fn child(&self, directory: &String, name: &str) -> WasiResult<Option<String>> {
            Ok((name != "gone").then(|| format!("{directory}/{name}")))
        }

        fn file_type(&self, node: &String) -> FileType {
            match self.link_target(node) {
                Ok(_) => FileType::SymbolicLink,
                Err(_) if node.ends_with(".txt") => FileType::RegularFile,
                Err(_) => FileType::Directory,
            }
        }

        fn link_target(&self, link: &String) -> WasiResult<String> {
            Ok(match link.rsplit('/').next() {
                Some("up") => "..".to_owned(),
                Some("out") => "../..".to_owned(),
                Some("loop") => "loop".to_owned(),
                Some("empty") => String::new(),
                Some("absolute") => "/etc".to_owned(),
                Some("dangling") => "b/gone".to_owned(),
                Some("file") => "b/x.txt".to_owned(),
                Some("long") => "n".repeat(256),
                Some("slash") => "b/".to_owned(),
                _ => return Err(ErrorCode::Invalid.into()),
            })
        }
    }

    fn walk(path: &str, last_link: LastLink) -> Result<String, ErrorCode> {
        let path = RelativePath::new(path)?;
        let found = resolve(&Paths, &String::new(), path, last_link).map_err(|error| error.code().expect("a code"))?;
        Ok(match (found.node, found.last) {
            (Some(node), _) => node,
            (None, LastPart::Name(name)) => format!("{}+{name}", found.parent),
            (None, last) => panic!("{last:?} without a node"),
        })
    }

    #[track_caller]
    fn check(path: &str, last_link: LastLink, expected: Result<&str, ErrorCode>) {
        assert_eq!(walk(path, last_link), expected.map(str::to_owned), "{path} {last_link:?}");
    }

    #[test]
    fn dots_and_slashes() {
        for last_link in [LastLink::Follow, LastLink::Keep, LastLink::Entry] {
            check(".", last_link, Ok(""));
            check("a/./b//c", last_link, Ok("/a/b/c"));
            check("a/b/../c/.", last_link, Ok("/a/c"));
            check("a/..", last_link, Ok(""));
            check("a/../..", last_link, Err(ErrorCode::NotPermitted));
            check("..", last_link, Err(ErrorCode::NotPermitted));
            check("gone", last_link, Ok("+gone"));
            check("gone/x", last_link, Err(ErrorCode::NoEntry));
            check("gone/..", last_link, Err(ErrorCode::NoEntry));
            check("x.txt/.", last_link, Err(ErrorCode::NotDirectory));
            check("x.txt/..", last_link, Err(ErrorCode::NotDirectory));
        }
        check("x.txt/", LastLink::Keep, Err(ErrorCode::NotDirectory));
        check("x.txt/", LastLink::Entry, Ok("/x.txt"));
    }

    #[test]
    fn links() {
        check("a/b/up/c", LastLink::Entry, Ok("/a/c"));
        check("a/out", LastLink::Follow, Err(ErrorCode::NotPermitted));
        check("a/b/out/c", LastLink::Follow, Ok("/c"));
        check("loop", LastLink::Follow, Err(ErrorCode::Loop));
        check("loop", LastLink::Keep, Ok("/loop"));
        check("loop/", LastLink::Keep, Err(ErrorCode::Loop));
        check("loop/", LastLink::Entry, Ok("/loop"));
        check("empty/x", LastLink::Entry, Err(ErrorCode::NoEntry));
        check("absolute", LastLink::Follow, Err(ErrorCode::NotPermitted));
        check("dangling", LastLink::Follow, Ok("/b+gone"));
        check("file/", LastLink::Keep, Err(ErrorCode::NotDirectory));
        check("long", LastLink::Follow, Err(ErrorCode::NameTooLong));
        check("slash", LastLink::Follow, Ok("/b"));
    }

    #[test]
    fn forty_links_are_the_most() {
        let ups = |count| format!("{}{}x", "d/".repeat(count), "up/".repeat(count));
        check(&ups(40), LastLink::Follow, Ok("/x"));
        check(&ups(41), LastLink::Follow, Err(ErrorCode::Loop));
    }
}
