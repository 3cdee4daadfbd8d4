//! The deploy plan: what to know before it ships, on a page that prints and as
//! Markdown.

use super::copy::plain;
use super::look::{Look, shown, unjudged};
use super::{sign_offs, state};
use crate::App;
use crate::pages::checklist::{Of, checklist, owner};
use crate::pages::deploy::{BEING_READ, being_read};
use crate::pages::layout::{self, Shown, away, outside};
use crate::pages::paging::{Asked, Pages};
use crate::pages::table::table;
use crate::session::{Session, not_our_form};
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use gonogo_core::email::EmailAddress;
use gonogo_core::person::Act;
use gonogo_core::say;
use gonogo_engine::commands::acknowledge::Speaker;
use gonogo_engine::commands::send_plan::{SendPlanError, send_plan};
use gonogo_engine::commands::sign_off::{Standing, standing};
use gonogo_engine::{Evidence, Plan, PlannedStory, UNREAD, on_call_words, verification};
use gonogo_store::{Candidate, CandidateId, LookRow, LooksWanted, StoreError};
use maud::{Markup, html};
use serde::Deserialize;
use std::fmt::Write;

/// What of a field, and how many migrations, stand on one page.
const MOST_FIELD: usize = 600;
const MOST_PATHS: usize = 500;
const STORIES: usize = 50;
const MOST_LOOKS: u32 = 200;

