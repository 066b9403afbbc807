//! What each directive means: the state of a running script, and the judgement of every assertion. Values and instances of
//! the two worlds, core and component, are the business of [`CoreScript`] and [`ComponentScript`].

use crate::adapter_text::AdapterTexts;
use crate::component_script::ComponentScript;
use crate::component_value;
use crate::core_script::{CoreScript, SharedMemories};
use crate::core_value;
use crate::header::lexer;
use crate::message::{error_text, exit_text, is_internal, is_verdict, matches, names_trap, validators_words};
use crate::outcome::{Mismatch, mismatch};
use crate::runner::{Messages, WastOptions};
use gusset::{
    AdapterName, Component, Config, Engine, Error, LinkError, NamedSource, Printable, TextError, Trap, TrapCode, Val,
    core,
};
use std::collections::HashMap;
use std::sync::Arc;
use wast::core::WastRetCore;
use wast::parser::{ParseBuffer, parse};
use wast::token::Id;
use wast::{QuoteWat, QuoteWatTest, WastDirective, WastExecute, WastInvoke, WastRet, Wat};

/// What an instance of the thread that started this one is here.
const OF_OTHER_THREAD: &str = "it is another thread's, of which this one has shared memories alone";

/// How many lines are shown of what guests wrote.
const WRITTEN_LINES_SHOWN: usize = 20;

/// A module or component that is known to be valid.
#[derive(Clone)]
enum ScriptDefinition {
    Core(core::Module),
    Component(Component),
}

/// Why there is no [`ScriptDefinition`].
enum Refusal {
    /// The text is none, or the bytes do not even begin like wasm.
    NoWasm(String),
    /// The engine takes it for malformed or invalid, or cannot do it.
    Engine(Error),
}

impl Refusal {
    fn text(&self) -> String {
        match self {
            Refusal::NoWasm(message) => message.clone(),
            Refusal::Engine(error) => error_text(error),
        }
    }

    /// Whether this is what a script calls `message`: in the words that people are shown, or the validator's own.
    fn says(&self, message: &str) -> bool {
        let own = match self {
            Refusal::NoWasm(_) => "",
            Refusal::Engine(error) => validators_words(error),
        };
        matches(message, &self.text()) || matches(message, own)
    }

    /// The report of this, where something else was expected.
    fn into_mismatch(self, expected: String) -> Mismatch {
        match &self {
            Refusal::NoWasm(_) => Mismatch::new(expected, self.text()),
            Refusal::Engine(error) => Mismatch::error(expected, error),
        }
    }

    /// Whether this is the input's fault.
    fn is_verdict(&self) -> bool {
        match self {
            Refusal::NoWasm(_) => true,
            Refusal::Engine(error) => is_verdict(error),
        }
    }
}

impl From<wast::Error> for Refusal {
    fn from(error: wast::Error) -> Refusal {
        Refusal::NoWasm(error.message())
    }
}

/// An instance that later directives can name.
#[derive(Clone, Copy)]
enum Named {
    Core(core::Instance),
    /// What a thread has of an instance of the thread that started it: its shared memories, by a number.
    Shared(usize),
    Component(usize),
}

/// What an action yielded.
enum Yield {
    Core(Vec<core::Val>),
    Component(Option<Val>),
    /// An instantiation: no values.
    Nothing,
}

/// The file that a script stands in, which what it defines is shown in when something is wrong with that.
#[derive(Clone)]
pub(crate) struct ScriptFile {
    pub(crate) name: Arc<str>,
    pub(crate) text: Arc<str>,
}

/// A running script.
pub(crate) struct RunningScript<'a> {
    engine: Engine,
    file: ScriptFile,
    options: WastOptions,
    core: CoreScript,
    components: ComponentScript,
    /// Definitions by name; `None` is the latest.
    definitions: HashMap<Option<&'a str>, ScriptDefinition>,
    /// Instances by name; `None` is the latest, absent when its instantiation failed.
    instances: HashMap<Option<&'a str>, Named>,
    /// The component that the directive has instantiated or called last.
    involved: Option<Component>,
    adapters: AdapterTexts,
}

