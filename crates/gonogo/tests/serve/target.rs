//! An address that steps ask: what it answers is said by the test, what it was asked is kept.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

#[derive(Default)]
struct Said {
    requests: Vec<String>,
    /// None while it holds those who ask.
    answer: Option<(u16, String)>,
}

pub(crate) struct Target {
    pub(crate) url: String,
    said: Arc<(Mutex<Said>, Condvar)>,
}

impl Target {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it has an address"));
        let said = Arc::<(Mutex<Said>, Condvar)>::default();
        let shared = Arc::clone(&said);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || answer(stream, &shared));
            }
        });
        Self { url, said }
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.said.0.lock().expect("nobody panics with it").requests.clone()
    }

    pub(crate) fn answers(&self, status: u16, body: &str) {
        self.said.0.lock().expect("nobody panics with it").answer = Some((status, body.to_owned()));
        self.said.1.notify_all();
    }

    /// Whoever asks from now on waits.
    pub(crate) fn holds(&self) {
        self.said.0.lock().expect("nobody panics with it").answer = None;
    }
}

fn answer(mut stream: TcpStream, said: &(Mutex<Said>, Condvar)) {
    let Some(request) = request(&mut stream) else { return };
    let mut guard = said.0.lock().expect("nobody panics with it");
    guard.requests.push(request);
    let guard = said.1.wait_while(guard, |said| said.answer.is_none()).expect("nobody panics with it");
    let Some((status, body)) = guard.answer.clone() else { return };
    drop(guard);
    let location = if (300..400).contains(&status) { "Location: http://127.0.0.1:1/elsewhere?key=x\r\n" } else { "" };
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n{location}\r\n");
    let head = if status == 204 { head.replace("Content-Length: 0\r\n", "") } else { head };
    stream.write_all(format!("{head}{body}").as_bytes()).ok();
}

/// Head and body, as they came.
fn request(stream: &mut TcpStream) -> Option<String> {
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(text.into_owned());
            }
        }
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
    }
}
