//! Repositories.

#![expect(clippy::return_self_not_must_use, reason = "each word takes effect at once; a sentence may end with any")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;

use super::super::hooks::Hook;
use super::super::repository::{
    PostedCheckRun, PostedDeployment, PostedDeploymentStatus, PostedStatus, Pull, Repository as Stored, Required,
};
use super::super::state::State;
use super::super::{App, GitHub};
use super::{PullRequest, StatusOf};
use crate::Repo;

/// A repository, to say more about.
#[derive(Debug, Clone, Copy)]
pub struct Repository<'a> {
    github: &'a GitHub,
    id: u64,
    who: &'a str,
}

/// What is.
impl<'a> Repository<'a> {
    pub(in super::super) fn new(github: &'a GitHub, full_name: &str) -> Self {
        let mut state = github.state();
        let known = state.repository_named(full_name).map(|repository| repository.id);
        let id = known.unwrap_or_else(|| create(&mut state, full_name));
        drop(state);
        Self { github, id, who: "robin" }
    }

    /// The number that it keeps when it is renamed.
    pub fn id(self) -> u64 {
        self.id
    }

    /// What follows is done by this person, who is made if need be.
    pub fn by(self, login: &'a str) -> Self {
        self.github.state().account(login, false);
        Self { who: login, ..self }
    }

    /// Anybody may see it.
    pub fn public(self) -> Self {
        self.with(|repository| repository.is_private = false)
    }

    /// Nobody may change it.
    pub fn archived(self) -> Self {
        self.with(|repository| repository.is_archived = true)
    }

    /// Another branch than `main`.
    pub fn with_default_branch(self, branch: &str) -> Self {
        self.with(|repository| branch.clone_into(&mut repository.default_branch))
    }

