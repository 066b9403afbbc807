//! The front door: reads a script, runs its directives one by one and writes the report. It knows files and positions, and
//! nothing of what a directive means.

use crate::call_log::CallLog;
use crate::feature::Feature;
use crate::header;
use crate::message::panic_text;
use crate::outcome::Mismatch;
use crate::report::{DirectiveFailure, DirectiveKind, DirectiveResult, DirectiveStatus, Report};
use crate::script::{RunningScript, ScriptFile};
use crate::source_text::SourceText;
use crate::text_file::read_text;
use crate::thread::{ScriptSetting, ScriptThreads};
use gusset::{Config, Engine, Printable};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use wast::parser::{ParseBuffer, parse};
use wast::{Wast, WastDirective};

/// How scripts are judged, and what is told of what fails.
#[derive(Clone, Copy, Default, Debug)]
pub struct WastOptions {
    /// Which texts must match.
    pub messages: Messages,
    /// Whether a failure shows the adapters that were involved; see [`DirectiveFailure::adapters`].
    pub show_adapters: bool,
    /// Whether scripts are run that name features which are not known: what the engine lacks fails.
    pub run_all: bool,
    /// Whether calls between components are traced; see [`Config::trace_calls`]. They stand in [`Report::calls`].
    pub trace: bool,
    /// Whether core modules are imported by the names that the script gives them, as if each was registered under its own. Other
    /// engines' scripts count on it; the specification's do not.
    pub link_by_name: bool,
}

/// Which of the texts must match that scripts expect.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Messages {
    /// None: only that a guest traps, or that something is refused, counts.
    Ignored,
    /// Those of traps. How input is refused engines word freely.
    #[default]
    OfTraps,
    /// All: those of `assert_invalid`, `assert_malformed` and `assert_unlinkable` too.
    All,
}

/// Runs scripts, one after another or from several threads; each gets stores of its own.
#[derive(Clone)]
pub struct WastRunner {
    engine: Engine,
    options: WastOptions,
}

impl WastRunner {
    /// A runner with an engine of its own.
    ///
    /// # Errors
    ///
    /// When this machine cannot run an engine.
    pub fn new(options: WastOptions) -> gusset::Result<WastRunner> {
        WastRunner::with_config(&Config::new(), options)
    }

    /// A runner with an engine of its own that has these settings. Those that a script's head makes come on top of them.
    ///
    /// # Errors
    ///
    /// When this machine cannot run such an engine.
    pub fn with_config(config: &Config, options: WastOptions) -> gusset::Result<WastRunner> {
        Ok(WastRunner { engine: Engine::new(config)?, options })
    }

    /// Runs the script in the file at `path`.
    ///
    /// # Errors
    ///
    /// As [`read_text`]. Everything else is in the report.
    pub fn run_file(&self, path: &Path) -> gusset::Result<Report> {
        let text = read_text(path)?;
        Ok(self.run_text(&path.display().to_string(), &text))
    }

    /// Runs the script `text`; `name` stands for its file in the report.
    pub fn run_text(&self, name: &str, text: &str) -> Report {
        let mut report = Report { file: name.into(), ..Report::default() };
        let source = SourceText::new(text);
        if let Err(error) = self.run_directives(text, &source, &mut report) {
            let (line, column) = source.position(error.span());
            report.failures.push(DirectiveFailure {
                file: name.into(),
                line,
                column,
                kind: None,
                source: source.line(line),
                quoted: source.quoted(error.span()),
                expected: "a script".into(),
                actual: Printable::message(&error.message()).to_string(),
                difference: None,
                place: Vec::new(),
                adapters: Vec::new(),
                internal: false,
            });
        }
        report
    }

    /// The engine for a script with these settings at its head, whose calls are told to `log` where they are traced.
    fn engine_with(&self, settings: &[(Feature, bool)], log: Option<&CallLog>) -> gusset::Result<Engine> {
        if settings.is_empty() && log.is_none() {
            return Ok(self.engine.clone());
        }
        let mut config = self.engine.config().clone();
        for &(feature, enabled) in settings {
            feature.set(&mut config, enabled);
        }
        if let Some(log) = log.cloned() {
            config.trace_calls(move |call| log.add(call));
        }
        Engine::new(&config)
    }

