//! A runner, its server, and words to tell a story with.

#![allow(clippy::disallowed_methods, reason = "tests start the program, and stop it")]

use crate::hosts::Hosts;
use crate::server::{Kept, Server, TOKEN};
use gonogo_api::runner::{CameTo, Order, RunOf, ToEnd};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Something that should happen does so within this.
const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) struct World {
    pub server: Server,
    folder: TempDir,
    runner: Option<Child>,
    ssh_config: Option<PathBuf>,
}

impl World {
    /// A server and a runner.
    pub(crate) fn new() -> Self {
        let mut world = Self::without_runner();
        world.runner_starts();
        world
    }

    /// The same with a runner that may sign in at these.
    pub(crate) fn reaching(hosts: &Hosts) -> Self {
        let mut world = Self::without_runner();
        world.ssh_config = Some(hosts.config());
        world.runner_starts();
        world
    }

    pub(crate) fn without_runner() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = Self { server: Server::start(), folder, runner: None, ssh_config: None };
        std::fs::write(world.path("token"), format!("{TOKEN}\n")).unwrap();
        std::fs::write(world.path("secrets"), "DEPLOY_TOKEN=s3cr3t-value\nPIN=12\n").unwrap();
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gonogo"));
        command.args(["runner", "--server", &format!("http://127.0.0.1:{}", self.server.port), "--name", "web-1"]);
        command.arg("--token-file").arg(self.path("token")).arg("--folder").arg(self.path("runner"));
        command.arg("--secrets-file").arg(self.path("secrets"));
        if let Some(config) = &self.ssh_config {
            command.arg("--ssh-config").arg(config);
        }
        command.env("LEAKED", "x").env("ASKED_FOR", "of-the-environment").env_remove("GONOGO_SERVER");
        command.stdin(Stdio::null());
        command
    }

    pub(crate) fn runner_starts(&mut self) {
        self.runner = Some(self.command().spawn().unwrap());
    }

    pub(crate) fn runner_is_killed(&mut self) {
        let mut runner = self.runner.take().unwrap();
        runner.kill().unwrap();
        runner.wait().unwrap();
    }

    /// It ends at once, whatever runs.
    pub(crate) fn runner_is_told_to_stop(&mut self) {
        let mut runner = self.runner.take().unwrap();
        signal("TERM", &runner.id().to_string());
        let begun = Instant::now();
        assert!(runner.wait().unwrap().success());
        assert!(begun.elapsed() < Duration::from_secs(3));
    }

    /// Runs one that is expected to end by itself: what it printed.
    #[allow(clippy::unused_self, reason = "reads as a sentence")]
    pub(crate) fn runner_fails(&self, command: &mut Command) -> String {
        let Output { status, stderr, .. } = command.output().unwrap();
        assert_eq!(status.code(), Some(2));
        String::from_utf8(stderr).unwrap()
    }

    pub(crate) fn wants(&self, order: Order) -> RunOf {
        let of = order.of.clone();
        self.server.kept.lock().unwrap().orders.push(order);
        of
    }

    pub(crate) fn wants_ended(&self, of: &RunOf, by: &str) {
        self.server.kept.lock().unwrap().to_end.push(ToEnd { of: of.clone(), by: by.to_owned() });
    }

    pub(crate) fn end_of(&self, of: &RunOf) -> CameTo {
        self.wait_for(&format!("{of:?} ends"), |kept| kept.ended.get(of).cloned())
    }

    pub(crate) fn said(&self, of: &RunOf) -> String {
        let kept = self.server.kept.lock().unwrap();
        String::from_utf8_lossy(kept.said.get(of).map_or(&[][..], Vec::as_slice)).into_owned()
    }

    /// Until the server was told that.
    pub(crate) fn hears(&self, of: &RunOf, what: &str) {
        self.wait_for(&format!("it says {what}"), |kept| {
            let said = String::from_utf8_lossy(kept.said.get(of)?);
            said.contains(what).then_some(())
        });
    }

    pub(crate) fn wait_for<T>(&self, what: &str, fact: impl Fn(&Kept) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(fact) = fact(&self.server.kept.lock().unwrap()) {
                return fact;
            }
            if begun.elapsed() > PATIENCE {
                let kept = self.server.kept.lock().unwrap();
                let said: Vec<_> = kept.said.iter().map(|(of, said)| (of, said.len())).collect();
                panic!("not within {PATIENCE:?}: {what}; ended {:?}, said {said:?}", kept.ended);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(runner) = &mut self.runner {
            runner.kill().ok();
            runner.wait().ok();
        }
    }
}

pub(crate) fn signal(name: &str, pid: &str) {
    let status = Command::new("kill").args(["-s", name, pid.trim()]).status().unwrap();
    assert!(status.success(), "kill -s {name} {pid}");
}

pub(crate) fn order(deploy: i64, argv: &[&str]) -> Order {
    Order {
        of: RunOf { deploy, key: "step-1-1".to_owned() },
        fence: deploy,
        name: "ship".to_owned(),
        service: "web".to_owned(),
        argv: argv.iter().map(|word| (*word).to_owned()).collect(),
        env: BTreeMap::new(),
        secrets: Vec::new(),
        dir: None,
        limit_seconds: 120,
        on: None,
        said_bytes: 0,
        not_begun_because: None,
    }
}

pub(crate) fn shell(deploy: i64, script: &str) -> Order {
    order(deploy, &["sh", "-c", script])
}
