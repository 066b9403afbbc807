//! [`WasiConfig`]: what a guest may do and what it is given. It names no version of WASI, never changes once it is built, and any
//! number of guests can have the same.

use crate::clock::{MonotonicClock, SystemClock, WallClock};
use crate::fs::Directory;
use crate::net::Network;
use crate::random::{RandomSource, SystemRandom};
use crate::stdio::{Input, Output, StandardOutput};
use crate::stream::{Listener, Stream};
use gusset::{Result, bail};
use std::sync::Arc;
use std::time::Duration;

/// How many descriptors a guest may have, unless the host says so.
const MAX_DESCRIPTORS: u32 = 8192;

/// What a guest may do and what it is given. Cheap to clone.
///
/// By default it is given nothing, and what it sees is the same in each run: no arguments, no environment, no directories, no network,
/// nothing on standard input, output that goes nowhere, a [`VirtualClock`](crate::VirtualClock) on which sleeping lets time pass, and random
/// bytes of a seed.
///
/// ```
/// use gusset_wasi::{Output, OutputBuffer, WasiConfig, WasiCtx};
/// let said = OutputBuffer::new(1 << 20);
/// let config = WasiConfig::builder()
///     .args(["greet", "--loud"])
///     .env("LANG", "C")
///     .stdout(Output::buffer(&said))
///     .build()?;
/// let (one, other) = (WasiCtx::new(&config), WasiCtx::new(&config)); // A guest each.
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone)]
pub struct WasiConfig(pub(crate) Arc<Settings>);

/// Makes a [`WasiConfig`]. What was said last counts; one builder can build several.
///
/// ```
/// use gusset_wasi::{HostDirectory, WasiConfig};
/// let mut builder = WasiConfig::builder();
/// builder.inherit_stdio().system_time().system_random().arg("sort");
/// for path in std::env::args().skip(1) {
///     builder.arg(&path).preopened_directory(&path, HostDirectory::open(&path)?);
/// }
/// let config = builder.build()?;
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone)]
pub struct WasiConfigBuilder(Settings);

#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) config_values: Vec<(String, String)>,
    pub(crate) stdin: Input,
    pub(crate) stdout: Output,
    pub(crate) stderr: Output,
    pub(crate) preopens: Vec<Preopen>,
    /// `None`: a virtual clock of the guest's own.
    pub(crate) wall_clock: Option<Arc<dyn WallClock>>,
    pub(crate) monotonic_clock: Option<Arc<dyn MonotonicClock>>,
    pub(crate) sleep: Sleep,
    pub(crate) yield_now: Option<Arc<dyn Fn() + Send + Sync>>,
    pub(crate) secure_random: RandomBytes,
    pub(crate) insecure_random: RandomBytes,
    pub(crate) insecure_seed: u128,
    pub(crate) network: Network,
    pub(crate) max_descriptors: u32,
    pub(crate) end_at_closed_output: bool,
}

/// What a guest has open from the start, after its standard streams.
#[derive(Clone)]
pub(crate) enum Preopen {
    /// A directory, and what the guest calls it.
    Directory(String, Arc<dyn Directory>),
    Listener(Arc<dyn Listener>),
    Stream(Arc<dyn Stream>),
}

/// How time passes while a guest sleeps.
#[derive(Clone)]
pub(crate) enum Sleep {
    /// On the guest's virtual clock, which nothing else moves.
    Virtual,
    /// In the world.
    Real,
    Hook(Arc<dyn Fn(Duration) + Send + Sync>),
}

#[derive(Clone)]
pub(crate) enum RandomBytes {
    /// Each guest gets the bytes from the start.
    Seeded(u64),
    Source(Arc<dyn RandomSource>),
}

impl WasiConfig {
    /// Starts with a configuration that grants nothing.
    pub fn builder() -> WasiConfigBuilder {
        WasiConfigBuilder(Settings {
            args: Vec::new(),
            env: Vec::new(),
            config_values: Vec::new(),
            stdin: Input::null(),
            stdout: Output::null(),
            stderr: Output::null(),
            preopens: Vec::new(),
            wall_clock: None,
            monotonic_clock: None,
            sleep: Sleep::Virtual,
            yield_now: None,
            secure_random: RandomBytes::Seeded(0),
            insecure_random: RandomBytes::Seeded(1),
            insecure_seed: 0,
            network: Network::none(),
            max_descriptors: MAX_DESCRIPTORS,
            end_at_closed_output: false,
        })
    }
}

