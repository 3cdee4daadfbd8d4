//! Hosts that deploys reach by ssh: on loopback an sshd each, with a port, a host key
//! and a home of its own.

#![allow(clippy::disallowed_methods, reason = "tests start sshd, and stop it")]
#![allow(dead_code, reason = "not every binary wants all of it")]

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) struct Hosts {
    folder: TempDir,
    pub hosts: Vec<Host>,
}

pub(crate) struct Host {
    pub name: String,
    pub port: u16,
    folder: PathBuf,
    sshd: Option<Child>,
}

impl Hosts {
    /// So many, called `web-1` and so on, all of them up.
    pub(crate) fn new(number: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        make_key(&folder.path().join("id"));
        let mut hosts = Self { folder, hosts: Vec::new() };
        for at in 1..=number {
            let place = hosts.path(&format!("web-{at}"));
            fs::create_dir_all(place.join("home")).unwrap();
            make_key(&place.join("key"));
            let mut host = Host { name: format!("web-{at}"), port: 0, folder: place, sshd: None };
            // Somebody else may take a port between its choice and its use.
            let comes_up = |host: &mut Host| {
                host.port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
                host.listens()
            };
            assert!((0..10).any(|_| comes_up(&mut host)), "{}", host.log());
            hosts.hosts.push(host);
        }
        hosts.knows_their_keys();
        let text = format!(
            "IdentityFile {}\nIdentitiesOnly yes\nUserKnownHostsFile {}\nGlobalKnownHostsFile /dev/null\n",
            hosts.path("id").display(),
            hosts.path("known_hosts").display()
        );
        fs::write(hosts.config(), text).unwrap();
        hosts
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// For ssh.
    pub(crate) fn config(&self) -> PathBuf {
        self.path("config")
    }

    /// What the runner trusts from now on.
    pub(crate) fn knows_their_keys(&self) {
        let line = |host: &Host| {
            let key = fs::read_to_string(host.folder.join("key.pub")).unwrap();
            format!("[127.0.0.1]:{} {key}", host.port)
        };
        fs::write(self.path("known_hosts"), self.hosts.iter().map(line).collect::<String>()).unwrap();
    }

    /// As a policy has them.
    pub(crate) fn group(&self) -> String {
        let host = |host: &Host| {
            format!("[[deploy.hosts.web]]\nname = '{}'\naddress = '127.0.0.1'\nport = {}\n", host.name, host.port)
        };
        self.hosts.iter().map(host).collect()
    }
}

impl Host {
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    /// The folder of an act there.
    pub(crate) fn run(&self, key: &str) -> PathBuf {
        self.home().join(".gonogo-runner/runs").join(key)
    }

    pub(crate) fn comes_up(&mut self) {
        assert!(self.listens(), "{}", self.log());
    }

