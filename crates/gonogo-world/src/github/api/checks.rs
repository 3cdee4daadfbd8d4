//! Check runs and suites: an App's alone to write.

use serde_json::Value;

use super::answers::{Done, Refusal};
use super::call::Call;
use super::{Answered, State};
use crate::github::access::{Kind, Level};
use crate::github::git::Moved;
use crate::github::render::outcome;
use crate::github::repository::{PostedCheckRun, Suite};

const TEXT_LIMIT: usize = 65_535;
const ANNOTATION_LIMIT: usize = 50;
const ACTION_LIMIT: usize = 3;

const STATUSES: [&str; 6] = ["queued", "in_progress", "completed", "waiting", "requested", "pending"];
const CONCLUSIONS: [&str; 8] =
    ["action_required", "cancelled", "failure", "neutral", "success", "skipped", "stale", "timed_out"];

const FIELDS: [&str; 10] = [
    "name",
    "head_sha",
    "details_url",
    "external_id",
    "status",
    "started_at",
    "conclusion",
    "completed_at",
    "output",
    "actions",
];

impl State {
    pub(super) fn check_run_route(&mut self, call: &Call, id: u64, rest: &[&str]) -> Answered {
        match (call.method(), rest) {
            ("POST", []) => self.create_run(call, id),
            ("PATCH", [run]) => self.update_run(call, id, run),
            ("GET", [run]) => {
                self.knows(call, &[]);
                self.may_read_checks(call, id)?;
                let run = self.run_number(id, run)?;
                Ok(Done::ok(self.run_json(self.repository(id), &run)))
            }
            ("GET", [run, "annotations"]) => {
                self.knows(call, &["per_page", "page"]);
                self.may_read_checks(call, id)?;
                let run = self.run_number(id, run)?;
                let annotations = run.annotations.iter();
                let repository = self.repository(id);
                let json = annotations.map(|one| self.annotation_json(repository, &run.head_sha, one)).collect();
                Ok(self.list(call, json))
            }
            _ => Err(Refusal::no_such_path()),
        }
    }

    pub(super) fn check_runs(&mut self, call: &Call, id: u64, name: &str) -> Answered {
        self.knows(call, &["check_name", "status", "filter", "app_id", "per_page", "page"]);
        self.may_read_checks(call, id)?;
        let sha = self.commit_named(id, name)?;
        let repository = self.repository(id);
        let runs = match call.query("filter") {
            Some("all") => repository.runs.iter().rev().filter(|run| run.head_sha == sha).collect(),
            _ => repository.newest_runs(&sha),
        };
        let wanted = |run: &&&PostedCheckRun| {
            call.query("check_name").is_none_or(|name| name == run.name)
                && call.query("status").is_none_or(|status| status == run.status)
                && call.query("app_id").is_none_or(|app| app == run.app.to_string())
        };
        let runs = runs.iter().filter(wanted).map(|run| self.run_json(repository, run)).collect();
        Ok(self.counted(call, "check_runs", runs))
    }

    pub(super) fn check_suites(&mut self, call: &Call, id: u64, name: &str) -> Answered {
        self.knows(call, &["check_name", "app_id", "per_page", "page"]);
        self.may_read_checks(call, id)?;
        let sha = self.commit_named(id, name)?;
        let repository = self.repository(id);
        let suites = repository.suites.iter().filter(|suite| {
            suite.head_sha == sha && call.query("app_id").is_none_or(|app| app == suite.app.to_string())
        });
        let suites = suites.map(|suite| self.suite_json(repository, suite)).collect();
        Ok(self.counted(call, "check_suites", suites))
    }

    /// Fine-grained personal tokens have no such right to be given.
    fn may_read_checks(&self, call: &Call, id: u64) -> Result<(), Refusal> {
        let is_fine_grained = call.caller.token().is_some_and(|token| token.kind == Kind::FineGrained);
        if is_fine_grained && self.repository(id).is_private {
            return Err(Refusal::not_accessible(false, "checks=read"));
        }
        self.needs(call, id, "checks", Level::Read)
    }

    /// The App that asks, which may write.
    fn checking_app(&self, call: &Call, id: u64) -> Result<u64, Refusal> {
        let Some(installation) = call.caller.installation() else {
            return Err(Refusal::quiet(403, "You must authenticate via a GitHub App."));
        };
        self.needs(call, id, "checks", Level::Write)?;
        let (app, _) = self.installation(installation).ok_or_else(Refusal::not_found)?;
        Ok(app.id)
    }