    /// Has the branches and tags of this repository; no hook is told.
    pub fn made_from(self, repo: &Repo) -> Self {
        let (from, refspecs) = (repo.url(), ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]);
        self.quietly(|bare| drop(bare.git(&[&["fetch", "--quiet", "--prune", &from], &refspecs[..]].concat())))
    }

    /// Has what this stream of `git fast-import` holds; no hook is told.
    pub fn made_of(self, stream: &[u8]) -> Self {
        self.quietly(|bare| bare.import(stream))
    }

    /// Has what its folder has from before; no hook is told.
    pub fn found_again(self) -> Self {
        self.quietly(|_| ())
    }

    /// This person is `admin`, `write`, `read` or `none` of it; whoever is not
    /// named may write.
    pub fn has(self, login: &str, role: &str) -> Self {
        self.github.state().account(login, false);
        self.with(|repository| drop(repository.roles.insert(login.to_owned(), role.to_owned())))
    }

    /// Its default branch's protection asks for this status or check, by any
    /// who post it or by this App alone.
    pub fn requires(self, context: &str, app: Option<App<'_>>) -> Self {
        self.require(context, app, false)
    }

    /// A ruleset asks for this status or check on its default branch.
    pub fn rules_require(self, context: &str, app: Option<App<'_>>) -> Self {
        self.require(context, app, true)
    }

    /// A hook tells this address of everything, signed with this secret; none
    /// if it is empty. It is greeted with a ping.
    pub fn hooked_to(self, url: &str, secret: &str) -> Self {
        self.hook(url, secret, None)
    }

    /// A hook tells this address of these events alone.
    pub fn hooked_to_for(self, url: &str, secret: &str, events: &[&str]) -> Self {
        self.hook(url, secret, Some(events.iter().map(ToString::to_string).collect()))
    }

    /// Its hooks send forms, as GitHub has it where nobody chooses JSON.
    pub fn hooked_by_forms(self) -> Self {
        self.with(|repository| repository.hooks.iter_mut().for_each(|hook| hook.is_form = true))
    }

    /// Its hooks are deleted.
    pub fn unhooked(self) -> Self {
        self.with(|repository| repository.hooks.clear())
    }

    /// The ids of its hooks.
    pub fn hook_ids(self) -> Vec<u64> {
        self.github.state().repository(self.id).hooks.iter().map(|hook| hook.id).collect()
    }

    /// Where git clones it from.
    pub fn clone_url(self) -> String {
        let state = self.github.state();
        format!("{}/{}.git", state.web_url, state.repository(self.id).full_name())
    }

    /// Where git clones it from with this token, which is then in the URL.
    pub fn clone_url_with(self, token: &str) -> String {
        self.clone_url().replacen("://", &format!("://x-access-token:{token}@"), 1)
    }

    /// The bare repository behind it.
    pub fn path(self) -> PathBuf {
        self.github.state().repository(self.id).bare.path().to_owned()
    }

    /// Where a branch is.
    pub fn branch(self, name: &str) -> Option<String> {
        self.github.state().repository(self.id).branch(name).cloned()
    }

    /// Where a tag is.
    pub fn tag(self, name: &str) -> Option<String> {
        self.github.state().repository(self.id).refs.get(&format!("refs/tags/{name}")).cloned()
    }

    /// Whether a branch has this commit.
    pub fn has_commit(self, branch: &str, sha: &str) -> bool {
        let state = self.github.state();
        let repository = state.repository(self.id);
        repository.branch(branch).is_some_and(|head| repository.is_ancestor(sha, head))
    }

    /// All statuses that were posted on a commit, oldest first.
    pub fn statuses(self, sha: &str) -> Vec<PostedStatus> {
        let state = self.github.state();
        state.repository(self.id).statuses.iter().filter(|status| status.sha == sha).cloned().collect()
    }

    /// The newest status of a context on a commit, to be waited for.
    pub fn status_of(self, sha: &str, context: &str) -> StatusOf<'a> {
        StatusOf::new(self.github, self.id, sha, context)
    }

    /// All check runs of a commit, oldest first.
    pub fn check_runs(self, sha: &str) -> Vec<PostedCheckRun> {
        let state = self.github.state();
        state.repository(self.id).runs.iter().filter(|run| run.head_sha == sha).cloned().collect()
    }

    /// All deployments, oldest first.
    pub fn deployments(self) -> Vec<PostedDeployment> {
        self.github.state().repository(self.id).deployments.clone()
    }

    fn require(self, context: &str, app: Option<App<'_>>, by_ruleset: bool) -> Self {
        let app = app.map(App::id);
        self.with(|repository| {
            let branch = repository.default_branch.clone();
            repository.required.push(Required { branch, context: context.to_owned(), app, by_ruleset });
        })
    }

    fn hook(self, url: &str, secret: &str, events: Option<Vec<String>>) -> Self {
        let mut state = self.github.state();
        let mut hook = Hook::new(state.next_id(), url, secret, state.clock.now());
        hook.events = events;
        let number = hook.id;
        state.repository_mut(self.id).hooks.push(hook);
        state.tell_ping(self.id, number);
        drop(state);
        self
    }

    fn quietly(self, change: impl FnOnce(&Repo)) -> Self {
        let mut state = self.github.state();
        change(&state.repository(self.id).bare);
        let was_down = std::mem::replace(&mut state.is_down, true);
        state.notice_moves(self.id, self.who);
        state.is_down = was_down;
        drop(state);
        self
    }

    fn with(self, change: impl FnOnce(&mut Stored)) -> Self {
        change(self.github.state().repository_mut(self.id));
        self
    }
}

/// What happens.
impl<'a> Repository<'a> {
    /// A branch of this repository is pushed, with force where that is needed;
    /// returns the new head.
    pub fn pushes(self, branch: &str, repo: &Repo) -> String {
        self.pushes_at(branch, repo, &format!("refs/heads/{branch}"))
    }

    /// A branch is pushed to be where `rev` is in this repository.
    pub fn pushes_at(self, branch: &str, repo: &Repo, rev: &str) -> String {
        let sha = repo.rev(rev);
        self.fetch(repo, &format!("+{sha}:refs/heads/{branch}"));
        sha
    }

    /// A tag of this repository is pushed.
    pub fn pushes_tag(self, tag: &str, repo: &Repo) -> Self {
        self.fetch(repo, &format!("+refs/tags/{tag}:refs/tags/{tag}"));
        self
    }

    /// A branch is deleted.
    pub fn deletes_branch(self, branch: &str) -> Self {
        self.moves(|bare| bare.git(&["update-ref", "-d", &format!("refs/heads/{branch}")]))
    }

