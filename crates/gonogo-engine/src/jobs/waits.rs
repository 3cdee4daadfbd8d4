//! For whom a candidate waits: who is assigned to a story that keeps it, who made
//! the pull request, who signs off, who speaks for a team.

use super::aware::issues;
use crate::commands::Checked;
use crate::commands::sign_off::standing;
use crate::evidence::sign_offs_of;
use crate::locate::type_policy;
use crate::serving::Serving;
use gonogo_api::{Finding, Severity, Verdict};
use gonogo_checks::SIGN_OFFS;
use gonogo_core::case::Stage;
use gonogo_core::person::Role;
use gonogo_core::policy::{Sections, SignOff};
use gonogo_core::say;
use gonogo_core::story::Issue;
use gonogo_store::{Candidate, NewWait, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;

const AWARENESS: &str = "awareness";
const MOST: usize = 300;

/// What a tracker's account is called where people are named.
pub(crate) fn by_account(id: &str) -> String {
    format!("tracker:{id}")
}

/// Kept before the judgement is, so that whoever is told of that finds it.
pub(super) async fn keep(serving: &Serving, candidate: &Candidate, checked: &Checked) -> Result<(), StoreError> {
    let mut waits = Vec::new();
    let check = &checked.outcome.check;
    if check.verdict != Verdict::Go {
        let issues = issues(checked);
        let policies: Vec<Sections> = checked.recording.policies().map(|one| type_policy(one).0.sections).collect();
        for finding in check.findings.iter().filter(|finding| keeps_it(finding)) {
            waits.extend(of_finding(finding, &issues, &policies));
        }
        if check.findings.iter().any(|finding| keeps_it(finding) && finding.check == SIGN_OFFS) {
            let wanted = sign_offs_of(checked.recording.policies());
            let given = standing(serving, candidate, &wanted).await?;
            let counts = |one: &SignOff| given.iter().any(|given| given.counts && given.row.name == one.name);
            let missing = wanted.iter().filter(|one| !counts(one));
            waits.extend(missing.flat_map(sign_off));
        }
        if let Stage::Merge { pull_request, .. } = candidate.stage {
            let author = serving.store.pull_author(&candidate.service, pull_request).await?;
            let first = check.findings.iter().find(|finding| keeps_it(finding));
            waits.extend(author.zip(first).map(|(author, first)| wait(&format!("github:{author}"), first)));
        }
    }
    serving.store.waits_are(candidate.id, waits).await
}

fn keeps_it(finding: &Finding) -> bool {
    finding.waiver.is_none() && matches!(finding.severity, Severity::Block | Severity::Wait)
}

fn of_finding(finding: &Finding, issues: &BTreeMap<String, Arc<Issue>>, policies: &[Sections]) -> Vec<NewWait> {
    match finding.check.as_str() {
        SIGN_OFFS => Vec::new(),
        AWARENESS => teams(finding, issues, policies),
        _ => {
            let assignee = issues.get(&finding.subject.id).and_then(|issue| issue.assignee.as_ref());
            assignee.map(|person| wait(&by_account(&person.id), finding)).into_iter().collect()
        }
    }
}

/// Each person that the rule of a team names may say that it knows.
fn teams(finding: &Finding, issues: &BTreeMap<String, Arc<Issue>>, policies: &[Sections]) -> Vec<NewWait> {
    let Some(issue) = issues.get(&finding.subject.id) else { return Vec::new() };
    let rules = policies.iter().flat_map(|sections| &sections.awareness);
    let concerned = rules.filter(|rule| names(&finding.message, &rule.team) && rule.concerns(issue) == Ok(true));
    concerned.flat_map(|rule| rule.people.iter().map(|name| wait(name, finding))).collect()
}

/// Whether a sentence has this name, and not as a part of another one.
fn names(message: &str, team: &str) -> bool {
    let is_apart = |beside: Option<char>| !beside.is_some_and(|beside| beside.is_alphanumeric() || beside == '-');
    message.match_indices(team).any(|(at, _)| {
        is_apart(message[..at].chars().next_back()) && is_apart(message[at + team.len()..].chars().next())
    })
}

fn wait(who: &str, finding: &Finding) -> NewWait {
    NewWait {
        who: who.to_owned(),
        role: String::new(),
        what: say::cut(&finding.message, MOST),
        fix: say::cut(&finding.fix, MOST),
        story: if finding.subject.kind == "story" { finding.subject.id.clone() } else { String::new() },
    }
}

fn sign_off(wanted: &SignOff) -> Vec<NewWait> {
    let wait = |who: &str, role: &str| NewWait {
        who: who.to_owned(),
        role: role.to_owned(),
        what: format!("the sign-off {} is missing", wanted.name),
        fix: "look at what ships, and sign it off on its plan".to_owned(),
        story: String::new(),
    };
    // Viewer is what everybody is.
    let role = if wanted.by.role == Role::Viewer { "" } else { wanted.by.role.word() };
    match &wanted.by.people {
        None => vec![wait("", wanted.by.role.word())],
        Some(people) => people.iter().map(|name| wait(name, role)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonogo_core::policy::{Policy, Source};

    #[test]
    fn a_team_is_named_by_its_whole_name() {
        assert!(names("is being told to ops", "ops") && names("ops was told, and wants 8", "ops"));
        assert!(!names("is being told to devops", "ops") && !names("is being told to ops-eu", "ops"));
    }

    #[test]
    fn a_sign_off_waits_for_its_people_or_for_a_role() {
        let text = "[plan]\nsign_offs = ['release-manager', 'qa']\npeople.qa = ['vera', 'github:mia']";
        let plan = Policy::parse(Source::new("gonogo.toml", text)).unwrap().sections.plan;
        let waits: Vec<_> = plan.sign_offs().iter().flat_map(sign_off).collect();
        let whom: Vec<_> = waits.iter().map(|wait| (wait.who.as_str(), wait.role.as_str())).collect();
        assert_eq!(whom, [("", "release-manager"), ("vera", ""), ("github:mia", "")]);
    }
}
