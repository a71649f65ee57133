//! Unpredictable bytes and jitter, both from a seed that the host takes from its operating system.
//!
//! The core has no random source, so it stretches the host's 16 bytes. Bytes that must not be guessed (a PKCE verifier,
//! a sign-in's `state`, an assertion's `jti`) come from a chain of SHA-256: each step gives one block away and keeps
//! another, from which neither earlier blocks nor the seed can be found. Jitter comes from a generator of its own,
//! seeded by a third hash, so waits that anybody can watch tell nothing of the chain.

use std::fmt;
use std::time::Duration;

use hmac_sha256::Hash;
use zeroize::Zeroizing;

/// A seeded source: the same seed gives the same run.
pub struct Random {
    jitter: fastrand::Rng,
    chain: Zeroizing<[u8; 32]>,
}

impl Random {
    /// Starts from the host's 16 random bytes.
    pub fn new(seed: [u8; 16]) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = derive(b"jitter", &seed);
        Self {
            jitter: fastrand::Rng::with_seed(u64::from_le_bytes([a, b, c, d, e, f, g, h])),
            chain: Zeroizing::new(derive(b"chain", &seed)),
        }
    }

    /// Bytes that nobody can guess who has not seen the seed, whatever else of this source they have seen.
    pub fn unpredictable(&mut self) -> [u8; 32] {
        let block = derive(b"block", &*self.chain);
        *self.chain = derive(b"chain", &*self.chain);
        block
    }

    /// A number in `0.0..1.0`.
    pub fn fraction(&mut self) -> f64 {
        self.jitter.f64()
    }

    /// A duration spread evenly over `0..=limit` ("full jitter").
    pub fn up_to(&mut self, limit: Duration) -> Duration {
        limit.mul_f64(self.fraction())
    }

    /// `base` moved by at most `share` of itself either way.
    pub fn around(&mut self, base: Duration, share: f64) -> Duration {
        base.mul_f64(1.0 + share.clamp(0.0, 1.0) * (2.0 * self.fraction() - 1.0))
    }

    /// A version 4 UUID (RFC 9562), as unpredictable.
    pub fn uuid(&mut self) -> String {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.unpredictable()[..16]);
        let bits = u128::from_be_bytes(bytes);
        let bits = bits & !(0xf << 76) | (0x4 << 76);
        let bits = bits & !(0x3 << 62) | (0x2 << 62);
        let hex = format!("{bits:032x}");
        format!(
            "{}-{}-{}-{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..]
        )
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random")
    }
}

/// What a label makes of a secret: nothing else can be told from it.
fn derive(label: &[u8], secret: &[u8]) -> [u8; 32] {
    let mut hash = Hash::new();
    hash.update(label);
    hash.update(secret);
    hash.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_stays_in_its_bounds_and_replays() {
        let (mut a, mut b) = (Random::new([7; 16]), Random::new([7; 16]));
        for _ in 0..1000 {
            let wait = a.up_to(Duration::from_secs(2));
            assert!(wait <= Duration::from_secs(2));
            assert_eq!(wait, b.up_to(Duration::from_secs(2)));
            let life = a.around(Duration::from_secs(300), 0.1);
            assert!((270.0..=330.0).contains(&life.as_secs_f64()));
            b.around(Duration::from_secs(300), 0.1);
        }
    }

    #[test]
    fn every_byte_of_the_seed_counts() {
        let first = |seed: [u8; 16]| Random::new(seed).uuid();
        assert_ne!(first([7; 16]), first([8; 16]));
        for at in 0..16 {
            let mut seed = [7; 16];
            seed[at] = 8;
            assert_ne!(first(seed), first([7; 16]), "byte {at}");
        }
    }

    #[test]
    fn blocks_differ_and_do_not_depend_on_the_jitter_drawn() {
        let (mut a, mut b) = (Random::new([7; 16]), Random::new([7; 16]));
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..1000 {
            b.fraction();
            let block = a.unpredictable();
            assert_eq!(block, b.unpredictable());
            assert!(seen.insert(block));
        }
        assert_eq!(format!("{a:?}"), "Random");
    }

    #[test]
    fn uuids_carry_version_and_variant() {
        let mut random = Random::new([1; 16]);
        for _ in 0..100 {
            let id = random.uuid();
            assert_eq!((id.len(), &id[14..15]), (36, "4"));
            assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"), "{id}");
        }
    }
}