    /// Whether it came up where it is to be.
    fn listens(&mut self) -> bool {
        // Where sshd runs as root it wants this.
        fs::create_dir_all("/run/sshd").ok();
        let config = format!(
            "Port {}\nListenAddress 127.0.0.1\nHostKey {key}\nPidFile none\nAuthorizedKeysFile {id}.pub\n\
             StrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n\
             PrintMotd no\nMaxStartups 100\nSetEnv HOME={home}\n",
            self.port,
            key = self.folder.join("key").display(),
            id = self.folder.parent().unwrap().join("id").display(),
            home = self.home().display(),
        );
        let path = self.folder.join("sshd_config");
        fs::write(&path, config).unwrap();
        let log = fs::File::create(self.folder.join("log")).unwrap();
        let mut command = Command::new("/usr/sbin/sshd");
        command.args(["-D", "-e", "-f"]).arg(&path).stdin(Stdio::null()).stderr(log);
        let sshd = self.sshd.insert(command.spawn().expect("sshd starts: install openssh-server"));
        let log = self.folder.join("log");
        let said = || fs::read_to_string(&log).unwrap_or_default();
        let listens = |sshd: &mut Child| match sshd.try_wait().unwrap() {
            Some(_) => Some(false),
            None => said().contains("Server listening").then_some(true),
        };
        wait_for(|| listens(sshd), said)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Nobody answers any more, and who was connected hears nothing.
    pub(crate) fn goes_away(&mut self) {
        let mut sshd = self.sshd.take().unwrap();
        // Once it is gone they are another's.
        let connections = children(sshd.id());
        sshd.kill().unwrap();
        sshd.wait().unwrap();
        kill_all(&connections);
    }

    /// Who connects waits, until it answers again.
    pub(crate) fn keeps_silent(&self) {
        self.is_told("-STOP");
    }

    pub(crate) fn answers_again(&self) {
        self.is_told("-CONT");
    }

    fn is_told(&self, signal: &str) {
        let pid = self.sshd.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Whoever is connected is not any more, in the middle of a word.
    pub(crate) fn breaks_connections(&self) {
        kill_all(&children(self.sshd.as_ref().unwrap().id()));
    }

    /// It has lost its power, and is up again: what ran there is gone.
    pub(crate) fn is_rebooted(&mut self, key: &str) {
        self.goes_away();
        let start = self.run(key).join("start");
        let came = fs::read_to_string(&start).unwrap();
        let session = fs::read_to_string(self.run(key).join("session")).unwrap();
        let words: Vec<&str> = came.trim().split(' ').collect();
        kill(words[1]);
        kill_all(&processes_of(session.trim()));
        // The kernel has another name for each time that it is up.
        fs::write(&start, format!("ran {} {} {}\n", words[1], words[2], "0".repeat(36))).unwrap();
        self.comes_up();
    }

    /// Another machine has its address.
    pub(crate) fn has_another_key(&mut self) {
        self.goes_away();
        for name in ["key", "key.pub"] {
            fs::remove_file(self.folder.join(name)).unwrap();
        }
        make_key(&self.folder.join("key"));
        self.comes_up();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(sshd) = &mut self.sshd {
            let connections = children(sshd.id());
            sshd.kill().ok();
            sshd.wait().ok();
            kill_all(&connections);
        }
    }
}

fn make_key(path: &Path) {
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).status().unwrap();
    assert!(made.success());
}

pub(crate) fn kill(pid: &str) {
    // It may have ended by itself.
    Command::new("kill").args(["-s", "KILL", pid]).stderr(Stdio::null()).status().unwrap();
}

/// To all of a session that `setsid` began.
pub(crate) fn signal(session: &Child, signal: &str) {
    for pid in processes_of(&session.id().to_string()) {
        Command::new("kill").args(["-s", signal, &pid]).stderr(Stdio::null()).status().unwrap();
    }
}

/// The process of that name in it.
pub(crate) fn named(session: &Child, name: &str) -> String {
    let is_it = |pid: &String| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim() == name);
    processes_of(&session.id().to_string()).into_iter().find(is_it).expect("it runs")
}

fn kill_all(pids: &[String]) {
    for pid in pids {
        kill(pid);
    }
}

/// Each process, with its parent and its session.
fn all() -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    for place in fs::read_dir("/proc").unwrap().flatten() {
        let stat = fs::read_to_string(place.path().join("stat")).unwrap_or_default();
        let Some((_, rest)) = stat.rsplit_once(") ") else { continue };
        let fields: Vec<&str> = rest.split(' ').collect();
        all.push((place.file_name().to_string_lossy().into_owned(), fields[1].to_owned(), fields[3].to_owned()));
    }
    all
}

/// Who was begun by it, and stands between it and our script: sshd's own.
fn children(of: u32) -> Vec<String> {
    let all = all();
    let below = |of: &str| all.iter().filter(|one| one.1 == of).map(|one| one.0.clone()).collect::<Vec<_>>();
    let mut found = below(&of.to_string());
    for pid in found.clone() {
        let is_sshd =
            |pid: &String| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.starts_with("sshd"));
        found.extend(below(&pid).into_iter().filter(is_sshd));
    }
    found
}

fn processes_of(session: &str) -> Vec<String> {
    all().into_iter().filter(|one| one.2 == session).map(|one| one.0).collect()
}

pub(crate) fn wait_for<T>(mut fact: impl FnMut() -> Option<T>, state: impl Fn() -> String) -> T {
    let begun = Instant::now();
    loop {
        if let Some(fact) = fact() {
            return fact;
        }
        assert!(begun.elapsed() < PATIENCE, "{}", state());
        std::thread::sleep(Duration::from_millis(20));
    }
}
