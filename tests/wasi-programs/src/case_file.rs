//! Reads the case files. A line has a word and what belongs to it; `README.md` has the words.

use crate::case::{AfterNode, CaseEnd, ErrorText, Mount, ProgramCase};
use crate::line_text::{numbered, unescape};
use crate::mounted_files::FileNode;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// The cases of one program.
#[derive(Debug)]
pub struct CaseFile {
    /// The program's builds, as paths in `built` without `.wasm`.
    pub programs: Vec<String>,
    /// Each is run with each build.
    pub cases: Vec<ProgramCase>,
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The file of a build.
pub fn program(build: &str) -> PathBuf {
    package().join("built").join(build).with_extension("wasm")
}

/// All case files, in order of their names.
///
/// # Errors
///
/// A file that cannot be read, or a line of it that is wrong: the error names it.
pub fn case_files() -> Result<Vec<CaseFile>> {
    let folder = package().join("cases");
    let mut paths = folder.read_dir()?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path)?;
        CaseFile::parse(&text)
    };
    paths.iter().map(|path| read(path).with_context(|| format!("in {}", path.display()))).collect()
}

impl CaseFile {
    pub(crate) fn parse(text: &str) -> Result<CaseFile> {
        let mut file = CaseFile { programs: Vec::new(), cases: Vec::new() };
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            file.line(word, rest).with_context(|| format!("line {}: `{line}`", at + 1))?;
        }
        if file.programs.is_empty() || file.cases.is_empty() {
            bail!("it names no programs, or has no cases");
        }
        Ok(file)
    }

    fn line(&mut self, word: &str, rest: &str) -> Result<()> {
        match word {
            "programs" => self.programs = rest.split(' ').map(str::to_owned).collect(),
            "case" => self.cases.push(ProgramCase::new(rest)),
            _ => {
                let case = self.cases.last_mut().context("no case has begun")?;
                let (word, count) = match word.split_once('*') {
                    Some((word, count)) => (word, Some(count.parse().context("no number follows the `*`")?)),
                    None => (word, None),
                };
                return case.line(word, count, rest);
            }
        }
        Ok(())
    }
}

impl ProgramCase {
    fn line(&mut self, word: &str, count: Option<usize>, rest: &str) -> Result<()> {
        let (path, more) = rest.split_once(' ').unwrap_or((rest, ""));
        match (word, count) {
            ("differs", None) => self.differs = Some(rest.to_owned()),
            ("mount", None) => {
                let read_only = match more {
                    "" => false,
                    "ro" => true,
                    _ => bail!("a mount may be `ro`, not `{more}`"),
                };
                self.mounts.push(Mount { guest: path.to_owned(), read_only });
            }
            ("args", None) => self.args.extend(rest.split(' ').map(str::to_owned)),
            ("arg", None) => self.args.push(String::from_utf8(unescape(rest)?)?),
            ("env", None) => {
                let (name, value) = rest.split_once('=').context("a variable is NAME=VALUE")?;
                self.env.push((name.to_owned(), value.to_owned()));
            }
            ("connects", None) => self.connects.push(rest.to_owned()),
            ("listens", None) => self.listens.push(rest.to_owned()),
            ("file" | "files" | "folder" | "link", _) => return self.before(word, count, path, more),
            ("in" | "in-", None) => add_line(&mut self.stdin, word, rest)?,
            ("in", Some(count)) => {
                (0..count).try_for_each(|at| add_line(&mut self.stdin, word, &numbered(rest, at)))?;
            }
            ("out" | "out-", None) => add_line(&mut self.stdout, word, rest)?,
            ("out", Some(count)) => {
                (0..count).try_for_each(|at| add_line(&mut self.stdout, word, &numbered(rest, at)))?;
            }
            ("err" | "err~", None) => return self.error_line(word, rest),
            ("exit", None) => self.end = CaseEnd::Exit(rest.parse().context("an exit code is a number")?),
            ("trap", None) => self.end = CaseEnd::Trap(rest.to_owned()),
            ("after" | "size" | "same" | "made", None) => return self.after(word, path, more),
            _ => bail!("there is no such line"),
        }
        Ok(())
    }

    /// A line about what lies in the mounts before.
    fn before(&mut self, word: &str, count: Option<usize>, path: &str, more: &str) -> Result<()> {
        let mount = self.mount_of(path).context("that path lies in no mount")?.to_owned();
        let mut put = |path: &str, node| self.before.put(&mount, path, node);
        match (word, count) {
            ("file", _) => put(path, FileNode::File(unescape(more)?.repeat(count.unwrap_or(1)))),
            ("files", Some(count)) => {
                let bytes = unescape(more)?;
                (0..count).for_each(|at| put(&numbered(path, at), FileNode::File(bytes.clone())));
            }
            ("folder", None) => put(path, FileNode::Folder),
            ("link", None) => put(path, FileNode::Link(more.to_owned())),
            _ => bail!("`files` takes a count, `folder` and `link` take none"),
        }
        Ok(())
    }