    /// A tag is deleted.
    pub fn deletes_tag(self, tag: &str) -> Self {
        self.moves(|bare| bare.git(&["update-ref", "-d", &format!("refs/tags/{tag}")]))
    }

    /// A pull request is opened, of one branch into another.
    pub fn opens_pull_request(self, title: &str, head: &str, base: &str) -> PullRequest<'a> {
        let head_sha = self.branch(head).expect("the test has pushed this branch");
        self.opens(title, None, head, &head_sha, base)
    }

    /// A pull request is opened, of a branch that this person has in a fork;
    /// there it is where it is in this repository.
    pub fn opens_pull_request_from_fork(self, title: &str, repo: &Repo, head: &str, base: &str) -> PullRequest<'a> {
        let sha = repo.rev(&format!("refs/heads/{head}"));
        // A fork shares its objects with the repository that it is of.
        let (url, name) = (repo.url(), format!("+{sha}:refs/forks/{}/{head}", self.who));
        self.github.state().repository(self.id).bare.git(&["fetch", "--quiet", "--no-tags", &url, &name]);
        self.opens(title, Some(self.who), head, &sha, base)
    }

    fn opens(self, title: &str, fork_of: Option<&str>, head: &str, head_sha: &str, base: &str) -> PullRequest<'a> {
        let mut state = self.github.state();
        let (pull_id, now) = (state.next_id(), state.clock.now());
        let repository = state.repository_mut(self.id);
        let base_sha = repository.branch(base).expect("the test has pushed this branch").clone();
        let number = repository.pulls.len() as u64 + 1;
        let pull = Pull {
            id: pull_id,
            number,
            title: title.to_owned(),
            body: None,
            author: self.who.to_owned(),
            fork_of: fork_of.map(str::to_owned),
            head: head.to_owned(),
            base: base.to_owned(),
            head_sha: head_sha.to_owned(),
            base_sha,
            is_draft: false,
            labels: Vec::new(),
            is_open: true,
            merge_sha: None,
            merged_by: None,
            created: now,
            updated: now,
            closed: None,
        };
        repository.keep_head(&pull);
        repository.pulls.push(pull.clone());
        state.tell_pull(self.id, &pull, "opened", json!({}), self.who);
        drop(state);
        self.pull_request(number)
    }

    /// The pull request with this number.
    pub fn pull_request(self, number: u64) -> PullRequest<'a> {
        PullRequest::new(self.github, self.id, number, self.who)
    }

    /// Somebody else than the program posts a status.
    pub fn posts_status(self, sha: &str, context: &str, state: &str, description: &str) -> Self {
        let description = Some(description.to_owned()).filter(|text| !text.is_empty());
        self.github.state().add_status(self.id, sha, state, context, description, None, self.who);
        self
    }

    /// A deploy tool makes a deployment of a commit; returns its id.
    pub fn deploys(self, sha: &str, environment: &str) -> u64 {
        let mut state = self.github.state();
        let deployment = PostedDeployment {
            id: state.next_id(),
            sha: sha.to_owned(),
            name: sha.to_owned(),
            task: "deploy".to_owned(),
            environment: environment.to_owned(),
            description: None,
            payload: serde_json::json!({}),
            creator: self.who.to_owned(),
            created: state.clock.now(),
            statuses: Vec::new(),
        };
        state.repository_mut(self.id).deployments.push(deployment.clone());
        state.tell_deployment(self.id, &deployment);
        deployment.id
    }

    /// It says how far a deployment is: `in_progress`, `success`, `failure` …
    pub fn deployment_is(self, deployment: u64, to_be: &str) -> Self {
        let mut state = self.github.state();
        let status = PostedDeploymentStatus {
            id: state.next_id(),
            state: to_be.to_owned(),
            description: String::new(),
            target_url: String::new(),
            log_url: String::new(),
            environment_url: String::new(),
            creator: self.who.to_owned(),
            created: state.clock.now(),
        };
        let stored = state.repository_mut(self.id).deployments.iter_mut().find(|known| known.id == deployment);
        let stored = stored.expect("the test has made this deployment");
        stored.statuses.push(status.clone());
        let deployment = stored.clone();
        state.tell_deployment_status(self.id, &deployment, &status);
        drop(state);
        self
    }

    /// An App, such as a build server's, posts a check run that is under way;
    /// returns its id.
    pub fn starts_check_run(self, app: App<'_>, sha: &str, name: &str) -> u64 {
        let app = app.id();
        let mut state = self.github.state();
        let (id, suite) = (state.next_id(), state.suite_of(self.id, app, sha, None));
        let run = PostedCheckRun {
            id,
            suite,
            app,
            head_sha: sha.to_owned(),
            name: name.to_owned(),
            status: "in_progress".to_owned(),
            conclusion: None,
            external_id: None,
            details_url: None,
            title: None,
            summary: None,
            text: None,
            annotations: Vec::new(),
            actions: Vec::new(),
            started: Some(state.clock.now()),
            completed: None,
        };
        state.keep_run(self.id, run);
        id
    }

    /// A check run ends so: `success`, `failure`, `skipped`, …
    pub fn ends_check_run(self, run: u64, conclusion: &str) -> Self {
        let mut state = self.github.state();
        let now = state.clock.now();
        let stored = state.repository(self.id).runs.iter().find(|known| known.id == run).cloned();
        let mut run = stored.expect("the test has started this check run");
        "completed".clone_into(&mut run.status);
        (run.conclusion, run.completed) = (Some(conclusion.to_owned()), Some(now));
        state.keep_run(self.id, run);
        drop(state);
        self
    }

    /// An App posts a check run that has ended.
    pub fn posts_check_run(self, app: App<'_>, sha: &str, name: &str, conclusion: &str) -> Self {
        let run = self.starts_check_run(app, sha, name);
        self.ends_check_run(run, conclusion)
    }

    /// It is renamed, or moved to another owner; the old name leads to it.
    pub fn renamed_to(self, full_name: &str) -> Self {
        let (owner, name) = full_name.split_once('/').expect("a full name has an owner");
        let mut state = self.github.state();
        state.account(owner, true);
        let repository = state.repository_mut(self.id);
        let (old_owner, old_name) = (repository.owner.clone(), repository.name.clone());
        repository.old_names.push(repository.full_name());
        repository.old_names.retain(|old| old != full_name);
        owner.clone_into(&mut repository.owner);
        name.clone_into(&mut repository.name);
        if old_owner == owner {
            state.tell_renamed(self.id, "renamed", &json!({"repository": {"name": {"from": old_name}}}));
        } else {
            let from = state.user_json(&old_owner);
            state.tell_renamed(self.id, "transferred", &json!({"owner": {"from": {"organization": from}}}));
        }
        drop(state);
        self
    }

    fn fetch(self, repo: &Repo, refspec: &str) {
        let url = repo.url();
        self.moves(|bare| bare.git(&["fetch", "--quiet", "--no-tags", &url, refspec]));
    }

    fn moves(self, change: impl FnOnce(&Repo) -> String) -> Self {
        let mut state = self.github.state();
        change(&state.repository(self.id).bare);
        state.notice_moves(self.id, self.who);
        drop(state);
        self
    }
}

