//! A world to play in: a company with services, its GitHub, Jira and Slack, and
//! a tour that leads through what the program does for it. The program is known
//! here by its address and by what it does to the stand-ins, as by anybody else.

mod content;
mod history;
mod kept;
mod look;
mod page;
mod random;
mod steps;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::jira::FieldKind;
use crate::page::{asset, refusal};
use crate::serve::{Answer, Ask, Background, Reply, Say, Stand, serve};
use crate::{GitHub, Jira, Slack};
use content::Company;
use kept::Keeper;

/// What the program signs in with, and what it is told with.
pub const GITHUB_TOKEN: &str = "github_pat_playground";
pub const SLACK_TOKEN: &str = "xoxb-world";
pub const JIRA_USER: &str = "bot@example.com";
pub const JIRA_TOKEN: &str = "jira-token";
/// Where people are told.
pub const CHANNEL: &str = "#deploys";
/// Where support is told what shipped.
pub const SUPPORT: &str = "#support";

/// What the world is to be like.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Where it keeps what it has.
    pub folder: PathBuf,
    /// What became of it is written down there, and it goes on from what is.
    pub stays: bool,
    /// The tour's port, GitHub's, Jira's and Slack's; 0 for any that is free.
    pub ports: [u16; 4],
    /// The same number gives the same content.
    pub seed: u64,
    pub size: Size,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Two services, and what the tour is about.
    Small,
    /// Fifty, with a year of history.
    Large,
}

/// Why there is no such world.
#[derive(Debug)]
pub enum PlaygroundError {
    /// Somebody else has the port.
    Port { port: u16, why: io::Error },
    /// What was kept is of no use.
    Unreadable { path: PathBuf, why: String },
    /// The folder has a world with another port, seed or size.
    Another { what: &'static str, kept: String, wished: String },
}

/// The program, as the world knows it.
#[derive(Debug, Clone)]
pub struct Program {
    /// Where its pages are and its hooks end, without a slash at the end.
    pub url: String,
    /// What hooks are signed with.
    pub secret: String,
}

/// One of the company's services.
#[derive(Debug, Clone)]
pub struct Place {
    pub name: String,
    /// `owner/name`
    pub repository: String,
    /// Where git fetches it from.
    pub git: String,
}

/// An app, as its Jira has registered it.
#[derive(Debug, Clone)]
pub struct JiraApp {
    pub id: String,
    pub secret: String,
    /// Where people are asked, and where its API is.
    pub auth_url: String,
    pub api_url: String,
}

/// It runs until it is dropped.
#[derive(Debug)]
pub struct Playground {
    tour: Background,
    /// Held for its end: it writes down the last of all.
    _keeper: Option<Keeper>,
    stage: Arc<Stage>,
    places: Vec<Place>,
}

#[derive(Debug)]
struct Stage {
    github: GitHub,
    jira: Jira,
    slack: Slack,
    company: Company,
    /// Where the tour itself is.
    url: String,
    program: Mutex<Option<Program>>,
}

impl Playground {
    /// With all that the company has so far; nobody is told of anything yet.
    pub fn start(wish: &Wish) -> Result<Self, PlaygroundError> {
        let kept = if wish.stays { kept::read(wish)? } else { None };
        let [tour, github, jira, slack] = wish.ports.map(listener);
        let (tour, github, jira, slack) = (tour?, github?, jira?, slack?);
        let url = format!("http://{}", local(&tour));
        let (github, jira, slack) = (GitHub::start_at(github), Jira::cloud_at(jira), Slack::start_at(slack));
        github.keeps_in(&wish.folder.join("repositories")).joins(&url).expects_trouble();
        jira.joins(&url).expects_trouble();
        slack.joins(&url).expects_trouble();
        slack.channel(CHANNEL);
        slack.channel(SUPPORT);
        jira.may_write();
        jira.custom_field("Risk", FieldKind::RichText);
        jira.custom_field(content::CHECKS, FieldKind::RichText);
        let company = Company::new(wish.seed, wish.size, &jira.url());
        company.writes_stories(&jira);
        if kept.is_none() {
            company.founds(&github);
        }
        let places = company.services.iter().map(|service| {
            let (name, repository) = (service.name.clone(), service.repository());
            let git = format!("file://{}", github.repository(&repository).path().display());
            Place { name, repository, git }
        });
        let places: Vec<Place> = places.collect();
        let names: Vec<&str> = places.iter().map(|place| place.repository.as_str()).collect();
        github
            .token(GITHUB_TOKEN)
            .may_write("statuses")
            .may_read("contents")
            .may_read("pull_requests")
            .only_for(&names);
        let stage = Arc::new(Stage { github, jira, slack, company, url, program: Mutex::new(None) });
        if let Some(kept) = &kept {
            kept::restore(&stage, kept, wish)?;
        }
        let keeper = wish.stays.then(|| Keeper::start(&stage, wish));
        let stand: Arc<dyn Stand> = Arc::clone(&stage) as _;
        let tour = Background::start("world-tour", tour, move |stream| serve(Arc::clone(&stand), None, stream));
        Ok(Self { tour, _keeper: keeper, stage, places })
    }

    /// From now on the program is told of what happens, and the tour shows it.
    pub fn tells(&self, program: &Program) {
        let Stage { github, jira, slack, .. } = &*self.stage;
        for place in &self.places {
            let repository = github.repository(&place.repository);
            repository.hooked_to_for(&format!("{}/hooks/github", program.url), &program.secret, &["push"]);
        }
        jira.hooked_to(&format!("{}/hooks/jira", program.url), &program.secret);
        slack.is_heard_at(&format!("{}/hooks/slack", program.url), &program.secret);
        *self.stage.program() = Some(program.clone());
    }

    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Where the tour begins.
    pub fn tour_url(&self) -> String {
        format!("http://{}", self.tour.address())
    }

    /// Where the API of its GitHub is.
    pub fn github_url(&self) -> String {
        self.stage.github.api_url()
    }

    pub fn jira_url(&self) -> String {
        self.stage.jira.url()
    }

    /// An app at its Jira, by which people act there, and are sent back to this address.
    pub fn jira_app(&self, redirect: &str) -> JiraApp {
        let ((id, secret), (auth_url, api_url)) = (self.stage.jira.app(redirect), self.stage.jira.app_urls());
        JiraApp { id, secret, auth_url, api_url }
    }

    /// Where the Web API of its Slack is.
    pub fn slack_url(&self) -> String {
        self.stage.slack.api_url()
    }
}

impl Stage {
    fn program(&self) -> std::sync::MutexGuard<'_, Option<Program>> {
        self.program.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, ask: &Ask) -> Answer {
        if let Some(answer) = refusal(ask, &self.url).or_else(|| asset(ask)) {
            return answer;
        }
        let program = self.program().clone();
        match (ask.method.as_str(), ask.path.as_str(), program) {
            ("GET", "/", Some(program)) => page::tour(&look::look(self, &program)),
            ("GET", "/", None) => page::not_yet(),
            _ => page::not_found(),
        }
    }
}

impl Stand for Stage {
    fn ask(&self, ask: Ask) -> (usize, Reply) {
        (0, Reply { delay: std::time::Duration::ZERO, say: Say::Whole(self.answer(&ask)) })
    }

    fn answered(&self, _: usize, _: Option<u16>) {}
}

fn listener(port: u16) -> Result<TcpListener, PlaygroundError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|why| PlaygroundError::Port { port, why })
}

fn local(listener: &TcpListener) -> SocketAddr {
    listener.local_addr().expect("a bound socket has an address")
}
