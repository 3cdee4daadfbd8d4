//! Repositories, branches, references.

use serde_json::{Value, json};

use super::answers::{Done, Refusal};
use super::call::Call;
use super::{Answered, State};
use crate::github::access::{Caller, Level};

impl State {
    pub(super) fn repository_by_name(&mut self, call: &Call, owner: &str, name: &str, rest: &[&str]) -> Answered {
        let full_name = format!("{owner}/{name}");
        if let Some(id) = self.repository_named(&full_name).map(|repository| repository.id) {
            return self.repository_route(call, id, rest);
        }
        let Some(repository) = self.repository_once_named(&full_name) else {
            return Err(Refusal::not_found());
        };
        if !self.may_see(&call.caller, repository) {
            return Err(Refusal::not_found());
        }
        let prefix = format!("/repos/{owner}/{name}");
        let below = call.ask.target.split_once(&prefix).map_or("", |(_, below)| below);
        let url = format!("{}/repositories/{}{below}", self.api_url(), repository.id);
        let (status, message) =
            if call.method() == "GET" { (301, "Moved Permanently") } else { (307, "Temporary Redirect") };
        Err(Refusal::quiet(status, message).header("Location", &url))
    }

    pub(super) fn repository_by_id(&mut self, call: &Call, id: &str, rest: &[&str]) -> Answered {
        let known = self.repositories.iter().find(|repository| repository.id.to_string() == id);
        let id = known.map(|repository| repository.id).ok_or_else(Refusal::not_found)?;
        self.repository_route(call, id, rest)
    }

    fn repository_route(&mut self, call: &Call, id: u64, rest: &[&str]) -> Answered {
        if matches!(call.caller, Caller::App(_)) && rest != ["installation"] {
            return Err(Refusal::surprise(403, "Resource not accessible by integration"));
        }
        if rest == ["installation"] {
            return self.repository_installation(call, id);
        }
        if !self.may_see(&call.caller, self.repository(id)) {
            return Err(Refusal::not_found());
        }
        match (call.method(), rest) {
            ("GET", []) => {
                self.knows(call, &[]);
                self.needs(call, id, "metadata", Level::Read)?;
                let repository = self.repository(id);
                let mut json = self.repository_json(repository);
                json["permissions"] = permissions_json(repository.role_of(&call.actor()));
                Ok(Done::ok(json))
            }
            ("GET", ["branches"]) => self.branches(call, id),
            ("GET", ["branches", branch @ .., "protection"]) => self.protection(call, id, &branch.join("/")),
            ("GET", ["rules", "branches", branch @ ..]) => self.rules(call, id, &branch.join("/")),
            ("GET", ["branches", branch @ ..]) => self.branch(call, id, &branch.join("/")),
            ("GET", ["git", "ref", name @ ..]) => self.git_ref(call, id, &name.join("/")),
            ("GET", ["git", "matching-refs", name @ ..]) => self.matching_refs(call, id, &name.join("/")),
            ("GET", ["commits", name @ .., "pulls"]) => self.pulls_of_commit(call, id, &name.join("/")),
            ("GET", ["commits", name @ .., "status"]) => self.combined_status(call, id, &name.join("/")),
            ("GET", ["commits", name @ .., "statuses"]) => self.statuses(call, id, &name.join("/")),
            ("GET", ["commits", name @ .., "check-runs"]) => self.check_runs(call, id, &name.join("/")),
            ("GET", ["commits", name @ .., "check-suites"]) => self.check_suites(call, id, &name.join("/")),
            ("GET", ["commits", name @ ..]) if !name.is_empty() => self.commit(call, id, &name.join("/")),
            ("POST", ["statuses", sha]) => self.post_status(call, id, sha),
            ("GET", ["pulls"]) => self.pulls(call, id),
            ("GET", ["pulls", number]) => self.pull(call, id, number),
            (_, ["check-runs", rest @ ..]) => self.check_run_route(call, id, rest),
            (_, ["deployments", rest @ ..]) => self.deployment_route(call, id, rest),
            (_, ["hooks", rest @ ..]) => self.hook_route(call, id, rest),
            ("GET", ["collaborators", login, "permission"]) => self.role(call, id, login),
            _ => Err(Refusal::no_such_path()),
        }
    }

