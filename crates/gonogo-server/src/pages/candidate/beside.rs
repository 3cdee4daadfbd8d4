//! Two evaluations of a candidate side by side: what was found, and which facts
//! had changed.

use super::look::{Look, shown};
use crate::App;
use crate::pages::layout::{Shown, ago, away, not_found, outside, verdict};
use crate::pages::table::table;
use crate::session::Session;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use gonogo_api::{Check, Finding};
use gonogo_core::say;
use gonogo_engine::{Evidence, FactLine};
use gonogo_store::EvaluationId;
use gonogo_store::views::Evaluated;
use maud::{Markup, html};
use std::collections::{BTreeMap, BTreeSet};

/// Rows of each table, and what of a value is shown.
const ROWS: usize = 100;
const MOST_VALUE: usize = 400;

/// An evaluation with what it was made from.
struct Side {
    judged: Evaluated,
    check: Check,
    evidence: Option<Evidence>,
}

pub(crate) async fn page(
    State(app): State<App>,
    session: Session,
    Path((id, before, after)): Path<(String, i64, i64)>,
) -> Shown {
    let look = Look::at(&app, &id).await?;
    let before = side(&app, &look, before).await?;
    let after = side(&app, &look, after).await?;
    let (Some(before), Some(after)) = (before, after) else { return Err(not_found().await) };
    let main = html! {
        h2 { "Side by side" }
        (heads(&look, &before, &after))
        (findings(&before.check, &after.check))
        (facts(before.evidence.as_ref(), after.evidence.as_ref()))
        p { a href={ (look.path()) "/history" } { "Back to the history" } }
    };
    Ok(shown(&look, "History", &session, &main))
}

async fn side(app: &App, look: &Look, id: i64) -> Result<Option<Side>, (StatusCode, Markup)> {
    let (store, id) = (&app.serving.store, EvaluationId(id));
    let candidate = look.candidate.id;
    let rows = store.evaluation_rows(candidate, Some(EvaluationId(id.0.saturating_add(1))), 1).await;
    let row = rows.map_err(|e| away(&e))?.pop().filter(|row| row.judged.evaluation == id);
    let result = store.evaluation_result(candidate, id).await.map_err(|e| away(&e))?;
    let check = result.and_then(|result| serde_json::from_str(&result).ok());
    let (Some(row), Some(check)) = (row, check) else { return Ok(None) };
    let recording = store.recording(id).await.map_err(|e| away(&e))?;
    let evidence = recording.and_then(|bytes| Evidence::read(&bytes).ok());
    Ok(Some(Side { judged: row.judged, check, evidence }))
}

fn heads(look: &Look, before: &Side, after: &Side) -> Markup {
    let said = |side: &Side| {
        html! {
            (verdict(Some(side.check.verdict.word())))
            " " (ago(side.judged.at, look.now)) " · " (say::count(side.check.commits.len(), "commit")) ", " (say::count(side.check.findings.len(), "finding"))
        }
    };
    table(["Before", "After"], [[said(before), said(after)]])
}

/// Each finding that is of one of them alone, or waived in one of them.
fn findings(before: &Check, after: &Check) -> Markup {
    let by_fingerprint = |check: &Check| -> BTreeMap<String, Finding> {
        check.findings.iter().map(|finding| (finding.fingerprint.clone(), finding.clone())).collect()
    };
    let (before, after) = (by_fingerprint(before), by_fingerprint(after));
    let word = |finding: Option<&Finding>| match finding {
        None => "–".to_owned(),
        Some(finding) if finding.waiver.is_some() => "waived".to_owned(),
        Some(finding) => finding.severity.word().to_owned(),
    };
    let all: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed: Vec<[Markup; 3]> = all
        .into_iter()
        .map(|fingerprint| (before.get(fingerprint), after.get(fingerprint)))
        .filter(|(before, after)| word(*before) != word(*after))
        .filter_map(|(before, after)| {
            let message = &after.or(before)?.message;
            Some([html! { (outside(message)) }, html! { (word(before)) }, html! { (word(after)) }])
        })
        .collect();
    html! {
        section {
            h2 { "Findings that are others (" (changed.len()) ")" }
            @if changed.is_empty() { p { "The same things were found." } }
            @else { (shortened(["Finding", "Before", "After"], changed)) }
        }
    }
}

fn facts(before: Option<&Evidence>, after: Option<&Evidence>) -> Markup {
    let (Some(before), Some(after)) = (before, after) else {
        return html! { p.quiet { "What one of them was judged from is not kept, or was kept by another version." } };
    };
    let by_question = |evidence: &Evidence| -> BTreeMap<String, FactLine> {
        evidence.facts().iter().map(|fact| (fact.asked.clone(), fact.clone())).collect()
    };
    // What was asked for one of them alone has not changed.
    let before = by_question(before);
    let cell = |text: &str| html! { (say::cut(&outside(text), MOST_VALUE)) };
    let changed: Vec<[Markup; 3]> = by_question(after)
        .iter()
        .filter_map(|(asked, after)| Some((asked, &before.get(asked)?.value, &after.value)))
        .filter(|(_, before, after)| before != after)
        .map(|(asked, before, after)| [html! { (outside(asked)) }, cell(before), cell(after)])
        .collect();
    html! {
        section {
            h2 { "Facts that had changed (" (changed.len()) ")" }
            @if changed.is_empty() { p { "The same was read." } }
            @else { (shortened(["Asked", "Before", "After"], changed)) }
        }
    }
}

fn shortened<const N: usize>(columns: [&str; N], rows: Vec<[Markup; N]>) -> Markup {
    let more = rows.len().saturating_sub(ROWS);
    html! {
        (table(columns, rows.into_iter().take(ROWS)))
        @if more > 0 { p { "and " (more) " more" } }
    }
}