pub(crate) async fn page(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Shown {
    let look = Look::at(&app, &id).await?;
    let evidence = look.evidence(&app).await?;
    let deployed = deployed(&app, &look).await.map_err(|e| away(&e))?;
    let given = given(&app, &look, evidence.as_ref()).await?;
    let speaker = Speaker::of(&app.serving, &session.person).await.map_err(|e| away(&e))?;
    let main = html! {
        @if let Some(deployed) = &deployed { (after(&look, deployed, &session)) }
        @match &look.check {
            Some(check) => (plan(&look, &Plan::of(check, evidence.as_ref(), look.now), &given, &speaker, &session, asked, &by_email(&app, &look, &session))),
            None => (unjudged()),
        }
    };
    Ok(shown(&look, "Plan", &session, &main))
}

async fn given(app: &App, look: &Look, evidence: Option<&Evidence>) -> Result<Vec<Standing>, (StatusCode, Markup)> {
    let wanted = evidence.map(Evidence::sign_offs).unwrap_or_default();
    standing(&app.serving, &look.candidate, wanted).await.map_err(|e| away(&e))
}

pub(crate) async fn markdown(
    State(app): State<App>,
    _: Session,
    Path(id): Path<String>,
) -> Result<Response, (StatusCode, Markup)> {
    let look = Look::at(&app, &id).await?;
    let evidence = look.evidence(&app).await?;
    let title = format!("Deploy plan of {}", look.title());
    let deployed = deployed(&app, &look).await.map_err(|e| away(&e))?;
    let given = given(&app, &look, evidence.as_ref()).await?;
    let body = match &look.check {
        Some(check) => {
            let looked_at = deployed.as_ref().map(written_after).unwrap_or_default();
            written(&title, &Plan::of(check, evidence.as_ref(), look.now), &given) + &looked_at
        }
        None => format!("# {}\n\nIt is being judged.\n", say::markdown(&title)),
    };
    Ok(plain(body, "text/markdown; charset=utf-8"))
}

/// A deploy, and what is to be looked at since.
struct Deployed {
    deploy: i64,
    /// What came with it is not known yet.
    is_unread: bool,
    rows: Vec<LookRow>,
}

/// The deploy that brought the candidate into production, where that was one, with
/// what is to be looked at since.
async fn deployed(app: &App, look: &Look) -> Result<Option<Deployed>, StoreError> {
    let Candidate { service, production, head, stage, .. } = &look.candidate;
    let Some(before) = production.as_ref().filter(|_| stage.is_deploy()) else { return Ok(None) };
    let store = &app.serving.store;
    let Some(deploy) = store.deploy_of(service, before, *head).await? else { return Ok(None) };
    let wanted = LooksWanted { deploy: Some(deploy), ..LooksWanted::default() };
    let is_unread = store.unread_moves(service).await?.iter().any(|moved| moved.id == deploy);
    Ok(Some(Deployed { deploy, is_unread, rows: store.looks(wanted, MOST_LOOKS).await? }))
}

fn after(look: &Look, deployed: &Deployed, session: &Session) -> Markup {
    let Deployed { deploy, is_unread, rows } = deployed;
    html! {
        section {
            h2 { "Post-deploy checks" }
            p { "This was deployed: " a href={ "/services/" (look.candidate.service) "/deploys/" (deploy) } { "the deploy" } "." }
            @if *is_unread { (being_read()) }
            @else if rows.is_empty() { p { "Nothing is to be looked at." } }
            @if !rows.is_empty() { (checklist(rows, Of::OneDeploy, session, look.now)) }
        }
    }
}

fn written_after(deployed: &Deployed) -> String {
    let rows = &deployed.rows;
    let mut out = "\n## Post-deploy checks\n\n".to_owned();
    for row in rows {
        let (owner, checks) = (say::markdown(&owner(row)), say::markdown(&row.checks));
        let _ = writeln!(out, "- {} {} ({owner}): {checks}", row.story, row.state.word());
        for answer in &row.answers {
            let (by, note) = (say::markdown(&answer.by), say::markdown(&answer.note));
            let _ = writeln!(out, "  - {by}, {}: {} {note}", say::minute(answer.at), answer.seen.word());
        }
    }
    if deployed.is_unread {
        let _ = writeln!(out, "{BEING_READ}");
    } else if rows.is_empty() {
        out.push_str("Nothing is to be looked at.\n");
    }
    out
}

fn plan(
    look: &Look,
    plan: &Plan,
    given: &[Standing],
    speaker: &Speaker<'_>,
    session: &Session,
    asked: Asked,
    by_email: &Markup,
) -> Markup {
    let pages = Pages::of(&plan.stories, asked, STORIES);
    html! {
        p.no-print { a href={ (look.path()) "/plan.md" } data-copy { "Copy as Markdown" } " " span role="status" data-said {} }
        @if plan.is_unread { p.stale role="alert" { (UNREAD) } }
        section {
            h2 { "On call" }
            p { (on_call_of(plan)) }
        }
        section {
            h2 { "Stories (" (plan.stories.len()) ")" }
            @if plan.stories.is_empty() { p { "No story ships." } }
            @else { (table(["Story", "Type", "Owner", "What it touches", "What the policy asks for"], pages.rows.iter().map(story))) }
            (pages.links(&format!("{}/plan", look.path())))
        }
        section {
            h2 { "Migrations (" (plan.migrations.len()) ")" }
            @if plan.migrations.is_empty() { p { "No commit that ships changes a file in a folder of migrations." } }
            ul { @for path in plan.migrations.iter().take(MOST_PATHS) { li { code { (outside(path)) } } } }
            @if plan.migrations.len() > MOST_PATHS { p { "and " (plan.migrations.len() - MOST_PATHS) " more in the Markdown" } }
        }
        section {
            h2 { "Verifications" }
            ul.checks { @for line in &plan.verifications { li { b { (line.name) } ": " (state(line)) } } }
        }
        (sign_offs::section(look, &plan.sign_offs, given, speaker, session))
        (by_email)
    }
}

/// The form of who may, where mail is sent at all.
fn by_email(app: &App, look: &Look, session: &Session) -> Markup {
    let may = session.person.may_at(&look.candidate.service, Act::SendPlan).is_ok();
    let room = app.serving.mail.as_ref().filter(|_| may);
    html! {
        @if let Some(room) = room {
            section.no-print {
                h2 { "Send it by e-mail" }
                form method="post" action={ (look.path()) "/plan/mails" } {
                    input type="hidden" name="form" value=(session.form_word());
                    input type="hidden" name="shown" value=(look.now.as_microsecond());
                    label {
                        "To, with commas between"
                        input name="to" autocomplete="off" required maxlength="2000" value=(addresses(&room.plan_to));
                    }
                    button { "Send" }
                }
            }
        }
    }
}

fn addresses(all: &[EmailAddress]) -> String {
    all.iter().map(EmailAddress::as_str).collect::<Vec<_>>().join(", ")
}

#[derive(Debug, Deserialize)]
pub(crate) struct SendTo {
    form: String,
    /// When the page was made: which of its forms it is.
    shown: Option<i64>,
    to: String,
}

pub(crate) async fn send(
    State(app): State<App>,
    session: Session,
    Path(id): Path<i64>,
    Form(form): Form<SendTo>,
) -> Response {
    if !session.sent(&form.form) {
        return not_our_form();
    }
    let to: Vec<String> = form.to.split(',').map(str::to_owned).collect();
    let error = match send_plan(&app.serving, &session.person, CandidateId(id), &to, form.shown).await {
        Ok(()) => return Redirect::to("/messages?kind=email").into_response(),
        Err(SendPlanError::Store(error)) => return away(&error).into_response(),
        Err(error) => error,
    };
    let status = match &error {
        SendPlanError::Forbidden(_) => StatusCode::FORBIDDEN,
        SendPlanError::NoCandidate => StatusCode::NOT_FOUND,
        SendPlanError::NotJudged => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let main = html! {
        p.stale role="alert" { (outside(&error.to_string())) }
        p { a href={ "/candidates/" (id) "/plan" } { "Back to the plan" } }
    };
    (status, layout::page("Not sent", false, Some(&session), &main)).into_response()
}

const NOBODY_ON_CALL: &str = "The policy names nobody: [on_call] says who takes turns.";

fn on_call_of(plan: &Plan) -> String {
    match &plan.on_call {
        Some(turn) => outside(&on_call_words(turn)),
        None if plan.is_unread => "Not known.".to_owned(),
        None => NOBODY_ON_CALL.to_owned(),
    }
}

fn story(story: &PlannedStory) -> [Markup; 5] {
    [
        html! {
            @match &story.url {
                Some(url) if url.starts_with("http") => a href=(url) rel="noreferrer" { (story.key) },
                _ => (story.key),
            }
            " " (say::cut(&outside(&story.title), MOST_FIELD))
        },
        html! { (outside(story.kind.as_deref().unwrap_or("not known"))) },
        html! { (outside(story.owner.as_deref().unwrap_or("nobody"))) },
        html! { @if story.touches.is_empty() { "no file" } @else { (say::cut(&outside(&story.touched()), MOST_FIELD)) } },
        html! {
            @if story.fields.is_empty() { "nothing" }
            @else { dl.fields { @for (name, value) in &story.fields { dt { (outside(name)) } dd { (say::cut(&outside(value), MOST_FIELD)) } } } }
        },
    ]
}

fn written(title: &str, plan: &Plan, given: &[Standing]) -> String {
    let text = say::markdown;
    let unread = if plan.is_unread { format!("{UNREAD}\n\n") } else { String::new() };
    let on_call = text(&on_call_of(plan));
    let mut out = format!("# {}\n\n{unread}## On call\n\n{on_call}\n\n## Stories\n\n", text(title));
    for story in &plan.stories {
        let (kind, owner) = (story.kind.as_deref().unwrap_or("not known"), story.owner.as_deref().unwrap_or("nobody"));
        let _ = writeln!(out, "- {} {} ({}, {})", text(&story.key), text(&story.title), text(kind), text(owner));
        if !story.touches.is_empty() {
            let _ = writeln!(out, "  - touches {}", text(&story.touched()));
        }
        for (name, value) in &story.fields {
            let _ = writeln!(out, "  - {}: {}", text(name), text(value));
        }
    }
    if plan.stories.is_empty() {
        out.push_str("No story ships.\n");
    }
    out.push_str("\n## Migrations\n\n");
    for path in &plan.migrations {
        let _ = writeln!(out, "- {}", text(path));
    }
    if plan.migrations.is_empty() {
        out.push_str("None.\n");
    }
    out.push_str("\n## Verifications\n\n");
    for line in &plan.verifications {
        let _ = writeln!(out, "- {}: {}", text(&line.name), text(&verification(line)));
    }
    out.push_str(&sign_offs::written(&plan.sign_offs, given));
    out
}
