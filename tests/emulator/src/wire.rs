//! The last step before the client: streams and bodies that can break.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// How long the half of a truncated body has to get out before the connection breaks.
const LAST_WORDS: Duration = Duration::from_millis(50);
const GARBAGE: u8 = 0xff;

/// Makes what a stream sends unreadable from some moment on.
#[derive(Clone, Default)]
pub(crate) struct Garbler(Arc<AtomicBool>);

impl Garbler {
    pub(crate) fn start(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_active(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A stream that a [`Garbler`] can spoil.
pub(crate) struct Wire<S> {
    pub(crate) stream: S,
    pub(crate) garbler: Garbler,
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.garbler.is_active() {
            let garbage = vec![GARBAGE; bytes.len()];
            return Pin::new(&mut self.stream).poll_write(context, &garbage);
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// A body that arrives whole, or breaks off after its bytes.
pub(crate) struct Sending {
    bytes: Option<Bytes>,
    breaks_after: Option<Pin<Box<Sleep>>>,
}

impl Sending {
    pub(crate) fn whole(bytes: Bytes) -> Sending {
        Sending {
            bytes: Some(bytes).filter(|bytes| !bytes.is_empty()),
            breaks_after: None,
        }
    }

    pub(crate) fn truncated(bytes: Bytes) -> Sending {
        Sending {
            bytes: Some(bytes),
            breaks_after: Some(Box::pin(tokio::time::sleep(LAST_WORDS))),
        }
    }
}

impl Body for Sending {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(bytes) = self.bytes.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        let Some(pause) = &mut self.breaks_after else {
            return Poll::Ready(None);
        };
        ready!(pause.as_mut().poll(context));
        Poll::Ready(Some(Err(io::Error::other("broken off on purpose"))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none() && self.breaks_after.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.breaks_after {
            Some(_) => SizeHint::new(),
            None => SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
        }
    }
}
