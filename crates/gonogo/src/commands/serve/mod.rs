//! `gonogo serve`: wires the store, the systems outside, the workers and the
//! faces together, and takes them down in order.

pub(crate) mod config;
pub(crate) mod jira_accounts;
mod mail;
mod metrics;
mod oidc;
pub(crate) mod routes;
pub(crate) mod runners;
mod settings;
mod sign_in;
pub(crate) mod store;
pub(crate) mod stories;

use super::check::outside;
use super::secret;
use crate::cli::ServeArgs;
use crate::{clock, logs};
use anyhow::{Context, anyhow, bail};
use config::{Config, ServiceConfig, SlackConfig};
use gonogo_api::SecretSet;
use gonogo_core::policy::Source;
use gonogo_engine::commands::compare::Comparisons;
use gonogo_engine::commands::people::{Throttle, hash_of, random_word};
use gonogo_engine::commands::{HooksTaken, Line, doctor_server};
use gonogo_engine::{
    CodeHostAccess, InForce, Outside, Renamed, Rounds, Secret, Service, Serving, Telling, TrustedTracker, Turns, jobs,
    web_of,
};
use gonogo_remote::git::{Remote, write_authorities};
use gonogo_remote::github::{Credentials, GitHub, RepositoryName};
use gonogo_remote::http::{Connections, Url};
use gonogo_remote::slack::{Slack, SocketMode};
use gonogo_server::{App, Certificate, Listener, OpenDoor, Pace, Registry};
use gonogo_store::{ServerLock, Store, StoreError};
use secrecy::{ExposeSecret, SecretString};
use sign_in::Client;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What is being done when it is told to stop has so long to end.
const LAST_WORDS: Duration = Duration::from_secs(8);

pub(crate) fn run(args: &ServeArgs) -> anyhow::Result<u8> {
    let config = configuration(&args.config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(config))?;
    // Work that hangs is not waited for: its lease runs out.
    runtime.shutdown_timeout(Duration::from_millis(100));
    Ok(0)
}

/// The server's configuration, for every command that concerns the server.
pub(crate) fn configuration(path: &Path) -> anyhow::Result<Config> {
    let source = Source::new(path.display().to_string(), super::read_text(path)?);
    Ok(Config::parse(&source)?)
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let stop = told_to_stop()?;
    logs::begin(config.server.log, config.server.log_level);
    let access = Access::from_environment()?;
    let takes_hooks = access.github_hooks.is_some();
    let server = Server::start(&config, access, None, |_| None).await?;
    if !takes_hooks {
        tracing::warn!("no GONOGO_GITHUB_WEBHOOK_SECRET: webhooks are refused, changes are found by polling");
    }
    if config.server.is_open() {
        let url = &config.server.url;
        tracing::warn!(url, "[server] url is http: passwords and sessions go open over the network; use https");
    }
    let ignored = server.serving.ignored_for_slack();
    if !ignored.is_empty() {
        tracing::warn!(variables = ignored.join(", "), "set, and ignored: the configuration has no [slack]");
    }
    let place = &server.place;
    anstream::println!("gonogo: listening on {place}");
    tracing::info!(version = env!("CARGO_PKG_VERSION"), %place, "serving");
    if server.serving.first_code_hash.is_some() {
        let (pages, code) = (&server.serving.pages, server.first_code.expose_secret());
        anstream::println!(
            "gonogo: nobody may sign in as an admin yet; become the first: {pages}/first-admin?code={code}"
        );
    }
    stop.await;
    tracing::info!("told to stop");
    server.stop().await;
    tracing::info!("stopped");
    Ok(())
}

