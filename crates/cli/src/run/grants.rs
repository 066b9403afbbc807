//! What the command line gives a program of WASI: the options' forms, and the configuration that they make.

use super::arguments::{Invocation, utf8, utf8_parser};
use crate::error::WrongUsage;
use crate::input::STDIN;
use anyhow::{Context, Result, bail};
use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};
use gusset::Printable;
use gusset_wasi::{HostDirectory, Input, Network, NetworkRule, ReadOnly, WasiConfig, WasiConfigBuilder};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What separates a host's directory from the guest's name for it.
const DIRECTORY_SEPARATOR: &str = "::";

/// What stands after the guest's name of a directory that is to be read only.
const READ_ONLY: &str = ":ro";

/// What a guest is given of the host.
#[derive(Args)]
pub(crate) struct GrantOptions {
    /// Give the guest a directory, under the name GUEST or else its own; `:ro` after GUEST: to read only
    #[arg(
        long,
        value_name = "HOST[::GUEST[:ro]]",
        value_parser = OsStringValueParser::new().try_map(DirectoryGrant::parse)
    )]
    dir: Vec<DirectoryGrant>,
    /// Set a variable of the guest's environment; without a value: to what it is here, if it is set
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = utf8_parser().try_map(Variable::parse))]
    env: Vec<Variable>,
    /// Set what a component finds for a key in `wasi:config`
    #[arg(long, value_name = "KEY=VALUE", value_parser = utf8_parser().try_map(ConfigVariable::parse))]
    config_var: Vec<ConfigVariable>,
    /// Let a component connect to HOST, and look it up if it is a name: `example.com:443`, `10.0.0.0/8:*`, `[::1]:8000-8999`, `*:443`
    #[arg(long, value_name = "HOST:PORT", value_parser = utf8_parser().try_map(|text| text.parse::<NetworkRule>()))]
    allow_net: Vec<NetworkRule>,
    /// Let a component use the network as this program can
    #[arg(long)]
    inherit_network: bool,
}

/// `HOST[::GUEST[:ro]]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct DirectoryGrant {
    host: PathBuf,
    guest: String,
    read_only: bool,
}

/// `NAME=VALUE`, or `NAME` for what it is in the host's environment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Variable {
    name: String,
    value: Option<String>,
}

/// `KEY=VALUE`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ConfigVariable {
    key: String,
    value: String,
}

/// What `--stdin` names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum StdinGrant {
    Null,
    Inherit,
    File(PathBuf),
}

impl GrantOptions {
    /// Gives it to who has the configuration.
    ///
    /// # Errors
    ///
    /// When a directory cannot be opened, or a variable is no text.
    pub(crate) fn give(&self, builder: &mut WasiConfigBuilder) -> Result<()> {
        for variable in &self.env {
            add_variable(builder, variable)?;
        }
        for directory in &self.dir {
            add_directory(builder, directory)?;
        }
        builder.network(self.network());
        for ConfigVariable { key, value } in &self.config_var {
            builder.config_value(key, value);
        }
        Ok(())
    }

    fn network(&self) -> Network {
        match self.inherit_network {
            true => Network::all(),
            false => self.allow_net.iter().cloned().fold(Network::none(), Network::allow),
        }
    }

    /// An option that gives a guest what components alone can have, if there is one.
    pub(super) fn for_components(&self) -> Option<&'static str> {
        let given = [
            ("--allow-net", !self.allow_net.is_empty()),
            ("--inherit-network", self.inherit_network),
            ("--config-var", !self.config_var.is_empty()),
        ];
        given.into_iter().find_map(|(name, given)| given.then_some(name))
    }
}

