//! Tests that need to reach behind the functions: panics in the core.

use std::cell::Cell;

thread_local! {
    static ASKED: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// Panics if this thread's test asked for it at this point, once.
pub(crate) fn panic_if_asked(point: &'static str) {
    if ASKED.get() == Some(point) {
        ASKED.set(None);
        panic!("as the test wants");
    }
}
