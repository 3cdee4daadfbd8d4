//! A web site: hosts that run a small web server each, a balancer before them, and the
//! policy that brings versions to them.

#![allow(clippy::disallowed_methods, reason = "tests start web servers, and stop them")]

use crate::deploys::Deploying;
use crate::haproxy::Haproxy;
use crate::hosts::{Hosts, wait_for};
use crate::support::path_of;
use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// As a host's own supervisor does: a web server of the version that is there, and another
/// one whenever it ends.
const SUPERVISOR: &str = "
while :; do
  version=$(cat version); mkdir -p www-$version; echo $version > www-$version/index.html
  busybox httpd -f -p 127.0.0.1:$1 -h www-$version & echo $! > pid.new; mv pid.new pid; wait $!
done";

pub(crate) struct Site {
    pub hosts: Hosts,
    pub haproxy: Haproxy,
    /// What they serve before any deploy.
    pub first: String,
    servers: Vec<Web>,
    folder: TempDir,
}

struct Web {
    port: u16,
    supervisor: Child,
}

/// How a step goes on its hosts.
#[derive(Default)]
pub(crate) struct Way {
    /// There it waits until it is let go.
    pub waits_on: Option<&'static str>,
    pub fails_once_on: Option<&'static str>,
    pub rolls_back: bool,
}

impl Site {
    /// So many hosts which serve this version.
    pub(crate) fn serving(number: usize, version: &str, map: &str) -> Self {
        let (hosts, folder) = (Hosts::new(number), tempfile::tempdir().unwrap());
        let place = |name: &str| folder.path().join(name);
        let servers: Vec<Web> = hosts.hosts.iter().map(|host| Web::start(&place(&host.name), version)).collect();
        let named: Vec<(&str, u16)> =
            hosts.hosts.iter().map(|host| host.name.as_str()).zip(servers.iter().map(|web| web.port)).collect();
        let haproxy = Haproxy::before(&named, map);
        Self { hosts, haproxy, first: version.to_owned(), servers, folder }
    }

    fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn affinity(&self, seconds: u32) -> String {
        let (socket, map, port) = (self.haproxy.socket(), self.haproxy.map(), self.haproxy.port);
        format!(
            "[deploy.affinity]\ndrain_seconds = {seconds}\nurl = 'http://127.0.0.1:{port}/'\ncookie = 'GONOGO_SERVER'\n\
             [deploy.affinity.haproxy]\nsockets = ['{socket}']\nmap = '{map}'\nkey = 'web'\n"
        )
    }

    /// One host after the other.
    pub(crate) fn policy(&self, affinity: &str, way: &Way) -> String {
        let (group, site, socket) = (self.hosts.group(), self.folder.path().display(), self.haproxy.socket());
        let at = |word: &str| {
            let run = format!("['gonogo', 'balancer', '{word}', '--haproxy={socket}', '--server=web/{{host}}']");
            format!("{word} = {{ run = {run}, at = 'runner', repeatable = true, tries = 2 }}\n")
        };
        let waits = way.waits_on.map_or_else(String::new, |host| {
            format!("if [ $GONOGO_HOST = {host} ]; then echo x > $S/begun-{host}; until test -e $S/go; do sleep 0.05; done; fi; ")
        });
        let fails = way.fails_once_on.map_or_else(String::new, |host| {
            format!("if [ $GONOGO_HOST = {host} ] && [ ! -e $S/failed ]; then echo x > $S/failed; exit 3; fi; ")
        });
        let releases = "cd $S/$GONOGO_HOST; echo $GONOGO_SHA > version; kill $(cat pid)";
        let health = "until [ \"$(busybox wget -q -O - http://127.0.0.1:$(cat $S/$GONOGO_HOST/port)/)\" = $GONOGO_SHA ]; do sleep 0.02; done";
        let step = |table: &str, name: &str, run: &str| {
            format!(
                "[[deploy.{table}]]\nname = '{name}'\non = 'web'\nrun = ['''{run}''']\nshell = true\nenv.S = '{site}'\n{}{}\
                 health = {{ run = ['''{health}'''], shell = true, limit_minutes = 1 }}\n",
                at("drain"),
                at("undrain")
            )
        };
        let back = if way.rolls_back { step("roll_back", "back", releases) } else { String::new() };
        format!("{affinity}{group}{}{back}", step("steps", "ship", &format!("{waits}{fails}{releases}")))
    }

    /// What each host serves, asked past the balancer.
    pub(crate) fn versions(&self) -> Vec<String> {
        self.servers.iter().map(|web| crate::load::get(web.port, None).unwrap().1).collect()
    }

    pub(crate) fn wait_for(&self, mark: &str, state: impl Fn() -> String) {
        wait_for(|| self.place(mark).exists().then_some(()), state);
    }

    pub(crate) fn lets_go(&self) {
        fs::write(self.place("go"), "").unwrap();
    }
}

/// The candidate of this head once it is one over what was said to run.
pub(crate) fn candidate_over(on: &Deploying, old: &str, sha: &str) -> String {
    let newest = || on.world.status_of(sha).now().map(|status| path_of(&status)).filter(|path| path != old);
    let path = on.world.wait(newest, || on.world.log());
    on.world.wait(|| on.world.get(&path).1.contains(">Deploy</button>").then_some(()), || on.world.log());
    path
}

impl Web {
    fn start(place: &Path, version: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        fs::create_dir_all(place).unwrap();
        fs::write(place.join("version"), format!("{version}\n")).unwrap();
        fs::write(place.join("port"), port.to_string()).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", SUPERVISOR, "sh", &port.to_string()]).current_dir(place).process_group(0);
        let supervisor = command.stdin(Stdio::null()).spawn().unwrap();
        wait_for(|| crate::load::get(port, None).ok(), || format!("no web server comes up at {port}"));
        Self { port, supervisor }
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        // All of its session.
        Command::new("kill").args(["-s", "KILL", "--", &format!("-{}", self.supervisor.id())]).status().ok();
        self.supervisor.wait().ok();
    }
}
