//! What the tracker answered before, for when it does not answer. Whether that
//! still counts is the judge's to say.

use crate::jobs::hex_sha256;
use gonogo_checks::Wants;
use gonogo_checks::facts::Recorded;
use gonogo_checks::questions::{Answer, Ask};
use gonogo_core::fact::Fact;
use gonogo_store::{ANY_QUERY, KeptAnswer, Store, StoreError};
use std::collections::HashMap;

/// Answers that could not be had, each with the one of before in its place.
pub(super) async fn stand_in(
    store: Option<&Store>,
    system: &str,
    wants: &Wants,
    answers: Vec<(Ask, Recorded)>,
) -> Vec<(Ask, Recorded)> {
    let is_lacking = |recorded: &Recorded| recorded.answer.why().is_some_and(|why| why.is_away);
    let lacking = answers.iter().filter(|(_, recorded)| is_lacking(recorded));
    let keys: Vec<String> = lacking.filter_map(|(ask, _)| key_of(ask)).collect();
    let Some(store) = store.filter(|_| !keys.is_empty()) else { return answers };
    // Without a store either there is nothing of before: it stays unknown.
    let found = store.kept_answers(system, &asked_for(wants), keys).await.unwrap_or_default();
    let mut found: HashMap<String, KeptAnswer> = found.into_iter().map(|kept| (kept.key.clone(), kept)).collect();
    let replaced = |(ask, recorded): (Ask, Recorded)| {
        let kept = key_of(&ask).filter(|_| is_lacking(&recorded)).and_then(|key| found.remove(&key));
        let read = kept.and_then(|kept| Some((serde_json::from_str::<Answer>(&kept.answer).ok()?, kept.at)));
        match read {
            Some((answer, at)) => {
                let instead = recorded.answer.why().cloned();
                (ask, Recorded { answer, source: recorded.source, at, instead })
            }
            None => (ask, recorded),
        }
    };
    answers.into_iter().map(replaced).collect()
}

/// Keeps what the tracker has just answered.
pub(crate) async fn keep<'a>(
    store: &Store,
    wants: &Wants,
    facts: impl Iterator<Item = &'a (Ask, Recorded)>,
) -> Result<(), StoreError> {
    let kept = facts.filter(|(_, recorded)| recorded.instead.is_none()).filter_map(|(ask, recorded)| {
        let key = key_of(ask)?;
        let about = match &recorded.answer {
            Answer::IssueOf(Fact::Known(issue)) => issue.key.to_string(),
            Answer::IssueOf(Fact::Absent) => key.clone(),
            Answer::ReadyStories(Fact::Known(_) | Fact::Absent) => ANY_QUERY.to_owned(),
            _ => return None,
        };
        let answer = serde_json::to_string(&recorded.answer).ok()?;
        Some((recorded.source.clone(), KeptAnswer { key, about, answer, at: recorded.at }))
    });
    store.keep_answers(&asked_for(wants), kept.collect()).await
}

/// The story's key, or the query.
fn key_of(ask: &Ask) -> Option<String> {
    match ask {
        Ask::IssueOf(question) => Some(question.key.to_string()),
        Ask::ReadyStories(question) => Some(question.query.clone()),
        _ => None,
    }
}

/// Policies want different fields of the same story.
fn asked_for(wants: &Wants) -> String {
    hex_sha256(format!("{:?} {}", wants.fields, wants.history).as_bytes())
}