fn create(state: &mut State, full_name: &str) -> u64 {
    let (owner, name) = full_name.split_once('/').expect("a full name has an owner");
    let is_known = state.known_account(owner).is_some();
    state.account(owner, !is_known);
    let (id, now) = (state.next_id(), state.clock.now());
    let bare = match &state.folder {
        Some(folder) => Repo::bare_at(&folder.join(owner).join(format!("{name}.git"))),
        None => Repo::new_bare(),
    };
    // As GitHub does; and a person who may push may also delete.
    bare.sets("[http]\n\treceivepack = true\n[receive]\n\tdenyDeleteCurrent = ignore\n");
    state.repositories.push(Stored {
        id,
        owner: owner.to_owned(),
        name: name.to_owned(),
        old_names: Vec::new(),
        is_private: true,
        is_archived: false,
        default_branch: "main".to_owned(),
        bare,
        commits: RefCell::default(),
        refs: BTreeMap::new(),
        pulls: Vec::new(),
        statuses: Vec::new(),
        suites: Vec::new(),
        runs: Vec::new(),
        deployments: Vec::new(),
        required: Vec::new(),
        hooks: Vec::new(),
        roles: [("robin".to_owned(), "admin".to_owned())].into(),
        created: now,
        pushed: now,
    });
    id
}
