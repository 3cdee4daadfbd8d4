//! A candidate as it was judged last, read once for each of its pages.

use super::finding::is_mended_in_jira;
use crate::App;
use crate::pages::layout::{self, Follows, ago, away, not_found, outside, verdict};
use crate::pages::{locks, stops};
use crate::session::Session;
use axum::http::StatusCode;
use gonogo_api::{Check, Finding};
use gonogo_core::case::Stage;
use gonogo_core::running::Running;
use gonogo_core::say::count;
use gonogo_engine::commands::deploys::deploys_of;
use gonogo_engine::{Digest, Evidence, jobs};
use gonogo_store::views::Cursor;
use gonogo_store::{Candidate, CandidateId, DeployId, Evaluation, Judging, ServiceLock, Stop, WaiverRow};
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

/// Looks that are closer together are one to a reader.
const SAME_LOOK: SignedDuration = SignedDuration::from_secs(30);

#[derive(Debug)]
pub(crate) struct Look {
    pub candidate: Candidate,
    pub newest: Option<Evaluation>,
    /// `None` until it was judged once.
    pub check: Option<Check>,
    pub judging: Judging,
    /// All of it was read after this.
    since: Cursor,
    pub now: Timestamp,
    /// Whether people may act in Jira from here.
    acts_in_jira: bool,
    /// Whether gonogo deploys the service.
    pub deploys: bool,
    /// While it stands no deploy begins.
    stop: Option<Stop>,
    /// Nobody but its owner has a deploy begin while it stands.
    pub lock: Option<ServiceLock>,
    /// A deploy of it that is under way though its branch has moved on.
    deploy: Option<DeployId>,
}

impl Look {
    pub(crate) async fn at(app: &App, id: &str) -> Result<Self, (StatusCode, Markup)> {
        let Ok(id) = id.parse().map(CandidateId) else { return Err(not_found().await) };
        let store = &app.serving.store;
        let since = store.cursor().await.map_err(|e| away(&e))?;
        let Some(candidate) = store.candidate(id).await.map_err(|e| away(&e))? else { return Err(not_found().await) };
        let newest = store.newest_evaluation(id).await.map_err(|e| away(&e))?;
        let check = newest.as_ref().and_then(|e| serde_json::from_str(&e.result).ok());
        let now = (app.serving.clock)();
        let judging = store.judging_of(id, jobs::EVALUATE, now).await.map_err(|e| away(&e))?;
        let acts_in_jira = app.serving.jira_app.is_some();
        let may_ship = candidate.is_open && candidate.stage.is_deploy();
        let deploys = may_ship && deploys_of(&app.serving, &candidate.service).is_some();
        let stop = store.stop().await.map_err(|e| away(&e))?;
        let lock = store.service_lock(&candidate.service, now).await.map_err(|e| away(&e))?;
        let deploy = if candidate.is_open { None } else { store.open_deploy_of(id).await.map_err(|e| away(&e))? };
        Ok(Self { candidate, newest, check, judging, since, now, acts_in_jira, deploys, stop, lock, deploy })
    }

    /// What the judgement was made from; `None` where that cannot be read any more.
    pub(crate) async fn evidence(&self, app: &App) -> Result<Option<Evidence>, (StatusCode, Markup)> {
        let Some(newest) = &self.newest else { return Ok(None) };
        let recording = app.serving.store.recording(newest.id).await.map_err(|e| away(&e))?;
        Ok(recording.and_then(|bytes| Evidence::read(&bytes).ok()))
    }

    /// Those that hold in its branch.
    pub(super) async fn waivers(&self, app: &App) -> Result<Vec<WaiverRow>, (StatusCode, Markup)> {
        let mut rows = app.serving.store.waivers(&self.candidate.service).await.map_err(|e| away(&e))?;
        rows.retain(|row| row.holds_in(&self.candidate.branch));
        Ok(rows)
    }

    /// Whether it leads to a page on which it is mended.
    pub(super) fn is_mended_here(&self, finding: &Finding) -> bool {
        self.acts_in_jira && self.candidate.is_open && finding.waiver.is_none() && is_mended_in_jira(finding)
    }

    /// Whether somebody else's lock keeps this person from deploying.
    pub(super) fn is_locked_for(&self, person: i64) -> bool {
        self.lock.as_ref().is_some_and(|lock| lock.by_id != person)
    }

    pub(crate) fn path(&self) -> String {
        format!("/candidates/{}", self.candidate.id.0)
    }

    pub(crate) fn title(&self) -> String {
        match &self.candidate.stage {
            Stage::Deploy => format!("{}: {}", self.candidate.service, self.candidate.branch),
            Stage::Merge { pull_request, .. } => {
                format!("{}: #{pull_request} {}", self.candidate.service, self.candidate.branch)
            }
        }
    }

