//! Questions and answers in words.

use gonogo_checks::questions::{Answer, Ask};
use gonogo_core::build::{BuildState, UsualBuild};
use gonogo_core::changeset::{MergeBack, Sighting};
use gonogo_core::fact::Fact;
use gonogo_core::policy::{SignedBy, Signer};
use gonogo_core::post_deploy::AfterDeploys;
use gonogo_core::pull::PullRequest;
use gonogo_core::say;
use gonogo_core::story::{Aware, FieldValue, Issue};

pub(super) fn asked(ask: &Ask) -> String {
    match ask {
        Ask::Range(q) => format!("the commits between {} and {}", q.base.short(), q.head.short()),
        Ask::Copies(_) => "commits whose change production has already".to_owned(),
        Ask::Below(q) => format!("the commits that change something below {}", q.path),
        Ask::Named(q) => format!("the commit that a message calls {}", say::cut(&q.name, 40)),
        Ask::NumberedCommit(q) => format!("the commit that brought pull request #{}", q.number),
        Ask::UndoingOf(q) => format!("what {} undoes", q.by.short()),
        Ask::KeptBy(q) => {
            format!("whether {} has what {} changed and something reverted", q.head.short(), q.commit.short())
        }
        Ask::PrefixesOf(_) => "project keys in the newest commits".to_owned(),
        Ask::MergeOf(_) => "what merging production into the head would change".to_owned(),
        Ask::MergeDiffOf(q) => format!("what the merge {} has of its own", q.merge.short()),
        Ask::MergedAgain(q) => format!("what merging {} again would change", q.parent.short()),
        Ask::PolicyAt(q) => format!("the policy at {}", q.sha.short()),
        Ask::ConflictMarkers(q) => {
            format!("conflict markers in lines added between {} and {}", q.base.short(), q.head.short())
        }
        Ask::ChangedPaths(_) => "changed paths".to_owned(),
        Ask::PatchOf(q) => format!("the patch id of {}", q.sha.short()),
        Ask::LinesOf(q) => format!("the lines that {} changes", q.sha.short()),
        Ask::BuildsOf(q) => format!("the builds of {}", q.sha.short()),
        Ask::RequiredBuilds(q) => format!("the builds that the rules of {} require", say::cut(&q.branch, 40)),
        Ask::UsualBuilds(_) => "how builds went on the commits that were deployed last".to_owned(),
        Ask::PullsOf(q) => format!("the pull requests that have {}", q.sha.short()),
        Ask::PullNumbered(q) => format!("pull request #{}", q.number),
        Ask::IssueOf(q) => format!("{} in the tracker", q.key),
        Ask::AwareOf(q) => format!("what {} knows of {}", q.team, q.story),
        Ask::SignedOff(q) => format!("who signed {} over {} off", q.head.short(), q.base.short()),
        Ask::UnsettledOf(q) => format!("what is not settled after the deploys of {}", q.service),
        Ask::ReadyStories(q) => format!("the stories that {} finds", say::cut(&q.query, 200)),
        Ask::SightingsOf(q) => format!("where {} is outside the range", q.key),
    }
}

fn aware(aware: &Aware) -> String {
    let told = aware.told_at.map_or("not told yet".to_owned(), |at| format!("told at {}", say::minute(at)));
    aware.acknowledged_by.as_ref().map_or(told.clone(), |by| format!("{told}; {by} says that it knows"))
}

fn unsettled(after: &AfterDeploys) -> String {
    let looks: Vec<String> = after.looks.iter().map(|look| format!("{} {}", look.story, look.state.word())).collect();
    let unread = after.is_unread.then(|| "the last deploy is being read".to_owned());
    let all: Vec<String> = unread.into_iter().chain(looks).collect();
    if all.is_empty() { "nothing".to_owned() } else { say::list(&all, 10) }
}

fn signed_by(by: &SignedBy) -> String {
    match by {
        SignedBy::Signer(Signer { name, role: Some(role), .. }) => format!("{name}, {}", role.word()),
        SignedBy::Signer(Signer { name, role: None, .. }) => format!("{name}, who may not sign in"),
        SignedBy::Name(name) => name.clone(),
    }
}

