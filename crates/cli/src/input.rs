//! Reading and compiling what a command is given, and what to say of a file that is none of it.

use crate::guess::file_in_shell;
use anyhow::{Context, Result, anyhow, bail};
use gusset::core::Module;
use gusset::{Component, Engine, NamedSource, TranslateError, TranslateErrorKind};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The largest binary component that is read, in bytes.
const MAX_BINARY: u64 = 512 << 20;

/// The largest component that is read as text, in bytes: parsing takes many times as much memory.
const MAX_TEXT: u64 = 64 << 20;

/// The largest file of WIT that is read, and all that is in a folder, in bytes.
const MAX_WIT: u64 = 16 << 20;

/// How many bytes are looked at before the rest is read.
const FIRST_BYTES: u64 = 4096;

/// U+FEFF, in UTF-8: some editors put it before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What stands for standard input where a file can be named.
pub(crate) const STDIN: &str = "-";

/// What standard input is called in messages.
const STDIN_NAME: &str = "<stdin>";

/// What first bytes say of files that are given by mistake.
const STRANGE: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "compressed by gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd"),
    (b"\x7fELF", "a native program or library"),
    (b"\xcf\xfa\xed\xfe", "a native program or library"),
    (b"MZ", "a native program or library"),
    (b"!<arch>\n", "an archive of object files"),
    (b"\xff\xfe", "text in UTF-16: save it as UTF-8"),
    (b"\xfe\xff", "text in UTF-16: save it as UTF-8"),
    (b"<", "HTML or XML (a download that went wrong?)"),
    (b"{", "JSON"),
    (b"package ", "WIT, which describes components"),
    (b"interface ", "WIT, which describes components"),
    (b"world ", "WIT, which describes components"),
];

/// A file that was read.
pub(crate) struct InputFile {
    /// What it is called in messages.
    pub(crate) name: String,
    /// What it is called in a shell, for commands that are suggested.
    typed: String,
    /// The file for the engine, which names it where it shows a line of it.
    pub(crate) source: NamedSource,
    /// Whether it seems to be a script.
    script: bool,
    /// What a binary is by its first bytes. Of text that is not known.
    pub(crate) binary_kind: Option<RunnableKind>,
}

/// What a file is that can be run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RunnableKind {
    Component,
    Module,
}

/// A file that is being read.
struct OpenFile {
    name: String,
    typed: String,
    bytes: Vec<u8>,
}

impl From<OpenFile> for InputFile {
    fn from(file: OpenFile) -> InputFile {
        let binary_kind = match () {
            () if is_core_module(&file.bytes) => Some(RunnableKind::Module),
            () if file.bytes.starts_with(b"\0asm") => Some(RunnableKind::Component),
            () => None,
        };
        // A binary is not searched: it holds none, and is large.
        let asserts = || file.bytes.windows(8).take(1 << 20).any(|part| part == b"(assert_");
        let script = file.name.ends_with(".wast") || (binary_kind.is_none() && asserts());
        let source = NamedSource::new(&*file.name, file.bytes);
        InputFile { source, name: file.name, typed: file.typed, script, binary_kind }
    }
}

/// The component in the file at `path`, text or binary, with the file's name for messages.
pub(crate) fn component(engine: &Engine, path: &Path) -> Result<(String, Component)> {
    let file = read(path, ExpectedInput::Component)?;
    match Component::from_source(engine, &file.source) {
        Err(error) if is_core_module_error(&error) => bail!(core_module(&file.name, &file.typed)),
        Err(error) => Err(file.refused(error)),
        Ok(component) => Ok((file.name, component)),
    }
}

/// What was compiled.
pub(crate) enum Compiled {
    Component(Component),
    Module(Module),
}

/// What is in the file, compiled.
pub(crate) fn compiled(engine: &Engine, file: &InputFile) -> Result<Compiled> {
    let compiled = match Component::from_source(engine, &file.source) {
        Err(error) if is_core_module_error(&error) => Module::from_source(engine, &file.source).map(Compiled::Module),
        result => result.map(Compiled::Component),
    };
    compiled.map_err(|error| file.refused(error))
}

/// The file at `path`, which may hold a component or core module, text or binary.
pub(crate) fn any(path: &Path) -> Result<InputFile> {
    read(path, ExpectedInput::Any)
}

/// The same, to be run.
pub(crate) fn runnable(path: &Path) -> Result<InputFile> {
    read(path, ExpectedInput::Runnable)
}

/// What says some WIT.
pub(crate) enum WitInput {
    Text {
        /// What the file is called in messages.
        name: String,
        text: String,
    },
    /// A component, or something else that stands in wasm.
    File(InputFile),
}

