//! What is told when something happens, in the shapes of GitHub's examples.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac};
use serde_json::{Value, json};

use super::super::git::{Moved, NOTHING};
use super::super::render::simple_commit_json;
use super::super::repository::{PostedDeployment, PostedDeploymentStatus, PostedStatus, Pull};
use super::super::state::State;
use super::send::Came;
use super::{Delivery, Hook, Owner, Parcel, SIGNATURE, Trick};

/// GitHub tells no more commits of a push.
const COMMIT_LIMIT: usize = 2048;

/// Something that is told, but not yet to whom.
struct News<'a> {
    event: &'a str,
    action: Option<&'a str>,
    payload: Value,
}

/// Whom it is told to, and with what beside the news.
struct Address {
    owner: Owner,
    hook: Hook,
    /// Installation and its node id.
    installation: Option<u64>,
}

impl State {
    /// A push, and with it the birth or the end of a branch or tag.
    pub(in super::super) fn tell_push(
        &mut self,
        id: u64,
        moved: &Moved,
        pusher: &str,
        before: &BTreeMap<String, String>,
    ) {
        let repository = self.repository(id);
        let kind = if moved.branch().is_some() { "branch" } else { "tag" };
        let short = moved.name.splitn(3, '/').last().unwrap_or_default().to_owned();
        let mut known: Vec<&String> = before.values().collect();
        if !moved.is_new() {
            known = vec![&moved.before];
        }
        let mut commits = Vec::new();
        if !moved.is_gone() && moved.branch().is_some() {
            commits = repository.commits_to(&moved.after, &known, COMMIT_LIMIT);
        }
        let commits: Vec<Value> =
            commits.iter().map(|(commit, paths)| self.pushed_commit_json(repository, commit, paths)).collect();
        let head = repository.resolve(&moved.after).and_then(|sha| repository.commit(&sha));
        let head = head.map(|commit| {
            let touched = repository.touched(&commit).into_iter().map(|file| (file.letter, file.path)).collect();
            self.pushed_commit_json(repository, &commit, &touched)
        });
        let person = self.known_account(pusher);
        let compare = if moved.is_new() || moved.is_gone() {
            format!("{}/commit/{}", self.html_of(repository), cut(&moved.after))
        } else {
            format!("{}/compare/{}...{}", self.html_of(repository), cut(&moved.before), cut(&moved.after))
        };
        let payload = json!({
            "ref": moved.name,
            "before": moved.before,
            "after": moved.after,
            "created": moved.is_new(),
            "deleted": moved.is_gone(),
            "forced": moved.is_forced,
            "base_ref": null,
            "compare": compare,
            "commits": commits,
            "head_commit": head,
            "pusher": {"name": pusher, "email": person.map(|person| person.email.clone())},
            "repository": self.pushed_repository_json(repository),
            "sender": self.user_json(pusher),
        });
        let default_branch = repository.default_branch.clone();
        self.tell(id, &News { event: "push", action: None, payload });
        let base = json!({"ref": short, "ref_type": kind, "pusher_type": "user"});
        if moved.is_new() {
            let mut payload = base;
            payload["master_branch"] = default_branch.into();
            payload["description"] = Value::Null;
            self.tell_of(id, "create", None, payload, pusher);
        } else if moved.is_gone() {
            self.tell_of(id, "delete", None, base, pusher);
        }
    }

    pub(in super::super) fn tell_pull(&mut self, id: u64, pull: &Pull, action: &str, more: Value, sender: &str) {
        let repository = self.repository(id);
        let mut payload = json!({"number": pull.number, "pull_request": self.pull_json(repository, pull, true)});
        merge(&mut payload, more);
        self.tell_of(id, "pull_request", Some(action), payload, sender);
    }

    pub(in super::super) fn tell_status(&mut self, id: u64, status: &PostedStatus) {
        // Reading the commit takes a moment, and statuses come by the thousand.
        if self.listeners(id, "status").is_empty() {
            return;
        }
        let repository = self.repository(id);
        let branches = repository.refs.iter().filter_map(|(name, sha)| Some((name.strip_prefix("refs/heads/")?, sha)));
        let branches: Vec<Value> = branches
            .filter(|(_, sha)| **sha == status.sha)
            .map(|(name, sha)| {
                let url = format!("{}/commits/{sha}", self.url_of(repository));
                json!({"name": name, "commit": {"sha": sha, "url": url}, "protected": repository.is_protected(name)})
            })
            .collect();
        let commit = repository.commit(&status.sha).map(|commit| self.commit_json(repository, &commit));
        let payload = json!({
            "id": status.id,
            "sha": status.sha,
            "name": repository.full_name(),
            "target_url": status.target_url,
            "avatar_url": null,
            "context": status.context,
            "description": status.description,
            "state": status.state,
            "commit": commit,
            "branches": branches,
            "created_at": status.created.to_string(),
            "updated_at": status.created.to_string(),
        });
        self.tell_of(id, "status", None, payload, &status.creator);
    }