    fn run_directives(&self, text: &str, source: &SourceText<'_>, report: &mut Report) -> Result<(), wast::Error> {
        let head = header::read(text)?;
        let buffer = ParseBuffer::new_with_lexer(header::lexer(text))?;
        let wast = parse::<Wast<'_>>(&buffer)?;
        if let Some(feature) = head.unknown.filter(|_| !self.options.run_all) {
            wast.directives.iter().for_each(|directive| skip_directive(directive, source, report));
            report.skipped = Some(format!("it is for engines with the feature `{feature}`"));
            return Ok(());
        }
        let log = self.options.trace.then(CallLog::default);
        let script = self.engine_with(&head.settings, log.as_ref()).and_then(|engine| {
            let file = ScriptFile { name: (&*report.file).into(), text: text.into() };
            let setting = ScriptSetting { engine, options: self.options, file, wasi: head.wasi };
            Ok((setting.script()?, setting))
        });
        let (mut script, setting) = match script {
            Ok(script) => script,
            Err(error) => {
                let message = format!("the script's host cannot be set up: {error:#}");
                return Err(wast::Error::new(wast::token::Span::from_offset(0), message));
            }
        };
        std::thread::scope(|scope| {
            let mut threads = ScriptThreads::new(scope, &setting);
            for directive in wast.directives {
                if let Some(log) = &log {
                    log.begin_directive(source.position(directive.span()).0);
                }
                run_directive(&mut script, &mut threads, directive, source, report);
            }
            threads.finish(report);
        });
        report.calls = log.map(|log| log.take()).unwrap_or_default();
        Ok(())
    }
}

/// Runs one directive and writes down how it went. A panic of the engine fails the directive and no more.
pub(crate) fn run_directive<'scope, 'env: 'scope>(
    script: &mut RunningScript<'env>,
    threads: &mut ScriptThreads<'scope, 'env>,
    directive: WastDirective<'env>,
    source: &SourceText<'_>,
    report: &mut Report,
) {
    let kind = DirectiveKind::of(&directive);
    let span = directive.span();
    let (line, column) = source.position(span);
    let outcome = catch_unwind(AssertUnwindSafe(|| threads.run(script, directive))).unwrap_or_else(|payload| {
        let mismatch = Mismatch::new("no panic of the engine", panic_text(&*payload));
        Err(Mismatch { internal: true, ..mismatch })
    });
    threads.add_ended(report);
    let written = script.take_written();
    let fuel = script.take_fuel();
    let status = match outcome {
        Ok(()) => DirectiveStatus::Passed,
        Err(Mismatch { expected, actual, difference, mut place, adapter, internal }) => {
            place.extend(written);
            let adapters = script.adapters(adapter.as_deref());
            // A guest may yield megabytes, each time it is called. Where the part that differs is told, less of the whole will do.
            let shown = |text: &String| match difference {
                Some(_) => Printable::name(text).to_string(),
                None => Printable::message(text).to_string(),
            };
            report.failures.push(DirectiveFailure {
                file: report.file.clone(),
                line,
                column,
                kind: Some(kind),
                source: source.line(line),
                quoted: source.quoted(span),
                expected: shown(&expected),
                actual: shown(&actual),
                difference: difference.map(|difference| *difference),
                place,
                adapters,
                internal,
            });
            DirectiveStatus::Failed
        }
    };
    report.counts.count(kind, status);
    report.directives.push(DirectiveResult { line, column, kind, status, fuel });
}

/// Counts a directive of a script that is not run.
fn skip_directive(directive: &WastDirective<'_>, source: &SourceText<'_>, report: &mut Report) {
    let (kind, status) = (DirectiveKind::of(directive), DirectiveStatus::Skipped);
    let (line, column) = source.position(directive.span());
    report.counts.count(kind, status);
    report.directives.push(DirectiveResult { line, column, kind, status, fuel: None });
}