/// The story or commit that a question is about.
pub(super) fn about(ask: &Ask) -> Option<String> {
    match ask {
        Ask::IssueOf(q) => Some(q.key.to_string()),
        Ask::AwareOf(q) => Some(q.story.to_string()),
        Ask::SightingsOf(q) => Some(q.key.to_string()),
        Ask::LinesOf(q) => Some(q.sha.to_string()),
        Ask::PatchOf(q) => Some(q.sha.to_string()),
        Ask::MergeDiffOf(q) => Some(q.merge.to_string()),
        Ask::UndoingOf(q) => Some(q.by.to_string()),
        Ask::KeptBy(q) => Some(q.commit.to_string()),
        Ask::PullsOf(q) => Some(q.sha.to_string()),
        Ask::NumberedCommit(q) => Some(q.behind.to_string()),
        Ask::Named(q) => Some(q.name.clone()),
        Ask::Range(_)
        | Ask::Below(_)
        | Ask::Copies(_)
        | Ask::PrefixesOf(_)
        | Ask::MergeOf(_)
        | Ask::MergedAgain(_)
        | Ask::PolicyAt(_)
        | Ask::ConflictMarkers(_)
        | Ask::ChangedPaths(_)
        | Ask::BuildsOf(_)
        | Ask::RequiredBuilds(_)
        | Ask::UsualBuilds(_)
        | Ask::PullNumbered(_)
        | Ask::UnsettledOf(_)
        | Ask::SignedOff(_)
        | Ask::ReadyStories(_) => None,
    }
}

pub(super) fn answered(answer: &Answer) -> String {
    match answer {
        Answer::Below(f) => told(f, |below| say::count(below.len(), "commit")),
        Answer::Range(f) => told(f, |range| {
            let missing = range.missing.len();
            let commits = say::count(range.commits.len(), "commit");
            if missing == 0 { commits } else { format!("{commits}; production has {missing} that the head lacks") }
        }),
        Answer::Copies(f) => told(f, |copies| say::count(copies.len(), "commit")),
        Answer::Named(f) | Answer::NumberedCommit(f) => told(f, |named| named.sha.short()),
        Answer::UndoingOf(f) => told(f, |undoing| match (undoing.left.len(), undoing.beside.len()) {
            (0, 0) => "just that".to_owned(),
            (left, beside) => format!("{} left, {} beside", say::count(left, "path"), say::count(beside, "path")),
        }),
        Answer::KeptBy(f) => told(f, |is| if *is { "yes" } else { "no" }.to_owned()),
        Answer::PrefixesOf(f) => told(f, |prefixes| {
            let names: Vec<&String> = prefixes.found.iter().map(|prefix| &prefix.project).collect();
            if names.is_empty() { "none".to_owned() } else { say::list(&names, 10) }
        }),
        Answer::MergeOf(f) | Answer::MergedAgain(f) => told(f, merge_back),
        Answer::MergeDiffOf(f) => told(f, |diff| paths(&diff.own)),
        Answer::PolicyAt(f) => told(f, |text| say::count(text.lines().count(), "line")),
        Answer::ConflictMarkers(f) => told(f, |places| {
            let places: Vec<String> = places.iter().map(|place| format!("{}:{}", place.path, place.line)).collect();
            paths(&places)
        }),
        Answer::ChangedPaths(f) => told(f, |changed| paths(changed)),
        Answer::PatchOf(f) => {
            told(f, |patch| if patch.is_empty() { "no change".to_owned() } else { say::cut(patch, 13) })
        }
        Answer::LinesOf(f) => told(f, |lines| format!("+{} −{}", lines.added, lines.removed)),
        Answer::BuildsOf(f) => told(f, |builds| {
            let names: Vec<String> = builds.iter().map(|one| format!("{} {}", one.name, state(&one.state))).collect();
            if names.is_empty() { "none".to_owned() } else { say::list(&names, 20) }
        }),
        Answer::RequiredBuilds(f) => told(f, |required| {
            let names: Vec<&str> = required.iter().map(|one| one.name.as_str()).collect();
            if names.is_empty() { "none".to_owned() } else { say::list(&names, 20) }
        }),
        Answer::UsualBuilds(f) => told(f, |usual| {
            let said = |one: &UsualBuild| {
                let took = one.seconds.map(|seconds| format!(", {} min at most", seconds.div_ceil(60)));
                format!("{} on {} of {}{}", one.name, one.on, one.of, took.unwrap_or_default())
            };
            let all: Vec<String> = usual.iter().map(said).collect();
            if all.is_empty() { "none".to_owned() } else { say::list(&all, 20) }
        }),
        Answer::PullsOf(f) => told(f, |pulls| {
            let pulls: Vec<String> = pulls.iter().map(pull).collect();
            if pulls.is_empty() { "none".to_owned() } else { say::list(&pulls, 5) }
        }),
        Answer::PullNumbered(f) => told(f, pull),
        Answer::IssueOf(f) => told(f, |issue| story(issue)),
        Answer::AwareOf(f) => told(f, aware),
        Answer::SignedOff(f) => told(f, |given| {
            let given: Vec<String> = given.iter().map(|(name, by)| format!("{name}: {}", signed_by(by))).collect();
            if given.is_empty() { "nobody".to_owned() } else { say::list(&given, 10) }
        }),
        Answer::UnsettledOf(f) => told(f, |after| unsettled(after)),
        Answer::ReadyStories(f) => told(f, |ready| say::count(ready.issues.len(), "story")),
        Answer::SightingsOf(f) => told(f, |sightings| {
            let seen: Vec<String> = sightings.iter().map(sighting).collect();
            if seen.is_empty() { "nowhere".to_owned() } else { say::list(&seen, 5) }
        }),
    }
}

