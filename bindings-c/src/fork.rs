//! Locks that are whole in a forked child, and what they guard fit for it.
//!
//! Of all threads a child has only the one that forked. A lock that another one held would stay held there for good,
//! around something half changed. So, before a fork, the forking thread waits for all these locks and takes them, and
//! releases them after it in both processes. In the child it also counts up a number; whoever takes a lock there first
//! sees that and has what it guards forget what was the parent's. A program that only forks to run another one pays
//! for the locks alone.
//!
//! These locks are never held while foreign code runs, a fork included, so nobody waits for itself or for long.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::tree::lock;

/// What can go on in a forked child.
pub(crate) trait AfterFork {
    /// Forgets what was in flight: its callers are not in this process.
    fn after_fork(&mut self);
}

/// A mutex that is whole in a forked child.
pub(crate) struct ForkLock<T>(Arc<Mutex<Guarded<T>>>);

/// What the mutex guards, with the number of the forks that it knows of.
pub(crate) struct Guarded<T> {
    value: T,
    forks: u32,
}

impl<T: AfterFork + Send + 'static> ForkLock<T> {
    pub(crate) fn new(value: T) -> Self {
        let forks = FORKS.load(Relaxed);
        let mutex = Arc::new(Mutex::new(Guarded { value, forks }));
        #[cfg(unix)]
        handlers::register(&mutex);
        Self(mutex)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Guarded<T>> {
        let mut guarded = lock(&self.0);
        let forks = FORKS.load(Relaxed);
        if guarded.forks != forks {
            guarded.forks = forks;
            guarded.value.after_fork();
        }
        guarded
    }
}

impl<T> Deref for Guarded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Guarded<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

/// How many forks lie between the program's first process and this one. Only changed in a child that has one thread.
static FORKS: AtomicU32 = AtomicU32::new(0);

#[cfg(unix)]
mod handlers {
    use std::any::Any;
    use std::cell::RefCell;
    use std::sync::{Once, Weak};

    use super::*;
    use crate::door::guarded;

    /// A mutex of any content.
    trait Lock: Send + Sync {
        fn hold(self: Arc<Self>) -> Box<dyn Any>;
    }

    impl<T: Send + 'static> Lock for Mutex<Guarded<T>> {
        fn hold(self: Arc<Self>) -> Box<dyn Any> {
            let borrowed: *const Self = Arc::as_ptr(&self);
            // SAFETY: the mutex lives as long as `_mutex` beside it, and fields are dropped in their order.
            let guard = lock(unsafe { &*borrowed });
            Box::new(Held {
                _guard: guard,
                _mutex: self,
            })
        }
    }

    struct Held<T: 'static> {
        _guard: MutexGuard<'static, Guarded<T>>,
        _mutex: Arc<Mutex<Guarded<T>>>,
    }

    type Register = Vec<Weak<dyn Lock>>;

    /// All locks there are, and some that are no more.
    static ALL: Mutex<Register> = Mutex::new(Vec::new());

    /// What the forking thread holds; the register is released last.
    struct Fork {
        _locks: Vec<Box<dyn Any>>,
        _register: MutexGuard<'static, Register>,
    }

    thread_local! {
        static FORK: RefCell<Option<Fork>> = const { RefCell::new(None) };
    }

    pub(super) fn register<T: Send + 'static>(mutex: &Arc<Mutex<Guarded<T>>>) {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| {
            // SAFETY: the three are functions without arguments that stop their panics.
            let failed = unsafe { libc::pthread_atfork(Some(before), Some(after), Some(in_child)) };
            assert_eq!(failed, 0, "there is no memory for what is called at a fork");
        });
        let weak: Weak<Mutex<Guarded<T>>> = Arc::downgrade(mutex);
        let mut all = lock(&ALL);
        all.retain(|other| other.strong_count() > 0);
        all.push(weak);
    }

    extern "C" fn before() {
        guarded(|| {
            let register = lock(&ALL);
            let locks = register
                .iter()
                .filter_map(Weak::upgrade)
                .map(Lock::hold)
                .collect();
            // A thread that forks while it ends has no place to keep them, and lets go at once.
            let _ = FORK.try_with(|fork| {
                fork.replace(Some(Fork {
                    _locks: locks,
                    _register: register,
                }))
            });
        });
    }

    extern "C" fn after() {
        guarded(|| {
            let held = FORK.try_with(RefCell::take);
            drop(held);
        });
    }

    extern "C" fn in_child() {
        FORKS.fetch_add(1, Relaxed);
        after();
    }
}
