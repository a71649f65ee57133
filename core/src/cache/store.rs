//! A bounded, expiring map that any number of threads read without a lock.
//!
//! Readers look into an immutable snapshot ([`arc_swap`]); a writer copies it, changes the copy and
//! swaps it in. Copying costs some 20 µs for 1,000 entries and happens once per fetch from a vault, which costs
//! a thousand times more; a read costs a hash and a comparison.
//!
//! Writers never run foreign code under their lock: whatever leaves the store is handed to the caller, who
//! drops it, and with it the host's objects in the slots, when no lock is held.
//!
//! Hash flooding is no concern: the number of entries is bounded and the names are the application's own,
//! so the hasher is the fast one.

use std::any::Any;
use std::fmt;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use hashbrown::{Equivalent, HashMap};

use super::freshness::{Freshness, Life};
use crate::time::Instant;

/// How long a won claim to refresh an entry keeps others from refreshing it too.
pub const CLAIM: Duration = Duration::from_secs(30);

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

/// A value with its life.
pub struct Entry<V> {
    /// What was stored.
    pub value: V,
    /// When.
    pub stored: Instant,
    /// How long it is good.
    pub life: Life,
    /// The size it counts for, in bytes.
    pub size: usize,
    /// When it was last read, in milliseconds and to about a second.
    pub last_read: AtomicU64,
    /// When a claim to refresh it was last won, in milliseconds plus one; 0 for never.
    pub claimed: AtomicU64,
    /// Where a host keeps its ready-made object for the value, so that a hit allocates nothing. It
    /// goes when the entry goes.
    pub slot: OnceLock<Box<dyn Any + Send + Sync>>,
    /// Position among all insertions; decides between entries read at the same time.
    serial: u64,
}

impl<V> Entry<V> {
    /// How good it is at `now`.
    pub fn freshness(&self, now: Instant) -> Freshness {
        self.life.at(self.stored, now)
    }

    /// Wins the claim to refresh it, if nobody holds it: once per [`CLAIM`].
    fn claim(&self, now: Instant) -> bool {
        let held = self.claimed.load(Relaxed);
        let expired = held == 0 || now.since(Instant::from_millis(held - 1)) >= CLAIM;
        let mine = now.as_millis().saturating_add(1);
        expired
            && self
                .claimed
                .compare_exchange(held, mine, Relaxed, Relaxed)
                .is_ok()
    }

    /// Notes that it was read; at most once a second, so that readers on many cores do not fight over
    /// the cache line.
    fn touch(&self, now: Instant) {
        let now = now.as_millis();
        if now.saturating_sub(self.last_read.load(Relaxed)) >= TOUCH_MILLIS {
            self.last_read.store(now, Relaxed);
        }
    }
}

impl<V> fmt::Debug for Entry<V> {
    /// The value stays out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("stored", &self.stored)
            .field("life", &self.life)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// What writers have done since the store was made. Reads are not counted: counting would make them
/// fight over a cache line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Values inserted and kept.
    pub insertions: u64,
    /// Entries that left for want of room.
    pub evictions: u64,
    /// Entries that left because they were [`Gone`](Freshness::Gone).
    pub expired: u64,
}

/// A bounded, expiring map that is read without a lock.
pub struct Store<K, V> {
    bounds: Bounds,
    snapshot: ArcSwap<Snapshot<K, V>>,
    /// Held by a writer from reading the snapshot until swapping in its successor. It protects no data, so
    /// a panic under it leaves nothing half done.
    writing: Mutex<()>,
}

struct Snapshot<K, V> {
    map: HashMap<K, Arc<Entry<V>>>,
    bytes: usize,
    stats: Stats,
    next_serial: u64,
}

