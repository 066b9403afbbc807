//! Time as a guest sees it: the clocks that a host can give, and the deterministic one that a guest has where the host gives none.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A clock of the calendar's time.
///
/// ```
/// use gusset_wasi::{SystemClock, WallClock, WasiConfig, WasiCtx};
/// use std::time::Duration;
///
/// /// The system's, a day late.
/// struct Yesterday;
///
/// impl WallClock for Yesterday {
///     fn now(&self) -> Duration {
///         WallClock::now(&SystemClock::new()).saturating_sub(Duration::from_secs(86_400))
///     }
///
///     fn resolution(&self) -> Duration {
///         WallClock::resolution(&SystemClock::new())
///     }
/// }
///
/// let ctx = WasiCtx::new(&WasiConfig::builder().wall_clock(Yesterday).build()?);
/// assert!(ctx.wall_now() < WallClock::now(&SystemClock::new()));
/// # Ok::<(), gusset::Error>(())
/// ```
pub trait WallClock: Send + Sync {
    /// The time since 1970-01-01T00:00:00Z.
    fn now(&self) -> Duration;

    /// The shortest time between two readings that differ.
    fn resolution(&self) -> Duration;
}

/// A clock that never goes back.
///
/// ```
/// use gusset_wasi::{MonotonicClock, WasiConfig, WasiCtx};
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use std::time::Duration;
///
/// /// The frames that a game has drawn, sixty to a second.
/// #[derive(Clone, Default)]
/// struct Frames(Arc<AtomicU64>);
///
/// impl MonotonicClock for Frames {
///     fn now(&self) -> Duration {
///         Duration::from_secs(self.0.load(Ordering::Relaxed)) / 60
///     }
///
///     fn resolution(&self) -> Duration {
///         Duration::from_secs(1) / 60
///     }
/// }
///
/// let frames = Frames::default();
/// let ctx = WasiCtx::new(&WasiConfig::builder().monotonic_clock(frames.clone()).build()?);
/// frames.0.fetch_add(90, Ordering::Relaxed);
/// assert_eq!(ctx.monotonic_now(), Duration::from_millis(1500));
/// # Ok::<(), gusset::Error>(())
/// ```
pub trait MonotonicClock: Send + Sync {
    /// The time since an instant of the clock's own choice, which is the same for all its readings.
    fn now(&self) -> Duration;

    /// The shortest time between two readings that differ.
    fn resolution(&self) -> Duration;
}

/// The system's clocks. [`WasiConfigBuilder::system_time`](crate::WasiConfigBuilder::system_time) gives a guest both, and sleep in earnest; one
/// alone is given so:
///
/// ```
/// use gusset_wasi::{SystemClock, WasiConfig, WasiCtx};
/// use std::time::{Duration, SystemTime};
/// let ctx = WasiCtx::new(&WasiConfig::builder().wall_clock(SystemClock::new()).build()?);
/// let now = SystemTime::UNIX_EPOCH + ctx.wall_now();
/// assert!(now.elapsed().is_ok_and(|time| time < Duration::from_secs(60)));
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    /// Guests do not learn how long the machine has been running.
    start: Instant,
}

impl SystemClock {
    /// The system's clocks; the monotonic one starts at zero, now.
    #[allow(clippy::new_without_default, reason = "it depends on when it is called")]
    pub fn new() -> SystemClock {
        SystemClock { start: Instant::now() }
    }
}

impl WallClock for SystemClock {
    fn now(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    fn resolution(&self) -> Duration {
        resolution(rustix::time::ClockId::Realtime)
    }
}

impl MonotonicClock for SystemClock {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn resolution(&self) -> Duration {
        resolution(rustix::time::ClockId::Monotonic)
    }
}

fn resolution(clock: rustix::time::ClockId) -> Duration {
    Duration::try_from(rustix::time::clock_getres(clock)).unwrap_or(Duration::from_nanos(1))
}

/// A clock that moves only when it is read, slept on or told to: the same in each run.
///
/// It is both clocks at once. Clones show the same time.
///
/// ```
/// use gusset_wasi::{MonotonicClock, VirtualClock, WallClock};
/// use std::time::Duration;
/// let clock = VirtualClock::new(Duration::from_secs(1_000_000_000), Duration::from_millis(1));
/// let readings = [WallClock::now(&clock), WallClock::now(&clock)];
/// assert_eq!(readings[1] - readings[0], Duration::from_millis(1));
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(MonotonicClock::now(&clock), Duration::from_millis(60_002));
/// ```
#[derive(Clone, Debug)]
pub struct VirtualClock {
    epoch: Duration,
    step: u64,
    elapsed: Arc<AtomicU64>,
}

impl VirtualClock {
    /// A clock whose calendar starts at a time since 1970, and which advances by `step` with each reading.
    pub fn new(epoch: Duration, step: Duration) -> VirtualClock {
        VirtualClock { epoch, step: nanoseconds(step), elapsed: Arc::default() }
    }

    /// Lets time pass.
    pub fn advance(&self, time: Duration) {
        self.add(nanoseconds(time));
    }

    fn read(&self) -> Duration {
        Duration::from_nanos(self.add(self.step))
    }

    /// The time before.
    fn add(&self, time: u64) -> u64 {
        // After 584 years it stands still.
        let add = |elapsed: u64| Some(elapsed.saturating_add(time));
        self.elapsed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).unwrap_or_default()
    }
}

/// 2026-01-01T00:00:00Z, and 1 ms with each reading.
impl Default for VirtualClock {
    fn default() -> VirtualClock {
        VirtualClock::new(Duration::from_secs(1_767_225_600), Duration::from_millis(1))
    }
}

impl WallClock for VirtualClock {
    fn now(&self) -> Duration {
        self.epoch.saturating_add(self.read())
    }

    fn resolution(&self) -> Duration {
        Duration::from_nanos(self.step.max(1))
    }
}

impl MonotonicClock for VirtualClock {
    fn now(&self) -> Duration {
        self.read()
    }

    fn resolution(&self) -> Duration {
        Duration::from_nanos(self.step.max(1))
    }
}

/// The longest that fits, where it is longer.
pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