/// The file at `path`, which may hold WIT, or a component or core module, text or binary.
pub(crate) fn wit(path: &Path) -> Result<WitInput> {
    let file = open(path, ExpectedInput::Wit)?;
    if !is_wit(&file.bytes) {
        return Ok(WitInput::File(file.into()));
    }
    match String::from_utf8(file.bytes) {
        Ok(text) => Ok(WitInput::Text { name: file.name, text }),
        Err(_) => bail!("cannot read {}: it is neither binary nor text in UTF-8", file.name),
    }
}

/// What ends the names of files that are read in a folder of WIT, or in its `deps`.
const WIT_EXTENSIONS: &[&str] = &["wit", "wat", "wasm"];

/// That what is in a folder of WIT, and in its `deps`, is not too large to be read, and is files: devices and pipes may never end.
pub(crate) fn check_wit_folder(path: &Path) -> Result<()> {
    let (mut folders, mut size) = (vec![(path.to_path_buf(), 0)], 0);
    while let Some((folder, depth)) = folders.pop() {
        let cannot_read = || format!("cannot read {}", folder.display());
        for entry in folder.read_dir().with_context(cannot_read)? {
            let inner = entry.with_context(cannot_read)?.path();
            // A link that leads nowhere is told where it is read.
            let Ok(metadata) = inner.metadata() else { continue };
            // `deps`, and a folder for each package in there.
            if metadata.is_dir() && (depth == 1 || (depth == 0 && inner.ends_with("deps"))) {
                folders.push((inner, depth + 1));
            } else if metadata.is_file() {
                size += metadata.len();
            } else if !metadata.is_dir()
                && WIT_EXTENSIONS.iter().any(|wanted| inner.extension().is_some_and(|is| is == *wanted))
            {
                bail!("cannot read {}: it is neither a file nor a folder", inner.display());
            }
        }
    }
    if size > MAX_WIT {
        bail!("{} is larger than {} MiB, the limit for a folder of WIT", path.display(), MAX_WIT >> 20);
    }
    Ok(())
}

/// What a command is to be given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ExpectedInput {
    Component,
    Any,
    Runnable,
    /// Any, or WIT.
    Wit,
}

/// The features for whose lack a component is refused, and which can be switched on.
fn switched_off(error: &gusset::Error) -> Option<String> {
    let message = error.root_cause().to_string();
    let (features, _) = message.split_once("(switched off: ")?.1.split_once(')')?;
    Some(features.replace(", ", ","))
}

/// Whether a component could not be made since it is a core module.
pub(crate) fn is_core_module_error(error: &gusset::Error) -> bool {
    error.downcast_ref::<TranslateError>().is_some_and(|error| error.kind() == TranslateErrorKind::CoreModule)
}

impl InputFile {
    /// The component that it has become.
    pub(crate) fn into_component(self, component: Vec<u8>) -> InputFile {
        let source = NamedSource::new(&*self.name, component);
        InputFile { source, binary_kind: Some(RunnableKind::Component), ..self }
    }

    /// Why it could not be compiled, and what to do.
    pub(crate) fn refused(&self, error: gusset::Error) -> gusset::Error {
        let refusal = self.refusal("cannot compile");
        match switched_off(&error) {
            Some(features) => error.context(format!("{refusal}; --features {features} switches on what it lacks")),
            None => error.context(refusal),
        }
    }

    /// What could not be done with the file, and what to do with one that seems to be something else.
    pub(crate) fn refusal(&self, what: &str) -> String {
        let (name, typed) = (&self.name, &self.typed);
        match self.script {
            true => format!("{what} {name}; if it is a script, run `gusset wast {typed}`"),
            false => format!("{what} {name}"),
        }
    }
}

/// What to say of a core module where a component belongs.
fn core_module(name: &str, typed: &str) -> String {
    format!(
        "expected a component, found a core module: {name}; `gusset inspect {typed}` shows what it is, and `gusset component \
         new` makes a component of one whose imports and exports fit"
    )
}

/// What to say of a precompiled file where it is not allowed, or cannot be looked into.
fn precompiled(file: &OpenFile, wanted: ExpectedInput) -> String {
    let OpenFile { name, typed, .. } = file;
    if wanted != ExpectedInput::Runnable {
        return format!(
            "{name} is precompiled: it holds machine code, and not the component or core module that it was made of, which is what \
             this command takes; `gusset run --allow-precompiled` runs such files"
        );
    }
    if name == STDIN_NAME {
        return format!("{name} is precompiled, which only files can be: it is used where it lies");
    }
    format!(
        "{name} is precompiled, and its code would be believed; if you trust where it comes from, `gusset run --allow-precompiled \
         {typed}` runs it"
    )
}

