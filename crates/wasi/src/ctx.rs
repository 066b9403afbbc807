//! [`WasiCtx`]: what one guest has of WASI, whatever version it imports. What it may do is asked here and below, never in the
//! interfaces.

use crate::clock::{MonotonicClock, VirtualClock, WallClock};
use crate::config::{RandomBytes, Settings, Sleep, WasiConfig};
use crate::error::{ErrorCode, WasiError, WasiResult};
use crate::net::{BoundFor, LookupSlots, ResolvedNames};
use crate::p2::filesystem::MetadataHasher;
use crate::preview1::Descriptors;
use crate::random::{RandomSource, SeededRandom};
use crate::stdio::Output;
use crate::stream::Stream;
use crate::wait::{Interest, Pollable, Ready, Unfinished, Waiter, Wakeup, block};
#[cfg(feature = "async")]
use crate::wait::{keep_thread, pause};
use gusset::{Trap, TrapCode};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

/// Random bytes that are made at once: some milliseconds.
const RANDOM_PIECE: usize = 1 << 20;

/// The state of one guest: its clocks, its random bytes, its descriptors. It belongs into the data of the guest's store, where
/// `add_to_linker` of each version finds it.
///
/// ```
/// use gusset_wasi::{WasiConfig, WasiCtx};
/// let ctx = WasiCtx::new(&WasiConfig::default());
/// assert_eq!(ctx.args().len(), 0);
/// assert!(ctx.monotonic_now() < ctx.monotonic_now());
/// ```
pub struct WasiCtx {
    config: WasiConfig,
    wall_clock: Arc<dyn WallClock>,
    monotonic_clock: Arc<dyn MonotonicClock>,
    /// What sleeping moves, where the host gave no other way.
    virtual_clock: VirtualClock,
    secure_random: Arc<dyn RandomSource>,
    insecure_random: Arc<dyn RandomSource>,
    resolved: ResolvedNames,
    lookups: LookupSlots,
    /// What a wait is ended by.
    wakeup: Arc<Wakeup>,
    /// When it ends whatever happens: the deadline of the store that the guest is of.
    deadline: Option<Instant>,
    /// Where its standard output and standard error go, where its configuration does not say.
    outputs: Option<[Output; 2]>,
    /// Its standard streams, from when they are first asked for.
    stdio: Option<[Arc<dyn Stream>; 3]>,
    /// How many descriptors interfaces have given out that have no table of their own.
    permits: Arc<AtomicU32>,
    /// What goes on whatever the guest waits for.
    unfinished: Vec<Weak<dyn Unfinished>>,
    /// What files are known by, from when it is first asked for.
    metadata_hasher: Option<Box<MetadataHasher>>,
    /// From the first call of preview1 or preview0 on.
    preview1: Option<Box<Descriptors>>,
}

/// One of the descriptors that a guest may have.
#[derive(Debug)]
pub(crate) struct DescriptorPermit(Arc<AtomicU32>);

impl Drop for DescriptorPermit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl WasiCtx {
    /// The state of a guest that starts.
    pub fn new(config: &WasiConfig) -> WasiCtx {
        let settings = &*config.0;
        let virtual_clock = VirtualClock::default();
        let random = |random: &RandomBytes| -> Arc<dyn RandomSource> {
            match random {
                RandomBytes::Seeded(seed) => Arc::new(SeededRandom::new(*seed)),
                RandomBytes::Source(source) => source.clone(),
            }
        };
        WasiCtx {
            config: config.clone(),
            wall_clock: settings.wall_clock.clone().unwrap_or_else(|| Arc::new(virtual_clock.clone())),
            monotonic_clock: settings.monotonic_clock.clone().unwrap_or_else(|| Arc::new(virtual_clock.clone())),
            virtual_clock,
            secure_random: random(&settings.secure_random),
            insecure_random: random(&settings.insecure_random),
            resolved: ResolvedNames::default(),
            lookups: LookupSlots::default(),
            wakeup: Arc::default(),
            deadline: None,
            outputs: None,
            stdio: None,
            permits: Arc::default(),
            unfinished: Vec::new(),
            metadata_hasher: None,
            preview1: None,
        }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.config.0
    }

    /// The descriptors by which preview1 and preview0 know what is open.
    #[inline]
    pub(crate) fn preview1(&mut self) -> &mut Descriptors {
        if self.preview1.is_none() {
            let stdio = self.stdio().clone();
            self.preview1 = Some(Box::new(Descriptors::new(&self.config.0, stdio)));
        }
        self.preview1.as_mut().expect("it has just been made")
    }

