//! A load of our own making: sessions that go on asking, each one request after the other,
//! and write down what they met.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const WORKERS: usize = 16;
/// Of each worker, at one time.
const SESSIONS: usize = 3;
/// Of each worker: 200 requests a second in all.
const EACH: Duration = Duration::from_millis(80);
/// After so many requests of a worker one of its sessions ends, and another begins.
const LASTS: usize = 30;

pub(crate) struct Load {
    is_over: Arc<AtomicBool>,
    workers: Vec<JoinHandle<(Vec<Session>, Vec<String>)>>,
    begun: Instant,
}

/// Who brings the cookie that they were given, and the versions that they met.
#[derive(Default)]
struct Session {
    cookie: Option<String>,
    met: Vec<String>,
}

pub(crate) struct Met {
    sessions: Vec<Session>,
    pub failed: Vec<String>,
    pub requests: usize,
    lasted: Duration,
}

impl Load {
    pub(crate) fn begins(port: u16) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let work = |_| {
            let is_over = Arc::clone(&is_over);
            std::thread::spawn(move || works(port, &is_over))
        };
        let workers = (0..WORKERS).map(work).collect();
        Self { is_over, workers, begun: Instant::now() }
    }

    pub(crate) fn ends(self) -> Met {
        self.is_over.store(true, Ordering::Relaxed);
        let mut met = Met { sessions: Vec::new(), failed: Vec::new(), requests: 0, lasted: Duration::ZERO };
        for worker in self.workers {
            let (sessions, failed) = worker.join().unwrap();
            met.sessions.extend(sessions);
            met.failed.extend(failed);
        }
        met.requests = met.failed.len() + met.sessions.iter().map(|session| session.met.len()).sum::<usize>();
        met.lasted = self.begun.elapsed();
        met
    }
}

fn works(port: u16, is_over: &AtomicBool) -> (Vec<Session>, Vec<String>) {
    let (mut ended, mut failed) = (Vec::new(), Vec::new());
    let mut sessions: Vec<Session> = (0..SESSIONS).map(|_| Session::default()).collect();
    let mut due = Instant::now();
    for nth in 0.. {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        if nth % LASTS == LASTS - 1 {
            // The first one stays all the time.
            let leaves = 1 + (nth / LASTS) % (SESSIONS - 1);
            ended.push(std::mem::take(&mut sessions[leaves]));
        }
        let session = &mut sessions[nth % SESSIONS];
        match get(port, session.cookie.as_deref()) {
            Ok((200, version, given)) => {
                session.met.push(version);
                session.cookie = given.or(session.cookie.take());
            }
            Ok((status, said, _)) => failed.push(format!("{status} {said}")),
            Err(error) => failed.push(error.to_string()),
        }
        due += EACH;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    ended.extend(sessions);
    (ended, failed)
}

/// The status, what stands there, and the cookie that was given.
pub(crate) fn get(port: u16, cookie: Option<&str>) -> io::Result<(u16, String, Option<String>)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let cookie = cookie.map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
    write!(stream, "GET / HTTP/1.1\r\nHost: site\r\nConnection: close\r\n{cookie}\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let broken = || io::Error::other(format!("no whole answer: {answer:?}"));
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(broken)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
    let given = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let pair = value.split(';').next().unwrap_or_default();
        name.eq_ignore_ascii_case("set-cookie").then(|| pair.trim().to_owned())
    });
    Ok((status, body.trim().to_owned(), given))
}

impl Met {
    /// Sessions that met an older version after a newer one, or one that is none.
    pub(crate) fn went_back(&self, versions: &[String]) -> Vec<String> {
        let is_wrong = |session: &&Session| {
            let places: Vec<Option<usize>> = session.met.iter().map(|met| place(versions, met)).collect();
            places.contains(&None) || !places.is_sorted()
        };
        self.sessions.iter().filter(is_wrong).map(|session| format!("{:?}", session.met)).collect()
    }

    /// How many sessions met more than one version.
    pub(crate) fn moved(&self, versions: &[String]) -> usize {
        let has_moved = |session: &&Session| {
            let first = session.met.first().and_then(|met| place(versions, met));
            session.met.iter().any(|met| place(versions, met) != first)
        };
        self.sessions.iter().filter(has_moved).count()
    }

    /// The newest that anybody met.
    pub(crate) fn newest(&self, versions: &[String]) -> usize {
        let all = self.sessions.iter().flat_map(|session| &session.met);
        all.filter_map(|met| place(versions, met)).max().unwrap_or(0)
    }

    pub(crate) fn sessions(&self) -> usize {
        self.sessions.len()
    }

    #[allow(clippy::cast_precision_loss, reason = "some thousands")]
    pub(crate) fn per_second(&self) -> f64 {
        self.requests as f64 / self.lasted.as_secs_f64()
    }
}

fn place(versions: &[String], met: &str) -> Option<usize> {
    versions.iter().position(|version| version == met)
}
