//! What is known of a team that has to know of a story: as the server keeps it for
//! a service, for checks and pages alike. Decides nothing.

use gonogo_core::email::EmailAddress;
use gonogo_core::story::Aware;
use gonogo_store::{AwarenessRow, MessageState, ToldIn};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the policy of a service says of a team.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Team {
    /// Where it is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub email: Vec<EmailAddress>,
    /// Who may say that it knows, beside release managers.
    #[serde(default)]
    pub people: Vec<String>,
    /// Places to which no message of the server goes, with why, and who mends it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub closed: BTreeMap<String, String>,
}

impl Team {
    pub(crate) fn of(row: &AwarenessRow) -> Self {
        serde_json::from_str(&row.meaning).unwrap_or_default()
    }

    fn places(&self) -> impl Iterator<Item = &str> {
        self.channel.as_deref().into_iter().chain(self.email.iter().map(EmailAddress::as_str))
    }
}

/// What a team knows by the policy of a row's service.
pub fn known_to(row: &AwarenessRow) -> Aware {
    let team = Team::of(row);
    aware(row, &team, team.places())
}

/// What it knows where it is told in these places: one of them is enough. That it
/// was told elsewhere, by the policy of another service, is not.
pub(crate) fn known_in<'p>(row: &AwarenessRow, places: impl Iterator<Item = &'p str>) -> Aware {
    aware(row, &Team::of(row), places)
}

fn aware<'p>(row: &AwarenessRow, team: &Team, places: impl Iterator<Item = &'p str>) -> Aware {
    let mut aware = Aware { acknowledged_by: row.acknowledged.as_ref().map(|(by, _)| by.clone()), ..Aware::default() };
    let (mut ended, mut is_under_way) = (Vec::new(), false);
    for place in places {
        let told = row.told_in(place);
        let at = told.and_then(|told| told.at);
        aware.told_at = [aware.told_at, at].into_iter().flatten().min();
        match (team.closed.get(place), told) {
            _ if at.is_some() => {}
            (Some(why), _) => ended.push(why.clone()),
            (None, Some(told)) if told.state == MessageState::Dropped => ended.push(dropped(place)),
            (None, Some(told)) => {
                is_under_way |= told.trouble.is_none();
                aware.trouble = aware.trouble.or_else(|| trouble(told));
            }
            (None, None) => is_under_way = true,
        }
    }
    // What is on its way may still come.
    aware.trouble = aware.trouble.or_else(|| ended.into_iter().next().filter(|_| !is_under_way));
    aware
}

fn dropped(place: &str) -> String {
    format!("a person dropped the message to {place}, as the audit says, and it is not said again")
}

fn trouble(told: &ToldIn) -> Option<String> {
    let place = &told.channel;
    let said = told.trouble.clone()?;
    Some(match told.state {
        MessageState::Doubtful => {
            format!("{said}; whether {place} has it is not known: a release manager says so on /messages")
        }
        _ => said,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn told(channel: &str, state: MessageState, trouble: Option<&str>) -> ToldIn {
        let at = (state == MessageState::Said).then_some(Timestamp::UNIX_EPOCH);
        ToldIn { channel: channel.to_owned(), at, trouble: trouble.map(str::to_owned), state, ended_at: at }
    }

    fn row(closed: &[&str], told: &[ToldIn]) -> AwarenessRow {
        let email = vec!["a@example.com".parse().unwrap()];
        let closed = closed.iter().map(|place| ((*place).to_owned(), format!("{place} is off"))).collect();
        let team = Team { channel: Some("#s".to_owned()), email, people: Vec::new(), closed };
        AwarenessRow {
            team: "support".to_owned(),
            service: "web".to_owned(),
            meaning: serde_json::to_string(&team).unwrap(),
            told: told.to_vec(),
            acknowledged: None,
        }
    }

    #[test]
    fn it_is_being_told_only_where_a_message_may_come() {
        use MessageState::{Doubtful, Dropped, Failed, Said, Waits};
        let known = |closed: &[&str], rows: &[ToldIn]| {
            let aware = known_to(&row(closed, rows));
            (aware.told_at.is_some(), aware.trouble)
        };
        let mail = "a@example.com";
        assert_eq!(known(&[], &[]), (false, None));
        assert_eq!(known(&["#s"], &[]), (false, None), "by e-mail it is being told");
        assert_eq!(known(&["#s", mail], &[]), (false, Some("#s is off".to_owned())));
        assert_eq!(known(&["#s"], &[told(mail, Failed, Some("550"))]), (false, Some("550".to_owned())));
        assert_eq!(known(&[mail], &[told("#s", Waits, None)]), (false, None));
        let (is_told, trouble) = known(&[mail], &[told("#s", Dropped, Some("x"))]);
        assert!(!is_told && trouble.unwrap().contains("dropped the message to #s"));
        let (_, trouble) = known(&["#s"], &[told(mail, Doubtful, Some("no answer"))]);
        assert!(trouble.unwrap().starts_with("no answer; whether a@example.com has it is not known"));
        assert!(known(&["#s"], &[told("#s", Said, None)]).0, "it was told before that was switched off");
        assert_eq!(known(&[], &[told("#other", Said, None)]), (false, None));
    }
}