impl<'a> RunningScript<'a> {
    /// A script that is about to start; its core modules may have WASI.
    pub(crate) fn new(
        engine: &Engine,
        options: WastOptions,
        file: ScriptFile,
        wasi: bool,
    ) -> gusset::Result<RunningScript<'a>> {
        Ok(RunningScript {
            engine: engine.clone(),
            file,
            options,
            core: CoreScript::new(engine, wasi)?,
            components: ComponentScript::new(engine)?,
            definitions: HashMap::new(),
            instances: HashMap::new(),
            involved: None,
            adapters: AdapterTexts::default(),
        })
    }

    /// Runs one directive.
    pub(crate) fn run(&mut self, directive: WastDirective<'a>) -> Result<(), Mismatch> {
        self.involved = None;
        match directive {
            WastDirective::Module(wat) => self.module(wat),
            WastDirective::ModuleDefinition(wat) => self.definition(wat),
            WastDirective::ModuleInstance { instance, module, .. } => self.instance(instance, module),
            WastDirective::Register { name, module, .. } => self.register(name, module),
            WastDirective::Invoke(call) => match self.invoke(call)? {
                Ok(_) => Ok(()),
                Err(error) => Err(Mismatch::error("a call that returns", &error)),
            },
            WastDirective::AssertReturn { exec, results, .. } => self.assert_return(exec, &results),
            WastDirective::AssertTrap { exec, message, .. } => {
                let outcome = self.execute(exec)?;
                self.judge_trap(outcome, message)
            }
            WastDirective::AssertExhaustion { call, message, .. } => {
                let outcome = self.invoke(call)?;
                self.judge_exhaustion(outcome, message)
            }
            WastDirective::AssertInvalid { module, message, .. }
            | WastDirective::AssertInvalidCustom { module, message, .. } => {
                self.assert_refused(module, message, "invalid")
            }
            WastDirective::AssertMalformed { module, message, .. }
            | WastDirective::AssertMalformedCustom { module, message, .. } => {
                self.assert_refused(module, message, "malformed")
            }
            WastDirective::AssertUnlinkable { module, message, .. } => self.assert_unlinkable(module, message),
            WastDirective::AssertException { exec, .. } => match self.execute(exec)? {
                Ok(yielded) => mismatch("a thrown exception", self.text(&yielded)),
                Err(error) if error.is::<core::Exception>() => Ok(()),
                Err(error) => Err(Mismatch::error("a thrown exception", &error)),
            },
            WastDirective::AssertSuspension { exec, message, .. } => match self.execute(exec)? {
                Ok(yielded) => mismatch(format!("an unhandled suspension: {message}"), self.text(&yielded)),
                Err(error) => Err(Mismatch::error("an unhandled suspension", &error)),
            },
            // What starts threads and waits for them has them.
            WastDirective::Thread(_) | WastDirective::Wait { .. } => {
                Err(Mismatch { internal: true, ..Mismatch::new("a directive of one thread", "one of threads") })
            }
        }
    }

    /// The adapters of the component that the last directive was about, where they are asked for: those in the module that
    /// `adapter` is in, if that is told.
    pub(crate) fn adapters(&mut self, adapter: Option<&AdapterName>) -> Vec<Arc<str>> {
        let Some(component) = self.involved.as_ref().filter(|_| self.options.show_adapters) else { return Vec::new() };
        let texts = self.adapters.of(component).iter();
        let modules = component.adapters().iter().zip(texts);
        let involved = modules.filter(|(module, _)| adapter.is_none_or(|adapter| module.names.contains(adapter)));
        involved.map(|(_, text)| text.clone()).collect()
    }

    /// The fuel that guests have used since this was asked last, where they count it.
    pub(crate) fn take_fuel(&mut self) -> Option<u64> {
        Some(self.core.take_fuel()? + self.components.take_fuel()?)
    }

    /// What guests have written since this was asked last, in lines that say so.
    pub(crate) fn take_written(&mut self) -> Vec<String> {
        let written = self.core.take_written();
        let text = String::from_utf8_lossy(&written);
        let line = |line: &str| format!("the guest wrote: {}", Printable::message(line));
        let mut lines: Vec<String> = text.lines().take(WRITTEN_LINES_SHOWN).map(line).collect();
        if text.lines().nth(WRITTEN_LINES_SHOWN).is_some() {
            lines.push("and more".into());
        }
        lines
    }

    /// The shared memories that an instance exports, by name: what a thread can have of it.
    pub(crate) fn shared_memories(&mut self, module: Id<'a>) -> Result<SharedMemories, Mismatch> {
        match self.named(Some(module))? {
            Named::Core(instance) => Ok(self.core.shared_memories(instance)),
            Named::Shared(number) => Ok(self.core.memories_of_other_thread(number)),
            Named::Component(_) => mismatch("a core instance", "components export no memories"),
        }
    }

    /// Gives a thread what it has of an instance of another one.
    pub(crate) fn name_memories(&mut self, module: Id<'a>, memories: SharedMemories) {
        let number = self.core.add_memories_of_other_thread(memories);
        self.instances.insert(Some(module.name()), Named::Shared(number));
    }

    fn module(&mut self, wat: QuoteWat<'a>) -> Result<(), Mismatch> {
        // Whatever becomes of it, later directives do not mean the instance before it.
        self.instances.remove(&None);
        let name = wat.name().map(|id| id.name());
        let definition = self.compile(wat).or_else(refused)?;
        self.definitions.insert(None, definition.clone());
        if name.is_some() {
            self.definitions.insert(name, definition.clone());
            self.instances.remove(&name);
        }
        self.instantiate_as(&definition, name)
    }

    fn definition(&mut self, wat: QuoteWat<'a>) -> Result<(), Mismatch> {
        let name = wat.name().map(|id| id.name());
        self.definitions.remove(&None);
        let definition = self.compile(wat).or_else(refused)?;
        self.definitions.insert(name, definition.clone());
        self.definitions.insert(None, definition);
        Ok(())
    }

    fn instance(&mut self, instance: Option<Id<'a>>, module: Option<Id<'a>>) -> Result<(), Mismatch> {
        // Whatever becomes of it, later directives do not mean the instance before it.
        self.instances.remove(&None);
        let definition = module.map(|id| id.name());
        let Some(definition) = self.definitions.get(&definition).cloned() else {
            return mismatch("a definition to instantiate", format!("there is none{}", called(definition)));
        };
        self.instantiate_as(&definition, instance.map(|id| id.name()))
    }

    fn instantiate_as(&mut self, definition: &ScriptDefinition, name: Option<&'a str>) -> Result<(), Mismatch> {
        match self.instantiate(definition) {
            Ok(instance) => {
                self.instances.insert(None, instance);
                self.instances.insert(name, instance);
                match (instance, name) {
                    // Later components import it by its name; core modules must be registered, unless the caller says otherwise.
                    (Named::Component(instance), Some(name)) => self.share(name, instance),
                    (Named::Core(instance), Some(name)) if self.options.link_by_name => {
                        self.register_core(name, instance)
                    }
                    _ => Ok(()),
                }
            }
            Err(error) => Err(Mismatch::error("an instance", &error)),
        }
    }

    fn instantiate(&mut self, definition: &ScriptDefinition) -> gusset::Result<Named> {
        match definition {
            ScriptDefinition::Core(module) => Ok(Named::Core(self.core.instantiate(module)?)),
            ScriptDefinition::Component(component) => {
                self.involved = Some(component.clone());
                Ok(Named::Component(self.components.instantiate(component)?))
            }
        }
    }

    fn register(&mut self, name: &str, module: Option<Id<'a>>) -> Result<(), Mismatch> {
        match self.named(module)? {
            Named::Core(instance) => self.register_core(name, instance),
            Named::Shared(number) => {
                let registered = self.core.register_memories(name, number);
                registered.map_err(|error| Mismatch::error("memories under that name", &error))
            }
            Named::Component(instance) => self.share(name, instance),
        }
    }

    fn register_core(&mut self, name: &str, instance: core::Instance) -> Result<(), Mismatch> {
        let registered = self.core.register(name, instance);
        registered.map_err(|error| Mismatch::error("an instance under that name", &error))
    }

    fn share(&mut self, name: &str, instance: usize) -> Result<(), Mismatch> {
        let shared = self.components.share(name, instance);
        shared.map_err(|error| Mismatch::error("an instance under that name", &error))
    }

    fn named(&self, id: Option<Id<'a>>) -> Result<Named, Mismatch> {
        let name = id.map(|id| id.name());
        match self.instances.get(&name) {
            Some(instance) => Ok(*instance),
            None => mismatch("an instance", format!("there is none{}", called(name))),
        }
    }

    /// Runs an action. The outer error is the script's, the inner one the guest's or the engine's.
    fn execute(&mut self, action: WastExecute<'a>) -> Result<gusset::Result<Yield>, Mismatch> {
        match action {
            WastExecute::Invoke(call) => self.invoke(call),
            WastExecute::Wat(wat) => {
                let definition = self.compile(QuoteWat::Wat(wat)).or_else(refused)?;
                Ok(self.instantiate(&definition).map(|_| Yield::Nothing))
            }
            WastExecute::Get { module, global, .. } => match self.named(module)? {
                Named::Core(instance) => Ok(self.core.global(instance, global)?.map(|value| Yield::Core(vec![value]))),
                Named::Component(_) => mismatch("a core instance", "components export no globals"),
                Named::Shared(_) => mismatch("an instance of this thread", OF_OTHER_THREAD),
            },
        }
    }

    fn invoke(&mut self, call: WastInvoke<'a>) -> Result<gusset::Result<Yield>, Mismatch> {
        match self.named(call.module)? {
            Named::Core(instance) => {
                let arguments =
                    call.args.iter().map(|argument| self.core.argument(argument)).collect::<Result<Vec<_>, _>>()?;
                Ok(self.core.call(instance, call.name, &arguments)?.map(Yield::Core))
            }
            Named::Shared(_) => mismatch("an instance of this thread", OF_OTHER_THREAD),
            Named::Component(instance) => {
                self.involved = Some(self.components.component(instance).clone());
                Ok(self.components.call(instance, call.name, &call.args)?.map(Yield::Component))
            }
        }
    }

    fn assert_return(&mut self, action: WastExecute<'a>, expected: &[WastRet<'a>]) -> Result<(), Mismatch> {
        let yielded = match self.execute(action)? {
            Ok(yielded) => yielded,
            Err(error) => return Err(Mismatch::error(results_text(expected), &error)),
        };
        let differs = |difference| {
            let expected = format!("{}{}", results_text(expected), foreign(&yielded, expected));
            Mismatch::new(expected, self.text(&yielded)).at(difference)
        };
        let holds = match (&yielded, expected) {
            (Yield::Nothing, []) => true,
            (Yield::Core(values), _) => {
                values.len() == expected.len()
                    && expected.iter().zip(values).all(|(expected, value)| match expected {
                        WastRet::Core(expected) => self.core.matches(expected, value),
                        _ => false,
                    })
            }
            (Yield::Component(None), []) => true,
            (Yield::Component(Some(value)), [expected]) => {
                component_value::matches(expected, value).map_err(differs)?;
                true
            }
            _ => false,
        };
        if holds { Ok(()) } else { Err(differs(None)) }
    }

    /// `assert_invalid` and `assert_malformed`: the engine must refuse the input for what it is. That it lacks something is
    /// no such verdict.
    fn assert_refused(&mut self, wat: QuoteWat<'a>, message: &str, word: &str) -> Result<(), Mismatch> {
        let expected = format!("{word}: {message}");
        let definition = match encoded(wat) {
            Ok(definition) => definition,
            Err(refusal) => return self.compare(&expected, message, &refusal),
        };
        // Where in the text it is wrong is of interest only if it is not what was expected.
        let plain = NamedSource::new(self.file.name.clone(), &*definition.bytes);
        let located = || self.compile_source(&definition, &self.source(&definition)).err();
        match self.compile_source(&definition, &plain) {
            Ok(_) => mismatch(expected, "it is accepted"),
            Err(refusal) if !refusal.is_verdict() => Err(located().unwrap_or(refusal).into_mismatch(expected)),
            Err(refusal) => self.compare(&expected, message, &refusal).map_err(|mismatch| match located() {
                Some(refusal) => refusal.into_mismatch(mismatch.expected),
                None => mismatch,
            }),
        }
    }

    /// The engine must refuse to link. That it lacks something, or that what it links traps, is no such verdict.
    fn assert_unlinkable(&mut self, wat: Wat<'a>, message: &str) -> Result<(), Mismatch> {
        let expected = format!("unlinkable: {message}");
        let definition = self.compile(QuoteWat::Wat(wat)).or_else(refused)?;
        match self.instantiate(&definition) {
            Ok(_) => mismatch(expected, "it is instantiated"),
            Err(error) if error.is::<LinkError>() => {
                let refusal = Refusal::Engine(error);
                self.compare(&expected, message, &refusal).map_err(|_| refusal.into_mismatch(expected))
            }
            Err(error) => Err(Mismatch::error(expected, &error)),
        }
    }

    /// Judges an action that has to trap with `message`. Only a trap is one, and an exit that is meant: errors of linking or of hosts are
    /// not.
    fn judge_trap(&self, outcome: gusset::Result<Yield>, message: &str) -> Result<(), Mismatch> {
        let expected = format!("trap: {message}");
        let error = match outcome {
            Ok(yielded) => return mismatch(expected, self.text(&yielded)),
            Err(error) => error,
        };
        let holds = match exit_text(&error) {
            // Its code is more than wording.
            Some(exit) => exit == message,
            None => error
                .downcast_ref::<Trap>()
                .is_some_and(|trap| self.options.messages == Messages::Ignored || names_trap(message, trap)),
        };
        if holds { Ok(()) } else { Err(Mismatch::error(expected, &error)) }
    }

    /// Judges a call that has to use up its stack: that is a trap of its own kind, whatever messages count for.
    fn judge_exhaustion(&self, outcome: gusset::Result<Yield>, message: &str) -> Result<(), Mismatch> {
        if let Err(error) = &outcome
            && error.downcast_ref::<Trap>().is_none_or(|trap| trap.code() != TrapCode::StackOverflow)
        {
            return Err(Mismatch::error(format!("trap: {message}"), error));
        }
        self.judge_trap(outcome, message)
    }

    /// What an action yielded, as scripts write it.
    fn text(&self, yielded: &Yield) -> String {
        let texts: Vec<String> = match yielded {
            Yield::Core(values) => values.iter().map(|value| self.core.text(value)).collect(),
            Yield::Component(value) => value.iter().map(component_value::text).collect(),
            Yield::Nothing => return "an instance".into(),
        };
        if texts.is_empty() { "no result".into() } else { texts.join(" ") }
    }

    fn compare(&self, expected: &str, message: &str, refusal: &Refusal) -> Result<(), Mismatch> {
        let same = self.options.messages != Messages::All || refusal.says(message);
        if same { Ok(()) } else { mismatch(expected, refusal.text()) }
    }

    fn compile(&self, wat: QuoteWat<'a>) -> Result<ScriptDefinition, Refusal> {
        let definition = encoded(wat)?;
        self.compile_source(&definition, &self.source(&definition))
    }

    /// A definition with its file.
    fn source(&self, definition: &Encoded) -> NamedSource {
        let ScriptFile { name, text } = &self.file;
        match definition.is_wasm() {
            true => NamedSource::part_of_text(name.clone(), text.clone(), definition.place, &*definition.bytes),
            false => NamedSource::new(name.clone(), &*definition.bytes),
        }
    }

    fn compile_source(&self, definition: &Encoded, source: &NamedSource) -> Result<ScriptDefinition, Refusal> {
        let engine = &self.engine;
        // The engine reads other bytes as text, and reports what it finds then.
        let refusal = |error: Error| match (definition.is_wasm(), error.downcast_ref::<TextError>()) {
            (true, _) => Refusal::Engine(error),
            (false, Some(error)) => Refusal::NoWasm(error.message().into()),
            (false, None) => Refusal::NoWasm(error_text(&error)),
        };
        if !definition.component {
            return core::Module::from_source(engine, source).map(ScriptDefinition::Core).map_err(refusal);
        }
        match Component::from_source(engine, source) {
            Ok(component) => Ok(ScriptDefinition::Component(component)),
            Err(error) if is_verdict(&error) || is_internal(&error) => Err(refusal(error)),
            // That the engine lacks something says nothing of whether the component is valid.
            Err(error) => {
                let mut specified = Config::new();
                let verdict = source.validate(specified.specified_features()).err().filter(is_verdict);
                Err(refusal(verdict.unwrap_or(error)))
            }
        }
    }
}

