//! A listener for hooks, which answers as it is told.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ring::hmac;
use serde_json::Value;

/// What arrived.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether all came that was promised.
    pub(crate) is_whole: bool,
}

impl Arrived {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    pub(crate) fn event(&self) -> &str {
        self.header("X-GitHub-Event")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let mut expected = "sha256=".to_owned();
        for byte in hmac::sign(&key, &self.body).as_ref() {
            write!(expected, "{byte:02x}").unwrap();
        }
        self.header("X-Hub-Signature-256") == expected
    }
}

pub(crate) struct Receiver {
    url: String,
    arrived: Arc<Mutex<Vec<Arrived>>>,
}

impl Receiver {
    /// Answers 202 to everything.
    pub(crate) fn start() -> Self {
        Self::answering("202 Accepted", Duration::ZERO)
    }

    pub(crate) fn answering(status: &'static str, after: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hooks/github", listener.local_addr().unwrap());
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&arrived);
        // It ends with the process, as each test is one.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = Arc::clone(&seen);
                thread::spawn(move || {
                    seen.lock().unwrap().push(read(&stream));
                    thread::sleep(after);
                    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 5\r\nConnection: close\r\n\r\nthere");
                    let _ = (&stream).write_all(answer.as_bytes());
                });
            }
        });
        Self { url, arrived }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn all(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }

    pub(crate) fn of(&self, event: &str) -> Vec<Arrived> {
        self.all().into_iter().filter(|arrived| arrived.event() == event).collect()
    }

    /// The nth of an event, as soon as it has come.
    pub(crate) fn nth(&self, event: &str, number: usize) -> Arrived {
        let begin = Instant::now();
        loop {
            if let Some(arrived) = self.of(event).get(number - 1) {
                return arrived.clone();
            }
            assert!(begin.elapsed() < Duration::from_secs(10), "no {event} {number} among {:?}", self.events());
            thread::sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn events(&self) -> Vec<String> {
        self.all().iter().map(|arrived| arrived.event().to_owned()).collect()
    }
}

fn read(stream: &TcpStream) -> Arrived {
    let mut reader = BufReader::new(stream);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
    }
    let arrived = Arrived { headers, body: Vec::new(), is_whole: false };
    let promised: usize = arrived.header("content-length").parse().unwrap_or(0);
    let mut body = Vec::new();
    let _ = reader.take(promised as u64).read_to_end(&mut body);
    Arrived { is_whole: body.len() == promised, body, ..arrived }
}