/// `gonogo doctor --server`.
pub(crate) fn doctored(config: &Path) -> anyhow::Result<Vec<Line>> {
    let config = configuration(config)?;
    let access = Access::from_environment()?;
    let taken = HooksTaken { github: access.github_hooks.is_some(), jira: access.jira_hooks.is_some() };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        make_data_folder(&config)?;
        let scratch = tempfile::tempdir().context("no temporary folder can be made")?;
        let (store, not_ready) = match Store::look_at(&config.store_url()).await {
            Ok(store) => (store, None),
            // All else can be tried with an empty one.
            Err(StoreError::NotReady(said)) => {
                (Store::open(&format!("sqlite:{}", scratch.path().join("none.db").display())).await?, Some(said))
            }
            Err(error) => return Err(error.into()),
        };
        Ok(doctor_server(&serving(&config, access, store, &random_word()).await?, taken, not_ready).await)
    })
}

/// What the server may show to the systems outside, and they to it.
pub(crate) struct Access {
    pub github: Credentials,
    pub github_hooks: Option<Secret>,
    pub jira_hooks: Option<Secret>,
    /// Of the app by which people act in the tracker.
    pub jira_client: Option<Secret>,
    pub slack: Option<Secret>,
    /// What Slack signs requests with.
    pub slack_signing: Option<Secret>,
    /// By which the app opens connections of its own.
    pub slack_app: Option<Secret>,
    /// Who we are to the mail server.
    pub mail: Option<(String, Secret)>,
    /// Who has it sees the metrics.
    pub metrics: Option<Secret>,
    /// The App that people sign in to.
    pub sign_in: Option<Client>,
    /// Ours at the OpenID Connect provider.
    pub oidc: Option<Secret>,
    pub outside: Outside,
    /// Where these are from.
    pub secrets: Vec<SecretSet>,
}

impl Access {
    fn from_environment() -> anyhow::Result<Self> {
        Ok(Self {
            github_hooks: secret("GONOGO_GITHUB_WEBHOOK_SECRET")?,
            jira_hooks: secret("GONOGO_JIRA_WEBHOOK_SECRET")?,
            jira_client: jira_accounts::client_secret()?,
            slack: secret("GONOGO_SLACK_TOKEN")?,
            slack_signing: secret("GONOGO_SLACK_SIGNING_SECRET")?,
            slack_app: secret("GONOGO_SLACK_APP_TOKEN")?,
            mail: mail::user()?,
            metrics: secret("GONOGO_METRICS_TOKEN")?,
            sign_in: Client::from_environment()?,
            oidc: oidc::client_secret()?,
            outside: outside()?,
            secrets: settings::secrets(|name| std::env::var(name).ok()),
            github: github_credentials()?,
        })
    }
}

/// A server that answers and works.
pub(crate) struct Server {
    pub serving: Arc<Serving>,
    /// Where it listens, such as `http://127.0.0.1:8040`.
    pub place: String,
    /// Makes the first admin, where there is nobody yet.
    pub first_code: SecretString,
    tell: watch::Sender<bool>,
    answering: JoinHandle<()>,
    working: JoinHandle<()>,
    _lock: ServerLock,
}

impl Server {
    /// On this listener, where there is one already; `door` is asked, with the
    /// address, whom to let in without a password.
    pub(crate) async fn start(
        config: &Config,
        access: Access,
        bound: Option<Listener>,
        door: impl FnOnce(SocketAddr) -> Option<OpenDoor>,
    ) -> anyhow::Result<Self> {
        let metrics = Registry::of_this_process();
        let first_code = random_word();
        let (hook_secret, jira_hook_secret) = (access.github_hooks.clone(), access.jira_hooks.clone());
        let slack_signing_secret = access.slack_signing.clone();
        let metrics_token = access.metrics.clone();
        make_data_folder(config)?;
        let (store, lock) = Store::serve(&config.store_url()).await?;
        let serving = Arc::new(serving(config, access, store, &first_code).await?);
        let listener = match bound {
            Some(listener) => listener,
            None => listener(&config.server).await?,
        };
        let place = listener.to_string();
        let door = listener.address().and_then(door).map(Arc::new);
        let (tell, stop) = watch::channel(false);
        let working = tokio::spawn(jobs::work(Arc::clone(&serving), config.server.workers, stop.clone()));
        let pace = Arc::new(Pace::new(config.server.api_per_minute));
        let (runners, local) = runners::of(config)?;
        let app = App {
            serving: Arc::clone(&serving),
            hook_secret,
            jira_hook_secret,
            slack_signing_secret,
            metrics_token,
            metrics,
            runners,
            pace,
            door,
        };
        if let Some(local) = local {
            tokio::spawn(local.beside(app.clone(), stop.clone()));
        }
        let answering = tokio::spawn(gonogo_server::serve(listener, app, stop));
        Ok(Self { serving, place, first_code, tell, answering, working, _lock: lock })
    }

