//! Builds of a commit: its statuses and check runs, of each name and poster the
//! newest; of check runs of several suites the worst.

use super::{GitHub, GitHubError, RepositoryName};
use gonogo_core::build::{Build, BuildState, RequiredBuild};
use gonogo_core::ids::Sha;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

impl GitHub {
    pub async fn builds(&self, name: &RepositoryName, sha: Sha, now: Timestamp) -> Result<Vec<Build>, GitHubError> {
        let statuses = format!("/commits/{sha}/statuses");
        let runs = format!("/commits/{sha}/check-runs");
        let (statuses, runs) = futures_util::future::try_join(
            self.pages(name, &statuses, "", |body| list(Some(body), status_of), now),
            self.pages(name, &runs, "&filter=latest", |body| list(body.get("check_runs"), numbered_run), now),
        )
        .await?;
        let mut builds = newest_of(statuses);
        builds.extend(worst_of(runs));
        Ok(builds)
    }

    /// What has to have passed by the protection of a branch and the rulesets for it.
    pub async fn required_builds(
        &self,
        name: &RepositoryName,
        branch: &str,
        now: Timestamp,
    ) -> Result<Vec<RequiredBuild>, GitHubError> {
        let branch = escaped(branch);
        let (protection, rules) = (format!("/branches/{branch}"), format!("/rules/branches/{branch}"));
        let (protection, rules) = futures_util::future::try_join(
            self.read(name, &protection, now, |body| Ok(protected(body))),
            self.pages(name, &rules, "", ruled, now),
        )
        .await?;
        let mut all: Vec<RequiredBuild> = protection.iter().cloned().chain(rules).collect();
        all.sort();
        all.dedup();
        Ok(all)
    }
}

/// A check run, and which it is.
#[derive(Clone, Debug)]
pub(super) struct Run {
    id: u64,
    /// A workflow that runs again keeps its suite; another workflow, which may have a
    /// job of the same name, has its own.
    suite: Option<u64>,
    pub build: Build,
}

/// Of each suite the newest run of a name and poster, and of those of several suites
/// the worst: one that failed, else one that still runs, else the newest.
fn worst_of(runs: Vec<Run>) -> impl Iterator<Item = Build> {
    let mut newest: BTreeMap<(String, String, Option<u64>), Run> = BTreeMap::new();
    for run in runs {
        let key = (run.build.name.clone(), run.build.by.clone(), run.suite);
        if newest.get(&key).is_none_or(|other| other.id < run.id) {
            newest.insert(key, run);
        }
    }
    let badness = |run: &Run| match run.build.state {
        BuildState::Failed(_) => 2,
        BuildState::Running => 1,
        BuildState::Passed | BuildState::Neutral | BuildState::Skipped => 0,
    };
    let mut worst: BTreeMap<(String, String), Run> = BTreeMap::new();
    for ((name, by, _), run) in newest {
        let key = (name, by);
        if worst.get(&key).is_none_or(|other| (badness(other), other.id) < (badness(&run), run.id)) {
            worst.insert(key, run);
        }
    }
    worst.into_values().map(|run| run.build)
}

/// Statuses, newest first: of each name and poster the newest, which began when
/// it was first posted as running.
fn newest_of(statuses: Vec<Build>) -> Vec<Build> {
    let mut builds: Vec<Build> = Vec::new();
    // Where each is, while what is older may be its beginning.
    let mut places: HashMap<(String, String), Option<usize>> = HashMap::new();
    for build in statuses {
        let is_running = build.state == BuildState::Running;
        match places.entry((build.name.clone(), build.by.clone())) {
            Entry::Vacant(place) => {
                let ended = build.since.filter(|_| !is_running);
                place.insert(Some(builds.len()));
                builds.push(Build { ended, ..build });
            }
            Entry::Occupied(mut place) => match *place.get() {
                Some(at) if is_running => builds[at].since = build.since,
                _ => drop(place.insert(None)),
            },
        }
    }
    builds
}

/// In a path: slashes stay.
fn escaped(branch: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    branch.bytes().map(one).collect()
}

