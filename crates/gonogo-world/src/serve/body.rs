//! Bodies of answers: whole, cut off, endless.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::sync::mpsc::Receiver;

/// How many blanks an endless body sends before it gives up: more than any
/// client should read, less than would hang a test for long.
const ENDLESS_CHUNKS: usize = 4096;
const CHUNK: &[u8] = &[b' '; 64 * 1024];

pub(crate) enum Outgoing {
    Whole(Option<Bytes>),
    /// What is sent, and how much was promised.
    CutOff(CutOff),
    /// The first bytes, then blanks.
    Endless(Option<Bytes>, usize),
    /// As a program writes it.
    Streamed(Receiver<Bytes>),
}

pub(crate) struct CutOff {
    sent: Option<Bytes>,
    flushed: bool,
    promised: u64,
}

/// The connection is to be closed in the middle.
#[derive(Debug)]
pub(crate) struct HungUp;

impl std::fmt::Display for HungUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("hung up")
    }
}

impl std::error::Error for HungUp {}

impl From<Infallible> for HungUp {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl Outgoing {
    pub(crate) fn whole(body: Vec<u8>) -> Self {
        Self::Whole(Some(body.into()))
    }

    /// Half of `body`, under the promise of all of it.
    pub(crate) fn cut_off(body: Vec<u8>) -> Self {
        let promised = body.len().max(2) as u64;
        let half = Bytes::from(body).slice(..usize::try_from(promised / 2).unwrap_or(0));
        Self::CutOff(CutOff { sent: Some(half), flushed: false, promised })
    }

    pub(crate) fn endless(first: Vec<u8>) -> Self {
        Self::Endless(Some(first.into()), ENDLESS_CHUNKS)
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = HungUp;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, HungUp>>> {
        let next = match self.get_mut() {
            Self::Streamed(chunks) => return chunks.poll_recv(context).map(|bytes| bytes.map(|b| Ok(Frame::data(b)))),
            Self::Whole(bytes) => bytes.take(),
            Self::CutOff(body) => match body.sent.take() {
                Some(bytes) => Some(bytes),
                None if body.flushed => return Poll::Ready(Some(Err(HungUp))),
                None => {
                    // One idle turn, in which hyper flushes what it has.
                    body.flushed = true;
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
            },
            Self::Endless(_, 0) => None,
            Self::Endless(first, left) => {
                *left -= 1;
                Some(first.take().unwrap_or(Bytes::from_static(CHUNK)))
            }
        };
        Poll::Ready(next.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::CutOff(body) => SizeHint::with_exact(body.promised),
            Self::Endless(..) | Self::Streamed(_) => SizeHint::default(),
        }
    }
}