    /// What is being done is finished, within a limit.
    pub(crate) async fn stop(self) {
        let fetches = Arc::clone(&self.serving.fetches);
        self.tell.send(true).ok();
        let ended = tokio::time::timeout(LAST_WORDS, async {
            self.answering.await.ok();
            self.working.await.ok();
        });
        if ended.await.is_err() {
            fetches.end_all();
            tracing::warn!("work was left undone; the next start does it");
        }
    }
}

async fn listener(config: &config::Server) -> anyhow::Result<Listener> {
    let listen = config.listen.parse().map_err(|()| anyhow!("[server] listen was looked at before"))?;
    let certificate = match (&config.tls_certificate, &config.tls_key) {
        (Some(chain), Some(key)) => Some(Certificate::read(chain.clone(), key.clone())?),
        _ => None,
    };
    Ok(Listener::bind(&listen, certificate, config.connections).await?)
}

fn make_data_folder(config: &Config) -> anyhow::Result<()> {
    let data = &config.server.data;
    std::fs::create_dir_all(data).with_context(|| format!("{} cannot be made", data.display()))
}

async fn serving(config: &Config, access: Access, store: Store, first_code: &SecretString) -> anyhow::Result<Serving> {
    let data = &config.server.data;
    let first_code_hash = (!store.has_admin().await?).then(|| hash_of(first_code.expose_secret()));
    let trusted = config.tracker.url.clone().map_or(TrustedTracker::None, TrustedTracker::Only);
    let outside = Outside { trusted, code_host: CodeHostAccess::None, kept: Some(store.clone()), ..access.outside };
    let api = config.github.url.parse().with_context(|| format!("[github] url: {}", config.github.url))?;
    let github = Arc::new(GitHub::new(api, Connections::new(&outside.http)?, access.github));
    let socket_mode = match (&config.slack, access.slack_app) {
        (Some(slack), Some(token)) => Some(SocketMode::new(slack_api(slack)?, Connections::new(&outside.http)?, token)),
        _ => None,
    };
    let hears_slack = socket_mode.is_some() || config.slack.is_some() && access.slack_signing.is_some();
    let slack = match &config.slack {
        Some(slack) => Some(slack_of(slack, Connections::new(&outside.http)?, access.slack)?),
        None => None,
    };
    let authorities = match &outside.http.ca_file {
        Some(ca_file) => {
            // git runs in the mirror's folder.
            let bundle = std::path::absolute(data.join("authorities.pem"))?;
            write_authorities(ca_file, &bundle)?;
            Some(bundle)
        }
        None => None,
    };
    let services =
        config.services.iter().map(|s| service(config, s, authorities.as_deref())).collect::<Result<_, _>>()?;
    let oidc = oidc::sign_in(config.oidc.as_ref(), access.oidc, || Ok(Connections::new(&outside.http)?))?;
    let oidc_issuer = oidc.as_ref().map(|set| set.provider.issuer().to_owned());
    Ok(Serving {
        store,
        services,
        github,
        renamed: Renamed::default(),
        turns: Turns::default(),
        slack,
        hears_slack,
        socket_mode,
        mail: mail::room(config, access.mail, &outside.http)?,
        story_deployed: config.story_deployed.as_ref().map(Into::into),
        early_digest_over: config.told_early.as_ref().and_then(|early| early.digest_over).unwrap_or(5),
        mirrors: data.join("mirrors"),
        fetches: Arc::default(),
        first_code_hash,
        throttle: Throttle::default(),
        comparisons: Comparisons::default(),
        sign_in: sign_in::sign_in(config, access.sign_in)?,
        oidc,
        jira_app: jira_accounts::app(config, access.jira_client, &outside.http)?,
        pages: config.server.url.trim_end_matches('/').to_owned(),
        metrics: metrics::room(config, &outside.http)?,
        outside: Outside { oidc_issuer, ..outside },
        settings: settings::of(config, access.secrets)?,
        runners: runners::names(config),
        in_force: InForce::default(),
        telling: Telling::default(),
        rounds: Rounds::new(Duration::from_secs(config.server.poll_seconds)),
        clock: clock::now,
    })
}

