//! A count that many threads add to without waiting for each other.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// More than the cores of most machines that matter; a power of two.
const STRIPES: usize = 16;

/// A count in stripes, each on cache lines of its own: a thread adds to the one that its stack's address picks, and
/// so mostly alone. A single number would bounce between the cores at every read of the cache.
#[derive(Default)]
pub(super) struct Counter([Stripe; STRIPES]);

#[derive(Default)]
#[repr(align(128))]
struct Stripe(AtomicU64);

impl Counter {
    /// Adds one.
    #[inline]
    pub(super) fn add(&self) {
        let here = 0_u8;
        let address = (&raw const here) as u64;
        // Stacks lie whole pages apart; what a thread has on its stack moves the address by less.
        let spread = (address >> 16).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let stripe = (spread >> (64 - STRIPES.ilog2())) as usize;
        if let Some(stripe) = self.0.get(stripe) {
            stripe.0.fetch_add(1, Relaxed);
        }
    }

    /// The sum so far.
    pub(super) fn get(&self) -> u64 {
        self.0.iter().map(|stripe| stripe.0.load(Relaxed)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_between_threads() {
        let counter = Counter::default();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..10_000).for_each(|_| counter.add()));
            }
        });
        assert_eq!(counter.get(), 80_000);
    }
}