    /// The first lines of each of its pages, and the way to the others.
    pub(crate) fn top(&self, here: &str) -> Markup {
        let base = match &self.candidate.stage {
            Stage::Deploy => "production",
            Stage::Merge { into, .. } => into,
        };
        let over = self.candidate.production.as_ref().map(Running::short);
        html! {
            p {
                a href={ "/services/" (self.candidate.service) } { (self.candidate.service) } " · "
                (verdict(self.newest.as_ref().map(|e| e.verdict.as_str()))) " "
                code { (outside(&self.candidate.branch)) " @ " (self.candidate.head.short()) } " over "
                @match &over { Some(sha) => code { (sha) }, None => { (outside(base)) ", which is not known" } }
                @if let Stage::Merge { pull_request, into } = &self.candidate.stage {
                    " · "
                    a href={ "/services/" (self.candidate.service) "/pulls" } { "pull request #" (pull_request) }
                    " into " (outside(into))
                }
                @if let Some(newest) = &self.newest { " · judged " (ago(newest.evaluated_at, self.now)) (self.again(newest)) }
            }
            @if !self.candidate.is_open {
                p.stale { "This candidate is no longer open: its branch, or what it was judged over, has moved on. "
                    @if let Some(id) = self.deploy { a href={ "/deploys/" (id.0) } { "A deploy of it" } " is under way. " }
                    a href="/" { "See what is open" } "." }
            }
            (stops::banner(self.stop.as_ref(), self.now))
            @if self.candidate.stage.is_deploy() { (locks::banner(self.lock.as_ref(), self.now)) }
            (self.tabs(here))
        }
    }

    /// What was judged anew, and came to the same, is not recorded anew.
    fn again(&self, newest: &Evaluation) -> Markup {
        let same = self.judging.looked_at.filter(|at| *at > newest.evaluated_at + SAME_LOOK);
        html! {
            @if let Some(at) = same { " · the same again " (ago(at, self.now)) }
            @if self.is_due() { " · " span data-due { "being judged again" } }
        }
    }

    fn is_due(&self) -> bool {
        self.candidate.is_open && self.judging.is_due
    }

    fn tabs(&self, here: &str) -> Markup {
        let number = |of: fn(&Check) -> usize| self.check.as_ref().map_or(0, of);
        let tabs = [
            ("Verdict", "", None),
            ("Findings", "/findings", Some(number(|check| check.findings.len()))),
            ("Stories", "/stories", Some(number(|check| check.stories.len()))),
            ("Commits", "/commits", Some(number(|check| check.commits.len()))),
            ("Plan", "/plan", None),
            ("Facts", "/facts", None),
            ("History", "/history", None),
        ];
        html! {
            nav.tabs aria-label="Candidate" {
                @for (name, path, number) in tabs {
                    a href={ (self.path()) (path) } aria-current=[(name == here).then_some("page")] {
                        (name) @if let Some(number) = number { " (" (number) ")" }
                    }
                }
            }
        }
    }
}

/// What a page says before there is a verdict.
pub(crate) fn unjudged() -> Markup {
    html! { p { "It is being judged. This page is read again by itself." } }
}

/// What ships, in a row of tiles.
pub(crate) fn tiles(digest: &Digest) -> Markup {
    let types: Vec<String> = digest.stories.iter().map(|(kind, number)| count(*number, &outside(kind))).collect();
    let tiles = [
        ("Stories", if types.is_empty() { "none".to_owned() } else { types.join(", ") }),
        ("People", people(&digest.people)),
        (
            "Highest risk",
            digest
                .risk
                .as_ref()
                .map_or_else(|| "not known".to_owned(), |(risk, key)| format!("{}, {key}", risk.word())),
        ),
        ("Size", size(digest)),
    ];
    html! { dl.tiles { @for (name, said) in tiles { div { dt { (name) } dd { (said) } } } } }
}

fn people(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| outside(name)).collect();
    if names.is_empty() { "nobody".to_owned() } else { gonogo_core::say::list(&names, 3) }
}

fn size(digest: &Digest) -> String {
    let lines = digest.lines.map(|lines| format!("+{} −{}", lines.added, lines.removed));
    let files = digest.files.map(|files| count(files, "file"));
    let migrations = (!digest.migrations.is_empty()).then(|| count(digest.migrations.len(), "migration"));
    [Some(count(digest.commits, "commit")), files, lines, migrations]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

pub(super) fn shown(look: &Look, here: &str, session: &Session, main: &Markup) -> Markup {
    let is_changing = look.candidate.is_open && (look.newest.is_none() || look.is_due());
    let main = html! { (look.top(here)) (main) };
    let follows = Follows { candidate: Some(look.candidate.id), since: look.since };
    layout::live_page(&look.title(), is_changing, session, &follows, &main)
}
