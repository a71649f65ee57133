//! Runs a schedule for many seeds, on every core.
//!
//! `SEED=17` replays one seed and prints its log; `SEEDS=100000` tries more of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::world::Log;

/// Runs `seeds` of them (or what the environment says). Every tenth runs twice, and must give the same log.
pub fn every_seed(seeds: u64, run: fn(u64) -> Log) {
    if let Some(seed) = number("SEED") {
        let log = run(seed);
        assert!(log.0.is_empty(), "the log of seed {seed}\n{log}");
        return;
    }
    let seeds = number("SEEDS").unwrap_or(seeds);
    let next = AtomicU64::new(0);
    let work = || {
        let mut failed = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds || failed.len() > 2 {
                return failed;
            }
            let again = seed.is_multiple_of(10);
            let holds = catch_unwind(AssertUnwindSafe(|| {
                let log = run(seed);
                assert!(!again || log == run(seed), "the same seed gives another log");
            }));
            if holds.is_err() {
                failed.push(seed);
            }
        }
    };
    let workers = thread::available_parallelism().map_or(2, usize::from);
    let failed: Vec<u64> = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .flat_map(|t| t.join().expect("a worker"))
            .collect()
    });
    assert!(
        failed.is_empty(),
        "seeds that fail, to be replayed with SEED=…: {failed:?}"
    );
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}
