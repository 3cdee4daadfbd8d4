//! Connections: so many are open at once, and each has so long to say what it
//! wants. Where all places are taken, one that is idle makes room; one that is
//! too many is told so.

use super::idle::{Idle, OfOne, Taken};
use super::stalled::NeverStalled;
use axum::Router;
use axum::body::Body;
use axum::serve::Listener;
use futures_util::TryFutureExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

/// Whose request's head is not here by then is gone, and who has nothing more to
/// ask: later than proxies let go of theirs (nginx: 60 s), so that no request of
/// theirs meets a closed connection.
const PATIENCE: Duration = Duration::from_secs(65);
/// Who comes has something to ask.
const ASKS_WITHIN: Duration = Duration::from_secs(10);
/// Who takes nothing of an answer for so long is gone too.
const TAKES_WITHIN: Duration = Duration::from_mins(1);
/// A longer head is refused (431).
const MOST_HEAD: usize = 64 << 10;
/// Those that are told at once that they are too many; more are dropped.
const MOST_TOLD: usize = 64;
/// They have so long to hear it.
const TO_HEAR: Duration = Duration::from_secs(1);

const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    Retry-After: 5\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 93\r\n\r\n\
    too many connections are open: try again in some seconds ([server] connections is the limit)\n";

pub(super) struct Connections {
    router: Router,
    places: Arc<Semaphore>,
    told: Arc<Semaphore>,
    idle: Arc<Idle>,
    asks_within: Duration,
    takes_within: Duration,
}

impl Connections {
    pub(super) fn new(router: Router, most: usize) -> Self {
        let places = Arc::new(Semaphore::new(most));
        let told = Arc::new(Semaphore::new(MOST_TOLD));
        Self { router, places, told, idle: Arc::default(), asks_within: ASKS_WITHIN, takes_within: TAKES_WITHIN }
    }

    /// Answers until `stopped`; what is being answered then is finished.
    pub(super) async fn answer<L: Listener>(self, mut listener: L, stopped: impl Future<Output = ()>) {
        let (stop, told) = watch::channel(false);
        let mut stopped = pin!(stopped);
        loop {
            let (io, _) = tokio::select! {
                accepted = listener.accept() => accepted,
                () = &mut stopped => break,
            };
            if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
                let answered = self.answer_one(io, told.clone());
                tokio::spawn(async move {
                    answered.await;
                    drop(place);
                });
            } else if self.idle.ends_longest() {
                let places = Arc::clone(&self.places);
                let answered = self.answer_one(io, told.clone());
                tokio::spawn(async move {
                    // It ends at once; else who comes is let go of.
                    if let Ok(Ok(place)) = tokio::time::timeout(TO_HEAR, places.acquire_owned()).await {
                        answered.await;
                        drop(place);
                    }
                });
            } else if let Ok(place) = Arc::clone(&self.told).try_acquire_owned() {
                tokio::spawn(async move {
                    tokio::time::timeout(TO_HEAR, refuse(io)).await.unwrap_or(());
                    drop(place);
                });
            }
        }
        drop((listener, told));
        stop.send(true).unwrap_or(()); // nobody is connected
        stop.closed().await;
    }
}

impl Connections {
    fn answer_one<I: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        &self,
        io: I,
        told: watch::Receiver<bool>,
    ) -> impl Future<Output = ()> + Send + use<I> {
        let io = NeverStalled::new(io, self.takes_within);
        let (router, idle, asks_within) = (self.router.clone(), Arc::clone(&self.idle), self.asks_within);
        async move { answer_one(io, router, OfOne::begin(idle), asks_within, told).await }
    }
}