    /// Where the standard output and standard error of this guest go, in place of what its configuration says: for guests that have all else in
    /// common. It is to be said before the guest runs.
    ///
    /// ```
    /// use gusset_wasi::{Output, OutputBuffer, WasiConfig, WasiCtx};
    /// let (config, said) = (WasiConfig::default(), OutputBuffer::new(1 << 10));
    /// let mut ctx = WasiCtx::new(&config);
    /// ctx.set_outputs(Output::buffer(&said), Output::null());
    /// ```
    pub fn set_outputs(&mut self, stdout: Output, stderr: Output) {
        self.outputs = Some([stdout, stderr]);
    }

    /// The standard streams: input, output, errors.
    pub(crate) fn stdio(&mut self) -> &[Arc<dyn Stream>; 3] {
        self.stdio.get_or_insert_with(|| self.config.0.open_stdio(self.outputs.as_ref()))
    }

    /// What tells the guest which file is which.
    ///
    /// # Errors
    ///
    /// When there are no random bytes to be had.
    pub(crate) fn metadata_hasher(&mut self) -> WasiResult<&mut MetadataHasher> {
        let made = match self.metadata_hasher.take() {
            Some(made) => made,
            None => Box::new(MetadataHasher::new(&self.settings().secure_random)?),
        };
        Ok(self.metadata_hasher.insert(made))
    }

