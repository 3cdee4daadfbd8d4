//! Questions that the server's own store answers: which teams were told, and how
//! builds went before.

use gonogo_checks::questions::{Answer, Ask};
use gonogo_core::build::UsualBuild;
use gonogo_core::fact::{Fact, Why};
use gonogo_core::story::Aware;
use gonogo_store::{AwarenessRow, Store};
use std::collections::BTreeMap;

pub(super) fn answers(ask: &Ask) -> bool {
    matches!(ask, Ask::AwareOf(_) | Ask::UsualBuilds(_))
}

pub(super) async fn gather(store: Option<&Store>, asks: &[&Ask]) -> Vec<(Ask, Answer)> {
    let mut known: BTreeMap<String, Result<Vec<AwarenessRow>, Why>> = BTreeMap::new();
    let mut answers = Vec::new();
    for ask in asks {
        if let Ask::UsualBuilds(of) = ask {
            answers.push(((*ask).clone(), Answer::UsualBuilds(usual(store, &of.service).await)));
        }
        let Ask::AwareOf(of) = ask else { continue };
        let story = of.story.to_string();
        if !known.contains_key(&story) {
            known.insert(story.clone(), rows(store, &story).await);
        }
        let fact = match known.get(&story) {
            Some(Ok(rows)) => rows
                .iter()
                .find(|row| row.team == of.team)
                .map_or(Fact::Absent, |row| Fact::Known(aware(row, &of.channel))),
            Some(Err(why)) => Fact::Unknown(why.clone()),
            None => Fact::Absent,
        };
        answers.push(((*ask).clone(), Answer::AwareOf(fact)));
    }
    answers
}

async fn usual(store: Option<&Store>, service: &str) -> Fact<Vec<UsualBuild>> {
    let Some(store) = store else { return Fact::Absent };
    match store.usual_builds(service).await {
        Ok(usual) => Fact::Known(usual),
        Err(error) => {
            let said = format!("how builds went before cannot be read: {error}");
            Fact::Unknown(Why::new(said, "gonogo store check says why"))
        }
    }
}

async fn rows(store: Option<&Store>, story: &str) -> Result<Vec<AwarenessRow>, Why> {
    let Some(store) = store else {
        return Err(Why::new("only a server knows who was told", "ask the server"));
    };
    let rows = store.awareness_of(story).await;
    rows.map_err(|error| Why::new(format!("who was told cannot be read: {error}"), "gonogo store check says why"))
}

/// That it was told elsewhere, by the policy of another service, is not enough.
fn aware(row: &AwarenessRow, channel: &str) -> Aware {
    let acknowledged_by = row.acknowledged.as_ref().map(|(by, _)| by.clone());
    let told = row.told_in(channel);
    let trouble = told.and_then(|told| told.trouble.clone());
    Aware { told_at: told.and_then(|told| told.at), trouble, acknowledged_by }
}
