//! Who does the steps of deploys: `[[runner]]` for those on other machines, and one
//! on this machine, which the server starts beside itself once a policy wants it.

use super::config::Config;
use anyhow::{Context, anyhow, bail};
use gonogo_core::deploy::Deploys;
use gonogo_engine::Secret;
use gonogo_engine::commands::deploys::wants_runner;
use gonogo_engine::commands::people::random_word;
use gonogo_server::{App, Listener, Runner};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// A runner on another machine.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunnerConfig {
    /// As policies name it.
    pub name: String,
    /// What it comes with stands there alone.
    pub token_file: PathBuf,
}

/// The runner on this machine: whoever writes the policy that runs has commands run
/// here, as this user.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LocalRunnerConfig {
    /// `NAME=value` lines: what steps may have as `secrets`.
    pub secrets_file: Option<PathBuf>,
    /// What ssh goes by to reach the hosts of steps; else the user's own ~/.ssh/config.
    pub ssh_config: Option<PathBuf>,
}

/// Looked at so often whether it is wanted, and whether it runs.
const BEAT: Duration = Duration::from_millis(500);
/// One that ends at once is not begun anew at once.
const PAUSE: Duration = Duration::from_secs(5);
/// One runner holds some.
const CONNECTIONS: usize = 16;
/// What of our environment it has: no secret of ours.
const KEPT: [&str; 8] = ["PATH", "HOME", "LANG", "LC_ALL", "USER", "TMPDIR", "TZ", "SSH_AUTH_SOCK"];

/// The runner that is to be started beside the server.
#[derive(Debug)]
pub(crate) struct Local {
    folder: PathBuf,
    token: Secret,
    secrets_file: Option<PathBuf>,
    ssh_config: Option<PathBuf>,
}

/// Who may be named in a policy.
pub(super) fn names(config: &Config) -> BTreeSet<String> {
    let local = config.local_runner.as_ref().map(|_| Deploys::LOCAL.to_owned());
    config.runners.iter().map(|runner| runner.name.clone()).chain(local).collect()
}

/// All who may ask for work, and the local one.
pub(super) fn of(config: &Config) -> anyhow::Result<(Vec<Runner>, Option<Local>)> {
    let mut names = BTreeSet::new();
    let mut runners = Vec::new();
    for RunnerConfig { name, token_file } in &config.runners {
        if name == Deploys::LOCAL && config.local_runner.is_some() {
            bail!(
                "[[runner]] {name}: the server starts that one itself\n  → name it otherwise, or take [local_runner] out"
            );
        }
        if !names.insert(name) {
            bail!("there are two [[runner]] {name}\n  → name them apart");
        }
        let token = Secret::in_file(&format!("[[runner]] {name} token_file"), token_file)?;
        runners.push(Runner { name: name.clone(), token });
    }
    let Some(local) = &config.local_runner else { return Ok((runners, None)) };
    let token = Secret::from(random_word());
    runners.push(Runner { name: Deploys::LOCAL.to_owned(), token: token.clone() });
    let (folder, secrets_file) = (config.server.data.join("runner"), local.secrets_file.clone());
    Ok((runners, Some(Local { folder, token, secrets_file, ssh_config: local.ssh_config.clone() })))
}

impl Local {
    /// Starts it when a policy wants it, and again when it ends, until told to stop.
    /// What it runs goes on without it and without us.
    pub(super) async fn beside(self, app: App, mut stop: watch::Receiver<bool>) {
        let mut child: Option<Child> = None;
        let mut place: Option<String> = None;
        while !*stop.borrow() {
            if let Some(running) = &mut child
                && let Ok(Some(status)) = running.try_wait()
            {
                tracing::error!(%status, "the local runner ended: it is started anew");
                child = None;
                tokio::time::sleep(PAUSE).await;
            }
            // A store that is away is told of elsewhere.
            if child.is_none() && wants_runner(&app.serving, Deploys::LOCAL).await.unwrap_or(false) {
                match self.start(&app, &mut place, &stop).await {
                    Ok(started) => child = Some(started),
                    Err(error) => {
                        tracing::error!(error = format!("{error:#}"), "the local runner cannot be started");
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(BEAT) => {}
                _ = stop.changed() => {}
            }
        }
        // Its standard input closes with it.
        drop(child);
    }

    async fn start(
        &self,
        app: &App,
        place: &mut Option<String>,
        stop: &watch::Receiver<bool>,
    ) -> anyhow::Result<Child> {
        std::fs::create_dir_all(&self.folder).with_context(|| format!("{} cannot be made", self.folder.display()))?;
        let token_file = self.folder.join("token");
        write_secret(&token_file, self.token.now().expose_secret())?;
        // It asks at a door of its own, however the server listens.
        let place = if let Some(place) = place {
            place.clone()
        } else {
            let anywhere = "127.0.0.1:0".parse().map_err(|()| anyhow!("there is no loopback"))?;
            let listener = Listener::bind(&anywhere, None, CONNECTIONS).await?;
            let at = listener.to_string();
            tokio::spawn(gonogo_server::serve_runners(listener, app.clone(), stop.clone()));
            place.insert(at).clone()
        };
        let program = std::env::current_exe().context("where this program stands is not known")?;
        let mut command = Command::new(program);
        command.args(["runner", "--with-parent", "--server", &place, "--name", Deploys::LOCAL]);
        command.arg("--token-file").arg(&token_file).arg("--folder").arg(&self.folder);
        if let Some(file) = &self.secrets_file {
            command.arg("--secrets-file").arg(file);
        }
        if let Some(file) = &self.ssh_config {
            command.arg("--ssh-config").arg(file);
        }
        command.env_clear();
        command.envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.stdin(Stdio::piped()).kill_on_drop(false);
        let child = command.spawn().context("the local runner could not be started")?;
        tracing::info!(pid = child.id(), "the local runner is started");
        Ok(child)
    }
}

fn write_secret(path: &Path, secret: &str) -> anyhow::Result<()> {
    let new = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(&new);
    let written = file.and_then(|mut file| {
        file.write_all(secret.as_bytes())?;
        std::fs::rename(&new, path)
    });
    written.with_context(|| format!("{} cannot be written", path.display()))
}
