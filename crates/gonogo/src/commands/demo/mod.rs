//! `gonogo demo`: the server as `gonogo serve` runs it, in one process with a
//! world to play in. Nothing of it leaves this machine.

mod browser;
mod folder;

use super::serve::config::{
    CONNECTIONS, Config, GitHubConfig, Server as ServerConfig, ServiceConfig, SlackConfig, StoreConfig, TrackerConfig,
};
use super::serve::jira_accounts::JiraAccountsConfig;
use super::serve::routes::{RouteConfig, TeamsConfig};
use super::serve::stories::StoryDeployedConfig;
use super::serve::{Access, Server, told_to_stop};
use crate::cli::{DemoArgs, DemoSize};
use crate::logs::{self, LogFormat, LogLevel};
use anyhow::{Context, bail};
use folder::Folder;
use gonogo_core::guard::MetricsServers;
use gonogo_core::policy::{Source, TrackerKind};
use gonogo_engine::commands::people::{add_first, random_word};
use gonogo_engine::{CodeHostAccess, Outside, TrustedTracker};
use gonogo_remote::github;
use gonogo_remote::http::HttpSettings;
use gonogo_remote::jira::Jiras;
use gonogo_server::{Listen, Listener, OpenDoor};
use gonogo_world::play::{self, JiraApp, Playground, PlaygroundError, Program, Size, Wish};
use secrecy::{ExposeSecret, SecretString};
use std::fmt::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// As whom everybody comes in.
const PERSON: &str = "demo";
/// Ports that are wanted after the tour's.
const MORE_PORTS: u16 = 4;

