//! Random bytes: the system's, a host's own, or those of a seed.

use crate::error::{ErrorCode, WasiResult};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::sync::{Arc, Mutex, PoisonError};

/// Where random bytes come from.
///
/// ```
/// use gusset_wasi::{RandomSource, WasiResult};
/// /// Not random at all.
/// struct Sevens;
/// impl RandomSource for Sevens {
///     fn fill(&self, bytes: &mut [u8]) -> WasiResult<()> {
///         bytes.fill(7);
///         Ok(())
///     }
/// }
/// let config = gusset_wasi::WasiConfig::builder().secure_random(Sevens).build()?;
/// # Ok::<(), gusset::Error>(())
/// ```
pub trait RandomSource: Send + Sync {
    /// Fills all of the bytes.
    ///
    /// # Errors
    ///
    /// When there are none to be had.
    fn fill(&self, bytes: &mut [u8]) -> WasiResult<()>;
}

/// The system's source, which is good enough for keys.
///
/// ```
/// use gusset_wasi::{RandomSource, SystemRandom};
/// let mut key = [0; 32];
/// SystemRandom.fill(&mut key)?;
/// assert_ne!(key, [0; 32]);
/// # Ok::<(), gusset_wasi::WasiError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SystemRandom;

impl RandomSource for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) -> WasiResult<()> {
        getrandom::fill(bytes).map_err(|_| ErrorCode::Io.into())
    }
}

/// The bytes that follow from a seed: the same in each run and on each platform. Clones go on where the other one has come to.
///
/// ```
/// use gusset_wasi::{RandomSource, SeededRandom};
/// let (mut one, mut other) = ([0; 8], [0; 8]);
/// SeededRandom::new(7).fill(&mut one)?;
/// SeededRandom::new(7).fill(&mut other)?;
/// assert_eq!(one, other);
/// # Ok::<(), gusset_wasi::WasiError>(())
/// ```
///
/// Given to a configuration, all guests take from one sequence, in whichever order they run; with
/// [`WasiConfigBuilder::seeded_random`](crate::WasiConfigBuilder::seeded_random) each has it from the start.
#[derive(Clone, Debug)]
pub struct SeededRandom(Arc<Mutex<ChaCha12Rng>>);

impl SeededRandom {
    /// The bytes of a seed.
    pub fn new(seed: u64) -> SeededRandom {
        SeededRandom(Arc::new(Mutex::new(ChaCha12Rng::seed_from_u64(seed))))
    }
}

impl RandomSource for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) -> WasiResult<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
        Ok(())
    }
}
