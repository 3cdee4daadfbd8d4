//! From a judgement to what is told: the one struct that every face renders.

use gonogo_api as api;
use gonogo_checks::facts::{Facts, Stop};
use gonogo_checks::questions::IssueOf;
use gonogo_checks::reading::{Reading, StoryCommits};
use gonogo_checks::{CheckOutcome, CheckState, Judge, Judgement};
use gonogo_core::case::{PolicyOrigin, Production};
use gonogo_core::fact::Fact;
use gonogo_core::finding::{Finding, Severity, Subject};
use gonogo_core::ids::{IssueKey, Sha};
use gonogo_core::policy::Level;
use gonogo_core::say;
use gonogo_core::story::Issue;
use gonogo_core::verdict::Verdict;
use gonogo_core::waiver::WaiverState;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

/// The report, and lines that a person should see beside it. There is a judge
/// for each of what production runs.
pub(crate) fn build(judges: &[Judge<'_>], facts: &Facts, judgement: &Judgement) -> (api::Check, Vec<String>) {
    let readings: Vec<Option<Rc<Reading>>> = judges.iter().map(|judge| judge.reading(facts).ok()).collect();
    let read: Vec<(&Judge<'_>, &Reading)> =
        judges.iter().zip(&readings).filter_map(|(judge, reading)| Some((judge, reading.as_deref()?))).collect();
    let first = &judges[0].case;
    let known = read.iter().filter(|(judge, _)| judge.base().is_some());
    let missing = each_once(known.flat_map(|(_, r)| r.missing().map(|commit| commit.sha)));
    let check = api::Check {
        schema: api::CHECK_SCHEMA.to_owned(),
        service: first.service.clone(),
        path: first.path.as_ref().map(ToString::to_string),
        verdict: match judgement.verdict {
            Verdict::Go => api::Verdict::Go,
            Verdict::Waiting => api::Verdict::Waiting,
            Verdict::NoGo => api::Verdict::NoGo,
        },
        production: production(judges),
        head: api::Head { reference: Some(first.head.name.clone()), sha: first.head.sha.to_string() },
        newest_go: judgement.newest_go.as_ref().map(|n| api::NewestGo {
            sha: n.sha.to_string(),
            commits: n.commits,
            then: n.then.clone(),
            partial: n
                .partial
                .iter()
                .map(|p| api::Partial { key: p.key.to_string(), behind: p.behind.clone() })
                .collect(),
        }),
        commits: merged(
            read.iter().map(|(_, r)| commits(r)),
            |commit| commit.sha.clone(),
            |known, other| {
                known.ships |= other.ships;
                known.already_in_production &= other.already_in_production;
            },
        ),
        missing_from_head: texts(missing),
        stories: merged(
            read.iter().map(|(judge, r)| stories(judge, facts, r)),
            |story| story.key.clone(),
            |known, other| {
                known.ships |= other.ships;
                known.taken_back |= other.taken_back;
                let new: Vec<String> = other.commits.into_iter().filter(|sha| !known.commits.contains(sha)).collect();
                known.commits.extend(new);
            },
        ),
        findings: judgement.findings.iter().map(|f| finding(f, &read)).collect(),
        waivers: waivers(&judges[0], &judgement.waivers),
        checks: judgement.checks.iter().map(check_line).collect(),
    };
    let told = judges.iter().zip(&readings).flat_map(|(judge, reading)| remarks(judge, facts, reading.as_deref()));
    (check, each_once(told))
}

fn each_once<T: Clone + Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    items.filter(|item| seen.insert(item.clone())).collect()
}

/// What several ranges have, each once.
fn merged<T>(lists: impl Iterator<Item = Vec<T>>, key: fn(&T) -> String, merge: fn(&mut T, T)) -> Vec<T> {
    let mut lists: Vec<Vec<T>> = lists.collect();
    // The longest mostly holds the others.
    lists.sort_by_key(|list| std::cmp::Reverse(list.len()));
    let mut lists = lists.into_iter();
    let mut all = lists.next().unwrap_or_default();
    let mut places: HashMap<String, usize> = HashMap::new();
    for list in lists {
        if places.is_empty() {
            places = all.iter().enumerate().map(|(at, item)| (key(item), at)).collect();
        }
        for item in list {
            if let Some(at) = places.get(&key(&item)) {
                merge(&mut all[*at], item);
            } else {
                places.insert(key(&item), all.len());
                all.push(item);
            }
        }
    }
    all
}

fn production(judges: &[Judge<'_>]) -> api::Production {
    match &judges[0].case.production {
        Production::Known { name, sha, why } => api::Production {
            reference: Some(name.clone()),
            sha: Some(sha.to_string()),
            shas: texts(judges.iter().filter_map(Judge::base)),
            why: why.clone(),
        },
        Production::Unknown { why, .. } => {
            api::Production { reference: None, sha: None, shas: Vec::new(), why: why.said.clone() }
        }
    }
}

fn texts<T: ToString>(items: impl IntoIterator<Item = T>) -> Vec<String> {
    items.into_iter().map(|item| item.to_string()).collect()
}

fn commits(reading: &Reading) -> Vec<api::Commit> {
    let one = |at: usize| {
        let commit = reading.commit(at);
        api::Commit {
            sha: commit.sha.to_string(),
            subject: commit.subject(),
            author: commit.author.name.clone(),
            co_authors: reading.co_authors(at).to_vec(),
            committed_at: commit.committed_at.map(|time| time.to_string()),
            keys: texts(reading.keys(at)),
            mentions: texts(reading.mentions(at)),
            pull_request: reading.pull_request(at),
            no_key: reading.no_key(at),
            reverts: texts(reading.reverts(at)),
            ships: reading.ships(at),
            already_in_production: reading.already_in_production(at).is_some(),
        }
    };
    reading.indexes().map(one).collect()
}

fn stories(judge: &Judge<'_>, facts: &Facts, reading: &Reading) -> Vec<api::Story> {
    let tracker = judge.policy.sections.tracker.as_ref();
    let one = |(key, story): (&IssueKey, &StoryCommits)| {
        let issue: Option<Fact<Arc<Issue>>> = facts.at_hand(IssueOf { key: key.clone() });
        let state = match (&issue, tracker) {
            (Some(Fact::Known(_)), _) => api::TrackerState::Known,
            (Some(Fact::Absent), _) => api::TrackerState::Absent,
            (_, None) => api::TrackerState::Off,
            (Some(Fact::Unknown(_)) | None, Some(_)) => api::TrackerState::Unknown,
        };
        let issue = if let Some(Fact::Known(issue)) = issue { Some(issue) } else { None };
        let issue = issue.as_deref();
        api::Story {
            key: key.to_string(),
            title: issue.map(|i| i.title.clone()),
            kind: issue.map(|i| i.kind.name.clone()),
            status: issue.map(|i| i.status.name.clone()),
            parent: issue.and_then(|i| i.parent.as_ref()).map(|p| p.key.to_string()),
            assignee: issue.and_then(|i| i.assignee.as_ref()).map(|a| a.name.clone()),
            url: issue.map(|i| i.url.clone()).or_else(|| tracker.map(|t| t.page_of(key))),
            commits: texts(story.commits.iter().map(|at| reading.commit(*at).sha)),
            ships: story.ships,
            taken_back: story.is_taken_back,
            tracker: state,
            as_of: facts.stale_since(IssueOf { key: key.clone() }).map(|at| at.to_string()),
        }
    };
    reading.stories.iter().map(one).collect()
}

fn finding(finding: &Finding, read: &[(&Judge<'_>, &Reading)]) -> api::Finding {
    api::Finding {
        check: finding.check.to_owned(),
        code: finding.code.to_owned(),
        severity: match finding.severity {
            Severity::Block => api::Severity::Block,
            Severity::Wait => api::Severity::Wait,
            Severity::Warn => api::Severity::Warn,
            Severity::Note => api::Severity::Note,
        },
        subject: api::Subject { kind: finding.subject.kind().to_owned(), id: finding.subject.id() },
        at: finding.at.as_ref().map(|at| api::At { path: at.path.clone(), line: at.line }),
        message: sentence(finding, read),
        fix: finding.fix.clone(),
        docs: finding.docs(),
        fingerprint: finding.fingerprint.to_string(),
        waiver: finding.waived.as_ref().map(|w| api::WaivedBy {
            by: w.by.clone(),
            why: w.why.clone(),
            until: w.until.to_string(),
            system: w.of.map(|system| system.word().to_owned()),
        }),
        system: finding.system.map(|system| system.word().to_owned()),
    }
}

/// What the finding is about, and what is wrong with it.
fn sentence(finding: &Finding, read: &[(&Judge<'_>, &Reading)]) -> String {
    let said = &finding.message;
    match &finding.subject {
        Subject::Candidate => said.clone(),
        Subject::Commit(sha) => format!("{} {said}", commit_label(*sha, read)),
        subject => format!("{} {said}", subject.id()),
    }
}

fn commit_label(sha: Sha, read: &[(&Judge<'_>, &Reading)]) -> String {
    let commit = read.iter().find_map(|(_, r)| Some(r.commit(r.position(sha)?)));
    match commit {
        Some(commit) => say::commit(&sha.short(), &commit.subject()),
        None => sha.short(),
    }
}

fn waivers(judge: &Judge<'_>, states: &[WaiverState]) -> Vec<api::Waiver> {
    let one = |(waiver, state): (&gonogo_core::waiver::Waiver, &WaiverState)| api::Waiver {
        fingerprint: waiver.covers.to_string(),
        state: match state {
            WaiverState::Applied => api::WaiverState::Applied,
            WaiverState::Expired => api::WaiverState::Expired,
            WaiverState::Void => api::WaiverState::Void,
            WaiverState::Unneeded => api::WaiverState::Unneeded,
        },
        by: waiver.by.clone(),
        why: waiver.why.clone(),
        until: waiver.until.to_string(),
    };
    judge.waivers.iter().zip(states).map(one).collect()
}

fn check_line(outcome: &CheckOutcome) -> api::CheckLine {
    api::CheckLine {
        name: outcome.name.to_owned(),
        level: match outcome.level {
            Level::Block => api::Level::Block,
            Level::Warn => api::Level::Warn,
            Level::Off => api::Level::Off,
        },
        state: match outcome.state {
            CheckState::Passed => api::CheckState::Passed,
            CheckState::Found => api::CheckState::Found,
            CheckState::Waiting => api::CheckState::Waiting,
            CheckState::Off => api::CheckState::Off,
            CheckState::CouldNotCheck => api::CheckState::CouldNotCheck,
        },
        why: Some(outcome.why.clone()).filter(|why| !why.is_empty()),
    }
}

fn remarks(judge: &Judge<'_>, facts: &Facts, reading: Option<&Reading>) -> Vec<String> {
    let mut remarks = Vec::new();
    if judge.case.policy.origin == PolicyOrigin::WorkTree {
        remarks.push("gonogo.toml of the work tree judges; it is not yet in force, neither production nor the default branch has it".to_owned());
    }
    if judge.case.policy.origin == PolicyOrigin::DefaultBranch && judge.base().is_some() {
        remarks.push("production has no gonogo.toml yet: the default branch's judges".to_owned());
    }
    if let Production::Unknown { look_since: Some(look), .. } = &judge.case.production {
        remarks.push(format!("for a look, the range since the newest tag, {}", look.tag));
    }
    match reading.map(|r| &r.projects) {
        Some(projects) if projects.guessed && !projects.keys.is_empty() => {
            remarks.push(format!("project keys guessed from the history: {}", projects.keys.join(", ")));
        }
        _ => {}
    }
    let has_pulls = || reading.is_some_and(|r| r.indexes().any(|at| r.pull_request(at).is_some()));
    if !judge.case.knows_pull_requests && has_pulls() {
        remarks.push("titles and branches of pull requests were not read: no code host is configured".to_owned());
    }
    if let Err(Stop::Unknown(why)) = judge.reading(facts) {
        remarks.push(format!("the range could not be read: {}", why.said));
    }
    remarks
}