impl<K: Clone + Eq + Hash, V> Store<K, V> {
    /// An empty store.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            snapshot: ArcSwap::from_pointee(Snapshot {
                map: HashMap::new(),
                bytes: 0,
                stats: Stats::default(),
                next_serial: 0,
            }),
            writing: Mutex::new(()),
        }
    }

    /// Reads an entry that may be served as it is: the hot path, without lock, allocation or shared count.
    ///
    /// `None` sends the caller the slow way: there is no entry, or it is stale, or a refresh is due *and this
    /// caller has just won the claim to it*. Of all callers exactly one wins per [`CLAIM`]; the others
    /// are served meanwhile. Whoever wins and fails need do nothing: the claim lapses.
    #[inline]
    pub fn read<Q, R>(&self, key: &Q, now: Instant, f: impl FnOnce(&Entry<V>) -> R) -> Option<R>
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        let snapshot = self.snapshot.load();
        let entry = snapshot.map.get(key)?;
        match entry.freshness(now) {
            Freshness::Fresh => {}
            Freshness::RefreshDue if !entry.claim(now) => {}
            _ => return None,
        }
        entry.touch(now);
        Some(f(entry))
    }

    /// An entry in any state but [`Gone`](Freshness::Gone), with that state. Claims nothing.
    pub fn get<Q>(&self, key: &Q, now: Instant) -> Option<(Arc<Entry<V>>, Freshness)>
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        let snapshot = self.snapshot.load();
        let entry = snapshot.map.get(key)?;
        let freshness = entry.freshness(now);
        if freshness == Freshness::Gone {
            return None;
        }
        entry.touch(now);
        Some((Arc::clone(entry), freshness))
    }

    /// Stores a value of `size` bytes and returns every entry that left: the one it replaces, then those that
    /// are gone, then the least recently read ones for which there is no room any more.
    ///
    /// A value that cannot be kept (no life, or larger than the bound) comes back last; what it
    /// would have replaced leaves all the same. Drop what is returned after releasing every lock: the
    /// host's objects go with it.
    #[must_use = "the host's objects inside must be dropped after every lock is released"]
    pub fn insert(&self, key: K, value: V, size: usize, life: Life, now: Instant) -> Vec<Arc<Entry<V>>> {
        self.write(|next| {
            let entry = Arc::new(Entry {
                value,
                stored: now,
                life,
                size,
                last_read: AtomicU64::new(now.as_millis()),
                claimed: AtomicU64::new(0),
                slot: OnceLock::new(),
                serial: next.next_serial,
            });
            next.next_serial += 1;
            let mut left: Vec<_> = next.remove(&key).into_iter().collect();
            let expired = next.take(|_, entry| entry.freshness(now) == Freshness::Gone);
            next.stats.expired += expired.len() as u64;
            left.extend(expired);
            if entry.freshness(now) == Freshness::Gone || size > self.bounds.bytes || self.bounds.entries == 0
            {
                left.push(entry);
                return left;
            }
            let evicted = next.make_room(self.bounds.entries - 1, self.bounds.bytes - size);
            next.stats.evictions += evicted.len() as u64;
            left.extend(evicted);
            next.stats.insertions += 1;
            next.bytes += size;
            next.map.insert(key, entry);
            left
        })
    }

    /// Removes and returns an entry, whatever its state. Drop it after releasing every lock.
    #[must_use = "the host's object inside must be dropped after every lock is released"]
    pub fn remove<Q>(&self, key: &Q) -> Option<Arc<Entry<V>>>
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        if !self.snapshot.load().map.contains_key(key) {
            return None;
        }
        self.write(|next| next.remove(key))
    }

    /// Removes and returns, oldest first, all entries for which `keep` says `false`. Drop them after
    /// releasing every lock. `keep` runs under the writers' lock and must not call back.
    #[must_use = "the host's objects inside must be dropped after every lock is released"]
    pub fn retain(&self, mut keep: impl FnMut(&K, &Entry<V>) -> bool) -> Vec<Arc<Entry<V>>> {
        self.write(|next| next.take(|key, entry| !keep(key, entry)))
    }

    /// Removes and returns everything, oldest first. Drop it after releasing every lock.
    #[must_use = "the host's objects inside must be dropped after every lock is released"]
    pub fn clear(&self) -> Vec<Arc<Entry<V>>> {
        self.retain(|_, _| false)
    }

    /// Number of entries, those included that are gone and not yet swept out.
    pub fn len(&self) -> usize {
        self.snapshot.load().map.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sum of the sizes of all entries, in bytes.
    pub fn bytes(&self) -> usize {
        self.snapshot.load().bytes
    }

    /// What writers have done so far.
    pub fn stats(&self) -> Stats {
        self.snapshot.load().stats
    }

    fn write<R>(&self, change: impl FnOnce(&mut Snapshot<K, V>) -> R) -> R {
        let _writing: MutexGuard<'_, ()> = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = Snapshot::clone(&self.snapshot.load());
        let result = change(&mut next);
        self.snapshot.store(Arc::new(next));
        result
    }
}

impl<K, V> fmt::Debug for Store<K, V> {
    /// Amounts only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let snapshot = self.snapshot.load();
        f.debug_struct("Store")
            .field("entries", &snapshot.map.len())
            .field("bytes", &snapshot.bytes)
            .field("stats", &snapshot.stats)
            .finish_non_exhaustive()
    }
}

impl<K: Clone + Eq + Hash, V> Snapshot<K, V> {
    fn remove<Q>(&mut self, key: &Q) -> Option<Arc<Entry<V>>>
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        let entry = self.map.remove(key)?;
        self.bytes -= entry.size;
        Some(entry)
    }

    /// Takes out all entries for which `leaves` says so, oldest first.
    fn take(&mut self, mut leaves: impl FnMut(&K, &Entry<V>) -> bool) -> Vec<Arc<Entry<V>>> {
        let mut left: Vec<_> = self
            .map
            .extract_if(|key, entry| leaves(key, entry))
            .map(|(_, entry)| entry)
            .collect();
        self.bytes -= left.iter().map(|entry| entry.size).sum::<usize>();
        left.sort_unstable_by_key(|entry| entry.serial);
        left
    }

    /// Takes out the least recently read entries until the others keep to the bounds.
    fn make_room(&mut self, entries: usize, bytes: usize) -> Vec<Arc<Entry<V>>> {
        let mut by_age: Vec<_> = Vec::new();
        if self.map.len() > entries || self.bytes > bytes {
            by_age.extend(
                self.map
                    .iter()
                    .map(|(key, entry)| (entry.last_read.load(Relaxed), entry.serial, key)),
            );
            by_age.sort_unstable_by_key(|(last_read, serial, _)| (*last_read, *serial));
        }
        let oldest: Vec<K> = by_age.into_iter().map(|(_, _, key)| key.clone()).collect();
        let mut left = Vec::new();
        for key in oldest {
            if self.map.len() <= entries && self.bytes <= bytes {
                break;
            }
            left.extend(self.remove(&key));
        }
        left
    }
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

/// How exactly reads are remembered.
const TOUCH_MILLIS: u64 = 1000;