    /// A line about what must lie in the mounts afterwards.
    fn after(&mut self, word: &str, path: &str, more: &str) -> Result<()> {
        self.mount_of(path).context("that path lies in no mount")?;
        let node = match word {
            "after" => AfterNode::Is(FileNode::File(unescape(more)?)),
            "made" => AfterNode::Is(FileNode::Folder),
            "same" => AfterNode::Is(self.before.get(more).context("there is nothing at the other path")?.clone()),
            _ => AfterNode::Size(more.parse().context("a size is a number")?),
        };
        self.after.push((path.to_owned(), node));
        Ok(())
    }

    fn error_line(&mut self, word: &str, rest: &str) -> Result<()> {
        match &mut self.stderr {
            ErrorText::Is(text) if word == "err" => return add_line(text, word, rest),
            ErrorText::Is(text) if text.is_empty() => self.stderr = ErrorText::Contains(unescape(rest)?),
            _ => bail!("`err~` stands alone"),
        }
        Ok(())
    }
}

/// Adds a line to what is read or printed; a word that ends in `-` adds it without a line break.
fn add_line(text: &mut Vec<u8>, word: &str, line: &str) -> Result<()> {
    text.extend(unescape(line)?);
    text.extend((!word.ends_with('-')).then_some(b'\n'));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read() {
        let text = "# why\nprograms a old/a\n\ncase first\ndiffers so\nmount /m\nmount /r ro\nfile*2 /m/f x\\n\nfiles*2 /m/g/% y\n\
                    folder /m/e\nlink /m/l f\nargs 1 2\narg a b\narg\nenv K=v=w\nconnects h:1\nlistens [::1]:0\nin a\nin- b\nout*2 n%\nout- o\nerr e\n\
                    exit 3\nafter /m/n z\nsize /m/s 5\nsame /m/t /m/f\nmade /m/d\ncase second\nerr~ c\ntrap t\n";
        let file = CaseFile::parse(text).unwrap();
        assert_eq!(file.programs, ["a", "old/a"]);
        let [first, second] = &file.cases[..] else { panic!("{file:?}") };
        assert_eq!((first.name.as_str(), first.differs.as_deref()), ("first", Some("so")));
        assert_eq!(first.mounts.iter().map(|mount| mount.read_only).collect::<Vec<_>>(), [false, true]);
        let paths: Vec<&str> = first.before.iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["/m/e", "/m/f", "/m/g", "/m/g/0000", "/m/g/0001", "/m/l"]);
        assert_eq!(first.before.get("/m/f"), Some(&FileNode::File(b"x\nx\n".to_vec())));
        assert_eq!(first.args, ["1", "2", "a b", ""]);
        assert_eq!(first.env, [("K".to_owned(), "v=w".to_owned())]);
        assert_eq!((&first.connects[..], &first.listens[..]), (&["h:1".to_owned()][..], &["[::1]:0".to_owned()][..]));
        assert_eq!((&first.stdin[..], &first.stdout[..]), (&b"a\nb"[..], &b"n0000\nn0001\no"[..]));
        assert_eq!((&first.stderr, &first.end), (&ErrorText::Is(b"e\n".to_vec()), &CaseEnd::Exit(3)));
        let after: Vec<&str> = first.after.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(after, ["/m/n", "/m/s", "/m/t", "/m/d"]);
        assert_eq!(first.after[2].1, AfterNode::Is(FileNode::File(b"x\nx\n".to_vec())));
        assert_eq!((&second.stderr, &second.end), (&ErrorText::Contains(b"c".to_vec()), &CaseEnd::Trap("t".into())));
    }

    #[test]
    fn wrong_lines_are_named() {
        for (line, why) in [
            ("sing", "there is no such line"),
            ("env K", "a variable is NAME=VALUE"),
            ("file /m/f", "that path lies in no mount"),
            ("mount /m rw", "a mount may be `ro`, not `rw`"),
            ("exit x", "an exit code is a number"),
            ("out*x y", "no number follows the `*`"),
            ("out \\q", "`\\` is followed by"),
        ] {
            let error = format!("{:#}", CaseFile::parse(&format!("programs a\ncase b\n{line}\n")).unwrap_err());
            assert!(error.starts_with(&format!("line 3: `{line}`: ")) && error.contains(why), "{error}");
        }
        assert!(CaseFile::parse("programs a\n").unwrap_err().to_string().contains("has no cases"));
        assert!(format!("{:#}", CaseFile::parse("exit 3\n").unwrap_err()).contains("no case has begun"));
    }
}
