//! Jitter and identifiers, from a seed that the host gives. Never used for keys.

use std::time::Duration;

/// A seeded source of jitter: the same seed gives the same run.
#[derive(Debug)]
pub struct Random(fastrand::Rng);

impl Random {
    /// Starts from the host's 16 random bytes.
    pub fn new(seed: [u8; 16]) -> Self {
        let [low, high] = [0, 8].map(|at| {
            let mut half = [0; 8];
            half.copy_from_slice(&seed[at..at + 8]);
            u64::from_le_bytes(half)
        });
        // Mixed and not merely combined: sixteen equal bytes must not cancel out.
        let mixed = fastrand::Rng::with_seed(low).u64(..) ^ high;
        Self(fastrand::Rng::with_seed(mixed))
    }

    /// A number in `0.0..1.0`.
    pub fn fraction(&mut self) -> f64 {
        self.0.f64()
    }

    /// A duration spread evenly over `0..=limit` ("full jitter").
    pub fn up_to(&mut self, limit: Duration) -> Duration {
        limit.mul_f64(self.fraction())
    }

    /// `base` moved by at most `share` of itself either way.
    pub fn around(&mut self, base: Duration, share: f64) -> Duration {
        base.mul_f64(1.0 + share.clamp(0.0, 1.0) * (2.0 * self.fraction() - 1.0))
    }

    /// A version 4 UUID (RFC 9562) for request ids.
    pub fn uuid(&mut self) -> String {
        let bits = (u128::from(self.0.u64(..)) << 64) | u128::from(self.0.u64(..));
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
    fn uuids_carry_version_and_variant() {
        let mut random = Random::new([1; 16]);
        for _ in 0..100 {
            let id = random.uuid();
            assert_eq!((id.len(), &id[14..15]), (36, "4"));
            assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"), "{id}");
        }
    }
}
