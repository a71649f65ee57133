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

use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use hashbrown::Equivalent;
use serde::Serialize;

use super::counter::Counter;
pub use super::entry::{CLAIM, Entry};
use super::freshness::{Freshness, Life};
use super::snapshot::Snapshot;
pub use super::snapshot::{Bounds, Stats};
use crate::time::Instant;

/// What a cache holds and has done since it was made. Serialises to one flat object.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CacheInfo {
    /// Entries, those included that are gone and not yet swept out.
    pub entries: usize,
    /// Their size.
    pub bytes: usize,
    /// Reads that were served without waiting for the vault.
    pub hits: u64,
    /// Reads that had to wait for the vault.
    pub misses: u64,
    /// Reads that were served a copy past its life, because the vault could not be asked.
    pub stale_served: u64,
    /// Times that a copy was renewed before its end, or because a caller wanted it.
    pub refreshes: u64,
    /// Entries that left for want of room.
    pub evictions: u64,
    /// Entries that left because their time was over.
    pub expired: u64,
    /// Age of the oldest entry, in milliseconds.
    pub oldest_age_ms: Option<u64>,
}

/// A bounded, expiring map that is read without a lock.
pub struct Store<K, V> {
    bounds: Bounds,
    snapshot: ArcSwap<Snapshot<K, V>>,
    hits: Counter,
    /// Held by a writer from reading the snapshot until swapping in its successor. It protects no data, so
    /// a panic under it leaves nothing half done.
    writing: Mutex<()>,
}