async fn answer_one(
    io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    it: Arc<OfOne>,
    asks_within: Duration,
    mut told: watch::Receiver<bool>,
) {
    let asks = Arc::clone(&it);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        asks.works();
        let (answer, by) = (router.clone().oneshot(request.map(Body::new)), Arc::clone(&asks));
        answer.map_ok(|answer| answer.map(|body| Taken::body(body, by)))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(MOST_HEAD)
        .serve_connection(TokioIo::new(io), service);
    let mut connection = pin!(connection);
    let silent = async {
        tokio::time::sleep(asks_within).await;
        if it.has_asked() {
            std::future::pending::<()>().await;
        }
    };
    let told = async move { told.wait_for(|is_told| *is_told).await.map_or((), drop) };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = silent => return,
        () = it.is_to_end() => {
            if !it.has_asked() {
                return;
            }
            // What it has taken not yet of its last answer it gets.
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = told => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // Strangers do that all day.
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Says why, and waits until that was taken: what is closed with something of
/// theirs unread is reset.
async fn refuse(mut io: impl AsyncRead + AsyncWrite + Unpin) {
    if io.write_all(TOO_MANY).await.is_err() || io.shutdown().await.is_err() {
        return;
    }
    let mut unread = [0; 1 << 10];
    while io.read(&mut unread).await.is_ok_and(|read| read > 0) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::net::{TcpListener, TcpStream};

    #[test]
    fn what_is_said_is_as_long_as_it_says() {
        let text = std::str::from_utf8(TOO_MANY).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())), "{}", body.len());
    }

    #[tokio::test]
    async fn one_connection_too_many_is_told_so_and_the_others_go_on() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ended) = watch::channel(false);
        let stays = move || {
            let mut ended = ended.clone();
            let waits = async move {
                ended.wait_for(|is_ended| *is_ended).await.map(|_| "over").map_err(std::io::Error::other)
            };
            async { Body::from_stream(futures_util::stream::once(waits)) }
        };
        let router = Router::new().route("/", get(stays));
        let (tell, mut told) = watch::channel(false);
        let answering = tokio::spawn(Connections::new(router, 2).answer(listener, async move {
            told.wait_for(|is_told| *is_told).await.unwrap();
        }));
        let ask = async |stream: &mut TcpStream| {
            stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).await.unwrap();
            String::from_utf8(answer.to_vec()).unwrap()
        };
        let mut open = [TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap()];
        for stream in &mut open {
            assert_eq!(ask(stream).await, "HTTP/1.1 200");
        }
        let mut third = TcpStream::connect(address).await.unwrap();
        assert_eq!(ask(&mut third).await, "HTTP/1.1 503");
        let [first, mut second] = open;
        drop(first);
        // Its place is free once its end was seen.
        let mut fourth = TcpStream::connect(address).await.unwrap();
        while ask(&mut fourth).await != "HTTP/1.1 200" {
            fourth = TcpStream::connect(address).await.unwrap();
        }
        drop(fourth);
        end.send(true).unwrap();
        tell.send(true).unwrap();
        answering.await.unwrap();
        let mut rest = Vec::new();
        second.read_to_end(&mut rest).await.expect("one that asks nothing ends with the server");
    }

    #[tokio::test]
    async fn who_is_idle_for_longest_gives_its_place_to_who_comes() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(async || "here"));
        let answering = tokio::spawn(Connections::new(router, 2).answer(listener, std::future::pending()));
        let ask = async |stream: &mut TcpStream| {
            stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
            let mut answer = Vec::new();
            while !answer.ends_with(b"here") {
                assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "{}", String::from_utf8_lossy(&answer));
            }
        };
        let mut silent = TcpStream::connect(address).await.unwrap();
        let mut idle = TcpStream::connect(address).await.unwrap();
        ask(&mut idle).await;
        // Both places are taken, by who wants nothing.
        let mut third = TcpStream::connect(address).await.unwrap();
        ask(&mut third).await;
        assert_eq!(silent.read(&mut [0]).await.unwrap(), 0, "it came first");
        ask(&mut idle).await;
        let mut fourth = TcpStream::connect(address).await.unwrap();
        ask(&mut fourth).await;
        assert_eq!(third.read(&mut [0]).await.unwrap(), 0, "the other one has just asked");
        ask(&mut idle).await;
        answering.abort();
    }

    #[tokio::test]
    async fn who_asks_nothing_is_gone_soon() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Connections::new(Router::new(), 1);
        let connections = Connections { asks_within: Duration::from_millis(100), ..connections };
        let answering = tokio::spawn(connections.answer(listener, std::future::pending()));
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nHost").await.unwrap();
        let read = tokio::time::timeout(Duration::from_secs(20), slow.read(&mut [0])).await.expect("it is closed");
        assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
        answering.abort();
    }

    #[tokio::test]
    async fn who_asks_and_takes_no_answer_holds_no_place() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(async || vec![b'x'; 64 << 20]));
        let connections = Connections { takes_within: Duration::from_millis(300), ..Connections::new(router, 1) };
        let answering = tokio::spawn(connections.answer(listener, std::future::pending()));
        let ask = async |stream: &mut TcpStream| {
            stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        };
        let mut idle = TcpStream::connect(address).await.unwrap();
        ask(&mut idle).await;
        idle.readable().await.unwrap();
        // There is one place: whoever comes next has it once the first is gone, and
        // one that takes what it asks for is never cut off.
        let told = loop {
            let mut next = TcpStream::connect(address).await.unwrap();
            ask(&mut next).await;
            let mut answer = Vec::new();
            next.read_to_end(&mut answer).await.unwrap();
            if answer.starts_with(b"HTTP/1.1 200") {
                break answer.len();
            }
        };
        assert!(told > 64 << 20, "{told}");
        let mut rest = Vec::new();
        let cut_off = idle.read_to_end(&mut rest).await.is_err() || rest.len() < 64 << 20;
        assert!(cut_off, "{}", rest.len());
        answering.abort();
    }
}
