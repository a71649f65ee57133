//! One fetch, however many callers want the same thing at that moment. When the last of them leaves, the
//! flight ends, and with it the effect it waited for.
//!
//! A flight can be overtaken: its callers still get what it brings, but later ones begin anew, and it must leave
//! nothing behind.

use std::future::Future;
use std::hash::Hash;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{FutureExt, Shared, WeakShared};
use hashbrown::HashMap;

use crate::error::Error;
use crate::exec::executor::defect;

type Flight<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// Flights under way, by what they fetch.
pub(crate) struct SingleFlight<K, T: Clone>(Arc<Mutex<Table<K, T>>>);

struct Table<K, T: Clone> {
    flights: HashMap<K, Entry<T>>,
    next: u64,
}

struct Entry<T: Clone> {
    number: u64,
    flight: WeakShared<Flight<T>>,
    overtaken: Overtaken,
}

/// Tells a flight whether it has been overtaken.
#[derive(Clone, Default)]
pub(crate) struct Overtaken(Arc<AtomicBool>);

impl Overtaken {
    /// Whether what the flight brings is no longer to be kept.
    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl<K, T: Clone> Default for SingleFlight<K, T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Table {
            flights: HashMap::new(),
            next: 0,
        })))
    }
}

impl<K, T> SingleFlight<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Joins the flight for `key`, or begins it with `work`.
    pub(crate) async fn run<F>(&self, key: K, work: impl FnOnce(Overtaken) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        self.join(key, work).await
    }

    /// Overtakes the flights for which `which` says so.
    pub(crate) fn overtake(&self, which: impl Fn(&K) -> bool) {
        let mut table = lock(&self.0);
        // What is taken out is dropped after the lock: it may be the last hold on a flight's future.
        let taken: Vec<_> = table.flights.extract_if(|key, _| which(key)).collect();
        drop(table);
        taken.iter().for_each(|(_, entry)| entry.overtaken.set());
    }

    fn join<F>(&self, key: K, work: impl FnOnce(Overtaken) -> F) -> Shared<Flight<T>>
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let mut table = lock(&self.0);
        if let Some(flight) = table.flights.get(&key).and_then(|entry| entry.flight.upgrade()) {
            return flight;
        }
        table.next += 1;
        let number = table.next;
        let landing = Landing {
            table: Arc::clone(&self.0),
            key: key.clone(),
            number,
        };
        let overtaken = Overtaken::default();
        let work = AssertUnwindSafe(work(overtaken.clone())).catch_unwind();
        let flight: Flight<T> = Box::pin(async move {
            let _landing = landing;
            work.await.unwrap_or_else(|_| Err(defect()))
        });
        let flight = flight.shared();
        if let Some(weak) = flight.downgrade() {
            let entry = Entry {
                number,
                flight: weak,
                overtaken,
            };
            table.flights.insert(key, entry);
        }
        flight
    }
}

fn lock<K, T: Clone>(table: &Mutex<Table<K, T>>) -> MutexGuard<'_, Table<K, T>> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the flight off the table when it ends, whether by landing or by losing its last caller.
struct Landing<K: Eq + Hash, T: Clone> {
    table: Arc<Mutex<Table<K, T>>>,
    key: K,
    number: u64,
}

impl<K: Eq + Hash, T: Clone> Drop for Landing<K, T> {
    fn drop(&mut self) {
        let mut table = lock(&self.table);
        if table
            .flights
            .get(&self.key)
            .is_some_and(|entry| entry.number == self.number)
        {
            table.flights.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn callers_share_one_flight_and_a_later_one_begins_anew() {
        let (flights, begun) = (SingleFlight::<u8, u32>::default(), Arc::new(AtomicU32::new(0)));
        let (open, gate) = futures_channel::oneshot::channel::<()>();
        let mut gate = Some(gate);
        let mut caller = || {
            let (begun, gate) = (Arc::clone(&begun), gate.take());
            flights.join(1, move |_| async move {
                if let Some(gate) = gate {
                    let _ = gate.await;
                }
                Ok(begun.fetch_add(1, Ordering::Relaxed))
            })
        };
        let (mut first, mut second) = (caller(), caller());
        assert_eq!(
            (first.clone().now_or_never(), second.clone().now_or_never()),
            (None, None)
        );
        open.send(()).unwrap();
        assert_eq!((&mut first).now_or_never(), Some(Ok(0)));
        assert_eq!((&mut second).now_or_never(), Some(Ok(0)));
        assert_eq!(caller().now_or_never(), Some(Ok(1)));
    }

    #[test]
    fn the_last_caller_to_leave_ends_the_flight() {
        let flights = SingleFlight::<u8, u32>::default();
        let held = Arc::new(());
        let inside = Arc::clone(&held);
        let work = move |_| async move {
            let _inside = inside;
            std::future::pending().await
        };
        let (first, second) = (
            flights.join(1, work),
            flights.join(1, |_| async { unreachable!() }),
        );
        drop(first);
        assert_eq!(Arc::strong_count(&held), 2);
        drop(second);
        assert_eq!(Arc::strong_count(&held), 1);
        assert!(lock(&flights.0).flights.is_empty());
    }

    #[test]
    fn an_overtaken_flight_serves_its_callers_and_later_ones_begin_anew() {
        let flights = SingleFlight::<u8, bool>::default();
        let (open, gate) = futures_channel::oneshot::channel::<()>();
        let mut first = flights.join(1, |overtaken| async move {
            let _ = gate.await;
            Ok(overtaken.get())
        });
        assert_eq!((&mut first).now_or_never(), None);
        flights.overtake(|key| *key == 1);
        let second = flights.join(1, |overtaken| async move { Ok(overtaken.get()) });
        open.send(()).unwrap();
        assert_eq!(first.now_or_never(), Some(Ok(true)));
        assert_eq!(
            lock(&flights.0).flights.len(),
            1,
            "the second flight kept its place"
        );
        assert_eq!(second.now_or_never(), Some(Ok(false)));
    }

    #[test]
    fn a_panic_reaches_every_caller_as_a_defect() {
        let flights = SingleFlight::<u8, u32>::default();
        let first = flights.join(1, |_| async { panic!() });
        let second = flights.join(1, |_| async { Ok(1) });
        for flight in [first, second] {
            assert_eq!(
                flight.now_or_never().unwrap().unwrap_err().kind(),
                ErrorKind::Internal
            );
        }
    }
}
