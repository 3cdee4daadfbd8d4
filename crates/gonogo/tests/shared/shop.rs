//! A shop that real Capistrano brings to hosts with a real sshd each: a repository, a
//! Capfile, and marks of what was done.

#![allow(clippy::disallowed_methods, reason = "tests start git")]
#![allow(dead_code, reason = "not every binary wants all of it")]

use crate::hosts::Hosts;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// With a task that migrates on the first database host and one that restarts, as a Rails
/// application has them. While there is a file `hold-NAME` among the marks, `NAME` waits.
const DEPLOY: &str = "
set :application, 'shop'
set :repo_url, 'file://REPO'
set :branch, 'main'
set :deploy_to, '~/shop'
set :tmp_dir, 'FOLDER/tmp'
set :keep_releases, 5
append :linked_dirs, 'log'
append :linked_files, 'config/app.env'
set :format, :simpletext
set :log_level, :debug
set :ssh_options, config: 'FOLDER/ssh_config', user: 'root'
def marks(name, line)
  File.write(\"FOLDER/marks/#{name}\", \"#{line}\\n\", mode: 'a')
end
def comes_to(name)
  marks(\"at-#{name}\", name)
  sleep 0.02 while File.exist?(\"FOLDER/marks/hold-#{name}\")
end
namespace :deploy do
  task :migrate do
    on primary(:db) do |host|
      marks('migrated', \"#{host.hostname} #{capture(:cat, release_path.join('REVISION'))}\")
    end
    comes_to('updated')
  end
  task :restart do
    comes_to('restart')
    on roles(:web) do |host|
      fails = ['no-restart', \"no-restart-#{host.hostname}\"].any? { |name| File.exist?(\"FOLDER/marks/#{name}\") }
      raise 'it does not start' if fails

      marks('restarted', \"#{host.hostname} #{capture(:cat, current_path.join('REVISION'))}\")
    end
  end
  task :other do
    set(:branch, 'main') if File.exist?(\"FOLDER/marks/other\")
  end
  task :undo do
    on roles(:web) do
      execute :ln, '-sfn', releases_path.join('undone'), current_path if File.exist?(\"FOLDER/marks/undo\")
    end
  end
  before :starting, :other
  after :updated, :migrate
  after :publishing, :restart
  after :finished, :undo
  task(:failed) { marks('failed', 'failed') }
end
";

const CAPFILE: &str = "require 'capistrano/setup'
require 'capistrano/deploy'
require 'capistrano/scm/git'
install_plugin Capistrano::SCM::Git
";

pub(crate) struct Shop {
    pub hosts: Hosts,
    repo: PathBuf,
    folder: TempDir,
}

impl Shop {
    /// On so many hosts, the first of which has the database.
    pub(crate) fn new(hosts: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repo = folder.path().join("repo");
        fs::create_dir_all(&repo).unwrap();
        git(&repo, &["init", "-q", "-b", "main", "."]);
        Self::of(hosts, &repo, folder)
    }

    /// The same of a repository that is there.
    pub(crate) fn from(hosts: usize, repo: &Path) -> Self {
        Self::of(hosts, repo, tempfile::tempdir().unwrap())
    }

    fn of(hosts: usize, repo: &Path, folder: TempDir) -> Self {
        let shop = Self { hosts: Hosts::new(hosts), repo: repo.to_owned(), folder };
        for name in ["marks", "tmp", "co/config/deploy"] {
            fs::create_dir_all(shop.path(name)).unwrap();
        }
        let place = shop.folder.path().display().to_string();
        let deploy = DEPLOY.replace("REPO", &repo.display().to_string()).replace("FOLDER", &place);
        let role = |at: usize| if at == 0 { "%w[app web db]" } else { "%w[app web]" };
        let server =
            |(at, host): (usize, &crate::hosts::Host)| format!("server '{}', roles: {}\n", host.name, role(at));
        let servers: String = shop.hosts.hosts.iter().enumerate().map(server).collect();
        fs::write(shop.dir().join("Capfile"), CAPFILE).unwrap();
        fs::write(shop.dir().join("config/deploy.rb"), deploy).unwrap();
        fs::write(shop.dir().join("config/deploy/production.rb"), servers).unwrap();
        let alias =
            |host: &crate::hosts::Host| format!("Host {}\n  HostName 127.0.0.1\n  Port {}\n", host.name, host.port);
        let aliases: String = shop.hosts.hosts.iter().map(alias).collect();
        let all = fs::read_to_string(shop.hosts.config()).unwrap();
        fs::write(shop.path("ssh_config"), format!("{aliases}Host *\n{all}")).unwrap();
        for at in 0..hosts {
            shop.has_linked_file(at);
        }
        shop
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// With the Capfile.
    pub(crate) fn dir(&self) -> PathBuf {
        self.path("co")
    }

    /// A commit on main.
    pub(crate) fn commits(&self, text: &str) -> String {
        fs::write(self.repo.join("page"), text).unwrap();
        git(&self.repo, &["add", "."]);
        git(&self.repo, &["commit", "-q", "-m", text]);
        git(&self.repo, &["rev-parse", "HEAD"])
    }

    pub(crate) fn has_linked_file(&self, host: usize) {
        let config = self.shop(host).join("shared/config");
        fs::create_dir_all(&config).unwrap();
        fs::write(config.join("app.env"), "A=1\n").unwrap();
    }

    /// `deploy_to` of a host.
    pub(crate) fn shop(&self, host: usize) -> PathBuf {
        self.hosts.hosts[host].home().join("shop")
    }

    /// What serves there: a release, and its commit.
    pub(crate) fn serves(&self, host: usize) -> Option<(String, String)> {
        let place = fs::canonicalize(self.shop(host).join("current")).ok()?;
        let sha = fs::read_to_string(place.join("REVISION")).ok()?;
        Some((place.file_name()?.to_string_lossy().into_owned(), sha.trim().to_owned()))
    }

    pub(crate) fn releases(&self, host: usize) -> Vec<String> {
        names(&self.shop(host).join("releases"))
    }

    pub(crate) fn is_locked(&self, host: usize) -> bool {
        self.shop(host).join(".gonogo/lock").exists()
    }

    pub(crate) fn mark(&self, name: &str) -> PathBuf {
        self.path("marks").join(name)
    }

    pub(crate) fn marks(&self, name: &str) -> Vec<String> {
        fs::read_to_string(self.mark(name)).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    pub(crate) fn sets(&self, name: &str) {
        fs::write(self.mark(name), "").unwrap();
    }

    pub(crate) fn unsets(&self, name: &str) {
        fs::remove_file(self.mark(name)).unwrap();
    }
}

fn names(folder: &Path) -> Vec<String> {
    let all = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = all.map(|one| one.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn git(dir: &Path, words: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-C"]).arg(dir).args(words);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