    pub(in super::super) fn tell_check_run(&mut self, id: u64, run: u64, action: &str) {
        let repository = self.repository(id);
        let run = repository.runs.iter().find(|known| known.id == run).expect("it was just changed");
        let mut json = self.run_json(repository, run);
        let suite = repository.suites.iter().find(|suite| suite.id == run.suite).expect("a run has a suite");
        json["check_suite"] = self.suite_json(repository, suite);
        let bot = self.bot_of(run.app);
        self.tell_of(id, "check_run", Some(action), json!({"check_run": json}), &bot);
    }

    pub(in super::super) fn tell_check_suite(&mut self, id: u64, suite: u64, action: &str, sender: &str) {
        let repository = self.repository(id);
        let suite = repository.suites.iter().find(|known| known.id == suite).expect("it was just changed");
        let payload = json!({"check_suite": self.suite_json(repository, suite)});
        let app = suite.app;
        // A request for checks goes to the App that is to make them.
        if action == "requested" || action == "rerequested" {
            let payload = self.completed(id, Some(action), payload, sender);
            self.tell_app(id, app, &News { event: "check_suite", action: Some(action), payload });
        } else {
            self.tell_of(id, "check_suite", Some(action), payload, sender);
        }
    }

    pub(in super::super) fn tell_deployment(&mut self, id: u64, deployment: &PostedDeployment) {
        let json = self.deployment_json(self.repository(id), deployment);
        self.tell_of(id, "deployment", Some("created"), json!({"deployment": json}), &deployment.creator);
    }

    pub(in super::super) fn tell_deployment_status(
        &mut self,
        id: u64,
        deployment: &PostedDeployment,
        status: &PostedDeploymentStatus,
    ) {
        let repository = self.repository(id);
        let payload = json!({
            "deployment_status": self.deployment_status_json(repository, deployment, status),
            "deployment": self.deployment_json(repository, deployment),
        });
        self.tell_of(id, "deployment_status", Some("created"), payload, &status.creator);
    }

    pub(in super::super) fn tell_merge_group(&mut self, id: u64, head_ref: &str, base: &str, action: &str) {
        let repository = self.repository(id);
        let (head_sha, base_sha) = (repository.refs.get(head_ref), repository.branch(base));
        let commit = head_sha.and_then(|sha| repository.commit(sha));
        let mut payload = json!({"merge_group": {
            "head_sha": head_sha,
            "head_ref": head_ref,
            "base_sha": base_sha,
            "base_ref": format!("refs/heads/{base}"),
            "head_commit": commit.map(|commit| simple_commit_json(&commit)),
        }});
        if action == "destroyed" {
            payload["reason"] = "dequeued".into();
        }
        self.tell_of(id, "merge_group", Some(action), payload, "robin");
    }

    pub(in super::super) fn tell_renamed(&mut self, id: u64, action: &str, changes: &Value) {
        self.tell_of(id, "repository", Some(action), json!({"changes": changes}), "robin");
    }

    pub(in super::super) fn tell_installation(&mut self, id: u64, action: &str) {
        let (app, installation) = self.installation(id).expect("it was just changed");
        let reaches = |repository: &&super::super::repository::Repository| {
            app.installation_of(repository).is_some_and(|installation| installation.id == id)
        };
        let repositories = self.repositories.iter().filter(reaches);
        let repositories: Vec<Value> = repositories
            .map(|repository| {
                json!({
                    "id": repository.id,
                    "node_id": node("Repository", repository.id),
                    "name": repository.name,
                    "full_name": repository.full_name(),
                    "private": repository.is_private,
                })
            })
            .collect();
        let payload = json!({
            "action": action,
            "installation": self.installation_json(app, installation),
            "repositories": repositories,
            "requester": null,
            "sender": self.user_json("robin"),
        });
        let (owner, hook) = (Owner::App(app.id), app.hook.clone());
        if let Some(hook) = hook.filter(|hook| hook.wants("installation")) {
            let address = Address { owner, hook, installation: Some(id) };
            self.address(&address, None, &News { event: "installation", action: Some(action), payload });
        }
    }

