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
/// Bytes of bodies that may be in memory at once: counted as they come, so that
/// nobody holds room by announcing a body and not sending it.
static ROOM: Semaphore = Semaphore::const_new(64 << 20);

/// A body that was read, and its room, which it has until it is dropped.
pub(super) struct Read {
    pub bytes: Vec<u8>,
    _room: Option<SemaphorePermit<'static>>,
}

/// The body, or how and why to refuse it.
pub(super) async fn read(body: Body) -> Result<Read, (StatusCode, &'static str)> {
    const LATE: (StatusCode, &str) = (StatusCode::REQUEST_TIMEOUT, "its body did not come within 10 s: send it again");
    tokio::time::timeout(PATIENCE, read_from(body, &ROOM)).await.unwrap_or(Err(LATE))
}

async fn read_from(body: Body, all_room: &'static Semaphore) -> Result<Read, (StatusCode, &'static str)> {
    let mut chunks = body.into_data_stream();
    let (mut bytes, mut room) = (Vec::new(), None::<SemaphorePermit<'static>>);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| (StatusCode::BAD_REQUEST, "its body broke off: send it again"))?;
        let too_large = (StatusCode::PAYLOAD_TOO_LARGE, "its body is over 25 MB: no webhook is");
        let length = u32::try_from(chunk.len()).map_err(|_| too_large)?;
        if bytes.len() + chunk.len() > MOST {
            return Err(too_large);
        }
        let more = all_room.try_acquire_many(length);
        let more =
            more.map_err(|_| (StatusCode::SERVICE_UNAVAILABLE, "too many webhooks come at once: send it again"))?;
        match &mut room {
            Some(room) => room.merge(more),
            None => room = Some(more),
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Read { bytes, _room: room })
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
        static ROOM: Semaphore = Semaphore::const_new(60 << 20);
        let status = |read: Result<Read, (StatusCode, &str)>| read.err().map(|(status, _)| status.as_u16());
        let whole = read_from(sent(&[20 << 20, 5 << 20]), &ROOM).await.ok().unwrap();
        assert_eq!((whole.bytes.len(), ROOM.available_permits()), (25 << 20, 35 << 20));
        assert_eq!(status(read_from(sent(&[25 << 20, 1]), &ROOM).await), Some(413));
        let second = read_from(sent(&[25 << 20]), &ROOM).await.ok().unwrap();
        assert_eq!(status(read_from(sent(&[9 << 20, 9 << 20]), &ROOM).await), Some(503));
        drop((whole, second));
        assert_eq!(ROOM.available_permits(), 60 << 20, "what was refused holds none either");
        let broken = [Ok(vec![b'x']), Err(std::io::Error::other("reset"))];
        let broken = Body::from_stream(futures_util::stream::iter(broken));
        assert_eq!(status(read_from(broken, &ROOM).await), Some(400));
    }
}
