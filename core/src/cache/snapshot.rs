//! What a store holds at one moment, and who has to leave when something is added.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::Hash;
use std::sync::Arc;

use hashbrown::{Equivalent, HashMap};

use super::entry::Entry;
use super::freshness::{Freshness, Life};
use crate::time::Instant;

/// How much a store may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Number of entries. Default 1,000.
    pub entries: usize,
    /// Sum of the sizes that were told on insertion, in bytes. Default 16 MiB.
    pub bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            entries: 1000,
            bytes: 16 << 20,
        }
    }
}

/// What writers have done since the store was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Values inserted and kept.
    pub insertions: u64,
    /// Entries that left for want of room.
    pub evictions: u64,
    /// Entries that left because they were [`Gone`](Freshness::Gone).
    pub expired: u64,
}

/// One state of a store: a plain map and what is known of it. Writers change a copy before anybody sees it.
pub(super) struct Snapshot<K, V> {
    pub(super) map: HashMap<K, Arc<Entry<V>>>,
    pub(super) bytes: usize,
    pub(super) stats: Stats,
    next_serial: u64,
}

impl<K: Clone + Eq + Hash, V> Snapshot<K, V> {
    /// Stores a value and returns what left, in the order that [`Store::insert`](super::store::Store::insert) tells.
    pub(super) fn insert(
        &mut self,
        bounds: Bounds,
        key: K,
        value: V,
        size: usize,
        life: Life,
        now: Instant,
    ) -> Vec<Arc<Entry<V>>> {
        let entry = Arc::new(Entry::new(value, size, life, now, self.next_serial));
        self.next_serial += 1;
        let gone = |entry: &Entry<V>| entry.freshness(now) == Freshness::Gone;
        let mut left: Vec<_> = self.remove(&key).into_iter().collect();
        let expired = self.take(&mut |_, entry| gone(entry));
        self.stats.expired += expired.len() as u64;
        left.extend(expired);
        if gone(&entry) || size > bounds.bytes || bounds.entries == 0 {
            left.push(entry);
            return left;
        }
        let evicted = self.make_room(bounds.entries - 1, bounds.bytes - size);
        self.stats.evictions += evicted.len() as u64;
        left.extend(evicted);
        self.stats.insertions += 1;
        self.bytes += size;
        self.map.insert(key, entry);
        left
    }

    pub(super) fn remove<Q>(&mut self, key: &Q) -> Option<Arc<Entry<V>>>
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        let entry = self.map.remove(key)?;
        self.bytes -= entry.size;
        Some(entry)
    }

    /// Takes out all entries for which `leaves` says so, oldest first.
    pub(super) fn take(&mut self, leaves: &mut dyn FnMut(&K, &Entry<V>) -> bool) -> Vec<Arc<Entry<V>>> {
        let taken = self.map.extract_if(|key, entry| leaves(key, entry));
        let left: Vec<_> = taken.map(|(_, entry)| entry).collect();
        self.bytes -= left.iter().map(|entry| entry.size).sum::<usize>();
        in_order(left, |entry| (entry.serial, 0)).collect()
    }

    /// Takes out the least recently read entries until the others keep to the bounds.
    fn make_room(&mut self, entries: usize, bytes: usize) -> Vec<Arc<Entry<V>>> {
        let mut left = Vec::new();
        if self.map.len() <= entries && self.bytes <= bytes {
            return left;
        }
        let aged = self
            .map
            .iter()
            .map(|(key, entry)| (entry.age_rank(), key.clone()));
        for (_, key) in in_order(aged.collect(), |(rank, _)| *rank) {
            if self.map.len() <= entries && self.bytes <= bytes {
                break;
            }
            left.extend(self.remove(&key));
        }
        left
    }
}

/// The items by their ranks, which are sorted no further than somebody looks.
fn in_order<T>(items: Vec<T>, rank: impl Fn(&T) -> (u64, u64)) -> impl Iterator<Item = T> {
    let ranks = items.iter().map(rank).zip(0_usize..).map(Reverse);
    let mut ranks: BinaryHeap<_> = ranks.collect();
    let mut items: Vec<_> = items.into_iter().map(Some).collect();
    std::iter::from_fn(move || {
        let Reverse((_, at)) = ranks.pop()?;
        items.get_mut(at)?.take()
    })
}

impl<K: Clone, V> Clone for Snapshot<K, V> {
    fn clone(&self) -> Self {
        Self {
            map: self.map.clone(),
            bytes: self.bytes,
            stats: self.stats,
            next_serial: self.next_serial,
        }
    }
}

impl<K, V> Default for Snapshot<K, V> {
    fn default() -> Self {
        Self {
            map: HashMap::new(),
            bytes: 0,
            stats: Stats::default(),
            next_serial: 0,
        }
    }
}