    /// Greets the hooks of a repository.
    pub(in super::super) fn tell_ping(&mut self, id: u64, hook: u64) {
        let repository = self.repository(id);
        let Some(hook) = repository.hooks.iter().find(|known| known.id == hook).cloned() else {
            return;
        };
        let payload = json!({
            "zen": "Approachable is better than simple.",
            "hook_id": hook.id,
            "hook": self.hook_json(repository, &hook),
        });
        let payload = self.completed(id, None, payload, "robin");
        let address = Address { owner: Owner::Repository(hook.id), hook, installation: None };
        self.address(&address, Some(id), &News { event: "ping", action: None, payload });
    }

    fn tell_of(&mut self, id: u64, event: &str, action: Option<&str>, payload: Value, sender: &str) {
        let payload = self.completed(id, action, payload, sender);
        self.tell(id, &News { event, action, payload });
    }

    /// With what nearly every payload has.
    fn completed(&self, id: u64, action: Option<&str>, mut payload: Value, sender: &str) -> Value {
        let repository = self.repository(id);
        let owner = self.known_account(&repository.owner);
        payload["repository"] = self.repository_json(repository);
        payload["sender"] = self.user_json(sender);
        if let Some(action) = action {
            payload["action"] = action.into();
        }
        if let Some(owner) = owner.filter(|owner| owner.is_organization) {
            payload["organization"] = self.organization_json(owner);
        }
        payload
    }

    /// The hooks that reach the repository and want to know of this event.
    fn listeners(&self, id: u64, event: &str) -> Vec<Address> {
        let repository = self.repository(id);
        let own = repository.hooks.iter();
        let mut addresses: Vec<Address> = own
            .map(|hook| Address { owner: Owner::Repository(hook.id), hook: hook.clone(), installation: None })
            .collect();
        addresses.extend(self.apps.iter().filter_map(|app| {
            let installation = Some(app.installation_of(repository)?.id);
            Some(Address { owner: Owner::App(app.id), hook: app.hook.clone()?, installation })
        }));
        addresses.retain(|address| address.hook.wants(event));
        addresses
    }

    fn tell(&mut self, id: u64, news: &News<'_>) {
        for address in self.listeners(id, news.event) {
            self.address(&address, Some(id), news);
        }
    }

    fn tell_app(&mut self, id: u64, app: u64, news: &News<'_>) {
        let repository = self.repository(id);
        let app = self.apps.iter().find(|known| known.id == app);
        let address = app.and_then(|app| {
            let installation = Some(app.installation_of(repository)?.id);
            Some(Address { owner: Owner::App(app.id), hook: app.hook.clone()?, installation })
        });
        if let Some(address) = address.filter(|address| address.hook.wants(news.event)) {
            self.address(&address, Some(id), news);
        }
    }

    /// Writes a delivery down and sends it, with what mischief awaits it.
    fn address(&mut self, address: &Address, repository: Option<u64>, news: &News<'_>) {
        if self.is_down {
            return;
        }
        let mut payload = news.payload.clone();
        if let Some(id) = address.installation
            && payload.get("installation").is_none()
        {
            payload["installation"] = json!({"id": id, "node_id": node("Integration", id)});
        }
        let is_next = |event: &Option<String>| event.as_ref().is_none_or(|event| event == news.event);
        let next = self.mischief.iter().position(|mischief| is_next(&mischief.event));
        let trick = next.and_then(|index| self.mischief.remove(index)).map(|mischief| mischief.trick);
        let body = match &trick {
            Some(Trick::Inflate(size)) => {
                payload["padding"] = "".into();
                let missing = size.saturating_sub(payload.to_string().len());
                payload["padding"] = "x".repeat(missing).into();
                payload.to_string().into_bytes()
            }
            Some(Trick::Replace(bytes)) => bytes.clone(),
            _ if address.hook.is_form => {
                let form = form_urlencoded::Serializer::new(String::new())
                    .append_pair("payload", &payload.to_string())
                    .finish();
                form.into_bytes()
            }
            _ => payload.to_string().into_bytes(),
        };
        let (id, at) = (self.next_id(), self.clock.now());
        let guid = guid(id);
        let secret = if trick == Some(Trick::Forge) { "a secret that nobody has" } else { &address.hook.secret };
        let headers = headers(address, repository, news.event, &guid, secret, &body);
        self.deliveries.push(Delivery {
            id,
            guid,
            event: news.event.to_owned(),
            action: news.action.map(str::to_owned),
            payload,
            is_redelivery: false,
            status: None,
            response: None,
            error: (trick == Some(Trick::Lose)).then(|| "failed to connect to host".to_owned()),
            took: Duration::ZERO,
            owner: address.owner,
            repository,
            installation: address.installation,
            at,
            request_headers: headers,
            response_headers: Vec::new(),
            body,
            is_secret: trick == Some(Trick::Forget),
        });
        if matches!(trick, Some(Trick::Lose | Trick::Forget)) {
            return;
        }
        let mut parcel = self.parcel(id, &address.hook.url);
        if let Some(Trick::Delay(delay)) = trick {
            parcel.delay = delay;
        }
        parcel.is_truncated = trick == Some(Trick::Truncate);
        if trick == Some(Trick::Double) {
            self.carry(parcel.clone());
        }
        self.carry(parcel);
    }

