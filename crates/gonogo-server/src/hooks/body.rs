//! The body of a webhook. It has to be read whole before it is known who sent it,
//! so its size, its time and the memory of all that are read at once are bounded.

use axum::body::Body;
use axum::http::StatusCode;
use futures_util::StreamExt;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// GitHub sends at most this.
const MOST: usize = 25 << 20;
/// GitHub waits no longer for our answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Of which nothing came for so long is given up, and its room with it.
const STALLED: Duration = Duration::from_secs(5);
/// Nearly all bodies are shorter.
const USUAL: usize = 1 << 20;
/// Bytes of bodies that may be in memory at once: counted as they come, so that
/// nobody holds room by announcing a body and not sending it.
static ALL: Room = Room::new(16 << 20, 48 << 20, STALLED);

/// What is longer than usual has room of its own: however many of those there are,
/// they keep no other one out.
struct Room {
    usual: Semaphore,
    more: Semaphore,
    stalled: Duration,
}

impl Room {
    const fn new(usual: usize, more: usize, stalled: Duration) -> Self {
        Self { usual: Semaphore::const_new(usual), more: Semaphore::const_new(more), stalled }
    }
}

/// A body that was read, and its room, which it has until it is dropped.
pub(super) struct Read {
    pub bytes: Vec<u8>,
    _room: [Option<SemaphorePermit<'static>>; 2],
}

/// The body, or how and why to refuse it.
pub(super) async fn read(body: Body) -> Result<Read, (StatusCode, &'static str)> {
    tokio::time::timeout(PATIENCE, read_from(body, &ALL)).await.unwrap_or(Err(LATE))
}

/// It did not come whole in time.
const LATE: (StatusCode, &str) = (StatusCode::REQUEST_TIMEOUT, "its body did not come within 10 s: send it again");

async fn read_from(body: Body, all: &'static Room) -> Result<Read, (StatusCode, &'static str)> {
    let mut chunks = body.into_data_stream();
    let (mut bytes, mut room) = (Vec::new(), [None, None]);
    while let Some(chunk) = tokio::time::timeout(all.stalled, chunks.next()).await.map_err(|_| LATE)? {
        let chunk = chunk.map_err(|_| (StatusCode::BAD_REQUEST, "its body broke off: send it again"))?;
        let too_large = (StatusCode::PAYLOAD_TOO_LARGE, "its body is over 25 MB: no webhook is");
        if bytes.len() + chunk.len() > MOST {
            return Err(too_large);
        }
        let usual = chunk.len().min(USUAL.saturating_sub(bytes.len()));
        take(&mut room[0], &all.usual, usual)?;
        take(&mut room[1], &all.more, chunk.len() - usual)?;
        bytes.extend_from_slice(&chunk);
    }
    Ok(Read { bytes, _room: room })
}

fn take(
    held: &mut Option<SemaphorePermit<'static>>,
    of: &'static Semaphore,
    bytes: usize,
) -> Result<(), (StatusCode, &'static str)> {
    const TOO_MANY: (StatusCode, &str) =
        (StatusCode::SERVICE_UNAVAILABLE, "too many webhooks come at once: send it again");
    let more = u32::try_from(bytes).ok().and_then(|bytes| of.try_acquire_many(bytes).ok()).ok_or(TOO_MANY)?;
    match held {
        Some(held) => held.merge(more),
        None => *held = Some(more),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(chunks: &[usize]) -> Body {
        let chunks: Vec<_> = chunks.iter().map(|size| Ok::<_, std::io::Error>(vec![b'x'; *size])).collect();
        Body::from_stream(futures_util::stream::iter(chunks))
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_size_and_while_there_is_room() {
        static ROOM: Room = Room::new(10 << 20, 50 << 20, Duration::from_millis(50));
        let free = || (ROOM.usual.available_permits() >> 20, ROOM.more.available_permits() >> 20);
        let status = |read: Result<Read, (StatusCode, &str)>| read.err().map(|(status, _)| status.as_u16());
        let whole = read_from(sent(&[20 << 20, 5 << 20]), &ROOM).await.ok().unwrap();
        assert_eq!((whole.bytes.len(), free()), (25 << 20, (9, 26)));
        assert_eq!(status(read_from(sent(&[25 << 20, 1]), &ROOM).await), Some(413));
        let second = read_from(sent(&[25 << 20]), &ROOM).await.ok().unwrap();
        assert_eq!(status(read_from(sent(&[9 << 20, 9 << 20]), &ROOM).await), Some(503));
        let usual = read_from(sent(&[1 << 20]), &ROOM).await;
        assert!(usual.is_ok(), "large ones keep no other out");
        drop((whole, second, usual));
        assert_eq!(free(), (10, 50), "what was refused holds none either");
        let stalled = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
        assert_eq!(status(read_from(stalled, &ROOM).await), Some(408));
        let broken = [Ok(vec![b'x']), Err(std::io::Error::other("reset"))];
        let broken = Body::from_stream(futures_util::stream::iter(broken));
        assert_eq!(status(read_from(broken, &ROOM).await), Some(400));
    }
}
