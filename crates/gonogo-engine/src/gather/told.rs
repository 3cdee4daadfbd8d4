//! Questions that the server's own store answers: which teams were told, how builds
//! went before, what is not settled after deploys, and who signed off.

use crate::signer::signed_by;
use crate::team::known_in;
use gonogo_checks::questions::{Answer, Ask, AwareOf, SignedOff};
use gonogo_core::fact::{Fact, Why};
use gonogo_core::policy::{PLACES_APART, SignedBy};
use gonogo_core::post_deploy::{AfterDeploys, Look};
use gonogo_core::say;
use gonogo_core::story::Aware;
use gonogo_store::{AwarenessRow, Store, StoreError, UnsettledLooks};
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many are told one by one.
const MOST_LOOKS: u32 = 50;
/// Characters of a note; its page has all.
const MOST_NOTE: usize = 200;

pub(super) fn answers(ask: &Ask) -> bool {
    matches!(ask, Ask::AwareOf(_) | Ask::UsualBuilds(_) | Ask::UnsettledOf(_) | Ask::SignedOff(_))
}

/// `issuer`: of the provider by which people may be called.
pub(super) async fn gather(store: Option<&Store>, issuer: Option<&str>, asks: &[&Ask]) -> Vec<(Ask, Answer)> {
    let Some(store) = store else {
        let why = Why::new("only a server knows what people were told, and what they answered", "ask the server");
        let answer = |ask: &Ask| match ask {
            // Nothing is learned without a server.
            Ask::UsualBuilds(_) => Answer::UsualBuilds(Fact::Absent),
            other => other.unknown(why.clone()),
        };
        return asks.iter().map(|ask| ((*ask).clone(), answer(ask))).collect();
    };
    let mut known: BTreeMap<String, Result<Vec<AwarenessRow>, Why>> = BTreeMap::new();
    let mut answers = Vec::new();
    for ask in asks {
        let answer = match ask {
            Ask::AwareOf(of) => {
                let story = of.story.to_string();
                if !known.contains_key(&story) {
                    let rows = store.awareness_of(&story).await.map_err(|error| unread("who was told", &error));
                    known.insert(story.clone(), rows);
                }
                Answer::AwareOf(match known.get(&story) {
                    Some(Ok(rows)) => aware(rows, of).map_or(Fact::Absent, Fact::Known),
                    Some(Err(why)) => Fact::Unknown(why.clone()),
                    None => Fact::Absent,
                })
            }
            Ask::UnsettledOf(of) => Answer::UnsettledOf(match store.unsettled_of(&of.service, MOST_LOOKS).await {
                Ok(unsettled) => Fact::Known(Arc::new(after(&unsettled))),
                Err(error) => Fact::Unknown(unread("what is not settled after deploys", &error)),
            }),
            Ask::UsualBuilds(of) => Answer::UsualBuilds(match store.usual_builds(&of.service).await {
                Ok(usual) => Fact::Known(usual),
                Err(error) => Fact::Unknown(unread("how builds went before", &error)),
            }),
            Ask::SignedOff(of) => Answer::SignedOff(match signed_off(store, issuer, of).await {
                Ok(given) => Fact::Known(given),
                Err(error) => Fact::Unknown(unread("who signed off", &error)),
            }),
            _ => continue,
        };
        answers.push(((*ask).clone(), answer));
    }
    answers
}

async fn signed_off(
    store: &Store,
    issuer: Option<&str>,
    of: &SignedOff,
) -> Result<BTreeMap<String, SignedBy>, StoreError> {
    let mut given = BTreeMap::new();
    for row in store.sign_offs_over(&of.service, of.head, of.base).await? {
        let by = signed_by(store, issuer, &of.service, &row).await?;
        given.insert(row.name, by);
    }
    Ok(given)
}

fn unread(what: &str, error: &StoreError) -> Why {
    Why::new(format!("{what} cannot be read: {error}"), "gonogo store check says why")
}

/// What was told for another service is told in the same places; what was
/// acknowledged for it was not for this one.
fn aware(rows: &[AwarenessRow], of: &AwareOf) -> Option<Aware> {
    let mut of_team = rows.iter().filter(|row| row.team == of.team);
    let own = of_team.clone().find(|row| row.service == of.service);
    let row = match own {
        Some(own) => own.clone(),
        None => AwarenessRow { acknowledged: None, meaning: String::new(), ..of_team.next()?.clone() },
    };
    Some(known_in(&row, of.channel.split(PLACES_APART)))
}

fn after(unsettled: &UnsettledLooks) -> AfterDeploys {
    let looks = unsettled.rows.iter().filter_map(|row| {
        Some(Look {
            story: row.story.parse().ok()?,
            deploy: row.deploy,
            running: row.running.clone(),
            state: row.state,
            trouble: row.trouble.clone(),
            owner: row.whose().map(str::to_owned),
            due_at: row.due_at,
            answered: row.answers.last().map(|answer| (answer.by.clone(), say::cut(&answer.note, MOST_NOTE))),
        })
    });
    let looks: Vec<Look> = looks.collect();
    AfterDeploys { is_unread: unsettled.is_unread, more: unsettled.all.saturating_sub(looks.len()), looks }
}
