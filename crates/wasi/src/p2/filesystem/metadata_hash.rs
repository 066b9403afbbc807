//! [`MetadataHasher`]: what a guest knows files by, in place of the numbers of devices and inodes, which are the host's affair. Libraries make
//! the inode of it that programs see, so it stays the same as long as the file does, whatever is written to it.

use super::records::MetadataHashValue;
use crate::config::RandomBytes;
use crate::error::WasiResult;
use crate::fs::{DeviceNumbers, Metadata};
use crate::random::{RandomSource, SeededRandom};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The words of ChaCha's block.
const BLOCK_WORDS: u128 = 16;

/// Tells the key of guests whose random bytes follow from a seed from these bytes.
const KEY_SEED: u64 = 0x6d65_7461_6861_7368;

/// A hash with a key that no guest sees: what ChaCha gives for device and inode as its nonce and counter.
pub(crate) struct MetadataHasher {
    cipher: ChaCha12Rng,
    /// So that the hash is the same in each run, where the key is.
    devices: DeviceNumbers,
}

impl MetadataHasher {
    /// With a key out of what a guest is given.
    ///
    /// # Errors
    ///
    /// When there are no random bytes to be had.
    pub(crate) fn new(random: &RandomBytes) -> WasiResult<MetadataHasher> {
        let mut key = [0; 32];
        match random {
            RandomBytes::Seeded(seed) => SeededRandom::new(seed ^ KEY_SEED).fill(&mut key)?,
            RandomBytes::Source(source) => source.fill(&mut key)?,
        }
        Ok(MetadataHasher { cipher: ChaCha12Rng::from_seed(key), devices: DeviceNumbers::default() })
    }

    pub(super) fn hash(&mut self, found: Metadata) -> MetadataHashValue {
        let Metadata { device, inode, .. } = self.devices.renumbered(found);
        self.cipher.set_stream(device);
        self.cipher.set_word_pos(u128::from(inode) * BLOCK_WORDS);
        MetadataHashValue { lower: self.cipher.next_u64(), upper: self.cipher.next_u64() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(device: u64, inode: u64) -> Metadata {
        Metadata { device, inode, ..Metadata::default() }
    }

    #[test]
    fn files_are_told_apart_and_known_again() {
        let mut hasher = MetadataHasher::new(&RandomBytes::Seeded(0)).unwrap();
        let mut all: Vec<_> = [(0, 0), (0, 1), (1, 0), (1, 1), (7, u64::MAX), (u64::MAX, u64::MAX), (1 << 32, 1)]
            .map(|(device, inode)| hasher.hash(of(device, inode)))
            .into();
        assert_eq!(hasher.hash(Metadata { size: 9, ..of(1, 0) }), all[2]);
        let mut other = MetadataHasher::new(&RandomBytes::Seeded(1)).unwrap();
        all.push(other.hash(of(1, 0)));
        for (at, hash) in all.iter().enumerate() {
            assert!(!all[..at].contains(hash), "{at}");
        }
        let mut same = MetadataHasher::new(&RandomBytes::Seeded(0)).unwrap();
        same.hash(of(9 << 32, 3));
        assert_eq!(same.hash(of(5 << 32, 1)), all[6], "devices that are not the host's are numbered as they are met");
    }
}
