//! Threads of scripts: directives that run beside the others, on a thread of the system, with stores of their own. All that they share
//! are the shared memories of an instance.

use crate::outcome::{Mismatch, mismatch};
use crate::report::Report;
use crate::runner::{WastOptions, run_directive};
use crate::script::{RunningScript, ScriptFile};
use crate::source_text::SourceText;
use gusset::{Engine, Printable};
use std::thread::{Builder, Scope, ScopedJoinHandle};
use wast::token::Id;
use wast::{WastDirective, WastThread};

/// What all threads of a script have.
pub(crate) struct ScriptSetting {
    pub(crate) engine: Engine,
    pub(crate) options: WastOptions,
    pub(crate) file: ScriptFile,
    /// Whether core modules may have WASI.
    pub(crate) wasi: bool,
}

impl ScriptSetting {
    /// What a thread begins with.
    pub(crate) fn script<'a>(&self) -> gusset::Result<RunningScript<'a>> {
        RunningScript::new(&self.engine, self.options, self.file.clone(), self.wasi)
    }
}

/// The threads that a script, or one of its threads, has started and not waited for.
pub(crate) struct ScriptThreads<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    setting: &'env ScriptSetting,
    running: Vec<(String, ScopedJoinHandle<'scope, Report>)>,
    /// Reports of those that have been waited for, which nobody has taken.
    ended: Vec<Report>,
}

impl<'scope, 'env: 'scope> ScriptThreads<'scope, 'env> {
    pub(crate) fn new(scope: &'scope Scope<'scope, 'env>, setting: &'env ScriptSetting) -> ScriptThreads<'scope, 'env> {
        ScriptThreads { scope, setting, running: Vec::new(), ended: Vec::new() }
    }

    /// Runs a directive of `script`.
    pub(crate) fn run(
        &mut self,
        script: &mut RunningScript<'env>,
        directive: WastDirective<'env>,
    ) -> Result<(), Mismatch> {
        match directive {
            WastDirective::Thread(thread) => self.start(script, thread),
            WastDirective::Wait { thread, .. } => self.wait(thread),
            other => script.run(other),
        }
    }

    fn start(&mut self, script: &mut RunningScript<'env>, thread: WastThread<'env>) -> Result<(), Mismatch> {
        let WastThread { name, shared_module, directives, .. } = thread;
        let quoted = Printable::name(name.name()).to_string();
        if self.running.iter().any(|(running, _)| running == name.name()) {
            return mismatch("a thread of a new name", format!("one called `${quoted}` is running"));
        }
        let memories = shared_module.map(|module| script.shared_memories(module)).transpose()?.unwrap_or_default();
        let (scope, setting) = (self.scope, self.setting);
        let run = move || {
            let mut report = Report { file: setting.file.name.to_string(), ..Report::default() };
            let source = SourceText::new(&setting.file.text);
            let mut script = setting.script().expect("there is one already with these settings");
            if let Some(module) = shared_module {
                script.name_memories(module, memories);
            }
            let mut threads = ScriptThreads::new(scope, setting);
            for directive in directives {
                run_directive(&mut script, &mut threads, directive, &source, &mut report);
            }
            threads.finish(&mut report);
            report
        };
        match Builder::new().name(format!("script thread {quoted}")).spawn_scoped(self.scope, run) {
            Ok(handle) => {
                self.running.push((name.name().to_string(), handle));
                Ok(())
            }
            Err(error) => mismatch("a thread", format!("error: {error}")),
        }
    }

    fn wait(&mut self, thread: Id<'env>) -> Result<(), Mismatch> {
        let Some(at) = self.running.iter().position(|(name, _)| name == thread.name()) else {
            return mismatch("a thread", format!("there is none called `${}`", Printable::name(thread.name())));
        };
        let (_, handle) = self.running.remove(at);
        match handle.join() {
            Ok(report) => {
                self.ended.push(report);
                Ok(())
            }
            Err(_) => Err(Mismatch { internal: true, ..Mismatch::new("no panic of a thread", "it panicked") }),
        }
    }

    /// Adds what directives of threads did that have been waited for.
    pub(crate) fn add_ended(&mut self, report: &mut Report) {
        for ended in self.ended.drain(..) {
            report.counts.add(&ended.counts);
            report.directives.extend(ended.directives);
            report.failures.extend(ended.failures);
        }
    }

    /// Waits for all that are left.
    pub(crate) fn finish(mut self, report: &mut Report) {
        for (_, handle) in std::mem::take(&mut self.running) {
            // A panic is passed on.
            let ended = handle.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload));
            self.ended.push(ended);
        }
        self.add_ended(report);
    }
}
