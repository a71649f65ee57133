//! Polls operations until none can go on. A panic ends its own operation only.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Wake, Waker};

use futures_util::future::{AbortHandle, Abortable, FutureExt};
use futures_util::stream::{FuturesUnordered, Stream};
use hashbrown::HashMap;

use crate::error::{Error, ErrorKind};
use crate::exec::context::Detached;
use crate::operation::{OpId, Reply};

/// How an operation ended; `None` for one that was cancelled, or a detached task.
type End = Option<(OpId, Result<Reply, Error>)>;

#[derive(Default)]
pub(crate) struct Executor {
    tasks: FuturesUnordered<Pin<Box<dyn Future<Output = End> + Send>>>,
    handles: HashMap<OpId, AbortHandle>,
}

impl Executor {
    pub(crate) fn start(
        &mut self,
        op: OpId,
        work: impl Future<Output = Result<Reply, Error>> + Send + 'static,
    ) {
        let (handle, registration) = AbortHandle::new_pair();
        self.handles.insert(op, handle);
        let guarded = AssertUnwindSafe(work).catch_unwind();
        self.tasks.push(Box::pin(async move {
            let end = Abortable::new(guarded, registration).await.ok()?;
            Some((op, end.unwrap_or_else(|_| Err(defect()))))
        }));
    }

    pub(crate) fn spawn(&mut self, work: Detached) {
        self.tasks.push(Box::pin(async move {
            // A panic in it is contained; there is nobody to tell.
            let _ = AssertUnwindSafe(work).catch_unwind().await;
            None
        }));
    }

    /// Drops an operation: its futures go, and with them the effects that only it waited for.
    pub(crate) fn cancel(&mut self, op: OpId) {
        if let Some(handle) = self.handles.remove(&op) {
            handle.abort();
        }
    }

    /// Polls what can go on, once round; `None` when everything waits.
    pub(crate) fn step(&mut self) -> Option<End> {
        let woken = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&woken));
        let mut cx = std::task::Context::from_waker(&waker);
        // The set gives way to others now and then by waking itself: only a quiet `Pending` is the end.
        while woken.0.swap(false, Ordering::Relaxed) {
            match pin!(&mut self.tasks).poll_next(&mut cx) {
                Poll::Ready(Some(end)) => {
                    if let Some((op, _)) = &end {
                        self.handles.remove(op);
                    }
                    return Some(end);
                }
                Poll::Ready(None) => return None,
                Poll::Pending => {}
            }
        }
        None
    }

    /// Drops everything under way.
    pub(crate) fn clear(&mut self) {
        self.tasks = FuturesUnordered::new();
        self.handles.clear();
    }
}

/// What a caller hears of a panic. The panic's own text is left out: it might quote a value.
pub(crate) fn defect() -> Error {
    Error::new(
        ErrorKind::Internal,
        "A defect in nightlatch ended this operation; others go on.",
    )
    .advise("Please report it with the steps that led here.")
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_its_own_operation_only() {
        let mut executor = Executor::default();
        let unsupported = || Err(Error::new(ErrorKind::Unsupported, "as planned"));
        executor.start(OpId(1), async { panic!("the value is hunter2") });
        executor.start(OpId(2), async move { unsupported() });
        let mut ends = Vec::new();
        while let Some(end) = executor.step() {
            ends.push(end.unwrap());
        }
        ends.sort_by_key(|(op, _)| *op);
        let (first, second) = (ends[0].1.as_ref().unwrap_err(), ends[1].1.as_ref().unwrap_err());
        assert_eq!(
            (first.kind(), second.kind()),
            (ErrorKind::Internal, ErrorKind::Unsupported)
        );
        assert!(!first.to_string().contains("hunter2"));
    }

    #[test]
    fn a_cancelled_operation_is_dropped_at_the_next_step() {
        let mut executor = Executor::default();
        let held = Arc::new(());
        let inside = Arc::clone(&held);
        executor.start(OpId(1), async move {
            let _inside = inside;
            std::future::pending().await
        });
        assert!(executor.step().is_none());
        executor.cancel(OpId(1));
        assert!(executor.step().is_some_and(|end| end.is_none()));
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
