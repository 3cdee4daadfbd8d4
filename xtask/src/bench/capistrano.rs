//! `cargo xtask bench capistrano`: what `gonogo capistrano deploy` takes longer than the
//! `cap` that it runs, with a real sshd.

use super::bars::{Bar, Limit, Measured};
use super::measure::{ends_with, in_turn, median, wall};
use super::report;
use crate::programs::{git, output_of, program};
use crate::workspace::metadata;
use anyhow::{Context, bail};
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Whichever is more: so many milliseconds, or that part of what it takes anyway.
const MOST: (f64, f64) = (300.0, 0.02);
const COMES_UP_WITHIN: Duration = Duration::from_secs(10);
const CAPFILE: &str = "require 'capistrano/setup'
require 'capistrano/deploy'
require 'capistrano/scm/git'
install_plugin Capistrano::SCM::Git
";

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many pairs of runs
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    pairs: u16,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let target = PathBuf::from(metadata()?["target_directory"].as_str().context("cargo names no target folder")?);
    let bench = target.join("bench");
    fs::create_dir_all(&bench)?;
    let gonogo = report::released(&target)?;
    let load_before = report::load();
    let shop = Shop::up()?;
    // With what they say, where they do not work.
    ends_with(&mut shop.bare(), &[0])?;
    ends_with(&mut shop.ours(&gonogo), &[0])?;
    let (ours, bare) =
        in_turn(usize::from(options.pairs), || wall(&mut shop.ours(&gonogo)), || wall(&mut shop.bare()))?;
    let overheads: Vec<f64> = ours.iter().zip(&bare).map(|(ours, bare)| ours - bare).collect();
    let bar = Bar {
        what: "gonogo capistrano deploy, over cap production deploy".to_owned(),
        measured: Measured::Figure {
            figure: median(&overheads),
            unit: "ms",
            how: format!("the median of {} pairs; bare it is {:.0} ms", overheads.len(), median(&bare)),
        },
        limit: Some(Limit::AtMost(MOST.0.max(MOST.1 * median(&bare)))),
    };
    report::print(&[bar], load_before.as_deref(), &bench.join("capistrano.json"))
}

/// A host, and a repository that comes to it.
struct Shop {
    folder: TempDir,
    sha: String,
    sshd: Child,
}

impl Shop {
    fn up() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let place = folder.path();
        for name in ["repo", "co/config/deploy", "shop/shared"] {
            fs::create_dir_all(place.join(name))?;
        }
        for name in ["id", "key"] {
            let mut keygen = program("ssh-keygen");
            ends_with(keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(place.join(name)), &[0])?;
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let at = place.display();
        let text = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {at}/key\nPidFile none\nAuthorizedKeysFile {at}/id.pub\n\
             StrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\nPrintMotd no\n"
        );
        fs::write(place.join("sshd_config"), text)?;
        fs::create_dir_all("/run/sshd").ok();
        let mut sshd = program("/usr/sbin/sshd");
        sshd.arg("-D").arg("-e").arg("-f").arg(place.join("sshd_config")).stdin(Stdio::null()).stderr(Stdio::null());
        let sshd = sshd.spawn().context("sshd could not be started: install openssh-server")?;
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            if begun.elapsed() > COMES_UP_WITHIN {
                bail!("sshd does not come up");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let repo = place.join("repo");
        output_of(git(&repo).args(["init", "-q", "-b", "main", "."]))?;
        fs::write(repo.join("page"), "one\n")?;
        output_of(git(&repo).args(["add", "."]))?;
        output_of(git(&repo).args([
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.com",
            "commit",
            "-q",
            "-m",
            "one",
        ]))?;
        let sha = output_of(git(&repo).args(["rev-parse", "HEAD"]))?.trim().to_owned();
        let deploy = format!(
            "set :application, 'shop'\nset :repo_url, 'file://{at}/repo'\nset :branch, 'main'\nset :deploy_to, '{at}/shop'\n\
             set :tmp_dir, '{at}'\nset :keep_releases, 3\nappend :linked_dirs, 'log', 'tmp/pids'\nset :format, :simpletext\n\
             set :ssh_options, keys: ['{at}/id'], keys_only: true, verify_host_key: :never, user_known_hosts_file: '/dev/null'\n"
        );
        fs::write(place.join("co/Capfile"), CAPFILE)?;
        fs::write(place.join("co/config/deploy.rb"), deploy)?;
        let server = format!("server '127.0.0.1', port: {port}, roles: %w[app web db]\n");
        fs::write(place.join("co/config/deploy/production.rb"), server)?;
        Ok(Self { folder, sha, sshd })
    }

    fn bare(&self) -> Command {
        let mut command = program("cap");
        command.args(["production", "deploy"]).current_dir(self.folder.path().join("co"));
        command
    }

    fn ours(&self, gonogo: &Path) -> Command {
        let mut command = program(gonogo);
        command.args(["capistrano", "deploy", "--stage", "production", "--service", "web", "--deploy", "1"]);
        command.args(["--sha", &self.sha]).current_dir(self.folder.path().join("co"));
        command
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.sshd.kill().ok();
        self.sshd.wait().ok();
    }
}
