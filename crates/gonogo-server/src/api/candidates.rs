//! Candidates: what they are, how they were judged, and from what.

use super::asked::{Asked, At, Reader, before, limit, no_cursor, page, slice};
use super::once::Ask;
use super::operation::{Operation, read, write};
use super::refusal::{Kind, Refusal};
use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use gonogo_api as api;
use gonogo_core::case::Stage;
use gonogo_core::person::Act;
use gonogo_core::running::Running;
use gonogo_engine::commands::waive::check_again;
use gonogo_engine::{Evidence, FactLine};
use gonogo_store::views::{CandidateRow, CandidatesWanted, Evaluated};
use gonogo_store::{CandidateId, EvaluationId};

type Listed<T> = Result<Json<api::Page<T>>, Refusal>;

pub(super) fn operations() -> Vec<Operation> {
    use api::{Candidate, Check, Commit, Evaluation, Fact, Finding, Page, Part, PartOfOne, Story};
    vec![
        read::<Page<Candidate>>("/candidates", "candidates", "Candidates, the newest first")
            .asked::<api::CandidatesAsked>()
            .by(all),
        read::<Candidate>("/candidates/{candidate}", "candidate", "One candidate").by(one),
        read::<Check>("/candidates/{candidate}/check", "check", "Its verdict with everything: `gonogo.check/1`")
            .by(check),
        read::<Page<Finding>>("/candidates/{candidate}/findings", "findings", "What was found, what blocks first")
            .asked::<PartOfOne>()
            .by(findings),
        read::<Page<Story>>("/candidates/{candidate}/stories", "stories", "What ships")
            .asked::<PartOfOne>()
            .by(stories),
        read::<Page<Commit>>("/candidates/{candidate}/commits", "commits", "Its commits, the newest first")
            .asked::<PartOfOne>()
            .by(commits),
        read::<Page<Fact>>("/candidates/{candidate}/facts", "facts", "What it was judged from")
            .asked::<PartOfOne>()
            .by(facts),
        read::<Page<Evaluation>>(
            "/candidates/{candidate}/evaluations",
            "evaluations",
            "How it was judged, the newest first",
        )
        .asked::<Part>()
        .by(evaluations),
        read::<Check>(
            "/candidates/{candidate}/evaluations/{evaluation}/check",
            "evaluationCheck",
            "What it was judged to be then",
        )
        .by(check_of),
        write("/candidates/{candidate}/checks", "checkAgain", "Has it judged again, soon", Act::CheckAgain)
            .comes_to(StatusCode::ACCEPTED)
            .by(again),
    ]
}

async fn all(State(app): State<App>, _: Reader, Asked(asked): Asked<api::CandidatesAsked>) -> Listed<api::Candidate> {
    let part = asked.part();
    let (most, before) = (limit(part.limit)?, before(&part)?.map(CandidateId));
    let is_sha =
        |head: &str| (4..=40).contains(&head.len()) && head.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if asked.head.as_deref().is_some_and(|head| !is_sha(head)) {
        return Err(Refusal::new(Kind::Malformed, "in the address: head is 4 to 40 of 0-9 and a-f"));
    }
    let is_empty = |text: &Option<String>| text.as_deref() == Some("");
    if is_empty(&asked.service) || is_empty(&asked.branch) {
        return Err(Refusal::new(Kind::Malformed, "in the address: service and branch are names, or left out"));
    }
    let is_merge = asked.stage == api::JudgedFor::Merge;
    let [service, branch, head] = [asked.service, asked.branch, asked.head].map(Option::unwrap_or_default);
    let wanted = CandidatesWanted { service, branch, head, is_open: asked.open, is_merge };
    let rows = app.serving.store.candidates(wanted, before, most).await?;
    let page = page(rows, most, |row| row.candidate.id.0, |row| told(&app, row));
    let items = page.items.into_iter().collect::<Result<_, _>>()?;
    Ok(Json(api::Page { items, next: page.next }))
}

async fn one(State(app): State<App>, _: Reader, At(id): At<i64>) -> Result<Json<api::Candidate>, Refusal> {
    told(&app, row(&app, id).await?).map(Json)
}

async fn check(State(app): State<App>, _: Reader, At(id): At<i64>) -> Result<Json<api::Check>, Refusal> {
    Ok(Json(newest(&app, id).await?.1))
}

async fn check_of(
    State(app): State<App>,
    _: Reader,
    At((candidate, evaluation)): At<(i64, i64)>,
) -> Result<Json<api::Check>, Refusal> {
    judged_to_be(&app, candidate, EvaluationId(evaluation)).await.map(Json)
}

async fn findings(
    State(app): State<App>,
    _: Reader,
    At(id): At<i64>,
    Asked(part): Asked<api::PartOfOne>,
) -> Listed<api::Finding> {
    part_of(&app, id, &part, |check| check.findings).await
}

async fn stories(
    State(app): State<App>,
    _: Reader,
    At(id): At<i64>,
    Asked(part): Asked<api::PartOfOne>,
) -> Listed<api::Story> {
    part_of(&app, id, &part, |check| check.stories).await
}

async fn commits(
    State(app): State<App>,
    _: Reader,
    At(id): At<i64>,
    Asked(part): Asked<api::PartOfOne>,
) -> Listed<api::Commit> {
    part_of(&app, id, &part, |check| check.commits).await
}