impl DirectoryGrant {
    /// Reads `HOST[::GUEST[:ro]]`, of which HOST can be any bytes.
    ///
    /// # Errors
    ///
    /// When it is of another form.
    pub(super) fn parse(text: OsString) -> Result<DirectoryGrant, String> {
        let bytes = text.as_bytes();
        let separator = DIRECTORY_SEPARATOR.as_bytes();
        let Some(end) = bytes.windows(separator.len()).position(|part| part == separator) else {
            let name = utf8(&text).map_err(|why| format!("{why}; `HOST::GUEST` gives it a name that is"))?;
            return DirectoryGrant::new(&text, name, false);
        };
        let host = OsStr::from_bytes(&bytes[..end]);
        let name = utf8(OsStr::from_bytes(&bytes[end + separator.len()..]))?;
        let (guest, read_only) = name.strip_suffix(READ_ONLY).map_or((name, false), |guest| (guest, true));
        // Who writes `:RO` is not to be given a directory that can be written.
        if let Some((guest, mode)) = guest.rsplit_once(':')
            && mode.chars().all(|char| char.is_ascii_alphabetic() || char == '-' || char == ',')
        {
            let found = &name[guest.len()..];
            return Err(format!(
                "expected `:ro` or nothing after the guest's name, found `{found}`; without `:ro` the guest can write too"
            ));
        }
        DirectoryGrant::new(host, guest, read_only)
    }

    fn new(host: &OsStr, guest: &str, read_only: bool) -> Result<DirectoryGrant, String> {
        if host.is_empty() || guest.is_empty() {
            return Err("expected `HOST`, `HOST::GUEST` or `HOST::GUEST:ro`".into());
        }
        Ok(DirectoryGrant { host: host.into(), guest: guest.into(), read_only })
    }
}

impl Variable {
    /// Reads `NAME[=VALUE]`.
    ///
    /// # Errors
    ///
    /// When there is no name.
    pub(super) fn parse(text: String) -> Result<Variable, &'static str> {
        let (name, value) = text.split_once('=').map_or((&*text, None), |(name, value)| (name, Some(value)));
        if name.is_empty() {
            return Err("expected `NAME=VALUE` or `NAME`");
        }
        Ok(Variable { name: name.into(), value: value.map(String::from) })
    }
}

impl ConfigVariable {
    /// Reads `KEY=VALUE`.
    ///
    /// # Errors
    ///
    /// When it is of another form.
    pub(super) fn parse(text: String) -> Result<ConfigVariable, &'static str> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok(ConfigVariable { key: key.into(), value: value.into() }),
            _ => Err("expected `KEY=VALUE`"),
        }
    }
}

impl From<&OsStr> for StdinGrant {
    fn from(text: &OsStr) -> StdinGrant {
        match text.to_str() {
            Some("null") => StdinGrant::Null,
            Some("inherit") => StdinGrant::Inherit,
            _ => StdinGrant::File(text.into()),
        }
    }
}

/// The configuration for a program that is started so.
pub(super) fn config(invocation: &Invocation) -> Result<WasiConfig> {
    let options = &invocation.options;
    let mut builder = WasiConfig::builder();
    // As for a native program in a shell, whose writing to a pipe that nobody reads ends it.
    builder.inherit_stdio().end_at_closed_output(true);
    if !options.deterministic {
        builder.system_time().system_random();
    }
    builder.args(args(invocation)?);
    options.grants.give(&mut builder)?;
    if let Some(input) = stdin(options.stdin.as_ref(), invocation.path.as_os_str() == STDIN)? {
        builder.stdin(input);
    }
    builder.build().map_err(|error| WrongUsage(error.to_string()).into())
}

/// The program's arguments. The first is what it was called: the file without its folders.
fn args(invocation: &Invocation) -> Result<Vec<String>> {
    let name = || Some(invocation.path.file_name()?.to_string_lossy().into_owned());
    let mut args = vec![invocation.options.argv0.clone().or_else(name).unwrap_or_default()];
    for (number, word) in invocation.words.iter().enumerate() {
        let word = utf8(word);
        args.push(word.map_err(|why| WrongUsage(format!("argument {} of the guest is {why}", number + 1)))?.into());
    }
    Ok(args)
}

fn add_variable(builder: &mut WasiConfigBuilder, variable: &Variable) -> Result<()> {
    let Variable { name, value } = variable;
    let inherited = || std::env::var_os(name).map(|value| value.into_string()).transpose();
    let value = match value {
        Some(value) => Some(value.clone()),
        None => inherited().map_err(|_| WrongUsage(format!("the variable {} is not UTF-8", Printable::name(name))))?,
    };
    if let Some(value) = value {
        builder.env(name, value);
    }
    Ok(())
}