/// The file at `path`.
fn read(path: &Path, wanted: ExpectedInput) -> Result<InputFile> {
    open(path, wanted).map(InputFile::from)
}

fn open(path: &Path, wanted: ExpectedInput) -> Result<OpenFile> {
    let typed = file_in_shell(path);
    if path.as_os_str() == STDIN {
        let file = OpenFile { name: STDIN_NAME.into(), typed, bytes: Vec::new() };
        return read_from(std::io::stdin().lock(), 0, file, wanted);
    }
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| format!("cannot read {name}"))?;
    let metadata = file.metadata().with_context(|| format!("cannot read {name}"))?;
    if metadata.is_dir() {
        bail!("cannot read {name}: it is a directory");
    }
    read_from(file, metadata.len(), OpenFile { name, typed, bytes: Vec::new() }, wanted)
}

/// Reads `from`, which says that it has so many bytes. Devices and pipes do not tell.
fn read_from(mut from: impl Read, size: u64, mut file: OpenFile, wanted: ExpectedInput) -> Result<OpenFile> {
    let cannot_read = || format!("cannot read {}", file.name);
    from.by_ref().take(FIRST_BYTES).read_to_end(&mut file.bytes).with_context(cannot_read)?;
    if file.bytes.starts_with(BYTE_ORDER_MARK) {
        file.bytes.drain(..BYTE_ORDER_MARK.len());
    }
    if file.bytes.is_empty() {
        bail!("{} is empty: it holds no component or module", file.name);
    }
    if wanted == ExpectedInput::Component && is_core_module(&file.bytes) {
        bail!(core_module(&file.name, &file.typed));
    }
    if Engine::detect_precompiled(&file.bytes).is_some() {
        bail!(precompiled(&file, wanted));
    }
    let limit = if wanted == ExpectedInput::Wit && is_wit(&file.bytes) { MAX_WIT } else { limit(&file)? };
    if size <= limit {
        let rest = limit + 1 - file.bytes.len() as u64;
        // Memory that is not there is told by reading, where the file is named.
        let _ = file.bytes.try_reserve_exact((size as usize).saturating_sub(file.bytes.len()) + 1);
        from.take(rest).read_to_end(&mut file.bytes).with_context(cannot_read)?;
    }
    if size.max(file.bytes.len() as u64) > limit {
        bail!("{} is larger than {} MiB, the limit for such a file", file.name, limit >> 20);
    }
    Ok(file)
}

/// Whether the bytes can be WIT, and are nothing else that has a name.
fn is_wit(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii_start();
    let other =
        STRANGE.iter().find(|(first, _)| text.starts_with(first)).is_some_and(|(_, kind)| !kind.starts_with("WIT"));
    !(other || bytes.contains(&0) || text.starts_with(b"(") || text.starts_with(b";;"))
}

/// How large a file with these first bytes may be. What cannot be a component has no need to be read.
fn limit(file: &OpenFile) -> Result<u64> {
    if file.bytes.starts_with(b"\0asm") {
        check_header(&file.bytes).with_context(|| format!("cannot read {}", file.name))?;
        return Ok(MAX_BINARY);
    }
    // A comment may hold zeros, but no text starts with one.
    if file.bytes.first() == Some(&0) {
        return Err(anyhow!("it is neither a binary component nor text").context(format!("cannot read {}", file.name)));
    }
    let text = file.bytes.trim_ascii_start();
    if let Some((_, kind)) = STRANGE.iter().find(|(first, _)| text.starts_with(first)) {
        bail!("{} is no component or module: it is {kind}", file.name);
    }
    if !text.starts_with(b"(") && !text.starts_with(b";;") && text.is_ascii() {
        bail!(
            "{} is no component or module: it is neither binary nor text, which begins with `(component` or `(module`",
            file.name
        );
    }
    Ok(MAX_TEXT)
}

/// Refuses what the engine would take for a bad component though it may be no component at all.
fn check_header(bytes: &[u8]) -> Result<()> {
    match bytes {
        [_, _, _, _, 1, 0, 0, 0, ..] => Ok(()),
        [_, _, _, _, low, high, 0, 0, ..] => {
            let version = u16::from_le_bytes([*low, *high]);
            bail!("it is a core module of version {version}, and there is only version 1")
        }
        [_, _, _, _, _, _, _, _, ..] => Ok(()),
        _ => bail!("it ends within the first 8 bytes, which tell a core module from a component"),
    }
}

/// Whether the bytes open a binary core module: its version has the layer 0, a component's the layer 1.
pub(crate) fn is_core_module(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm\x01\0\0\0")
}