    /// Lets the guest have one descriptor more, until what is returned is dropped.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::TooManyFiles`] where it has as many as it may.
    pub(crate) fn descriptor_permit(&self) -> WasiResult<DescriptorPermit> {
        let max = self.settings().max_descriptors;
        let one_more = |count: u32| (count < max).then_some(count + 1);
        match self.permits.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more) {
            Ok(_) => Ok(DescriptorPermit(self.permits.clone())),
            Err(_) => Err(ErrorCode::TooManyFiles.into()),
        }
    }

    /// The arguments; the first one is the program's name.
    pub fn args(&self) -> &[String] {
        &self.settings().args
    }

    /// The variables of the environment.
    pub fn env(&self) -> &[(String, String)] {
        &self.settings().env
    }

    /// What `wasi:config` gives.
    pub fn config_values(&self) -> &[(String, String)] {
        &self.settings().config_values
    }

    /// The calendar's time, since 1970-01-01T00:00:00Z.
    pub fn wall_now(&self) -> Duration {
        self.wall_clock.now()
    }

    /// The resolution of [`wall_now`](WasiCtx::wall_now).
    pub fn wall_resolution(&self) -> Duration {
        self.wall_clock.resolution()
    }

    /// The monotonic clock's time.
    pub fn monotonic_now(&self) -> Duration {
        self.monotonic_clock.now()
    }

    /// The resolution of [`monotonic_now`](WasiCtx::monotonic_now).
    pub fn monotonic_resolution(&self) -> Duration {
        self.monotonic_clock.resolution()
    }

    /// Fills the bytes with random ones that are good enough for keys, in pieces, so that the [deadline](WasiCtx::set_deadline) of the guest
    /// is seen between two.
    ///
    /// # Errors
    ///
    /// When there are none to be had; a trap, as [`WasiError::Stop`], at the deadline.
    pub fn fill_secure_random(&self, bytes: &mut [u8]) -> WasiResult<()> {
        self.fill_random(&*self.secure_random, bytes)
    }

    /// Fills the bytes with random ones, in pieces too.
    ///
    /// # Errors
    ///
    /// When there are none to be had; a trap, as [`WasiError::Stop`], at the deadline.
    pub fn fill_insecure_random(&self, bytes: &mut [u8]) -> WasiResult<()> {
        self.fill_random(&*self.insecure_random, bytes)
    }

    fn fill_random(&self, source: &dyn RandomSource, bytes: &mut [u8]) -> WasiResult<()> {
        for (at, piece) in bytes.chunks_mut(RANDOM_PIECE).enumerate() {
            if at > 0 {
                self.time_left()?;
            }
            source.fill(piece)?;
        }
        Ok(())
    }

    /// What a guest that has one seeds its tables of hashes with.
    pub fn insecure_random_seed(&self) -> u128 {
        self.settings().insecure_seed
    }

    /// Whether the guest may connect, or send, to an address.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Access`] where it may not.
    pub fn check_connect(&self, to: SocketAddr) -> WasiResult<()> {
        self.settings().network.check_connect(to, &self.resolved)
    }

    /// Whether the guest may take connections, or receive, at an address of the host.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Access`] where it may not.
    pub fn check_listen(&self, at: SocketAddr) -> WasiResult<()> {
        self.settings().network.check_listen(at)
    }

    /// What a socket of the guest's may be for that it gives an address of the host.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Access`] where it may not have that.
    pub(crate) fn check_bind(&self, at: SocketAddr) -> WasiResult<BoundFor> {
        self.settings().network.check_bind(at)
    }

    /// Whether the guest may open sockets.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Access`] where there is nothing that it could do with one.
    pub(crate) fn check_open_socket(&self) -> WasiResult<()> {
        self.settings().network.check_open()
    }

    /// How many names the guest looks up.
    pub(crate) fn lookups(&self) -> &LookupSlots {
        &self.lookups
    }

    /// Whether the guest may look a name up. What that gives is to be handed to [`name_resolved`](WasiCtx::name_resolved).
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Access`] where it may not.
    pub fn check_lookup(&self, name: &str) -> WasiResult<()> {
        self.settings().network.check_lookup(name)
    }

    /// Lets the guest connect to the addresses of a name that it has looked up, as far as a rule allows that name.
    ///
    /// ```
    /// use gusset_wasi::{Network, WasiConfig, WasiCtx};
    /// let network = Network::none().allow("db.example:5432".parse()?);
    /// let mut ctx = WasiCtx::new(&WasiConfig::builder().network(network).build()?);
    /// assert!(ctx.check_lookup("db.example").is_ok());
    /// assert!(ctx.check_connect("192.0.2.7:5432".parse()?).is_err());
    /// ctx.name_resolved("db.example", &["192.0.2.7".parse()?]);
    /// assert!(ctx.check_connect("192.0.2.7:5432".parse()?).is_ok());
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn name_resolved(&mut self, name: &str, addresses: &[IpAddr]) {
        self.resolved.add(&self.config.0.network, name, addresses);
    }

    /// Stops the guest at a time by the clock if it waits then, as [`Store::set_deadline`](gusset::Store::set_deadline) stops it while it
    /// runs. The functions that `add_to_linker` gives a guest take the deadline of its store.
    pub fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
    }

    /// The time at which the guest is to be stopped, if there is one.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// How long it is until then, if there is such a time.
    ///
    /// # Errors
    ///
    /// The trap that stops the guest, when the time has come.
    fn time_left(&self) -> WasiResult<Option<Duration>> {
        match self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
            Some(Duration::ZERO) => Err(WasiError::Stop(Trap::new(TrapCode::Interrupt).into())),
            left => Ok(left),
        }
    }

    /// Lets something go on whenever the guest waits, until it is finished or gone.
    pub(crate) fn finish_meanwhile(&mut self, left: &Arc<dyn Unfinished>) {
        self.unfinished.retain(|known| known.upgrade().is_some_and(|known| !known.is_finished()));
        let left = Arc::downgrade(left);
        if !self.unfinished.iter().any(|known| known.ptr_eq(&left)) {
            self.unfinished.push(left);
        }
    }

    fn unfinished(&self) -> Vec<Arc<dyn Unfinished>> {
        self.unfinished.iter().filter_map(Weak::upgrade).collect()
    }

    /// Gives way to others.
    pub fn yield_now(&self) {
        if let Some(yield_now) = &self.settings().yield_now {
            yield_now();
        }
    }

    /// Waits until one of the sources is ready, or until the monotonic clock shows `deadline`: which are ready, by their positions. None where
    /// it became late first.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Invalid`] where there is nothing to wait for; what the system's own waiting fails with; a trap, as
    /// [`WasiError::Stop`], at the [deadline](WasiCtx::set_deadline) of the guest. A host's way to sleep, which it gave in place of the
    /// clock, is left to its end.
    pub fn wait(
        &self,
        sources: &[(&dyn Pollable, Interest)],
        deadline: Option<Duration>,
    ) -> WasiResult<Vec<(usize, Ready)>> {
        let unfinished = self.unfinished();
        loop {
            self.wakeup.forget();
            let mut waiter = Waiter::new(Waker::from(self.wakeup.clone()));
            let time_is_up = match self.ask(sources, &unfinished, deadline, &mut waiter)? {
                Asked::Over(ready) => return Ok(ready),
                Asked::Pause { length, is_all } => block(&self.wakeup, &waiter, length)? && is_all,
                Asked::Sleep(sleep, length) => {
                    sleep(length);
                    true
                }
            };
            // It is, whatever a clock of the host's own shows by now: it may stand still.
            if time_is_up {
                return Ok(poll_all(sources, &mut waiter));
            }
        }
    }

    /// [`wait`](WasiCtx::wait), in a Tokio runtime whose thread is left to others meanwhile. The future can be dropped at any time: what was
    /// waited for stays as it is.
    ///
    /// # Errors
    ///
    /// Those of [`wait`](WasiCtx::wait), and where there is no runtime.
    ///
    /// # Panics
    ///
    /// Where the runtime has no drivers for time, or for input and output (`enable_all` gives it both).
    #[cfg(feature = "async")]
    pub async fn wait_async(
        &mut self,
        sources: &[(Arc<dyn Pollable>, Interest)],
        deadline: Option<Duration>,
    ) -> WasiResult<Vec<(usize, Ready)>> {
        let sources: Vec<(&dyn Pollable, Interest)> =
            sources.iter().map(|(source, interest)| (&**source, *interest)).collect();
        let unfinished = self.unfinished();
        loop {
            let waker = std::future::poll_fn(|task| Poll::Ready(task.waker().clone())).await;
            let mut waiter = Waiter::new(waker);
            let time_is_up = match self.ask(&sources, &unfinished, deadline, &mut waiter)? {
                Asked::Over(ready) => return Ok(ready),
                Asked::Pause { length, is_all } => pause(&waiter, length).await? && is_all,
                Asked::Sleep(sleep, length) => {
                    keep_thread(move || sleep(length)).await?;
                    true
                }
            };
            if time_is_up {
                return Ok(poll_all(&sources, &mut waiter));
            }
        }
    }

    /// Asks what is ready, and else how to wait: which of the two ways there are to do that is for the caller.
    fn ask<'a>(
        &self,
        sources: &[(&'a dyn Pollable, Interest)],
        unfinished: &'a [Arc<dyn Unfinished>],
        deadline: Option<Duration>,
        waiter: &mut Waiter<'a>,
    ) -> WasiResult<Asked> {
        if sources.is_empty() && deadline.is_none() {
            return Err(ErrorCode::Invalid.into());
        }
        for left in unfinished.iter().filter(|left| !left.is_finished()) {
            let _ = left.poll_ready(Interest::Write, waiter);
        }
        let ready = poll_all(sources, waiter);
        if !ready.is_empty() {
            return Ok(Asked::Over(ready));
        }
        let left = deadline.map(|deadline| deadline.saturating_sub(self.monotonic_now()));
        if left == Some(Duration::ZERO) {
            return Ok(Asked::Over(Vec::new()));
        }
        let until_deadline = self.time_left()?;
        Ok(match (left, &self.settings().sleep) {
            (None, _) | (_, Sleep::Real) => {
                let shorter = until_deadline.filter(|&until| left.is_none_or(|left| until < left));
                Asked::Pause { length: shorter.or(left), is_all: shorter.is_none() }
            }
            (Some(left), Sleep::Hook(hook)) => Asked::Sleep(hook.clone(), left),
            (Some(left), Sleep::Virtual) => {
                self.virtual_clock.advance(left);
                Asked::Over(poll_all(sources, waiter))
            }
        })
    }
}

/// What comes of asking those that are waited for.
enum Asked {
    Over(Vec<(usize, Ready)>),
    /// Wait so long at most, which is the time until the guest's own deadline (`is_all`), or until that of its store.
    Pause {
        length: Option<Duration>,
        is_all: bool,
    },
    /// Let the host sleep.
    Sleep(Arc<dyn Fn(Duration) + Send + Sync>, Duration),
}

fn poll_all<'a>(sources: &[(&'a dyn Pollable, Interest)], waiter: &mut Waiter<'a>) -> Vec<(usize, Ready)> {
    let mut ready = Vec::new();
    for (at, &(source, interest)) in sources.iter().enumerate() {
        if let Poll::Ready(found) = source.poll_ready(interest, waiter) {
            ready.push((at, found));
        }
    }
    ready
}