impl Settings {
    /// The standard streams that one guest gets: input, output, errors. Of these `outputs` may be its own.
    pub(crate) fn open_stdio(&self, outputs: Option<&[Output; 2]>) -> [Arc<dyn Stream>; 3] {
        let output = |output: &Output, which| output.open(which, self.end_at_closed_output);
        let [stdout, stderr] = outputs.map_or([&self.stdout, &self.stderr], |[stdout, stderr]| [stdout, stderr]);
        let (stdout, stderr) = (output(stdout, StandardOutput::Stdout), output(stderr, StandardOutput::Stderr));
        [self.stdin.open(), stdout, stderr]
    }
}

/// The configuration that grants nothing.
impl Default for WasiConfig {
    fn default() -> WasiConfig {
        WasiConfig(Arc::new(WasiConfig::builder().0))
    }
}

impl WasiConfigBuilder {
    /// Appends an argument. The first one is the program's name.
    pub fn arg(&mut self, arg: impl Into<String>) -> &mut WasiConfigBuilder {
        self.0.args.push(arg.into());
        self
    }

    /// Appends arguments.
    pub fn args(&mut self, args: impl IntoIterator<Item = impl Into<String>>) -> &mut WasiConfigBuilder {
        self.0.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of the environment; the last value counts.
    pub fn env(&mut self, name: impl Into<String>, value: impl Into<String>) -> &mut WasiConfigBuilder {
        set(&mut self.0.env, name.into(), value.into());
        self
    }

    /// Sets variables of the environment.
    pub fn envs(
        &mut self,
        variables: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> &mut WasiConfigBuilder {
        for (name, value) in variables {
            self.env(name, value);
        }
        self
    }

    /// Sets what `wasi:config` gives a guest for a key; the last value counts.
    pub fn config_value(&mut self, key: impl Into<String>, value: impl Into<String>) -> &mut WasiConfigBuilder {
        set(&mut self.0.config_values, key.into(), value.into());
        self
    }

    /// What the guest reads as standard input.
    pub fn stdin(&mut self, input: Input) -> &mut WasiConfigBuilder {
        self.0.stdin = input;
        self
    }

    /// Where the guest's standard output goes.
    pub fn stdout(&mut self, output: Output) -> &mut WasiConfigBuilder {
        self.0.stdout = output;
        self
    }

    /// Where the guest's standard error goes.
    pub fn stderr(&mut self, output: Output) -> &mut WasiConfigBuilder {
        self.0.stderr = output;
        self
    }

    /// Gives the guest the host's standard streams.
    pub fn inherit_stdio(&mut self) -> &mut WasiConfigBuilder {
        self.stdin(Input::inherit()).stdout(Output::inherit()).stderr(Output::inherit())
    }

    /// Whether a guest ends, with [`Exit`](crate::Exit) code 141, when it writes to a standard output, or standard error, that nobody reads any
    /// more, as programs in a shell do (default: no; it gets an error).
    pub fn end_at_closed_output(&mut self, end: bool) -> &mut WasiConfigBuilder {
        self.0.end_at_closed_output = end;
        self
    }

    /// Gives the guest a directory, under the name `guest_path`. Guests see them in the order in which they are given.
    pub fn preopened_directory(
        &mut self,
        guest_path: impl Into<String>,
        directory: impl Directory,
    ) -> &mut WasiConfigBuilder {
        self.0.preopens.push(Preopen::Directory(guest_path.into(), Arc::new(directory)));
        self
    }

    /// Gives the guest a socket that takes connections.
    pub fn preopened_listener(&mut self, listener: impl Listener + 'static) -> &mut WasiConfigBuilder {
        self.0.preopens.push(Preopen::Listener(Arc::new(listener)));
        self
    }

    /// Gives the guest an open stream, such as a connection.
    pub fn preopened_stream(&mut self, stream: impl Stream + 'static) -> &mut WasiConfigBuilder {
        self.0.preopens.push(Preopen::Stream(Arc::new(stream)));
        self
    }

    /// Which calendar the guest sees.
    pub fn wall_clock(&mut self, clock: impl WallClock + 'static) -> &mut WasiConfigBuilder {
        self.0.wall_clock = Some(Arc::new(clock));
        self
    }

    /// Which monotonic clock the guest sees. A guest that sleeps by it does so in earnest, unless [`sleep`](WasiConfigBuilder::sleep) says
    /// otherwise.
    pub fn monotonic_clock(&mut self, clock: impl MonotonicClock + 'static) -> &mut WasiConfigBuilder {
        self.0.monotonic_clock = Some(Arc::new(clock));
        if matches!(self.0.sleep, Sleep::Virtual) {
            self.0.sleep = Sleep::Real;
        }
        self
    }

    /// What is called to sleep, in place of letting time pass on the guest's virtual clock. A guest that waits for other things too
    /// has them looked at before and after.
    pub fn sleep(&mut self, sleep: impl Fn(Duration) + Send + Sync + 'static) -> &mut WasiConfigBuilder {
        self.0.sleep = Sleep::Hook(Arc::new(sleep));
        self
    }

    /// What is called where the guest gives way to others (default: nothing).
    pub fn yield_now(&mut self, yield_now: impl Fn() + Send + Sync + 'static) -> &mut WasiConfigBuilder {
        self.0.yield_now = Some(Arc::new(yield_now));
        self
    }

    /// The system's clocks, real sleep, and giving way to other threads.
    pub fn system_time(&mut self) -> &mut WasiConfigBuilder {
        let clock = SystemClock::new();
        self.wall_clock(clock).monotonic_clock(clock).yield_now(std::thread::yield_now);
        self.0.sleep = Sleep::Real;
        self
    }

    /// Random bytes for keys.
    pub fn secure_random(&mut self, source: impl RandomSource + 'static) -> &mut WasiConfigBuilder {
        self.0.secure_random = RandomBytes::Source(Arc::new(source));
        self
    }

    /// Random bytes for everything else.
    pub fn insecure_random(&mut self, source: impl RandomSource + 'static) -> &mut WasiConfigBuilder {
        self.0.insecure_random = RandomBytes::Source(Arc::new(source));
        self
    }

    /// What guests that have one seed tables of hashes with (default: 0).
    pub fn insecure_random_seed(&mut self, seed: u128) -> &mut WasiConfigBuilder {
        self.0.insecure_seed = seed;
        self
    }

    /// Random bytes that follow from a seed, each guest's from the start.
    pub fn seeded_random(&mut self, seed: u64) -> &mut WasiConfigBuilder {
        self.0.secure_random = RandomBytes::Seeded(seed);
        self.0.insecure_random = RandomBytes::Seeded(!seed);
        self.0.insecure_seed = seed.into();
        self
    }

    /// The system's random bytes. Where there are none, [`build`](WasiConfigBuilder::build) says so.
    pub fn system_random(&mut self) -> &mut WasiConfigBuilder {
        self.secure_random(SystemRandom).insecure_random(SystemRandom)
    }

    /// What the guest may use of the network (default: nothing).
    pub fn network(&mut self, network: Network) -> &mut WasiConfigBuilder {
        self.0.network = network;
        self
    }

    /// How many descriptors the guest may have at a time (default: 8,192). What is open of the host's files takes one each of the host process
    /// as well, and while it is listed one more: with many guests, choose what the process has for each.
    pub fn max_descriptors(&mut self, count: u32) -> &mut WasiConfigBuilder {
        self.0.max_descriptors = count;
        self
    }

    /// The configuration.
    ///
    /// # Errors
    ///
    /// When an argument, a variable or the name of a directory has a NUL in it, or a variable's name is empty or has `=` in it: no guest could
    /// tell. When a rule to listen by is of a name.
    pub fn build(&self) -> Result<WasiConfig> {
        let settings = &self.0;
        if let Some(arg) = settings.args.iter().find(|arg| arg.contains('\0')) {
            bail!("the argument {arg:?} has a NUL in it");
        }
        for (name, value) in &settings.env {
            if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
                bail!("{name:?} with the value {value:?} is no variable of an environment");
            }
        }
        for preopen in &settings.preopens {
            if let Preopen::Directory(name, _) = preopen
                && (name.is_empty() || name.contains('\0'))
            {
                bail!("a directory cannot be called {name:?}");
            }
        }
        if let Some(rule) = settings.network.misplaced() {
            bail!("a guest listens at an address: `{rule}` is a name");
        }
        Ok(WasiConfig(Arc::new(settings.clone())))
    }
}

fn set(values: &mut Vec<(String, String)>, name: String, value: String) {
    match values.iter_mut().find(|(known, _)| *known == name) {
        Some((_, old)) => *old = value,
        None => values.push((name, value)),
    }
}
