//! Deployments.

use serde_json::Value;

use super::answers::{Done, Refusal};
use super::call::Call;
use super::{Answered, State};
use crate::github::access::Level;
use crate::github::repository::{PostedDeployment, PostedDeploymentStatus, Repository};

const STATES: [&str; 7] = ["error", "failure", "inactive", "in_progress", "queued", "pending", "success"];

impl State {
    pub(super) fn deployment_route(&mut self, call: &Call, id: u64, rest: &[&str]) -> Answered {
        let level = if call.method() == "GET" { Level::Read } else { Level::Write };
        self.needs(call, id, "deployments", level)?;
        match (call.method(), rest) {
            ("GET", []) => Ok(self.deployments(call, id)),
            ("POST", []) => self.create_deployment(call, id),
            ("GET", [number]) => {
                self.knows(call, &[]);
                let deployment = self.deployment_number(id, number)?;
                Ok(Done::ok(self.deployment_json(self.repository(id), &deployment)))
            }
            ("GET", [number, "statuses"]) => {
                self.knows(call, &["per_page", "page"]);
                let deployment = self.deployment_number(id, number)?;
                let newest_first = deployment.statuses.iter().rev();
                let repository = self.repository(id);
                let json =
                    newest_first.map(|status| self.deployment_status_json(repository, &deployment, status)).collect();
                Ok(self.list(call, json))
            }
            ("POST", [number, "statuses"]) => self.post_deployment_status(call, id, number),
            _ => Err(Refusal::no_such_path()),
        }
    }

    fn deployments(&mut self, call: &Call, id: u64) -> Done {
        self.knows(call, &["sha", "ref", "task", "environment", "per_page", "page"]);
        let repository = self.repository(id);
        let is = |name: &str, value: &str| call.query(name).is_none_or(|wanted| wanted == value);
        let newest_first = repository.deployments.iter().rev().filter(|deployment| {
            is("sha", &deployment.sha)
                && is("ref", &deployment.name)
                && is("task", &deployment.task)
                && is("environment", &deployment.environment)
        });
        let json = newest_first.map(|deployment| self.deployment_json(repository, deployment)).collect();
        self.list(call, json)
    }

    fn create_deployment(&mut self, call: &Call, id: u64) -> Answered {
        self.knows(
            call,
            &[
                "ref",
                "task",
                "auto_merge",
                "required_contexts",
                "payload",
                "environment",
                "description",
                "transient_environment",
                "production_environment",
            ],
        );
        let name = call.needed_text("ref")?;
        let repository = self.repository(id);
        let Some(sha) = repository.resolve(&name) else {
            return Err(Refusal::quiet(422, format!("No ref found for: {name}")));
        };
        if call.flag("auto_merge")?.unwrap_or(true) {
            may_merge(repository, &name, &sha)?;
        }
        let contexts = call.list("required_contexts")?;
        if !are_green(repository, &sha, contexts.as_deref()) {
            return Err(Refusal::quiet(409, format!("Conflict: Commit status checks failed for {name}.")));
        }
        let deployment = PostedDeployment {
            id: self.next_id(),
            sha,
            name,
            task: call.text("task")?.unwrap_or_else(|| "deploy".to_owned()),
            environment: call.text("environment")?.unwrap_or_else(|| "production".to_owned()),
            description: call.text("description")?,
            payload: if call.has("payload") { call.value("payload").clone() } else { serde_json::json!({}) },
            creator: call.actor(),
            created: self.clock.now(),
            statuses: Vec::new(),
        };
        self.repository_mut(id).deployments.push(deployment.clone());
        self.tell_deployment(id, &deployment);
        Ok(Done::created(self.deployment_json(self.repository(id), &deployment)))
    }

    fn post_deployment_status(&mut self, call: &Call, id: u64, number: &str) -> Answered {
        self.knows(
            call,
            &["state", "target_url", "log_url", "description", "environment", "environment_url", "auto_inactive"],
        );
        let mut deployment = self.deployment_number(id, number)?;
        let state = call.needed_text("state")?;
        if !STATES.contains(&state.as_str()) {
            return Err(Refusal::invalid("DeploymentStatus", "state", "state is not included in the list"));
        }
        let text = |name: &str| call.text(name).map(Option::unwrap_or_default);
        let description = text("description")?;
        if description.chars().count() > 140 {
            let why = "description is too long (maximum is 140 characters)";
            return Err(Refusal::invalid("DeploymentStatus", "description", why));
        }
        let log_url = text("log_url")?;
        let target_url = text("target_url")?;
        let status = PostedDeploymentStatus {
            id: self.next_id(),
            state,
            description,
            target_url: if target_url.is_empty() { log_url.clone() } else { target_url },
            log_url,
            environment_url: text("environment_url")?,
            creator: call.actor(),
            created: self.clock.now(),
        };
        deployment.statuses.push(status.clone());
        let stored = self.repository_mut(id).deployments.iter_mut().find(|known| known.id == deployment.id);
        *stored.expect("it was just found") = deployment.clone();
        self.tell_deployment_status(id, &deployment, &status);
        Ok(Done::created(self.deployment_status_json(self.repository(id), &deployment, &status)))
    }

    fn deployment_number(&self, id: u64, number: &str) -> Result<PostedDeployment, Refusal> {
        let known = self.repository(id).deployments.iter().find(|deployment| deployment.id.to_string() == number);
        known.cloned().ok_or_else(Refusal::not_found)
    }
}

/// A branch that is behind the default one would be merged with it first,
/// which is refused here as a conflict: nobody should want that.
fn may_merge(repository: &Repository, name: &str, sha: &str) -> Result<(), Refusal> {
    let default = &repository.default_branch;
    let is_behind = repository.branch(name).is_some()
        && repository.branch(default).is_some_and(|head| !repository.is_ancestor(head, sha));
    if is_behind {
        return Err(Refusal::quiet(409, format!("Conflict merging {default} into {name}.")));
    }
    Ok(())
}

/// Whether the named contexts, or all that there are, have succeeded.
fn are_green(repository: &Repository, sha: &str, contexts: Option<&[Value]>) -> bool {
    let statuses = repository.newest_statuses(sha);
    let runs = repository.newest_runs(sha);
    let passed = ["success", "neutral", "skipped"];
    let outcomes = statuses.iter().map(|status| (status.context.as_str(), status.state == "success"));
    let mut outcomes = outcomes.chain(runs.iter().map(|run| {
        (run.name.as_str(), run.conclusion.as_ref().is_some_and(|conclusion| passed.contains(&conclusion.as_str())))
    }));
    match contexts {
        None => outcomes.all(|(_, is_green)| is_green),
        Some(names) => {
            let outcomes: Vec<_> = outcomes.collect();
            names.iter().all(|name| outcomes.iter().any(|(known, is_green)| *name == **known && *is_green))
        }
    }
}