pub(crate) fn run(args: &DemoArgs) -> anyhow::Result<u8> {
    if args.port > u16::MAX - MORE_PORTS {
        bail!("--port {}: the four ports after it are wanted too\n  → name a lower one", args.port);
    }
    if args.port == 0 && args.data.is_some() {
        bail!("--data keeps links, which name the port\n  → name one with --port, the same each time");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(demo(args));
    runtime.shutdown_timeout(Duration::from_millis(100));
    done?;
    Ok(0)
}

async fn demo(args: &DemoArgs) -> anyhow::Result<()> {
    let stop = told_to_stop()?;
    let mut hang_up = signal(SignalKind::hangup())?;
    // Dropped last: nothing writes there any more.
    let folder = Folder::of(args.data.as_deref())?;
    let port = |after: u16| if args.port == 0 { 0 } else { args.port + after };
    let wish = Wish {
        folder: folder.path().to_owned(),
        stays: folder.stays(),
        ports: [port(0), port(2), port(3), port(4)],
        seed: args.seed,
        size: match args.size {
            DemoSize::Small => Size::Small,
            DemoSize::Large => Size::Large,
        },
    };
    let world =
        tokio::task::spawn_blocking(move || Playground::start(&wish)).await?.map_err(|error| no_world(&error))?;
    let place = Listen::Address(SocketAddr::from((Ipv4Addr::LOCALHOST, port(1))));
    let listener = Listener::bind(&place, None, CONNECTIONS).await?;
    let address = listener.address().context("a demo listens on an address")?;
    let app = world.jira_app(&format!("http://{address}/account/jira/callback"));
    let config = configuration(&world, &app, address, folder.path());
    logs::begin(config.server.log, config.server.log_level);
    let secret = random_word();
    let tour = world.tour_url();
    let server =
        Server::start(&config, access(&secret, &app), Some(listener), |address| OpenDoor::of(address, PERSON, &tour))
            .await?;
    if server.serving.first_code_hash.is_some() {
        add_first(&server.serving, server.first_code.expose_secret(), PERSON, random_word()).await?;
    }
    let program = Program { url: server.place.clone(), secret: secret.expose_secret().to_owned() };
    let world = tokio::task::spawn_blocking(move || {
        world.tells(&program);
        world
    })
    .await?;
    anstream::println!("{tour}");
    let then = if folder.stays() { "the same command goes on from there" } else { "nothing of it is left then" };
    anstream::println!("gonogo: that is the tour; Ctrl-C ends the demo, and {then}");
    if args.open {
        browser::open(&tour);
    }
    tokio::select! {
        () = stop => {}
        _ = hang_up.recv() => {}
    }
    server.stop().await;
    // Its servers end on threads that are waited for.
    tokio::task::spawn_blocking(move || drop(world)).await?;
    folder.close()
}

/// What `gonogo-server.toml` would say.
fn configuration(world: &Playground, app: &JiraApp, listen: SocketAddr, folder: &Path) -> Config {
    let services = world.places().iter().map(|place| ServiceConfig {
        name: place.name.clone(),
        repository: place.repository.clone(),
        git: Some(place.git.clone()),
        path: None,
        production: None,
        pull_requests: true,
        observe: false,
        slack_channel: None,
        verdict_turned: RouteConfig::default(),
        deploy_changed: RouteConfig::default(),
        story_deployed: None,
        told_early: None,
        awareness: TeamsConfig::default(),
    });
    Config {
        server: ServerConfig {
            listen: listen.to_string(),
            tls_certificate: None,
            tls_key: None,
            log: LogFormat::Human,
            // What somebody who plays has to know.
            log_level: LogLevel::Error,
            url: format!("http://{listen}"),
            data: folder.join("gonogo"),
            workers: 2,
            poll_seconds: 30,
            connections: CONNECTIONS,
            api_per_minute: 600,
        },
        store: StoreConfig::default(),
        github: GitHubConfig { url: world.github_url(), ..GitHubConfig::default() },
        tracker: TrackerConfig { url: Some(world.jira_url()) },
        jira_accounts: Some(JiraAccountsConfig {
            kind: TrackerKind::JiraCloud,
            client_id: app.id.clone(),
            auth_url: app.auth_url.clone(),
            api_url: app.api_url.clone(),
        }),
        oidc: None,
        metrics: MetricsServers::default(),
        slack: Some(SlackConfig { channel: Some(play::CHANNEL.to_owned()), url: world.slack_url() }),
        mail: None,
        story_deployed: Some(StoryDeployedConfig {
            jira_comment: true,
            slack_channel: Some(play::SUPPORT.to_owned()),
            ..StoryDeployedConfig::default()
        }),
        told_early: None,
        verdict_turned: RouteConfig::default(),
        deploy_changed: RouteConfig::default(),
        awareness: TeamsConfig::default(),
        runners: Vec::new(),
        local_runner: None,
        services: services.collect(),
        source: Source::new("the demo's own", written(world, app, listen, folder)),
    }
}

/// The same as a file has it, so that it is told what the demo sets and what not.
fn written(world: &Playground, app: &JiraApp, listen: SocketAddr, folder: &Path) -> String {
    // What JSON quotes, TOML reads.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let (data, channel, support) = (folder.join("gonogo"), quoted(play::CHANNEL), quoted(play::SUPPORT));
    let mut text = format!(
        "[server]\nlisten = {}\nurl = {}\ndata = {}\nlog_level = \"error\"\nworkers = 2\npoll_seconds = 30\n\
         [github]\nurl = {}\n[tracker]\nurl = {}\n\
         [jira_accounts]\nkind = \"jira-cloud\"\nclient_id = {}\nauth_url = {}\napi_url = {}\n\
         [slack]\nurl = {}\nchannel = {channel}\n[story_deployed]\njira_comment = true\nslack_channel = {support}\n",
        quoted(&listen.to_string()),
        quoted(&format!("http://{listen}")),
        quoted(&data.display().to_string()),
        quoted(&world.github_url()),
        quoted(&world.jira_url()),
        quoted(&app.id),
        quoted(&app.auth_url),
        quoted(&app.api_url),
        quoted(&world.slack_url()),
    );
    for place in world.places() {
        let (name, repository, git) = (quoted(&place.name), quoted(&place.repository), quoted(&place.git));
        let _ = write!(text, "[[service]]\nname = {name}\nrepository = {repository}\ngit = {git}\n"); // a String takes all
    }
    text
}

/// What the world's stand-ins take; the environment has no say.
fn access(hooks: &SecretString, app: &JiraApp) -> Access {
    let http = HttpSettings { ca_file: None, is_direct: true };
    Access {
        github: github::Credentials::Token(play::GITHUB_TOKEN.into()),
        github_hooks: Some(hooks.clone().into()),
        jira_hooks: Some(hooks.clone().into()),
        jira_client: Some(app.secret.as_str().into()),
        slack: Some(play::SLACK_TOKEN.into()),
        slack_signing: Some(hooks.clone().into()),
        slack_app: None,
        mail: None,
        metrics: None,
        sign_in: None,
        oidc: None,
        outside: Outside {
            jiras: Arc::new(Jiras::new(http.clone(), jira_variable)),
            http,
            trusted: TrustedTracker::None,
            code_host: CodeHostAccess::None,
            kept: None,
            oidc_issuer: None,
            silent_tracker: Arc::default(),
        },
        secrets: Vec::new(),
    }
}

fn jira_variable(name: &str) -> Option<String> {
    match name {
        "GONOGO_JIRA_USER" => Some(play::JIRA_USER.to_owned()),
        "GONOGO_JIRA_TOKEN" => Some(play::JIRA_TOKEN.to_owned()),
        _ => None,
    }
}

/// Why there is no world, and what to do.
fn no_world(error: &PlaygroundError) -> anyhow::Error {
    match error {
        PlaygroundError::Port { port, why } => {
            anyhow::anyhow!("port {port} cannot be had: {why}\n  → name another with --port, or 0 for any")
        }
        PlaygroundError::Unreadable { path, why } => {
            anyhow::anyhow!(
                "{} cannot be read: {why}\n  → name another folder with --data, or remove this one",
                path.display()
            )
        }
        PlaygroundError::Another { what, kept, wished } => anyhow::anyhow!(
            "this folder has a demo with the {what} {kept}, and not {wished}\n  → say --{what} {kept}, or name another folder with --data"
        ),
    }
}