    fn create_run(&mut self, call: &Call, id: u64) -> Answered {
        self.knows(call, &FIELDS);
        let app = self.checking_app(call, id)?;
        let (name, head_sha) = (call.needed_text("name")?, call.needed_text("head_sha")?);
        if self.repository(id).resolve(&head_sha).is_none_or(|sha| sha != head_sha) {
            return Err(Refusal::quiet(422, format!("No commit found for SHA: {head_sha}")));
        }
        let suite = self.suite_of(id, app, &head_sha, None);
        let mut run = PostedCheckRun {
            id: self.next_id(),
            suite,
            app,
            head_sha,
            name,
            status: "queued".to_owned(),
            conclusion: None,
            external_id: None,
            details_url: None,
            title: None,
            summary: None,
            text: None,
            annotations: Vec::new(),
            actions: Vec::new(),
            started: Some(self.clock.now()),
            completed: None,
        };
        self.change(call, &mut run)?;
        self.keep_run(id, run.clone());
        Ok(Done::created(self.run_json(self.repository(id), &run)))
    }

    fn update_run(&mut self, call: &Call, id: u64, run: &str) -> Answered {
        self.knows(call, &FIELDS);
        let app = self.checking_app(call, id)?;
        let mut run = self.run_number(id, run)?;
        if run.app != app {
            return Err(Refusal::surprise(
                403,
                "Invalid app_id `{app}` - check run can only be modified by the GitHub App that created it.",
            ));
        }
        if let Some(name) = call.text("name")? {
            run.name = name;
        }
        self.change(call, &mut run)?;
        self.keep_run(id, run.clone());
        Ok(Done::ok(self.run_json(self.repository(id), &run)))
    }

    /// Takes over what the call says of a run.
    fn change(&self, call: &Call, run: &mut PostedCheckRun) -> Result<(), Refusal> {
        let invalid = |field: &str, why: &str| Refusal::invalid("CheckRun", field, why);
        let (status, conclusion) = (call.text("status")?, call.text("conclusion")?);
        if status.as_ref().is_some_and(|status| !STATUSES.contains(&status.as_str())) {
            return Err(invalid("status", "status is not included in the list"));
        }
        if conclusion.as_ref().is_some_and(|conclusion| !CONCLUSIONS.contains(&conclusion.as_str())) {
            return Err(invalid("conclusion", "conclusion is not included in the list"));
        }
        if status.as_deref() == Some("completed") && conclusion.is_none() && run.conclusion.is_none() {
            return Err(invalid("conclusion", "a completed check run has a conclusion"));
        }
        if let Some(status) = status {
            if status != "completed" {
                (run.conclusion, run.completed) = (None, None);
            }
            run.status = status;
        }
        if let Some(conclusion) = conclusion {
            "completed".clone_into(&mut run.status);
            run.conclusion = Some(conclusion);
            run.completed = Some(self.clock.now());
        }
        let instant = |name: &str| -> Result<Option<jiff::Timestamp>, Refusal> {
            let text = call.text(name)?;
            text.map(|text| text.parse().map_err(|_| invalid(name, "is not an RFC 3339 instant"))).transpose()
        };
        run.started = instant("started_at")?.or(run.started);
        run.completed = instant("completed_at")?.or(run.completed);
        run.external_id = call.text("external_id")?.or_else(|| run.external_id.take());
        run.details_url = call.text("details_url")?.or_else(|| run.details_url.take());
        if let Some(actions) = call.list("actions")? {
            check_actions(&actions)?;
            run.actions = actions;
        }
        if call.has("output") { take_output(call.value("output"), run) } else { Ok(()) }
    }

    /// Stores a run, new or changed, and tells of it.
    pub(in super::super) fn keep_run(&mut self, id: u64, run: PostedCheckRun) {
        let (number, suite) = (run.id, run.suite);
        let now = self.clock.now();
        let repository = self.repository_mut(id);
        let known = repository.runs.iter_mut().find(|known| known.id == number);
        let was_completed = known.as_ref().is_some_and(|known| known.status == "completed");
        let is_completed = run.status == "completed";
        let is_new = known.is_none();
        match known {
            Some(known) => *known = run,
            None => repository.runs.push(run),
        }
        let suite_of_run = repository.suites.iter_mut().find(|known| known.id == suite);
        suite_of_run.expect("a run has a suite").updated = now;
        if is_new {
            self.tell_check_run(id, number, "created");
        }
        if is_completed && !was_completed {
            self.tell_check_run(id, number, "completed");
            let repository = self.repository(id);
            let suite = repository.suites.iter().find(|known| known.id == suite).expect("a run has a suite");
            let (status, _) = outcome(repository, suite);
            let (suite, bot) = (suite.id, self.bot_of(suite.app));
            if status == "completed" {
                self.tell_check_suite(id, suite, "completed", &bot);
            }
        }
    }

