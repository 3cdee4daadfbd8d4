//! A real HAProxy on loopback, before small web servers, with the configuration that the
//! docs give.

#![allow(clippy::disallowed_methods, reason = "tests start HAProxy, and stop it")]
#![allow(dead_code, reason = "not every binary wants all of it")]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(20);
const DOCS: &str = include_str!("../../../../docs/affinity.md");

pub(crate) struct Haproxy {
    folder: TempDir,
    /// Where it answers.
    pub port: u16,
    servers: Vec<(String, u16)>,
    process: Option<Child>,
}

impl Haproxy {
    /// Before these servers, with these lines in its map's file.
    pub(crate) fn before(servers: &[(&str, u16)], map: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("affinity.map"), map).unwrap();
        let servers = servers.iter().map(|(name, port)| ((*name).to_owned(), *port)).collect();
        let mut haproxy = Self { folder, port: 0, servers, process: None };
        // Somebody else may take a port between its choice and its use.
        let comes_up = |haproxy: &mut Self| {
            haproxy.port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            haproxy.starts()
        };
        assert!((0..5).any(|_| comes_up(&mut haproxy)), "{}", haproxy.log());
        haproxy
    }

    pub(crate) fn socket(&self) -> String {
        self.folder.path().join("admin.sock").display().to_string()
    }

    pub(crate) fn map(&self) -> String {
        self.folder.path().join("affinity.map").display().to_string()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The docs' own, with other places.
    fn configuration(&self) -> String {
        let (_, rest) = DOCS.split_once("```haproxy\n").expect("the docs have a haproxy.cfg");
        let (text, _) = rest.split_once("```").expect("it ends");
        let place = format!("bind 127.0.0.1:{}", self.port);
        let is_server = |line: &&str| line.trim_start().starts_with("server ");
        let server = |(name, port): &(String, u16)| {
            format!("    server {name} 127.0.0.1:{port} cookie {name} check inter 200ms\n")
        };
        let servers = self.servers.iter().map(server).collect::<Vec<_>>().concat();
        let mut text = text.lines().filter(|line| !is_server(line)).collect::<Vec<_>>().join("\n");
        text.push('\n');
        for word in ["/run/haproxy/admin.sock", "/etc/haproxy/affinity.map", "bind :80", " user haproxy group haproxy"]
        {
            assert!(text.contains(word), "{word} of {text}");
        }
        let text = text.replace("/run/haproxy/admin.sock", &self.socket()).replace("bind :80", &place);
        let text = text.replace("/etc/haproxy/affinity.map", &self.map()).replace(" user haproxy group haproxy", "");
        text + &servers
    }

    fn starts(&mut self) -> bool {
        let path = self.folder.path().join("haproxy.cfg");
        fs::write(&path, self.configuration()).unwrap();
        let log = fs::File::create(self.folder.path().join("log")).unwrap();
        let mut command = Command::new("/usr/sbin/haproxy");
        command.arg("-db").arg("-f").arg(&path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let process = self.process.insert(command.spawn().expect("haproxy starts: apt-get install haproxy"));
        let begun = Instant::now();
        loop {
            if process.try_wait().unwrap().is_some() {
                return false;
            }
            let socket = self.folder.path().join("admin.sock");
            if ask(&socket, "show info").is_ok_and(|info| info.contains("Uptime")) {
                return true;
            }
            assert!(begun.elapsed() < PATIENCE, "haproxy does not come up");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What it remembers is gone: the map is what its file has.
    pub(crate) fn is_restarted(&mut self) {
        self.goes_away();
        assert!(self.starts(), "{}", self.log());
    }

    pub(crate) fn goes_away(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
        fs::remove_file(self.socket()).ok();
    }

    pub(crate) fn comes_back(&mut self) {
        assert!(self.starts(), "{}", self.log());
    }

    /// It is there, and says nothing.
    pub(crate) fn falls_silent(&self) {
        self.signal("STOP");
    }

    pub(crate) fn speaks_again(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let pid = self.process.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// What its runtime API answers.
    pub(crate) fn asked(&self, command: &str) -> String {
        ask(Path::new(&self.socket()), command).unwrap()
    }

    /// Each line of its map, without where it stands in memory.
    pub(crate) fn entries(&self) -> Vec<String> {
        let answer = self.asked(&format!("show map {}", self.map()));
        let entry = |line: &str| line.split_once(' ').map(|(_, entry)| entry.to_owned());
        answer.lines().filter_map(entry).collect()
    }
}

fn ask(socket: &Path, command: &str) -> std::io::Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    writeln!(stream, "{command}")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

impl Drop for Haproxy {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            process.kill().ok();
            process.wait().ok();
        }
    }
}