/// <https://docs.github.com/en/rest/branches/branches#get-a-branch>
fn protected(branch: &Value) -> Vec<RequiredBuild> {
    let checks = branch.pointer("/protection/required_status_checks/checks").and_then(Value::as_array);
    checks.into_iter().flatten().filter_map(|check| required(check, "app_id")).collect()
}

/// <https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch>
fn ruled(rules: &Value) -> Result<Vec<RequiredBuild>, String> {
    let rules = rules.as_array().ok_or("an answer without a list")?;
    let ours = rules.iter().filter(|rule| rule["type"] == "required_status_checks");
    let checks = ours.filter_map(|rule| rule.pointer("/parameters/required_status_checks")?.as_array()).flatten();
    Ok(checks.filter_map(|check| required(check, "integration_id")).collect())
}

/// GitHub writes any app as null, or as -1.
fn required(check: &Value, app: &str) -> Option<RequiredBuild> {
    Some(RequiredBuild { name: text(check, "context")?, app: check.get(app).and_then(Value::as_u64) })
}

/// One of which cannot be read makes the whole unknown.
fn list<T>(body: Option<&Value>, read: fn(&Value) -> Option<T>) -> Result<Vec<T>, String> {
    let list = body.and_then(Value::as_array).ok_or("an answer without a list")?;
    list.iter().map(|one| read(one).ok_or_else(|| "a build that cannot be read".to_owned())).collect()
}

fn numbered_run(json: &Value) -> Option<Run> {
    let suite = json.pointer("/check_suite/id").and_then(Value::as_u64);
    Some(Run { id: json.get("id")?.as_u64()?, suite, build: check_run(json)? })
}

fn text(json: &Value, name: &str) -> Option<String> {
    json.get(name)?.as_str().map(str::to_owned)
}

fn time(json: &Value, name: &str) -> Option<Timestamp> {
    json.get(name)?.as_str()?.parse().ok()
}

fn status_of(json: &Value) -> Option<Build> {
    let state = match json.get("state")?.as_str()? {
        "success" => BuildState::Passed,
        "pending" => BuildState::Running,
        other => BuildState::Failed(other.to_owned()),
    };
    Some(Build {
        name: text(json, "context")?,
        // A person who is gone leaves none.
        by: json.get("creator").and_then(|creator| text(creator, "login")).unwrap_or_default(),
        state,
        said: text(json, "description").unwrap_or_default(),
        url: text(json, "target_url").filter(|url| !url.is_empty()),
        app: None,
        since: time(json, "created_at"),
        ended: None,
    })
}