async fn facts(
    State(app): State<App>,
    _: Reader,
    At(id): At<i64>,
    Asked(part): Asked<api::PartOfOne>,
) -> Listed<api::Fact> {
    let (evaluation, from, most) = place(&app, id, &part).await?;
    // Of another candidate's evaluation nothing is told.
    judged_to_be(&app, id, evaluation).await?;
    let recording = app.serving.store.recording(evaluation).await?;
    let evidence = recording.and_then(|bytes| Evidence::read(&bytes).ok());
    let gone = || Refusal::new(Kind::NotFound, "what it was judged from is not kept, or was kept by another version");
    let facts = evidence.ok_or_else(gone)?.facts().iter().map(fact).collect();
    Ok(Json(part_at(evaluation, slice(facts, from, most))))
}

async fn evaluations(
    State(app): State<App>,
    _: Reader,
    At(id): At<i64>,
    Asked(part): Asked<api::Part>,
) -> Listed<api::Evaluation> {
    let (most, before) = (limit(part.limit)?, before(&part)?.map(EvaluationId));
    row(&app, id).await?;
    let rows = app.serving.store.evaluation_rows(CandidateId(id), before, most).await?;
    let page = page(rows, most, |row| row.judged.evaluation.0, |row| evaluation(row.judged));
    let items = page.items.into_iter().collect::<Result<_, _>>()?;
    Ok(Json(api::Page { items, next: page.next }))
}

async fn again(State(app): State<App>, At(id): At<i64>, ask: Ask<()>) -> Result<Response, Refusal> {
    row(&app, id).await?;
    ask.done(&app, StatusCode::ACCEPTED, |serving, who, ()| {
        Box::pin(async move {
            check_again(serving, &who, CandidateId(id)).await?;
            Ok(None)
        })
    })
    .await
}

pub(super) async fn row(app: &App, id: i64) -> Result<CandidateRow, Refusal> {
    let found = app.serving.store.candidate_row(CandidateId(id)).await?;
    found.ok_or_else(|| Refusal::not_there("candidate"))
}

/// The newest evaluation, and what it came to.
async fn newest(app: &App, id: i64) -> Result<(EvaluationId, api::Check), Refusal> {
    let Some(judged) = row(app, id).await?.judged else {
        return Err(Refusal::new(Kind::NotFound, "the candidate was not judged yet"));
    };
    Ok((judged.evaluation, judged_to_be(app, id, judged.evaluation).await?))
}

async fn judged_to_be(app: &App, candidate: i64, evaluation: EvaluationId) -> Result<api::Check, Refusal> {
    let result = app.serving.store.evaluation_result(CandidateId(candidate), evaluation).await?;
    let result = result.ok_or_else(|| Refusal::not_there("evaluation of this candidate"))?;
    let unreadable = |_| Refusal::new(Kind::Away, "the evaluation was kept by a version that is not understood");
    serde_json::from_str(&result).map_err(unreadable)
}

/// A part of a list of an evaluation's: the parts that follow are of the same
/// one, also where it is not the newest any more.
async fn part_of<T>(app: &App, id: i64, part: &api::PartOfOne, list: impl FnOnce(api::Check) -> Vec<T>) -> Listed<T> {
    let (evaluation, from, most) = place(app, id, part).await?;
    let check = judged_to_be(app, id, evaluation).await?;
    Ok(Json(part_at(evaluation, slice(list(check), from, most))))
}

/// Where a part begins: a cursor is the evaluation and the position in it.
async fn place(app: &App, id: i64, part: &api::PartOfOne) -> Result<(EvaluationId, usize, u32), Refusal> {
    let most = limit(part.limit)?;
    let Some(cursor) = &part.cursor else { return Ok((newest(app, id).await?.0, 0, most)) };
    let read = cursor.split_once('-').and_then(|(one, at)| Some((one.parse().ok()?, at.parse().ok()?)));
    let (evaluation, from) = read.ok_or_else(|| no_cursor(cursor))?;
    Ok((EvaluationId(evaluation), from, most))
}

fn part_at<T>(evaluation: EvaluationId, (items, next): (Vec<T>, Option<usize>)) -> api::Page<T> {
    api::Page { items, next: next.map(|at| format!("{}-{at}", evaluation.0)) }
}

fn told(app: &App, row: CandidateRow) -> Result<api::Candidate, Refusal> {
    let CandidateRow { candidate, judged } = row;
    let (pull_request, into) = match candidate.stage {
        Stage::Deploy => (None, None),
        Stage::Merge { pull_request, into } => (Some(pull_request), Some(into)),
    };
    Ok(api::Candidate {
        id: candidate.id.0,
        page: format!("{}/candidates/{}", app.serving.pages, candidate.id.0),
        service: candidate.service,
        branch: candidate.branch,
        head: candidate.head.to_string(),
        production: candidate.production.iter().flat_map(Running::shas).map(ToString::to_string).collect(),
        pull_request,
        into,
        opened_at: candidate.opened_at.to_string(),
        is_open: candidate.is_open,
        judged: judged.map(evaluation).transpose()?,
    })
}

fn evaluation(judged: Evaluated) -> Result<api::Evaluation, Refusal> {
    let verdict = match judged.verdict.as_str() {
        "go" => api::Verdict::Go,
        "no-go" => api::Verdict::NoGo,
        "waiting" => api::Verdict::Waiting,
        other => return Err(Refusal::new(Kind::Away, format!("`{other}` is no verdict that this version knows"))),
    };
    Ok(api::Evaluation {
        id: judged.evaluation.0,
        verdict,
        exit_code: u8::try_from(judged.exit_code).unwrap_or(3),
        summary: judged.summary,
        at: judged.at.to_string(),
    })
}

fn fact(line: &FactLine) -> api::Fact {
    api::Fact {
        asked: line.asked.clone(),
        about: line.about.clone(),
        value: line.value.clone(),
        source: line.source.clone(),
        at: line.at.to_string(),
    }
}