    /// Refuses whoever lacks this right.
    pub(super) fn needs(&self, call: &Call, id: u64, permission: &str, level: Level) -> Result<(), Refusal> {
        let repository = self.repository(id);
        if level == Level::Write && repository.is_archived {
            return Err(Refusal::quiet(403, "Repository was archived so is read-only."));
        }
        if call.caller.may(repository, permission, level) {
            return Ok(());
        }
        let needs = format!("{permission}={}", level.word());
        match call.caller {
            Caller::Anonymous => Err(Refusal::quiet(401, "Requires authentication")),
            _ => Err(Refusal::not_accessible(call.caller.installation().is_some(), &needs)),
        }
    }

    fn branches(&mut self, call: &Call, id: u64) -> Answered {
        self.knows(call, &["protected", "per_page", "page"]);
        self.needs(call, id, "contents", Level::Read)?;
        let repository = self.repository(id);
        let branches = repository.refs.iter().filter_map(|(name, sha)| Some((name.strip_prefix("refs/heads/")?, sha)));
        let wanted = call.query("protected").map(|text| text == "true");
        let branches = branches
            .filter(|(name, _)| wanted.is_none_or(|wanted| repository.is_protected(name) == wanted))
            .map(|(name, sha)| self.short_branch_json(repository, name, sha))
            .collect();
        Ok(self.list(call, branches))
    }

    fn branch(&mut self, call: &Call, id: u64, name: &str) -> Answered {
        self.knows(call, &[]);
        self.needs(call, id, "contents", Level::Read)?;
        let repository = self.repository(id);
        let sha = repository.branch(name).ok_or_else(|| Refusal::quiet(404, "Branch not found"))?;
        Ok(Done::ok(self.branch_json(repository, name, sha)))
    }

    fn git_ref(&mut self, call: &Call, id: u64, name: &str) -> Answered {
        self.knows(call, &[]);
        self.needs(call, id, "contents", Level::Read)?;
        let repository = self.repository(id);
        if repository.refs.is_empty() {
            return Err(Refusal::quiet(409, "Git Repository is empty."));
        }
        let name = format!("refs/{name}");
        let sha = repository.refs.get(&name).ok_or_else(Refusal::not_found)?;
        Ok(Done::ok(self.ref_json(repository, &name, sha)))
    }

    fn matching_refs(&mut self, call: &Call, id: u64, name: &str) -> Answered {
        self.knows(call, &["per_page", "page"]);
        self.needs(call, id, "contents", Level::Read)?;
        let repository = self.repository(id);
        let prefix = format!("refs/{name}");
        let refs = repository.refs.iter().filter(|(known, _)| known.starts_with(&prefix));
        let refs = refs.map(|(name, sha)| self.ref_json(repository, name, sha)).collect();
        Ok(self.list(call, refs))
    }

    fn role(&mut self, call: &Call, id: u64, login: &str) -> Answered {
        self.knows(call, &[]);
        self.needs(call, id, "metadata", Level::Read)?;
        if self.known_account(login).is_none() {
            return Err(Refusal::not_found());
        }
        let role = self.repository(id).role_of(login);
        let mut user = self.user_json(login);
        user["role_name"] = role.into();
        user["permissions"] = permissions_json(role);
        Ok(Done::ok(json!({"permission": role, "role_name": role, "user": user})))
    }
}

fn permissions_json(role: &str) -> Value {
    let (is_admin, may_push) = (role == "admin", role == "admin" || role == "write");
    json!({"admin": is_admin, "maintain": is_admin, "push": may_push, "triage": may_push, "pull": role != "none"})
}