impl<K: Clone + Eq + Hash, V> Store<K, V> {
    /// An empty store.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            snapshot: ArcSwap::from_pointee(Snapshot::default()),
            hits: Counter::default(),
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
        self.hits.add();
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
        self.write(|next| next.insert(self.bounds, key, value, size, life, now))
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
        self.write(|next| next.take(&mut |key, entry| !keep(key, entry)))
    }

    /// Removes and returns everything, oldest first. Drop it after releasing every lock.
    #[must_use = "the host's objects inside must be dropped after every lock is released"]
    pub fn clear(&self) -> Vec<Arc<Entry<V>>> {
        self.retain(|_, _| false)
    }

    /// Shows every entry, in no order.
    pub fn each(&self, mut show: impl FnMut(&K, &Arc<Entry<V>>)) {
        for (key, entry) in &self.snapshot.load().map {
            show(key, entry);
        }
    }

    /// What the store holds and has done; the counts of what only its owner knows are zero.
    pub fn info(&self, now: Instant) -> CacheInfo {
        let snapshot = self.snapshot.load();
        let oldest = snapshot.map.values().map(|entry| entry.stored).min();
        CacheInfo {
            entries: snapshot.map.len(),
            bytes: snapshot.bytes,
            hits: self.hits.get(),
            evictions: snapshot.stats.evictions,
            expired: snapshot.stats.expired,
            oldest_age_ms: oldest.map(|oldest| now.since(oldest).as_millis() as u64),
            ..CacheInfo::default()
        }
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
    use std::thread;
    use std::time::Duration;

    use super::*;

    const TTL: u64 = 300;
    const DUE: u64 = 240;

    fn at(secs: u64) -> Instant {
        Instant::from_millis(secs * 1000)
    }

    fn life() -> Life {
        let [ttl, stale] = [TTL, 3600].map(Duration::from_secs);
        Life::new(ttl, Life::SOFT_SHARE, stale)
    }

    fn store(entries: usize, bytes: usize) -> Store<String, u32> {
        Store::new(Bounds { entries, bytes })
    }

    /// Inserts and says which values left.
    fn put(store: &Store<String, u32>, key: &str, value: u32, size: usize, secs: u64) -> Vec<u32> {
        values(store.insert(key.into(), value, size, life(), at(secs)))
    }

    fn values(left: Vec<Arc<Entry<u32>>>) -> Vec<u32> {
        left.iter().map(|entry| entry.value).collect()
    }

    fn read(store: &Store<String, u32>, key: &str, secs: u64) -> Option<u32> {
        store.read(key, at(secs), |entry| entry.value)
    }

    #[test]
    fn a_fresh_value_is_read_and_a_stale_one_only_got() {
        let store = store(10, 100);
        assert!(put(&store, "a", 1, 10, 0).is_empty());
        assert_eq!(
            (read(&store, "a", DUE - 1), read(&store, "b", 0)),
            (Some(1), None)
        );
        assert_eq!(read(&store, "a", TTL), None);
        let state = |secs| store.get("a", at(secs)).map(|(_, freshness)| freshness);
        assert_eq!(state(DUE - 1), Some(Freshness::Fresh));
        assert_eq!(state(DUE), Some(Freshness::RefreshDue));
        assert_eq!(state(TTL), Some(Freshness::Stale));
        assert_eq!(state(TTL + 3600), None);
    }

    #[test]
    fn a_due_refresh_falls_to_one_reader_per_claim() {
        let store = store(10, 100);
        let _ = put(&store, "a", 1, 10, 0);
        assert!(store.get("a", at(DUE)).is_some(), "looking claims nothing");
        assert_eq!(read(&store, "a", DUE), None);
        assert_eq!(read(&store, "a", DUE), Some(1));
        assert_eq!(read(&store, "a", DUE + 29), Some(1));
        assert_eq!(read(&store, "a", DUE + 30), None);
        assert_eq!(read(&store, "a", DUE + 31), Some(1));
        assert_eq!(put(&store, "a", 2, 10, DUE + 31), [1]);
        assert_eq!(
            read(&store, "a", DUE + 31 + DUE),
            None,
            "a new value has a new claim"
        );
    }

    #[test]
    fn the_least_recently_read_leaves_first() {
        let store = store(3, 100);
        for (secs, key) in ["a", "b", "c"].into_iter().enumerate() {
            assert!(put(&store, key, secs as u32, 1, secs as u64).is_empty());
        }
        assert_eq!(read(&store, "a", 10), Some(0));
        assert_eq!(put(&store, "d", 3, 1, 11), [1]);
        assert_eq!(put(&store, "e", 4, 99, 12), [2, 0], "bytes count too");
        assert_eq!((store.len(), store.bytes()), (2, 100));
        let Stats {
            insertions,
            evictions,
            expired,
        } = store.stats();
        assert_eq!((insertions, evictions, expired), (5, 3, 0));
    }

    #[test]
    fn what_is_gone_leaves_before_what_is_old() {
        let store = store(2, 100);
        let brief = Life::new(Duration::from_secs(20), 0.2, Duration::ZERO);
        assert!(put(&store, "old", 1, 1, 0).is_empty());
        assert!(store.insert("gone".into(), 2, 1, brief, at(10)).is_empty());
        assert_eq!(put(&store, "new", 3, 1, 30), [2]);
        assert_eq!((store.stats().expired, store.stats().evictions), (1, 0));
    }

    #[test]
    fn what_cannot_be_kept_comes_back() {
        let (store, nothing) = (store(2, 100), store(0, 100));
        let _ = put(&store, "a", 1, 60, 0);
        assert_eq!(
            put(&store, "a", 2, 101, 0),
            [1, 2],
            "the superseded value leaves all the same"
        );
        let none = Life::new(Duration::ZERO, 0.2, Duration::from_secs(3600));
        assert_eq!(values(store.insert("a".into(), 3, 1, none, at(0))), [3]);
        assert_eq!(values(nothing.insert("a".into(), 4, 1, life(), at(0))), [4]);
        assert_eq!((store.len(), store.bytes(), store.stats().insertions), (0, 0, 1));
    }

    #[test]
    fn removing_returns_what_leaves_and_its_host_object() {
        let store = store(100, 100);
        for (value, key) in ["a", "b", "c", "d"].into_iter().enumerate() {
            let _ = put(&store, key, value as u32, 10, 0);
        }
        let object = Arc::new(());
        store.read("b", at(1), |entry| {
            entry.slot.set(Box::new(Arc::clone(&object))).unwrap()
        });
        let left = store.remove("b").unwrap();
        assert_eq!(
            (left.value, Arc::strong_count(&object)),
            (1, 2),
            "nothing was dropped inside"
        );
        drop(left);
        assert_eq!(Arc::strong_count(&object), 1);
        assert!(store.remove("b").is_none());
        assert_eq!(
            values(store.retain(|key, entry| key != "a" && entry.value != 3)),
            [0, 3]
        );
        assert_eq!(
            (store.bytes(), values(store.clear()), store.bytes()),
            (10, vec![2], 0)
        );
        for value in 0..50 {
            let _ = put(&store, &format!("k{value}"), value, 1, 0);
        }
        let left = values(store.clear());
        assert_eq!(left, (0..50).collect::<Vec<_>>(), "oldest first");
    }

    #[test]
    fn a_panic_in_a_writer_changes_nothing() {
        let store = store(10, 100);
        let _ = put(&store, "a", 1, 10, 0);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _ = store.retain(|_, _| panic!("as the test wants"));
        }));
        assert!(panicked.is_err() && read(&store, "a", 0) == Some(1));
        assert_eq!(put(&store, "a", 2, 10, 0), [1]);
    }

    #[test]
    fn readers_never_see_a_torn_value_while_writers_write() {
        let store: Store<u64, [u64; 8]> = Store::new(Bounds {
            entries: 8,
            bytes: 800,
        });
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let reader = || {
                let mut hits = 0_u64;
                while !done.load(SeqCst) || hits == 0 {
                    for key in 0..8 {
                        let read = store.read(&key, at(0), |entry| entry.value);
                        let whole = |v: [u64; 8]| v[0] % 8 == key && v.iter().all(|part| *part == v[0]);
                        assert!(read.is_none_or(whole), "{read:?}");
                        hits += u64::from(read.is_some());
                    }
                }
            };
            let readers = [scope.spawn(reader), scope.spawn(reader)];
            let write = |from: u64| {
                let store = &store;
                move || {
                    for n in (from..4000).step_by(2) {
                        let _ = store.insert(n % 8, [n; 8], 100, life(), at(0));
                    }
                }
            };
            let writers = [scope.spawn(write(0)), scope.spawn(write(1))];
            writers.into_iter().for_each(|writer| writer.join().unwrap());
            done.store(true, SeqCst);
            readers.into_iter().for_each(|reader| reader.join().unwrap());
        });
        assert_eq!(
            (store.len(), store.bytes(), store.stats().insertions),
            (8, 800, 4000)
        );
    }

    #[test]
    fn of_many_threads_exactly_one_wins_the_claim() {
        for round in 0..200 {
            let store = store(10, 100);
            let _ = put(&store, "a", round, 10, 0);
            let (won, barrier) = (AtomicUsize::new(0), std::sync::Barrier::new(4));
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        barrier.wait();
                        won.fetch_add(usize::from(read(&store, "a", DUE).is_none()), SeqCst);
                    });
                }
            });
            assert_eq!(won.into_inner(), 1);
        }
    }
}