    fn parcel(&self, id: u64, url: &str) -> Parcel {
        let delivery = self.deliveries.iter().find(|delivery| delivery.id == id).expect("it was written down");
        Parcel {
            delivery: id,
            owner: delivery.owner,
            url: url.to_owned(),
            headers: delivery.request_headers.clone(),
            body: delivery.body.clone(),
            is_truncated: false,
            delay: Duration::ZERO,
            patience: self.outgoing_patience,
        }
    }

    /// Sends a parcel, or keeps it back.
    pub(super) fn carry(&mut self, parcel: Parcel) {
        if let Some(held) = &mut self.held {
            held.push(parcel);
            return;
        }
        self.on_the_way += 1;
        // The courier lives as long as this state is shared.
        let _ = self.outbox.send(parcel);
    }

    pub(super) fn carried(&mut self, id: u64, came: Came, took: Duration) {
        self.on_the_way = self.on_the_way.saturating_sub(1);
        if let Some(delivery) = self.deliveries.iter_mut().find(|delivery| delivery.id == id) {
            delivery.status = came.status;
            delivery.response_headers = came.headers;
            delivery.response = came.body;
            delivery.error = came.error;
            delivery.took = took;
        }
    }

    /// Sends a delivery once more; the new attempt's id, if there was one.
    pub(in super::super) fn redeliver(&mut self, id: u64) -> Option<u64> {
        let mut delivery = self.deliveries.iter().find(|delivery| delivery.id == id)?.clone();
        let hook = self.hook(delivery.owner)?.clone();
        (delivery.id, delivery.at, delivery.is_redelivery) = (self.next_id(), self.clock.now(), true);
        (delivery.status, delivery.response, delivery.error) = (None, None, None);
        // It is signed anew: the secret may have changed.
        for (name, value) in &mut delivery.request_headers {
            if name == SIGNATURE {
                *value = signature(&hook.secret, &delivery.body);
            }
        }
        let new = delivery.id;
        self.deliveries.push(delivery);
        let parcel = self.parcel(new, &hook.url);
        self.carry(parcel);
        Some(new)
    }

    pub(in super::super) fn hook(&self, owner: Owner) -> Option<&Hook> {
        match owner {
            Owner::App(id) => self.apps.iter().find(|app| app.id == id)?.hook.as_ref(),
            Owner::Repository(id) => {
                self.repositories.iter().flat_map(|repository| &repository.hooks).find(|hook| hook.id == id)
            }
        }
    }
}

fn headers(
    address: &Address,
    repository: Option<u64>,
    event: &str,
    guid: &str,
    secret: &str,
    body: &[u8],
) -> Vec<(String, String)> {
    let (target, target_id) = match (address.owner, repository) {
        (Owner::App(id), _) => ("integration", id),
        (Owner::Repository(_), id) => ("repository", id.unwrap_or_default()),
    };
    let content_type = if address.hook.is_form { "application/x-www-form-urlencoded" } else { "application/json" };
    let mut headers = vec![
        ("User-Agent", "GitHub-Hookshot/044aadd".to_owned()),
        ("Accept", "*/*".to_owned()),
        ("Content-Type", content_type.to_owned()),
        ("X-GitHub-Delivery", guid.to_owned()),
        ("X-GitHub-Event", event.to_owned()),
        ("X-GitHub-Hook-ID", address.hook.id.to_string()),
        ("X-GitHub-Hook-Installation-Target-ID", target_id.to_string()),
        ("X-GitHub-Hook-Installation-Target-Type", target.to_owned()),
    ];
    if !secret.is_empty() {
        headers.push((SIGNATURE, signature(secret, body)));
    }
    headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

pub(super) fn signature(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("sha256={}", hex(hmac::sign(&key, body).as_ref()))
}

pub(in super::super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Looks like a UUID, and is the same in each run.
fn guid(id: u64) -> String {
    let digits = hex(digest::digest(&digest::SHA256, &id.to_be_bytes()).as_ref());
    let part = |from, to| digits.get(from..to).unwrap_or_default();
    format!("{}-{}-11ef-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 28))
}

/// An id of the other API, which nothing here reads.
pub(in super::super) fn node(kind: &str, id: u64) -> String {
    STANDARD.encode(format!("0{}:{kind}{id}", kind.len()))
}

fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}

fn cut(sha: &str) -> &str {
    sha.get(..12).unwrap_or(NOTHING)
}
