//! A story: where it waits, what it lacks, where it runs and who was told, and
//! where it was.

mod ahead;
mod aware;
mod mend;
mod told;

pub(crate) use aware::acknowledge;
pub(crate) use mend::{fill, go, page as mend};

use super::candidate::{is_mended_in_jira, linked};
use super::checklist::{Of, checklist};
use super::layout::{self, Shown, ago, away, not_found, outside, short, verdict};
use super::table::table;
use crate::App;
use crate::session::Session;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use gonogo_api::{Check, Finding, Story};
use gonogo_core::ids::IssueKey;
use gonogo_engine::TrustedTracker;
use gonogo_engine::commands::acknowledge::Speaker;
use gonogo_engine::commands::named::{Named, named};
use gonogo_engine::jobs::not_said_yet;
use gonogo_store::views::StoryPlace;
use gonogo_store::{AwarenessRow, LooksWanted};
use jiff::Timestamp;
use maud::{Markup, html};

/// Open candidates whose findings are read.
const MOST_READ: usize = 8;
const MOST_LOOKS: u32 = 20;

/// What one of its candidates says of it.
struct Said<'a> {
    place: &'a StoryPlace,
    story: Option<Story>,
    findings: Vec<Finding>,
}

pub(crate) async fn page(State(app): State<App>, session: Session, Path(key): Path<String>) -> Shown {
    let key = key.to_uppercase();
    let places = app.serving.store.places_of(&key).await.map_err(|e| away(&e))?;
    let runs = app.serving.store.runs_of(&key).await.map_err(|e| away(&e))?;
    let early = app.serving.store.early_story(&key).await.map_err(|e| away(&e))?;
    let parsed = key.parse::<IssueKey>();
    let named = match &parsed {
        Ok(key) if runs.is_empty() => named(&app.serving, key).await.map_err(|e| away(&e))?,
        _ => Vec::new(),
    };
    if places.is_empty() && runs.is_empty() && early.is_none() && named.is_empty() {
        let Ok(key) = parsed else { return Err(not_found().await) };
        return Err((StatusCode::NOT_FOUND, unknown(&app, &session, &key)));
    }
    let teams = app.serving.store.awareness_of(&key).await.map_err(|e| away(&e))?;
    let messages = app.serving.store.messages_of_story(&key).await.map_err(|e| away(&e))?;
    let untold = not_said_yet(&app.serving, &key).await.map_err(|e| away(&e))?;
    let acts = app.serving.store.story_acts(&key, MOST_LOOKS).await.map_err(|e| away(&e))?;
    let of_it = LooksWanted { story: key.clone(), ..LooksWanted::default() };
    let looks = app.serving.store.looks(of_it, MOST_LOOKS).await.map_err(|e| away(&e))?;
    let now = (app.serving.clock)();
    let (open, closed): (Vec<&StoryPlace>, Vec<&StoryPlace>) = places.iter().partition(|p| p.closed_at.is_none());
    let speaker = Speaker::of(&app.serving, &session.person).await.map_err(|e| away(&e))?;
    let waits_in = open.iter().map(|place| place.service.clone()).collect();
    let may_speak = |team: &AwarenessRow| speaker.may_speak(team, &waits_in).is_ok();
    let mut said = Vec::new();
    for place in open.iter().take(MOST_READ).chain(closed.first().filter(|_| open.is_empty())) {
        said.push(read(&app, place, &key).await?);
    }
    let story = said.iter().find_map(|one| one.story.as_ref());
    let known = places.iter().map(|place| &place.title).chain(runs.iter().map(|run| &run.title));
    let known = known.map(String::as_str).find(|title| !title.is_empty()).unwrap_or_default();
    let title = story.and_then(|story| story.title.as_deref()).unwrap_or(known);
    let main = html! {
        @if let Some(story) = story { (facts(story)) }
        (lacks(&said, &key, app.serving.jira_app.is_some()))
        section {
            h2 { "Waits in (" (open.len()) ")" }
            @if open.is_empty() { p { "No open candidate, and no open pull request, has it." } }
            @else { (table(["Service", "Branch", "Verdict", "Head", "Ships", "Since"], open.iter().map(|place| waits(place, now)))) }
        }
        (in_git(&named))
        @if let Some(early) = &early { (ahead::section(early, now)) }
        (told::sections(&key, &runs, &untold, &messages, now))
        (told::acts(&acts, now))
        (aware::section(&key, &teams, &session, &may_speak, now))
        @if !looks.is_empty() { section { h2 { "Post-deploy checks" } (checklist(&looks, Of::Several, &session, now)) } }
        @if !closed.is_empty() {
            section {
                h2 { "Was in" }
                (table(["Service", "Branch", "Verdict", "Head", "Was to ship", "Until"], closed.iter().map(|place| was(place, now))))
            }
        }
    };
    Ok(layout::page(
        &if title.is_empty() { key.clone() } else { format!("{key}: {title}") },
        false,
        Some(&session),
        &main,
    ))
}