fn add_directory(builder: &mut WasiConfigBuilder, grant: &DirectoryGrant) -> Result<()> {
    let directory = HostDirectory::open(&grant.host).map_err(|error| match hint(&grant.host) {
        Some(hint) => error.context(hint),
        None => error,
    })?;
    match grant.read_only {
        true => builder.preopened_directory(&grant.guest, ReadOnly::new(directory)),
        false => builder.preopened_directory(&grant.guest, directory),
    };
    Ok(())
}

/// What to say of a directory that is not there since it was written as other programs take it.
fn hint(host: &Path) -> Option<String> {
    let host = host.to_str()?;
    let (text, read_only) = host.strip_suffix(READ_ONLY).map_or((host, ""), |text| (text, READ_ONLY));
    let (path, guest) = text.split_once(':').unwrap_or((text, text));
    let meant = format!("{path}{DIRECTORY_SEPARATOR}{guest}{read_only}");
    let message = || {
        format!("there is no directory {}; did you mean `--dir {}`?", Printable::name(host), Printable::name(&meant))
    };
    (path != host && Path::new(path).is_dir()).then(message)
}

/// What the guest reads, where that is not the host's standard input.
fn stdin(grant: Option<&StdinGrant>, module_on_stdin: bool) -> Result<Option<Input>> {
    Ok(match grant {
        Some(StdinGrant::Null) => Some(Input::null()),
        Some(StdinGrant::Inherit) => None,
        Some(StdinGrant::File(path)) => Some(stdin_file(path)?),
        // It has been read to its end.
        None => module_on_stdin.then(Input::null),
    })
}

fn stdin_file(path: &Path) -> Result<Input> {
    let shown = path.display();
    if path.is_dir() {
        bail!("cannot read {shown} as standard input: it is a directory");
    }
    Input::open_file(path).with_context(|| format!("cannot read {shown} as standard input"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_have_a_name_and_may_be_read_only() {
        for (text, host, guest, read_only) in [
            (".", ".", ".", false),
            ("/srv/data", "/srv/data", "/srv/data", false),
            ("data::/", "data", "/", false),
            ("data::/in:ro", "data", "/in", true),
            ("data::a:1", "data", "a:1", false),
            ("data::a:b/", "data", "a:b/", false),
            ("data:ro", "data:ro", "data:ro", false),
            ("data::a::b/c", "data", "a::b/c", false),
        ] {
            let expected = DirectoryGrant { host: host.into(), guest: guest.into(), read_only };
            assert_eq!(DirectoryGrant::parse(text.into()), Ok(expected), "{text}");
        }
        for text in ["", "::", "data::", "::/data", "data:::ro"] {
            let error = DirectoryGrant::parse(text.into()).expect_err(text);
            assert!(error.starts_with("expected `HOST`"), "{text}: {error}");
        }
        for suffix in [":rw", ":RO", ":r", ":", ":read-only", ":ro:ro", ":rw:ro", ":ro,Z"] {
            let error = DirectoryGrant::parse(format!("data::/in{suffix}").into()).expect_err(suffix);
            assert!(error.contains(&format!("found `{suffix}`")), "{suffix}: {error}");
        }
    }

    #[test]
    fn directories_of_the_host_can_have_any_name() {
        let text = |bytes: &[u8]| OsStr::from_bytes(bytes).to_os_string();
        let grant = DirectoryGrant::parse(text(b"a\xff::/in:ro")).expect("the guest's name is text");
        assert_eq!(grant, DirectoryGrant { host: text(b"a\xff").into(), guest: "/in".into(), read_only: true });
        for (bytes, shown) in [(&b"a\xff"[..], "`a\\xff`; `HOST::GUEST`"), (b"a::\xc3\xa9\xff\xfe", "`é\\xff\\xfe`")] {
            let error = DirectoryGrant::parse(text(bytes)).expect_err(shown);
            assert!(error.starts_with(&format!("not UTF-8: {shown}")), "{error}");
        }
    }

    #[test]
    fn variables_have_a_value_or_are_inherited() {
        let variable = |name: &str, value: Option<&str>| Variable { name: name.into(), value: value.map(String::from) };
        let parse = |text: &str| Variable::parse(text.into());
        assert_eq!(parse("A=1=2"), Ok(variable("A", Some("1=2"))));
        assert_eq!(parse("A="), Ok(variable("A", Some(""))));
        assert_eq!(parse("A"), Ok(variable("A", None)));
        assert!(parse("=1").is_err() && parse("").is_err());
    }
}