fn slack_of(config: &SlackConfig, connections: Connections, token: Option<Secret>) -> anyhow::Result<Slack> {
    let Some(token) = token else {
        bail!(
            "no GONOGO_SLACK_TOKEN\n  → set it, or GONOGO_SLACK_TOKEN_FILE to a file with it: [slack] is told with it"
        );
    };
    Ok(Slack::new(slack_api(config)?, connections, token))
}

fn slack_api(config: &SlackConfig) -> anyhow::Result<Url> {
    config.url.parse().with_context(|| format!("[slack] url: {}", config.url))
}

fn service(all: &Config, config: &ServiceConfig, authorities: Option<&Path>) -> anyhow::Result<Service> {
    let repository = RepositoryName::parse(&config.repository).context("the repository was looked at before")?;
    let url = config.git.clone().unwrap_or_else(|| format!("{}/{repository}.git", web_of(&all.github.url)));
    Ok(Service {
        name: config.name.clone(),
        repository,
        remote: Remote { url, token: None, authorities: authorities.map(Path::to_owned) },
        is_at_code_host: config.git.is_none(),
        path: config.path.clone(),
        production: config.production.clone(),
        judges_pull_requests: config.pull_requests,
        is_observed: config.observe,
        slack_channel: all.slack_channel(config),
        turned: all.turned(config),
        deploys_told: all.deploys_told(config),
        deployed: all.deployed(config),
        teams_told: all.teams_told(config),
        told_early: all.told_early(config),
    })
}

/// An App where one is named, else a token.
fn github_credentials() -> anyhow::Result<Credentials> {
    let id = std::env::var("GONOGO_GITHUB_APP_ID").ok().filter(|id| !id.trim().is_empty());
    match (id, secret("GONOGO_GITHUB_APP_KEY")?, secret("GONOGO_GITHUB_TOKEN")?) {
        (Some(id), Some(key), None) => Ok(Credentials::App(Box::new(gonogo_remote::github::App::new(id.trim(), key)?))),
        (None, None, Some(token)) => Ok(Credentials::Token(token)),
        (None, None, None) => bail!(
            "no credentials for GitHub\n  → set GONOGO_GITHUB_APP_ID and GONOGO_GITHUB_APP_KEY_FILE, or GONOGO_GITHUB_TOKEN: \
             statuses are posted with them"
        ),
        (Some(_), None, _) => {
            bail!("GONOGO_GITHUB_APP_ID is set, and no GONOGO_GITHUB_APP_KEY or GONOGO_GITHUB_APP_KEY_FILE")
        }
        (None, Some(_), _) => bail!("GONOGO_GITHUB_APP_KEY is set, and no GONOGO_GITHUB_APP_ID"),
        (Some(_), Some(_), Some(_)) => {
            bail!("an App and a token for GitHub are set\n  → unset GONOGO_GITHUB_TOKEN, or the App")
        }
    }
}

/// TERM and Ctrl-C are heard from now on; what is given back ends by either.
pub(crate) fn told_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
