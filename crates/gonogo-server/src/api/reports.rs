//! What pages put together, for programs.

use super::asked::{Asked, At, Reader, before, limit};
use super::candidates::row;
use super::operation::{Operation, read};
use super::refusal::{Kind, Refusal};
use crate::App;
use axum::Json;
use axum::extract::State;
use gonogo_api as api;
use gonogo_core::running::Running;
use gonogo_engine::{Evidence, Plan, PlannedStory, on_call_words};
use gonogo_store::ProductionMove;
use gonogo_store::views::Stopped;
use jiff::{SignedDuration, Timestamp};

const MOST_STOPPED: u32 = 200;
const MOST_FOUND: u32 = 30;
const DAYS: u32 = 14;
const MOST_DAYS: u32 = 366;
const MOST_TEXT: usize = 200;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        read::<api::DeployPlan>("/candidates/{candidate}/plan", "plan", "Its deploy plan").by(plan),
        read::<api::Page<api::Move>>("/services/{service}/moves", "moves", "How its production moved, newest first")
            .asked::<api::Part>()
            .by(moves),
        read::<api::StoppedReport>(
            "/services/{service}/stopped",
            "stopped",
            "What it was stopped for, or would have been where it is only observed",
        )
        .asked::<api::StoppedAsked>()
        .by(stopped),
        read::<api::Found>("/search", "search", "What has these letters in it").asked::<api::SearchAsked>().by(search),
    ]
}

async fn plan(State(app): State<App>, _: Reader, At(id): At<i64>) -> Result<Json<api::DeployPlan>, Refusal> {
    let Some(judged) = row(&app, id).await?.judged else {
        return Err(Refusal::new(Kind::NotFound, "the candidate was not judged yet"));
    };
    let store = &app.serving.store;
    let result = store.evaluation_result(gonogo_store::CandidateId(id), judged.evaluation).await?;
    let check: Option<api::Check> = result.and_then(|result| serde_json::from_str(&result).ok());
    let check = check.ok_or_else(|| Refusal::new(Kind::NotFound, "its verdict was kept by another version"))?;
    let recording = store.recording(judged.evaluation).await?;
    let evidence = recording.and_then(|bytes| Evidence::read(&bytes).ok());
    let plan = Plan::of(&check, evidence.as_ref(), (app.serving.clock)());
    Ok(Json(api::DeployPlan {
        on_call: plan.on_call.as_ref().map(on_call_words),
        stories: plan.stories.into_iter().map(story).collect(),
        migrations: plan.migrations,
        verifications: plan.verifications,
        is_unread: plan.is_unread,
    }))
}

fn story(story: PlannedStory) -> api::PlanStory {
    let fields = story.fields.into_iter().map(|(name, said)| api::PlanField { name, said });
    let touches = story.touches.into_iter().map(|(folder, files)| api::PlanFolder { folder, files }).collect();
    api::PlanStory { key: story.key, title: story.title, owner: story.owner, fields: fields.collect(), touches }
}

async fn moves(
    State(app): State<App>,
    _: Reader,
    At(service): At<String>,
    Asked(part): Asked<api::Part>,
) -> Result<Json<api::Page<api::Move>>, Refusal> {
    exists(&app, &service)?;
    let most = limit(part.limit)?;
    let rows = app.serving.store.production_moves(&service, before(&part)?, most).await?;
    let next = if rows.len() == most as usize { rows.last().map(|row| row.id.to_string()) } else { None };
    Ok(Json(api::Page { items: rows.into_iter().map(moved).collect(), next }))
}

fn moved(row: ProductionMove) -> api::Move {
    let shas = |running: &Running| running.shas().iter().map(ToString::to_string).collect();
    api::Move {
        id: row.id,
        before: row.before.as_ref().map(shas),
        running: shas(&row.running),
        name: row.name,
        why: row.why,
        seen_at: row.seen_at.to_string(),
    }
}

async fn stopped(
    State(app): State<App>,
    _: Reader,
    At(service): At<String>,
    Asked(asked): Asked<api::StoppedAsked>,
) -> Result<Json<api::StoppedReport>, Refusal> {
    let is_observed = exists(&app, &service)?;
    let days = asked.days.unwrap_or(DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(Refusal::new(Kind::Malformed, format!("`days` is from 1 to {MOST_DAYS}")));
    }
    let time = SignedDuration::from_hours(24 * i64::from(days));
    let from = (app.serving.clock)().saturating_sub(time).unwrap_or(Timestamp::UNIX_EPOCH);
    let observed = app.serving.store.observed(&service, from, MOST_STOPPED).await?;
    Ok(Json(api::StoppedReport {
        is_observed,
        judged: observed.judged as u64,
        all_stopped: observed.all_stopped as u64,
        stopped: observed.stopped.into_iter().map(one_stopped).collect(),
    }))
}

fn one_stopped(one: Stopped) -> api::StoppedCandidate {
    api::StoppedCandidate {
        candidate: one.candidate.0,
        branch: one.branch,
        pull_request: one.pull_request,
        head: one.head,
        summary: one.summary,
        at: one.at.to_string(),
        shipped: one.shipped,
    }
}

async fn search(
    State(app): State<App>,
    _: Reader,
    Asked(asked): Asked<api::SearchAsked>,
) -> Result<Json<api::Found>, Refusal> {
    let text = asked.q.trim();
    if text.is_empty() || text.chars().count() > MOST_TEXT {
        return Err(Refusal::new(Kind::Malformed, format!("`q` has 1 to {MOST_TEXT} characters")));
    }
    let lower = text.to_lowercase();
    let names = app.serving.services.iter().map(|service| service.name.clone());
    let stories = app.serving.store.stories_like(text, MOST_FOUND).await?;
    let open = app.serving.store.open_candidates_like(text, MOST_FOUND).await?;
    let candidate = |one: gonogo_store::views::OpenCandidate| api::FoundCandidate {
        id: one.id.0,
        service: one.service,
        branch: one.branch,
        head: one.head,
    };
    Ok(Json(api::Found {
        services: names.filter(|name| name.to_lowercase().contains(&lower)).take(MOST_FOUND as usize).collect(),
        stories: stories.into_iter().map(|hit| api::FoundStory { key: hit.key, title: hit.title }).collect(),
        candidates: open.into_iter().map(candidate).collect(),
    }))
}

/// Whether it is only observed.
fn exists(app: &App, service: &str) -> Result<bool, Refusal> {
    app.serving.service(service).map(|found| found.is_observed).ok_or_else(|| Refusal::not_there("service"))
}
