//! `gonogo demo`: the server as `gonogo serve` runs it, in one process with a
//! world to play in. Nothing of it leaves this machine.

mod browser;
mod folder;

use super::serve::config::{
    Config, GitHubConfig, Server as ServerConfig, ServiceConfig, SlackConfig, StoreConfig, TrackerConfig,
};
use super::serve::{Access, Server, listen, told_to_stop};
use crate::cli::DemoArgs;
use anyhow::bail;
use folder::Folder;
use gonogo_engine::commands::people::{add_first, random_word};
use gonogo_engine::{CodeHostAccess, Outside, TrustedTracker};
use gonogo_remote::github;
use gonogo_remote::http::HttpSettings;
use gonogo_remote::jira;
use gonogo_server::OpenDoor;
use gonogo_world::play::{self, Playground, PlaygroundError, Program, Wish};
use secrecy::{ExposeSecret, SecretString};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// As whom everybody comes in.
const PERSON: &str = "demo";
/// The tour's port, and the four after it.
const PORTS: u16 = 5;

pub(crate) fn run(args: &DemoArgs) -> anyhow::Result<u8> {
    if args.port > u16::MAX - PORTS {
        bail!("--port {}: the four ports after it are wanted too\n  → name a lower one", args.port);
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
    let folder = Folder::new()?;
    let port = |after: u16| if args.port == 0 { 0 } else { args.port + after };
    let wish = Wish {
        folder: folder.path().join("repositories"),
        ports: [port(0), port(2), port(3), port(4)],
        seed: args.seed,
    };
    let world = tokio::task::spawn_blocking(move || Playground::start(&wish)).await?.map_err(|error| taken(&error))?;
    let listener = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port(1)))).await?;
    let config = configuration(&world, listener.local_addr()?, folder.path());
    let secret = random_word();
    let tour = world.tour_url();
    let server =
        Server::start(&config, access(&secret), Some(listener), |address| OpenDoor::of(address, PERSON, &tour)).await?;
    if server.serving.first_code_hash.is_some() {
        add_first(&server.serving, server.first_code.expose_secret(), PERSON, random_word()).await?;
    }
    let program = Program { url: format!("http://{}", server.address), secret: secret.expose_secret().to_owned() };
    let world = tokio::task::spawn_blocking(move || {
        world.tells(&program);
        world
    })
    .await?;
    anstream::println!("{tour}");
    anstream::println!("gonogo: that is the tour; Ctrl-C ends the demo, and what it kept is gone then");
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
fn configuration(world: &Playground, listen: SocketAddr, folder: &Path) -> Config {
    let services = world.places().iter().map(|place| ServiceConfig {
        name: place.name.clone(),
        repository: place.repository.clone(),
        git: Some(place.git.clone()),
        production: None,
        pull_requests: true,
        observe: false,
        slack_channel: None,
    });
    Config {
        server: ServerConfig {
            listen,
            url: format!("http://{listen}"),
            data: folder.join("gonogo"),
            workers: 2,
            poll_seconds: 30,
        },
        store: StoreConfig::default(),
        github: GitHubConfig { url: world.github_url(), ..GitHubConfig::default() },
        tracker: TrackerConfig { url: Some(world.jira_url()) },
        slack: Some(SlackConfig { channel: Some(play::CHANNEL.to_owned()), url: world.slack_url() }),
        services: services.collect(),
    }
}

/// What the world's stand-ins take; the environment has no say.
fn access(hooks: &SecretString) -> Access {
    Access {
        github: github::Credentials::Token(SecretString::from(play::GITHUB_TOKEN)),
        github_hooks: vec![hooks.clone()],
        jira_hooks: vec![hooks.clone()],
        slack: Some(SecretString::from(play::SLACK_TOKEN)),
        outside: Outside {
            credentials: |kind| jira::Credentials::read(kind, jira_variable),
            http: HttpSettings { ca_file: None, is_direct: true },
            trusted: TrustedTracker::None,
            code_host: CodeHostAccess::None,
        },
    }
}

fn jira_variable(name: &str) -> Option<String> {
    match name {
        "GONOGO_JIRA_USER" => Some(play::JIRA_USER.to_owned()),
        "GONOGO_JIRA_TOKEN" => Some(play::JIRA_TOKEN.to_owned()),
        _ => None,
    }
}

fn taken(error: &PlaygroundError) -> anyhow::Error {
    anyhow::anyhow!("port {} cannot be had: {}\n  → name another with --port, or 0 for any", error.port, error.why)
}
