//! `gonogo serve`: wires the store, the systems outside, the workers and the
//! faces together, and takes them down in order.

mod config;
pub(crate) mod store;

use super::check::outside;
use crate::cli::ServeArgs;
use crate::clock;
use anyhow::{Context, bail};
use config::{Config, ServiceConfig, SlackConfig};
use gonogo_core::policy::Source;
use gonogo_engine::commands::people::{Throttle, hash_of, random_word};
use gonogo_engine::{Outside, Service, Serving, TrustedTracker, jobs};
use gonogo_remote::git::Remote;
use gonogo_remote::github::{GitHub, RepositoryName};
use gonogo_remote::http::Connections;
use gonogo_remote::slack::Slack;
use gonogo_server::App;
use gonogo_store::Store;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// What is being done when it is told to stop has so long to end.
const LAST_WORDS: Duration = Duration::from_secs(10);

pub(crate) fn run(args: &ServeArgs) -> anyhow::Result<u8> {
    let source = Source::new(args.config.display().to_string(), super::read_text(&args.config)?);
    let config = Config::parse(&source)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(config))?;
    // Work that hangs is not waited for: its lease runs out.
    runtime.shutdown_timeout(Duration::from_millis(100));
    Ok(0)
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let token = secret("GONOGO_GITHUB_TOKEN")?;
    let hook_secrets = secret("GONOGO_GITHUB_WEBHOOK_SECRET")?.map(|lines| each_line(&lines)).unwrap_or_default();
    let first_code = random_word();
    let serving = Arc::new(serving(&config, token, &first_code).await?);
    let _lock = serving.store.begin_serving().await?;
    let listener = TcpListener::bind(config.server.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.server.listen))?;
    let (tell, stop) = watch::channel(false);
    let poll = Duration::from_secs(config.server.poll_seconds);
    let working = tokio::spawn(jobs::work(Arc::clone(&serving), config.server.workers, poll, stop.clone()));
    let address = listener.local_addr()?;
    if hook_secrets.is_empty() {
        anstream::eprintln!(
            "gonogo: no GONOGO_GITHUB_WEBHOOK_SECRET: webhooks are refused, changes are found by polling"
        );
    }
    anstream::println!("gonogo: listening on http://{address}");
    if serving.first_code_hash.is_some() {
        let (pages, code) = (&serving.pages, first_code.expose_secret());
        anstream::println!("gonogo: nobody may sign in yet; become the first admin: {pages}/first-admin?code={code}");
    }
    let app = App { serving, hook_secrets: Arc::new(hook_secrets) };
    let answering = tokio::spawn(gonogo_server::serve(listener, app, stop));
    told_to_stop().await?;
    tell.send(true).ok();
    let ended = tokio::time::timeout(LAST_WORDS, async {
        answering.await.ok();
        working.await.ok();
    });
    if ended.await.is_err() {
        anstream::eprintln!("gonogo: work was left undone; the next start does it");
    }
    Ok(())
}

async fn serving(config: &Config, token: Option<SecretString>, first_code: &SecretString) -> anyhow::Result<Serving> {
    let data = &config.server.data;
    std::fs::create_dir_all(data).with_context(|| format!("{} cannot be made", data.display()))?;
    let store = Store::open(&config.store_url()).await?;
    let first_code_hash = (!store.has_people().await?).then(|| hash_of(first_code.expose_secret()));
    let Some(token) = token else {
        bail!(
            "no GONOGO_GITHUB_TOKEN\n  → set it, or GONOGO_GITHUB_TOKEN_FILE to a file with it: statuses are posted with it"
        );
    };
    let trusted = config.tracker.url.clone().map_or(TrustedTracker::None, TrustedTracker::Only);
    let outside = Outside { trusted, ..outside() };
    let api = config.github.url.parse().with_context(|| format!("[github] url: {}", config.github.url))?;
    let github = GitHub::new(api, Connections::new(&outside.http)?, token.clone());
    let slack = config.slack.as_ref().map(|slack| slack_of(slack, Connections::new(&outside.http)?)).transpose()?;
    let services = config.services.iter().map(|s| service(config, s, &token)).collect::<Result<_, _>>()?;
    Ok(Serving {
        store,
        services,
        github,
        slack,
        mirrors: data.join("mirrors"),
        first_code_hash,
        throttle: Throttle::default(),
        pages: config.server.url.trim_end_matches('/').to_owned(),
        outside,
        clock: clock::now,
    })
}

fn slack_of(config: &SlackConfig, connections: Connections) -> anyhow::Result<Slack> {
    let Some(token) = secret("GONOGO_SLACK_TOKEN")? else {
        bail!(
            "no GONOGO_SLACK_TOKEN\n  → set it, or GONOGO_SLACK_TOKEN_FILE to a file with it: [slack] is told with it"
        );
    };
    let api = config.url.parse().with_context(|| format!("[slack] url: {}", config.url))?;
    Ok(Slack::new(api, connections, token))
}

fn service(all: &Config, config: &ServiceConfig, token: &SecretString) -> anyhow::Result<Service> {
    let repository = RepositoryName::parse(&config.repository).context("the repository was looked at before")?;
    let remote = match &config.git {
        Some(url) => Remote { url: url.clone(), token: None },
        None => Remote { url: format!("{}/{repository}.git", web_of(&all.github.url)), token: Some(token.clone()) },
    };
    Ok(Service {
        name: config.name.clone(),
        repository,
        remote,
        production: config.production.clone(),
        slack_channel: all.slack_channel(config),
    })
}

/// Where a GitHub's pages and repositories are, by where its API is.
fn web_of(api: &str) -> String {
    let api = api.trim_end_matches('/');
    match api.strip_suffix("/api/v3") {
        Some(enterprise) => enterprise.to_owned(),
        None => api.replacen("://api.", "://", 1),
    }
}

/// A secret of the environment, or of the file that a variable with `_FILE` names.
fn secret(name: &str) -> anyhow::Result<Option<SecretString>> {
    let given = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let text = match (given(name), given(&format!("{name}_FILE"))) {
        (Some(text), _) => text,
        (None, Some(path)) => {
            std::fs::read_to_string(&path).with_context(|| format!("{name}_FILE: {path} could not be read"))?
        }
        (None, None) => return Ok(None),
    };
    let text = text.trim();
    if text.is_empty() {
        bail!("{name}_FILE: the file is empty\n  → write the secret into it, alone");
    }
    Ok(Some(SecretString::from(text.to_owned())))
}

/// Two secrets count while one is changed for the other.
fn each_line(secrets: &SecretString) -> Vec<SecretString> {
    let lines = secrets.expose_secret().lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| SecretString::from(line.to_owned())).collect()
}

async fn told_to_stop() -> anyhow::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        pressed = tokio::signal::ctrl_c() => pressed?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::web_of;

    #[test]
    fn repositories_are_where_the_api_says() {
        assert_eq!(web_of("https://api.github.com"), "https://github.com");
        assert_eq!(web_of("https://git.example.com/api/v3/"), "https://git.example.com");
    }
}