/// A module or component that a script spells out.
struct Encoded {
    component: bool,
    /// Where its keyword stands in the script.
    place: usize,
    bytes: Vec<u8>,
}

impl Encoded {
    fn is_wasm(&self) -> bool {
        self.bytes.starts_with(b"\0asm")
    }
}

fn encoded(mut wat: QuoteWat<'_>) -> Result<Encoded, Refusal> {
    let component = matches!(wat, QuoteWat::Wat(Wat::Component(_)) | QuoteWat::QuoteComponent(..));
    let place = wat.span().offset();
    let bytes = match wat.to_test()? {
        QuoteWatTest::Binary(bytes) => bytes,
        QuoteWatTest::Text(text) => encode(&text)?,
    };
    Ok(Encoded { component, place, bytes })
}

/// Encodes quoted text to binary.
fn encode(text: &[u8]) -> Result<Vec<u8>, wast::Error> {
    let start = wast::token::Span::from_offset(0);
    let text = std::str::from_utf8(text).map_err(|_| wast::Error::new(start, "malformed UTF-8 encoding".into()))?;
    let buffer = ParseBuffer::new_with_lexer(lexer(text))?;
    parse::<Wat<'_>>(&buffer)?.encode()
}

fn refused<T>(refusal: Refusal) -> Result<T, Mismatch> {
    Err(refusal.into_mismatch("a valid module or component".into()))
}

/// Results, as scripts write them.
fn results_text(results: &[WastRet<'_>]) -> String {
    let text = |result: &WastRet<'_>| match result {
        WastRet::Core(value) => core_value::expected_text(value),
        WastRet::Component(value) => component_value::expected_text(value),
        other => format!("{other:?}"),
    };
    if results.is_empty() { "no result".into() } else { results.iter().map(text).collect::<Vec<_>>().join(" ") }
}

/// What is said of expected values that are none of the world of what was called. Floats are written alike in both.
fn foreign(yielded: &Yield, expected: &[WastRet<'_>]) -> &'static str {
    let float = |it: &WastRetCore<'_>| matches!(it, WastRetCore::F32(_) | WastRetCore::F64(_));
    let core = |it: &WastRet<'_>| matches!(it, WastRet::Core(value) if !float(value));
    match yielded {
        Yield::Component(_) if expected.iter().any(core) => ", a core value",
        Yield::Core(_) if expected.iter().any(|it| matches!(it, WastRet::Component(_))) => ", a component value",
        _ => "",
    }
}

fn called(name: Option<&str>) -> String {
    name.map(|name| format!(" called `${}`", Printable::name(name))).unwrap_or_default()
}
