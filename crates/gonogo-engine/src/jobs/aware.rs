//! Teams that have to know of a story are told as soon as it is seen on its way:
//! in a candidate, or in a pull request.

use super::outbox::StoryComing;
use super::{JobError, judge_soon};
use crate::commands::Checked;
use crate::locate::type_policy;
use crate::serving::{Serving, TeamsTold};
use crate::team::Team;
use gonogo_checks::questions::{Answer, Ask};
use gonogo_core::fact::Fact;
use gonogo_core::policy::{Awareness, Sections};
use gonogo_core::story::Issue;
use gonogo_store::{AwarenessRow, Candidate, MessageState, NewAwareness, NewMessage, ToldIn};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A mail that an address does not take is tried again so seldom: nobody tells us
/// when that is mended.
const TRIED_AGAIN: SignedDuration = SignedDuration::from_mins(15);

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
    let (mut wanted, mut is_other) = (Vec::new(), false);
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
            let rows: Vec<&AwarenessRow> = known.iter().filter(|row| row.team == team).collect();
            let new = awareness(serving, candidate, &rows, &rules, &story.key, issue);
            is_other |= new.as_ref().is_some_and(|(_, is_other)| *is_other);
            wanted.extend(new.map(|(new, _)| new));
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    serving.store.make_aware(wanted).await?;
    if is_other {
        judge_soon(serving, candidate.id).await?;
    }
    Ok(())
}

/// As they were when they were judged.
pub(super) fn issues(checked: &Checked) -> BTreeMap<String, Arc<Issue>> {
    let known = checked.recording.facts().iter().filter_map(|(ask, recorded)| match (ask, &recorded.answer) {
        (Ask::IssueOf(of), Answer::IssueOf(Fact::Known(issue))) => Some((of.key.to_string(), Arc::clone(issue))),
        _ => None,
    });
    known.collect()
}

/// What of one team is to be kept or told that was not, and whether its places
/// are closed or open that were not; the rules are some.
fn awareness(
    serving: &Serving,
    candidate: &Candidate,
    rows: &[&AwarenessRow],
    rules: &[Ruled<'_>],
    story: &str,
    issue: &Issue,
) -> Option<(NewAwareness, bool)> {
    let (_, first) = rules.first()?;
    let service = candidate.service.clone();
    let (channel, email, people) = (first.channel.clone(), first.email.clone(), first.people.clone());
    let mut team = Team { channel, email, people, closed: closed(serving, &service, rules) };
    // Who speaks for it by one policy does not by another.
    team.people.retain(|name| rules.iter().all(|(_, rule)| rule.people.contains(name)));
    let own = rows.iter().find(|row| row.service == service).map(|row| Team::of(row));
    let messages = messages(serving, candidate, rows.first().copied(), rules, &team.closed, story, issue);
    let is_other = own.as_ref().map_or(!team.closed.is_empty(), |own| own.closed != team.closed);
    (own.as_ref() != Some(&team) || !messages.is_empty()).then(|| {
        // Strings: there is always JSON for them.
        let meaning = serde_json::to_string(&team).unwrap_or_default();
        (NewAwareness { team: first.team.clone(), story: story.to_owned(), service, meaning, messages }, is_other)
    })
}

/// The places to which no message goes as the server is configured, each with why.
fn closed(serving: &Serving, service: &str, rules: &[Ruled<'_>]) -> BTreeMap<String, String> {
    let told = serving.service(service).map(|service| service.teams_told);
    let told = told.unwrap_or(TeamsTold { slack: true, email: true });
    let off = |key: &str| {
        format!("the server's configuration switches it off: an admin takes `{key} = false` out of [awareness]")
    };
    let none = |table: &str| format!("the server's configuration has no [{table}]: an admin writes one");
    let mut closed = BTreeMap::new();
    for (_, rule) in rules {
        let why = if told.slack { serving.slack.is_none().then(|| none("slack")) } else { Some(off("slack")) };
        closed.extend(rule.channel.clone().zip(why));
        for to in &rule.email {
            let why = match &serving.mail {
                _ if !told.email => Some(off("email")),
                None => Some(none("mail")),
                Some(room) => (!room.reaches(to)).then(|| {
                    let domain = to.domain();
                    format!("{to} is outside of the domains that may be written to: an admin adds {domain} to domains in [mail]")
                }),
            };
            closed.extend(why.map(|why| (to.to_string(), why)));
        }
    }
    closed
}

/// To each place once.
fn messages(
    serving: &Serving,
    candidate: &Candidate,
    row: Option<&AwarenessRow>,
    rules: &[Ruled<'_>],
    closed: &BTreeMap<String, String>,
    story: &str,
    issue: &Issue,
) -> Vec<NewMessage> {
    let (now, mut places, mut messages) = ((serving.clock)(), BTreeSet::new(), Vec::new());
    let told = |place: &str| row.and_then(|row| row.told_in(place));
    for (sections, rule) in rules {
        let coming = coming(serving, candidate, sections, rule, story, issue);
        let key = |place: &str| format!("{} is coming, {} in {place}", coming.page, rule.team);
        for channel in rule.channel.iter().filter(|channel| !closed.contains_key(*channel)) {
            if is_untold(told(channel)) && places.insert(channel.as_str()) {
                messages.push(coming.clone().message(channel, key(channel), now));
            }
        }
        for to in rule.email.iter().filter(|to| !closed.contains_key(to.as_str())) {
            if is_unmailed(told(to.as_str()), now) && places.insert(to.as_str()) {
                messages.push(coming.mail(to, key(to.as_str()), now));
            }
        }
    }
    messages
}

/// What nobody tries to tell any more is tried again: what kept it from the team
/// may be mended. What a person dropped is not.
fn is_untold(told: Option<&ToldIn>) -> bool {
    told.is_none_or(|told| matches!(told.state, MessageState::Failed | MessageState::Doubtful))
}

/// One in doubt waits for a person: a mail cannot be looked for.
fn is_unmailed(told: Option<&ToldIn>, now: Timestamp) -> bool {
    let is_due = |told: &ToldIn| told.ended_at.is_none_or(|at| now.duration_since(at) >= TRIED_AGAIN);
    told.is_none_or(|told| told.state == MessageState::Failed && is_due(told))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_mail_is_tried_again_now_and_then_and_one_in_doubt_never() {
        let told = |state| ToldIn {
            channel: "a@example.com".to_owned(),
            at: None,
            trouble: Some("550".to_owned()),
            state,
            ended_at: Some(Timestamp::UNIX_EPOCH),
        };
        let after = |state, minutes| {
            let now = Timestamp::UNIX_EPOCH.saturating_add(SignedDuration::from_mins(minutes)).unwrap();
            is_unmailed(Some(&told(state)), now)
        };
        assert!(is_unmailed(None, Timestamp::UNIX_EPOCH));
        assert_eq!([14, 15].map(|minutes| after(MessageState::Failed, minutes)), [false, true]);
        for state in [MessageState::Doubtful, MessageState::Waits, MessageState::Dropped, MessageState::Said] {
            assert!(!after(state, 99), "{state:?}");
        }
        assert!(is_untold(Some(&told(MessageState::Doubtful))) && !is_untold(Some(&told(MessageState::Dropped))));
    }
}