fn check_run(json: &Value) -> Option<Build> {
    let state = match (json.get("status")?.as_str()?, json.get("conclusion").and_then(Value::as_str)) {
        ("completed", Some("success")) => BuildState::Passed,
        ("completed", Some("neutral")) => BuildState::Neutral,
        ("completed", Some("skipped")) => BuildState::Skipped,
        ("completed", Some(other)) => BuildState::Failed(other.replace('_', " ")),
        ("completed", None) => return None,
        _ => BuildState::Running,
    };
    Some(Build {
        name: text(json, "name")?,
        by: json.get("app").and_then(|app| text(app, "slug")).unwrap_or_default(),
        state,
        said: json.get("output").and_then(|output| text(output, "title")).unwrap_or_default(),
        url: text(json, "html_url").filter(|url| !url.is_empty()),
        app: json.pointer("/app/id").and_then(Value::as_u64),
        since: time(json, "started_at"),
        ended: time(json, "completed_at"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_status_began_when_it_was_first_posted_as_running() {
        let status = |state: &str, minute: u32| {
            let at = format!("2026-11-24T10:{minute:02}:00Z");
            status_of(&json!({"state": state, "context": "ci", "creator": {"login": "bot"}, "created_at": at})).unwrap()
        };
        let minutes = |statuses: Vec<Build>| {
            let minute = |at: Option<Timestamp>| at.map(|at| at.to_string()[14..16].parse::<u32>().unwrap());
            newest_of(statuses).into_iter().map(|one| (minute(one.since), minute(one.ended))).collect::<Vec<_>>()
        };
        // An earlier run is not its beginning.
        let rerun = vec![
            status("success", 9),
            status("pending", 8),
            status("pending", 7),
            status("failure", 5),
            status("pending", 4),
        ];
        assert_eq!(minutes(rerun), [(Some(7), Some(9))]);
        assert_eq!(minutes(vec![status("pending", 8), status("pending", 7)]), [(Some(7), None)]);
        assert_eq!(minutes(vec![status("success", 9)]), [(Some(9), Some(9))]);
    }

    #[test]
    fn a_job_of_one_workflow_does_not_hide_the_same_name_of_another() {
        let run = |id: u64, suite: u64, status: &str, conclusion: Value| {
            let json = json!({"id": id, "name": "build", "status": status, "conclusion": conclusion,
                "check_suite": {"id": suite}, "app": {"slug": "github-actions"}});
            numbered_run(&json).unwrap()
        };
        let passed = |id, suite| run(id, suite, "completed", json!("success"));
        let failed = |id, suite| run(id, suite, "completed", json!("failure"));
        let running = |id, suite| run(id, suite, "in_progress", Value::Null);
        let state = |runs: Vec<Run>| {
            let mut builds: Vec<Build> = worst_of(runs).collect();
            assert_eq!(builds.len(), 1);
            builds.remove(0).state
        };
        assert_eq!(state(vec![failed(1, 10), passed(2, 20)]), BuildState::Failed("failure".to_owned()));
        assert_eq!(state(vec![running(1, 10), passed(2, 20)]), BuildState::Running);
        assert_eq!(state(vec![failed(1, 10), passed(3, 20), passed(2, 10)]), BuildState::Passed, "it was run again");
        assert_eq!(state(vec![passed(1, 10), failed(3, 10), passed(2, 20)]), BuildState::Failed("failure".to_owned()));
    }

    #[test]
    fn what_a_branch_requires_is_read_from_protection_and_rules() {
        let branch = json!({"protection": {"required_status_checks": {"checks": [
            {"context": "suite", "app_id": 7}, {"context": "scan", "app_id": null}, {"context": "lint", "app_id": -1},
        ]}}});
        let named = |all: Vec<RequiredBuild>| all.into_iter().map(|one| (one.name, one.app)).collect::<Vec<_>>();
        let two = [("suite".to_owned(), Some(7)), ("scan".to_owned(), None), ("lint".to_owned(), None)];
        assert_eq!(named(protected(&branch)), two);
        assert_eq!(protected(&json!({"protected": false})), []);
        let rules = json!([{"type": "deletion"}, {"type": "required_status_checks", "parameters":
            {"required_status_checks": [{"context": "suite", "integration_id": 7}]}}]);
        assert_eq!(named(ruled(&rules).unwrap()), [("suite".to_owned(), Some(7))]);
        assert!(ruled(&json!({})).is_err());
    }

    #[test]
    fn states_of_both_kinds_are_read() {
        let run = |status: &str, conclusion: Value| {
            let json =
                json!({"id": 1, "name": "suite", "status": status, "conclusion": conclusion, "app": {"slug": "ci"}});
            check_run(&json).map(|build| build.state)
        };
        assert_eq!(run("completed", json!("success")), Some(BuildState::Passed));
        assert_eq!(run("completed", json!("timed_out")), Some(BuildState::Failed("timed out".to_owned())));
        assert_eq!(run("queued", Value::Null), Some(BuildState::Running));
        assert_eq!(run("completed", Value::Null), None, "an end without a word is no pass");
        let status = |state: &str| status_of(&json!({"state": state, "context": "ci"})).map(|build| build.state);
        assert_eq!(status("success"), Some(BuildState::Passed));
        assert_eq!(status("error"), Some(BuildState::Failed("error".to_owned())));
        assert_eq!(status("new word"), Some(BuildState::Failed("new word".to_owned())));
    }
}