/// Of one that we never came across.
fn unknown(app: &App, session: &Session, key: &IssueKey) -> Markup {
    let tracker = match &app.serving.outside.trusted {
        TrustedTracker::Only(url) => Some(format!("{}/browse/{key}", url.trim_end_matches('/'))),
        TrustedTracker::Any | TrustedTracker::None => None,
    };
    let main = html! {
        p { "No candidate had " (key) " so far, and it did not come with a deploy: it appears here once a commit names it." }
        @if let Some(url) = tracker { p { a href=(url) rel="noreferrer" { "Look for " (key) " in the tracker" } } }
    };
    layout::page(&key.to_string(), false, Some(session), &main)
}

async fn read<'a>(app: &App, place: &'a StoryPlace, key: &str) -> Result<Said<'a>, (StatusCode, Markup)> {
    let newest = app.serving.store.newest_evaluation(place.id).await.map_err(|e| away(&e))?;
    let check: Option<Check> = newest.and_then(|newest| serde_json::from_str(&newest.result).ok());
    let Some(check) = check else { return Ok(Said { place, story: None, findings: Vec::new() }) };
    let story = check.stories.into_iter().find(|story| story.key == key);
    let commits = story.as_ref().map(|story| story.commits.clone()).unwrap_or_default();
    let concerns = |finding: &Finding| match finding.subject.kind.as_str() {
        "story" => finding.subject.id == key,
        "commit" => commits.contains(&finding.subject.id),
        _ => false,
    };
    Ok(Said { place, story, findings: check.findings.into_iter().filter(concerns).collect() })
}

fn facts(story: &Story) -> Markup {
    let lines =
        [("Status", &story.status), ("Type", &story.kind), ("Assignee", &story.assignee), ("Part of", &story.parent)];
    html! {
        dl.tiles {
            @for (name, value) in lines {
                @if let Some(value) = value { div { dt { (name) } dd { (outside(value)) } } }
            }
        }
        @if let Some(url) = story.url.as_deref().filter(|url| url.starts_with("http")) {
            p { a href=(url) rel="noreferrer" { "Open " (story.key) " in the tracker" } }
        }
    }
}

/// What is found about it, by service and branch.
fn lacks(said: &[Said<'_>], key: &str, acts_in_jira: bool) -> Markup {
    html! {
        @for one in said.iter().filter(|one| one.place.closed_at.is_none() && !one.findings.is_empty()) {
            section {
                h2 { "What " (one.place.service) " " a href=(path(one.place)) { (outside(&one.place.branch)) } " says of it" }
                ul.findings {
                    @for finding in &one.findings {
                        li {
                            p { (outside(&finding.message)) " " code.code { (finding.code) } @if finding.waiver.is_some() { " ⚑ waived" } }
                            p.fix { "→ " (linked(&outside(&finding.fix))) }
                            @if acts_in_jira && is_mended_in_jira(finding) { p.acts { a href={ "/stories/" (key) "/mend" } { "Mend it here" } } }
                        }
                    }
                }
            }
        }
    }
}

/// Where git has it, of which no deploy that was seen tells.
fn in_git(named: &[Named]) -> Markup {
    html! {
        @if !named.is_empty() {
            section {
                h2 { "In git" }
                ul {
                    @for one in named {
                        li {
                            a href={ "/services/" (one.service) } { (one.service) } ": "
                            code { (one.commit.short()) } " names it"
                            @if one.runs { ", and runs: it is in production since before gonogo first looked." }
                            @else { ", on " @for (at, branch) in one.branches.iter().enumerate() { @if at > 0 { ", " } code { (outside(branch)) } } "; it is not in production." }
                        }
                    }
                }
            }
        }
    }
}

fn path(place: &StoryPlace) -> String {
    format!("/candidates/{}", place.id.0)
}

fn waits(place: &StoryPlace, now: Timestamp) -> [Markup; 6] {
    row(
        place,
        html! { @if place.ships { "yes" } @else { "no: reverted, or there already" } },
        ago(place.opened_at, now),
    )
}

fn was(place: &StoryPlace, now: Timestamp) -> [Markup; 6] {
    row(
        place,
        html! { @if place.ships { "yes" } @else { "no" } },
        place.closed_at.map(|at| ago(at, now)).unwrap_or_default(),
    )
}

fn row(place: &StoryPlace, ships: Markup, when: Markup) -> [Markup; 6] {
    [
        html! { (place.service) },
        html! { a href=(path(place)) { (outside(&place.branch)) } },
        verdict(place.judged.as_ref().map(|judged| judged.verdict.as_str())),
        html! { code { (short(&place.head)) } },
        ships,
        when,
    ]
}
