//! Teams that have to know of a story are told as soon as it is seen on its way:
//! in a candidate, or in a pull request.

use super::JobError;
use super::outbox::StoryComing;
use crate::commands::Checked;
use crate::locate::type_policy;
use crate::serving::Serving;
use gonogo_checks::questions::{Answer, Ask};
use gonogo_core::email::EmailAddress;
use gonogo_core::fact::Fact;
use gonogo_core::policy::{Awareness, Sections};
use gonogo_core::story::Issue;
use gonogo_store::{AwarenessRow, Candidate, NewAwareness, NewMessage};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the policy of one service says of a team.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Team {
    /// Where it is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub email: Vec<EmailAddress>,
    /// Who may say that it knows, beside release managers.
    pub people: Vec<String>,
}

/// By service: none speaks for another.
pub(crate) type Teams = BTreeMap<String, Team>;

pub(crate) fn teams(row: &AwarenessRow) -> Teams {
    serde_json::from_str(&row.meaning).unwrap_or_default()
}

/// A rule, in the policy that has it.
type Ruled<'a> = (&'a Sections, &'a Awareness);

/// What was not told yet is wanted, once for each team, channel and story. Where
/// several commits run, each one's policy counts.
pub(super) async fn tell(serving: &Serving, candidate: &Candidate, checked: &Checked) -> Result<(), JobError> {
    let policies = checked.recording.policies().map(|policy| type_policy(policy).0.sections);
    let policies: Vec<Sections> = policies.filter(|sections| !sections.awareness.is_empty()).collect();
    if policies.is_empty() {
        return Ok(());
    }
    let issues = issues(checked);
    let mut wanted = Vec::new();
    for story in checked.outcome.check.stories.iter().filter(|story| story.ships) {
        let Some(issue) = issues.get(&story.key) else { continue };
        let all = policies.iter().flat_map(|sections| sections.awareness.iter().map(move |rule| (sections, rule)));
        let mut by_team: BTreeMap<&str, Vec<Ruled<'_>>> = BTreeMap::new();
        for (sections, rule) in all.filter(|(_, rule)| rule.concerns(issue) == Ok(true)) {
            by_team.entry(&rule.team).or_default().push((sections, rule));
        }
        if by_team.is_empty() {
            continue;
        }
        let known = serving.store.awareness_of(&story.key).await?;
        for (team, rules) in by_team {
            let row = known.iter().find(|row| row.team == team);
            wanted.extend(awareness(serving, candidate, row, &rules, &story.key, issue));
        }
    }
    if wanted.is_empty() { Ok(()) } else { Ok(serving.store.make_aware(wanted).await?) }
}

/// As they were when they were judged.
pub(super) fn issues(checked: &Checked) -> BTreeMap<String, Arc<Issue>> {
    let known = checked.recording.facts().iter().filter_map(|(ask, recorded)| match (ask, &recorded.answer) {
        (Ask::IssueOf(of), Answer::IssueOf(Fact::Known(issue))) => Some((of.key.to_string(), Arc::clone(issue))),
        _ => None,
    });
    known.collect()
}

/// What of one team is to be kept or told that was not; the rules are some.
fn awareness(
    serving: &Serving,
    candidate: &Candidate,
    row: Option<&AwarenessRow>,
    rules: &[Ruled<'_>],
    story: &str,
    issue: &Issue,
) -> Option<NewAwareness> {
    let (_, first) = rules.first()?;
    let (channel, email) = (first.channel.clone(), first.email.clone());
    let mut team = Team { channel, email, people: first.people.clone() };
    // Who speaks for it by one policy does not by another.
    team.people.retain(|name| rules.iter().all(|(_, rule)| rule.people.contains(name)));
    let mut teams = row.map(teams).unwrap_or_default();
    let is_new = teams.insert(candidate.service.clone(), team.clone()) != Some(team);
    let messages = messages(serving, candidate, row, rules, story, issue);
    (is_new || !messages.is_empty()).then(|| NewAwareness {
        team: first.team.clone(),
        story: story.to_owned(),
        // Strings: there is always JSON for them.
        meaning: serde_json::to_string(&teams).unwrap_or_default(),
        messages,
    })
}

/// To each place once, where its service has teams told so.
fn messages(
    serving: &Serving,
    candidate: &Candidate,
    row: Option<&AwarenessRow>,
    rules: &[Ruled<'_>],
    story: &str,
    issue: &Issue,
) -> Vec<NewMessage> {
    let told = serving.service(&candidate.service).map(|service| service.teams_told);
    let (in_slack, by_email) = told.map_or((true, true), |told| (told.slack, told.email));
    let (now, mut places, mut messages) = ((serving.clock)(), BTreeSet::new(), Vec::new());
    for (sections, rule) in rules {
        let coming = coming(serving, candidate, sections, rule, story, issue);
        let key = |place: &str| format!("{} is coming, {} in {place}", coming.page, rule.team);
        for channel in rule.channel.iter().filter(|_| in_slack) {
            if is_untold(row, channel, serving.slack.is_some()) && places.insert(channel.as_str()) {
                messages.push(coming.clone().message(channel, key(channel), now));
            }
        }
        for to in rule.email.iter().filter(|_| by_email) {
            // One that failed, or is in doubt, waits for a person.
            let is_known = row.is_some_and(|row| row.told_in(to.as_str()).is_some());
            if !is_known && places.insert(to.as_str()) {
                messages.push(coming.mail(to, key(to.as_str()), now));
            }
        }
    }
    messages
}

/// What nobody tries to tell any more is tried again, where it can be told at all:
/// what kept it from the team may be mended.
fn is_untold(row: Option<&AwarenessRow>, channel: &str, has_slack: bool) -> bool {
    let told = row.and_then(|row| row.told_in(channel));
    told.is_none_or(|told| told.is_given_up && has_slack)
}

fn coming(
    serving: &Serving,
    candidate: &Candidate,
    sections: &Sections,
    rule: &Awareness,
    story: &str,
    issue: &Issue,
) -> StoryComing {
    StoryComing {
        team: rule.team.clone(),
        story: story.to_owned(),
        title: issue.title.clone(),
        url: Some(issue.url.clone()).filter(|url| !url.is_empty()),
        service: candidate.service.clone(),
        branch: candidate.branch.clone(),
        is_merged: candidate.stage.is_deploy(),
        flag: sections.stories.partial.flag_of(issue),
        fields: rule.told(issue),
        earliest: rule.minute(rule.opens((serving.clock)())),
        page: format!("{}/stories/{story}", serving.pages),
    }
}
