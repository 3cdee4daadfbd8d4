//! Teams that have to know of a story are told as soon as it is seen on its way:
//! in a candidate, or in a pull request.

use super::JobError;
use super::outbox::StoryComing;
use crate::commands::Checked;
use crate::locate::type_policy;
use crate::serving::Serving;
use gonogo_checks::questions::{Answer, Ask};
use gonogo_core::fact::Fact;
use gonogo_core::policy::{Awareness, Sections};
use gonogo_core::story::Issue;
use gonogo_store::{AwarenessRow, Candidate, NewAwareness};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the policy of one service says of a team.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Team {
    /// Where it is told.
    pub channel: String,
    /// Who may say that it knows, beside release managers.
    pub people: Vec<String>,
}

/// By service: none speaks for another.
pub(crate) type Teams = BTreeMap<String, Team>;

pub(crate) fn teams(row: &AwarenessRow) -> Teams {
    serde_json::from_str(&row.meaning).unwrap_or_default()
}

/// What was not told yet is wanted, once for each team and story.
pub(super) async fn tell(serving: &Serving, candidate: &Candidate, checked: &Checked) -> Result<(), JobError> {
    let sections = type_policy(checked.recording.policy()).0.sections;
    if sections.awareness.is_empty() {
        return Ok(());
    }
    let issues = issues(checked);
    let mut wanted = Vec::new();
    for story in checked.outcome.check.stories.iter().filter(|story| story.ships) {
        let Some(issue) = issues.get(&story.key) else { continue };
        let rules: Vec<&Awareness> =
            sections.awareness.iter().filter(|rule| rule.concerns(issue) == Ok(true)).collect();
        if rules.is_empty() {
            continue;
        }
        let known = serving.store.awareness_of(&story.key).await?;
        for rule in rules {
            let mut teams = known.iter().find(|row| row.team == rule.team).map(teams).unwrap_or_default();
            let team = Team { channel: rule.channel.clone(), people: rule.people.clone() };
            if teams.insert(candidate.service.clone(), team.clone()) != Some(team) {
                wanted.push(awareness(serving, candidate, &sections, (rule, &teams), &story.key, issue));
            }
        }
    }
    if wanted.is_empty() { Ok(()) } else { Ok(serving.store.make_aware(wanted).await?) }
}

/// As they were when they were judged.
fn issues(checked: &Checked) -> BTreeMap<String, Arc<Issue>> {
    let known = checked.recording.facts().iter().filter_map(|(ask, recorded)| match (ask, &recorded.answer) {
        (Ask::IssueOf(of), Answer::IssueOf(Fact::Known(issue))) => Some((of.key.to_string(), Arc::clone(issue))),
        _ => None,
    });
    known.collect()
}

fn awareness(
    serving: &Serving,
    candidate: &Candidate,
    sections: &Sections,
    (rule, teams): (&Awareness, &Teams),
    story: &str,
    issue: &Issue,
) -> NewAwareness {
    let now = (serving.clock)();
    let page = format!("{}/stories/{story}", serving.pages);
    let coming = StoryComing {
        team: rule.team.clone(),
        story: story.to_owned(),
        title: issue.title.clone(),
        url: Some(issue.url.clone()).filter(|url| !url.is_empty()),
        service: candidate.service.clone(),
        branch: candidate.branch.clone(),
        is_merged: candidate.stage.is_deploy(),
        flag: sections.stories.partial.flag_of(issue),
        fields: rule.told(issue),
        earliest: rule.minute(rule.opens(now)),
        page: page.clone(),
    };
    NewAwareness {
        team: rule.team.clone(),
        story: story.to_owned(),
        // Strings: there is always JSON for them.
        meaning: serde_json::to_string(teams).unwrap_or_default(),
        messages: vec![coming.message(&rule.channel, format!("{page} is coming, {}", rule.team), now)],
    }
}