fn told<T>(fact: &Fact<T>, said: impl FnOnce(&T) -> String) -> String {
    match fact {
        Fact::Known(value) => said(value),
        Fact::Absent => "is not there".to_owned(),
        Fact::Unknown(why) => format!("could not be read: {}", why.said),
    }
}

fn paths(paths: &[String]) -> String {
    if paths.is_empty() { "none".to_owned() } else { say::list(paths, 5) }
}

fn merge_back(merge: &MergeBack) -> String {
    match merge {
        MergeBack::NothingLost => "nothing would be lost".to_owned(),
        MergeBack::Loses(lost) => format!("the head lacks {}", paths(lost)),
        MergeBack::Conflict { paths: conflicts, .. } => format!("conflicts in {}", paths(conflicts)),
        MergeBack::Unrelated => "the two share no commit".to_owned(),
    }
}

fn pull(pull: &PullRequest) -> String {
    format!("#{} \"{}\" of {}", pull.number, say::cut(&pull.title, 200), say::cut(&pull.branch, 100))
}

fn state(state: &BuildState) -> &str {
    match state {
        BuildState::Running => "is running",
        BuildState::Passed => "passed",
        BuildState::Skipped => "was skipped",
        BuildState::Neutral => "is neutral",
        BuildState::Failed(word) => word,
    }
}

fn sighting(sighting: &Sighting) -> String {
    match sighting {
        Sighting::Branch { name, merged: true } => format!("the branch {name}, which production has"),
        Sighting::Branch { name, merged: false } => format!("the branch {name}"),
        Sighting::Elsewhere(sha, _) => format!("{}, which neither has", sha.short()),
        Sighting::InProduction(sha, _) => format!("{}, in production", sha.short()),
    }
}

fn story(issue: &Issue) -> String {
    let assignee = issue.assignee.as_ref().map_or("nobody", |person| &person.name);
    let mut parts = vec![format!("status {}", issue.status.name), format!("type {}", issue.kind.name)];
    parts.push(format!("assigned to {assignee}"));
    parts.extend(issue.fields.iter().map(|(name, value)| format!("{name}: {}", say::cut(&field(value), 200))));
    parts.join(" · ")
}

pub(super) fn field(value: &FieldValue) -> String {
    match value {
        FieldValue::Empty => "empty".to_owned(),
        FieldValue::Text(text) => text.clone(),
        FieldValue::Number(number) => number.to_string(),
        FieldValue::Person(person) => person.name.clone(),
        FieldValue::NoSuchField => "the tracker has no such field".to_owned(),
        FieldValue::Ambiguous(ids) => format!("several fields have this name: {}", ids.join(", ")),
    }
}
