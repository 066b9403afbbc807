//! `gusset component wit`: prints the WIT of whatever says some.

use super::tools::contained;
use crate::input::{self, InputFile, WitInput};
use crate::output_file::{check_differs, write_binary, write_text};
use anyhow::{Context, Error, Result, bail};
use clap::Args;
use gusset::{Config, NamedSource};
use std::path::PathBuf;
use std::process::ExitCode;
use wit_component::{DecodedWasm, WitPrinter};
use wit_parser::{PackageId, Resolve};

pub(crate) const EXAMPLES: &str = "\
Examples:
  gusset component wit plugin.wasm
  gusset component wit wit/ --no-docs
  gusset component wit wit/ --wasm -o package.wasm

A component's world is printed as `root` of the package `root:component`, with all packages that it names. A core module is taken where it says
which world it is for. `gusset inspect` shows more of a component than WIT has words for. Exit codes: 0 it is printed, 1 it is not, 2
wrong usage.";

#[derive(Args)]
pub(crate) struct WitArguments {
    /// A component, or a package, as .wasm or .wat; a WIT file, or a folder of them with the packages that they need in `deps`; `-` for
    /// standard input
    file: PathBuf,
    /// Where to write it [default: standard output]
    #[arg(short, long, value_name = "OUTPUT")]
    output: Option<PathBuf>,
    /// Write it as a package in wasm
    #[arg(short, long, conflicts_with = "json")]
    wasm: bool,
    /// Print it as JSON, in the form of the crate wit-parser
    #[arg(short, long)]
    json: bool,
    /// Leave comments that document items out
    #[arg(long)]
    no_docs: bool,
}

/// Packages, and which of them the input is.
struct Packages {
    resolve: Resolve,
    main: PackageId,
}

pub(super) fn run(arguments: &WitArguments) -> Result<ExitCode> {
    let output = arguments.output.as_deref();
    check_differs(output, &arguments.file)?;
    let packages = match arguments.file.is_dir() {
        true => {
            input::check_wit_folder(&arguments.file)?;
            parse(&arguments.file.display().to_string(), |resolve| Ok(resolve.push_dir(&arguments.file)?.0))?
        }
        false => match input::wit(&arguments.file)? {
            WitInput::Text { name, text } => parse(&name, |resolve| resolve.push_source(&name, &text))?,
            WitInput::File(file) => decode(&file)?,
        },
    };
    if arguments.wasm {
        write_binary(output, "a package in wasm", &packages.wasm().context("cannot write it as a package")?)?;
    } else if arguments.json {
        write_text(output, &format!("{}\n", serde_json::to_string_pretty(&packages.resolve)?))?;
    } else {
        write_text(output, &packages.text(!arguments.no_docs)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What `push` finds in text.
fn parse(name: &str, push: impl FnOnce(&mut Resolve) -> Result<PackageId>) -> Result<Packages> {
    let mut resolve = Resolve::default();
    match contained(|| push(&mut resolve)) {
        Ok(main) => Ok(Packages { resolve, main }),
        // It shows the line.
        Err(error) => Err(Error::msg(resolve.render_error(&error)).context(format!("cannot read the WIT of {name}"))),
    }
}

/// What a component, a package in wasm or a core module says.
fn decode(file: &InputFile) -> Result<Packages> {
    let wasm = file.source.to_wasm().with_context(|| cannot_read(file))?;
    let decoded = contained(|| match input::is_core_module(&wasm) {
        false => wit_component::decode(&wasm),
        true => match wit_component::metadata::decode(&wasm)? {
            (None, _) => bail!("it is a core module that does not say which world it is for"),
            (Some(_), bindgen) => Ok(DecodedWasm::Component(bindgen.resolve, bindgen.world)),
        },
    });
    let decoded = decoded.map_err(|error| invalid(file).unwrap_or(error).context(cannot_read(file)))?;
    let main = decoded.package();
    let (DecodedWasm::WitPackage(resolve, _) | DecodedWasm::Component(resolve, _)) = decoded;
    Ok(Packages { resolve, main })
}

fn cannot_read(file: &InputFile) -> String {
    file.refusal("cannot read the WIT of")
}

/// What is wrong with the file itself, which is told with its place.
fn invalid(file: &InputFile) -> Option<Error> {
    let mut specified = Config::new();
    specified.specified_features();
    file.source.validate(&specified).err()
}

impl Packages {
    /// The package in wasm. What can be said in WIT may be more than a component may have.
    fn wasm(&self) -> Result<Vec<u8>> {
        let package = contained(|| wit_component::encode(&self.resolve, self.main, false))?;
        let mut specified = Config::new();
        specified.specified_features();
        NamedSource::new("the package", &*package).validate(&specified)?;
        Ok(package)
    }

    fn text(&self, docs: bool) -> Result<String> {
        let others = self.resolve.packages.iter().map(|(id, _)| id).filter(|id| *id != self.main);
        let others: Vec<PackageId> = others.collect();
        let mut printer = WitPrinter::default();
        printer.emit_docs(docs);
        contained(|| printer.print(&self.resolve, self.main, &others)).context("cannot print it as WIT")?;
        Ok(printer.output.to_string())
    }
}
