//! Sessions and servers behind it.

use super::{command, fails, of_map, says};
use crate::haproxy::Haproxy;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A web server that says its name; `/slow` once it is let go.
fn serves(name: &'static str) -> (u16, Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (lets_go, waits): (Sender<()>, Receiver<()>) = channel();
    let waits = Arc::new(Mutex::new(waits));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let waits = Arc::clone(&waits);
            std::thread::spawn(move || answer(stream, name, &waits));
        }
    });
    (port, lets_go)
}

fn answer(mut stream: TcpStream, name: &str, waits: &Mutex<Receiver<()>>) {
    let mut asked = [0; 4096];
    let length = stream.read(&mut asked).unwrap_or(0);
    if asked[..length].starts_with(b"GET /slow") {
        waits.lock().unwrap().recv().ok();
    }
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", name.len());
    write!(stream, "{head}{name}").ok();
}

/// Who answered, and the cookie that was given.
fn get(port: u16, path: &str, cookie: Option<&str>) -> (String, Option<String>) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let cookie = cookie.map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{cookie}\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let given = answer.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("set-cookie").then(|| value.split(';').next().unwrap().to_owned())
    });
    (answer.rsplit("\r\n\r\n").next().unwrap().to_owned(), given)
}

#[test]
fn a_session_stays_while_it_is_on_and_a_request_proves_it() {
    let (one, two) = (serves("web-1").0, serves("web-2").0);
    let haproxy = Haproxy::before(&[("web-1", one), ("web-2", two)], "");
    let url = format!("http://127.0.0.1:{}/", haproxy.port);
    let proven = |command: &mut Command| {
        command.args(["--url", &url, "--cookie", "GONOGO_SERVER"]);
        says(command)
    };
    let met = |cookie: Option<&str>| (0..10).map(|_| get(haproxy.port, "/", cookie).0).collect::<Vec<_>>();
    let both = |met: &[String]| met.iter().any(|who| who == "web-1") && met.iter().any(|who| who == "web-2");
    assert!(both(&met(Some("GONOGO_SERVER=web-2"))), "off, its cookie counts for nothing");
    assert_eq!(get(haproxy.port, "/", None).1, None, "and none is given");

    let said = proven(&mut of_map(&haproxy, "affinity-on", 7));
    assert!(said.contains("12 requests with its cookie stayed at one server"), "{said}");
    let (who, cookie) = get(haproxy.port, "/", None);
    let cookie = cookie.expect("it is given one");
    assert!(met(Some(&cookie)).iter().all(|other| *other == who), "{who} {cookie}");

    says(&mut of_map(&haproxy, "affinity-off", 7));
    assert!(both(&met(Some(&cookie))));
}

#[test]
fn a_backend_that_does_not_go_by_the_map_is_found_out() {
    let (one, two) = (serves("web-1").0, serves("web-2").0);
    let haproxy = Haproxy::before(&[("web-1", one), ("web-2", two)], "");
    let url = format!("http://127.0.0.1:{}/", haproxy.port);
    let mut of_another = command(&haproxy, "affinity-on", 7);
    of_another.args(["--map", &haproxy.map(), "--key", "another", "--url", &url, "--cookie", "GONOGO_SERVER"]);
    let said = fails(&mut of_another);
    assert!(said.contains("sets no cookie `GONOGO_SERVER`\n  → see that its backend has `cookie"), "{said}");
    let mut nobody = of_map(&haproxy, "affinity-on", 7);
    let said = fails(nobody.args(["--url", "http://127.0.0.1:1/", "--cookie", "GONOGO_SERVER"]));
    assert!(said.contains("http://127.0.0.1:1/: no connection"), "{said}");
}

#[test]
fn a_server_is_drained_once_its_last_request_is_over_and_up_again_once_haproxy_says_so() {
    let ((one, lets_go), two) = (serves("web-1"), serves("web-2").0);
    let haproxy = Haproxy::before(&[("web-1", one), ("web-2", two)], "");
    says(&mut of_map(&haproxy, "affinity-on", 7));
    let port = haproxy.port;
    let slow = std::thread::spawn(move || get(port, "/slow", Some("GONOGO_SERVER=web-1")).0);
    let sessions = || {
        let table = haproxy.asked("show stat");
        let row = table.lines().find(|line| line.starts_with("web,web-1,")).unwrap().to_owned();
        row.split(',').nth(4).unwrap().parse::<u64>().unwrap()
    };
    let begun = Instant::now();
    while sessions() == 0 {
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
    let drain = |more: &[&str]| {
        let mut drain = command(&haproxy, "drain", 7);
        drain.args(["--server", "web/web-1"]).args(more);
        drain
    };
    let busy = fails(&mut drain(&["--within-seconds", "1"]));
    assert!(busy.contains("web/web-1 is not empty after 1 s: 1 requests still run there"), "{busy}");
    assert_eq!(get(port, "/", Some("GONOGO_SERVER=web-1")).0, "web-2", "whoever comes meets another");
    lets_go.send(()).unwrap();
    assert_eq!(slow.join().unwrap(), "web-1", "what ran came to its end");
    says(&mut drain(&[]));
    says(command(&haproxy, "undrain", 7).args(["--server", "web/web-1"]));
    assert_eq!(get(port, "/", Some("GONOGO_SERVER=web-1")).0, "web-1");
    let unknown = fails(command(&haproxy, "drain", 7).args(["--server", "web/web-9"]));
    assert!(unknown.contains("does not know the server web/web-9: No such server"), "{unknown}");
}