    /// The App's suite of a commit, made if need be.
    pub(in super::super) fn suite_of(&mut self, id: u64, app: u64, sha: &str, branch: Option<&str>) -> u64 {
        let known = self.repository(id).suites.iter().find(|suite| suite.app == app && suite.head_sha == sha);
        if let Some(suite) = known {
            return suite.id;
        }
        let (new, now) = (self.next_id(), self.clock.now());
        let repository = self.repository_mut(id);
        let on = repository.refs.iter().find(|(_, head)| *head == sha).map(|(name, _)| name.clone());
        let on = on.and_then(|name| name.strip_prefix("refs/heads/").map(str::to_owned));
        repository.suites.push(Suite {
            id: new,
            app,
            head_sha: sha.to_owned(),
            head_branch: branch.map(str::to_owned).or(on),
            created: now,
            updated: now,
        });
        new
    }

    /// Asks each App that may check the new head of a branch to do so.
    pub(in super::super) fn open_suites(&mut self, id: u64, moved: &Moved) {
        let Some(branch) = moved.branch() else {
            return;
        };
        let repository = self.repository(id);
        let may_check = |app: &&crate::github::apps::StoredApp| {
            app.rights.get("checks") == Some(&Level::Write) && app.installation_of(repository).is_some()
        };
        let apps: Vec<u64> = self.apps.iter().filter(may_check).map(|app| app.id).collect();
        for app in apps {
            let suite = self.suite_of(id, app, &moved.after, Some(branch));
            self.tell_check_suite(id, suite, "requested", "robin");
        }
    }

    fn run_number(&self, id: u64, number: &str) -> Result<PostedCheckRun, Refusal> {
        let known = self.repository(id).runs.iter().find(|run| run.id.to_string() == number);
        known.cloned().ok_or_else(Refusal::not_found)
    }
}

fn take_output(output: &Value, run: &mut PostedCheckRun) -> Result<(), Refusal> {
    let invalid = |field: &str, why: String| Refusal::invalid("CheckRun", field, &why);
    for field in ["summary", "text"] {
        if output[field].as_str().is_some_and(|text| text.len() > TEXT_LIMIT) {
            return Err(invalid(field, format!("{field} exceeds a maximum length of {TEXT_LIMIT}")));
        }
    }
    let text = |field: &str| output[field].as_str().map(str::to_owned);
    if text("summary").is_none() || (run.title.is_none() && text("title").is_none()) {
        return Err(invalid("output", "title and summary are needed".to_owned()));
    }
    let annotations = output["annotations"].as_array().cloned().unwrap_or_default();
    if annotations.len() > ANNOTATION_LIMIT {
        return Err(invalid("annotations", format!("annotations exceeds a maximum quantity of {ANNOTATION_LIMIT}")));
    }
    for annotation in &annotations {
        let is_level = |level: &str| ["notice", "warning", "failure"].contains(&level);
        let is_whole = annotation["path"].is_string()
            && annotation["start_line"].is_u64()
            && annotation["end_line"].is_u64()
            && annotation["annotation_level"].as_str().is_some_and(is_level)
            && annotation["message"].is_string();
        if !is_whole {
            return Err(invalid("annotations", format!("{annotation} is not a whole annotation")));
        }
    }
    run.title = text("title").or_else(|| run.title.take());
    run.summary = text("summary");
    run.text = text("text").or_else(|| run.text.take());
    // Each request adds to those before.
    run.annotations.extend(annotations);
    Ok(())
}

fn check_actions(actions: &[Value]) -> Result<(), Refusal> {
    let is_short = |value: &Value, limit: usize| value.as_str().is_some_and(|text| text.chars().count() <= limit);
    let is_right = |action: &Value| {
        is_short(&action["label"], 20) && is_short(&action["description"], 40) && is_short(&action["identifier"], 20)
    };
    if actions.len() > ACTION_LIMIT || !actions.iter().all(is_right) {
        return Err(Refusal::invalid("CheckRun", "actions", "at most 3, with short label, description and identifier"));
    }
    Ok(())
}
