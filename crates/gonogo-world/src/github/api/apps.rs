//! Apps and their installations.

use serde_json::{Value, json};

use super::answers::{Done, Refusal};
use super::call::Call;
use super::deliveries::not_an_app;
use super::{Answered, State};
use crate::github::access::{Caller, Level, Rights};
use crate::github::apps::StoredApp;
use crate::github::render::rights_json;

impl State {
    pub(super) fn app_route(&mut self, call: &Call, rest: &[&str]) -> Answered {
        let Caller::App(id) = call.caller else {
            return Err(not_an_app());
        };
        match (call.method(), rest) {
            ("GET", []) => {
                self.knows(call, &[]);
                Ok(Done::ok(self.app_json(self.app_number(id))))
            }
            ("GET", ["hook", "config"]) => {
                self.knows(call, &[]);
                let url = self.app_number(id).hook.as_ref().map(|hook| hook.url.clone());
                let config = json!({
                    "content_type": "json",
                    "insecure_ssl": "0",
                    "secret": "********",
                    "url": url.ok_or_else(Refusal::not_found)?,
                });
                Ok(Done::ok(config))
            }
            ("GET", ["installations"]) => {
                self.knows(call, &["per_page", "page", "since", "outdated"]);
                let app = self.app_number(id);
                let all = app.installations.iter().map(|one| self.installation_json(app, one)).collect();
                Ok(self.list(call, all))
            }
            ("GET", ["installations", number]) => {
                self.knows(call, &[]);
                let number = installation_of(self.app_number(id), number)?;
                let (app, installation) = self.installation(number).ok_or_else(Refusal::not_found)?;
                Ok(Done::ok(self.installation_json(app, installation)))
            }
            ("POST", ["installations", number, "access_tokens"]) => {
                let number = installation_of(self.app_number(id), number)?;
                self.access_token(call, number)
            }
            _ => Err(Refusal::no_such_path()),
        }
    }

    fn app_number(&self, id: u64) -> &StoredApp {
        self.apps.iter().find(|app| app.id == id).expect("its JWT was just verified")
    }

    fn access_token(&mut self, call: &Call, id: u64) -> Answered {
        self.knows(call, &["repositories", "repository_ids", "permissions"]);
        let rights = if call.has("permissions") { Some(self.narrowed(call, id)?) } else { None };
        let names = call.list("repositories")?;
        let ids = call.list("repository_ids")?;
        let repositories = if names.is_some() || ids.is_some() {
            let wanted = |name: &str, id: u64| {
                names.iter().flatten().any(|known| known == name) || ids.iter().flatten().any(|known| *known == id)
            };
            let reached = self.reached_by(id);
            let chosen = reached.into_iter().filter(|id| wanted(&self.repository(*id).name, *id));
            Some(chosen.collect::<Vec<u64>>())
        } else {
            None
        };
        let asked = names.map_or(0, |names| names.len()) + ids.map_or(0, |ids| ids.len());
        if repositories.as_ref().is_some_and(|chosen| chosen.len() < asked) {
            let why = "There is at least one repository that does not exist or is not accessible to the parent \
                       installation.";
            return Err(Refusal::quiet(422, why));
        }
        let token = self.issue_token(id, rights, repositories);
        let mut json = json!({
            "token": token.value,
            "expires_at": token.expires.map(crate::github::clock::moment),
            "permissions": rights_json(&token.rights),
            "repository_selection": if token.repositories.is_some() { "selected" } else { "all" },
        });
        if let Some(ids) = &token.repositories {
            json["repositories"] = ids.iter().map(|id| self.repository_json(self.repository(*id))).collect();
        }
        Ok(Done::created(json))
    }

    /// The rights that are asked for, which must be among those of the App.
    fn narrowed(&self, call: &Call, id: u64) -> Result<Rights, Refusal> {
        let (app, _) = self.installation(id).ok_or_else(Refusal::not_found)?;
        let mut rights = Rights::new();
        for (name, level) in call.value("permissions").as_object().into_iter().flatten() {
            let level = if level == "write" { Level::Write } else { Level::Read };
            if app.rights.get(name).is_none_or(|held| *held < level) {
                let why = "The permissions requested are not granted to this installation.";
                return Err(Refusal::quiet(422, why));
            }
            rights.insert(name.clone(), level);
        }
        Ok(rights)
    }

    fn reached_by(&self, id: u64) -> Vec<u64> {
        let Some((app, _)) = self.installation(id) else {
            return Vec::new();
        };
        let reaches = |repository: &&crate::github::repository::Repository| {
            app.installation_of(repository).is_some_and(|installation| installation.id == id)
        };
        self.repositories.iter().filter(reaches).map(|repository| repository.id).collect()
    }

    pub(super) fn installation_repositories(&mut self, call: &Call) -> Answered {
        self.knows(call, &["per_page", "page"]);
        let Some(id) = call.caller.installation() else {
            return Err(Refusal::surprise(403, "You must authenticate with an installation access token"));
        };
        let seen = self.reached_by(id).into_iter().map(|id| self.repository(id));
        let seen = seen.filter(|repository| self.may_see(&call.caller, repository));
        let all: Vec<Value> = seen.map(|repository| self.repository_json(repository)).collect();
        Ok(self.counted(call, "repositories", all))
    }

    pub(super) fn revoke_token(&mut self, call: &Call) -> Answered {
        self.knows(call, &[]);
        let value = call.caller.token().map(|token| token.value.clone());
        let value = value.ok_or_else(|| Refusal::quiet(401, "Requires authentication"))?;
        self.tokens.iter_mut().filter(|token| token.value == value).for_each(|token| token.is_revoked = true);
        Ok(Done::nothing())
    }

    pub(super) fn repository_installation(&mut self, call: &Call, id: u64) -> Answered {
        self.knows(call, &[]);
        let Caller::App(app) = call.caller else {
            return Err(not_an_app());
        };
        let app = self.app_number(app);
        let installation = app.installation_of(self.repository(id)).ok_or_else(Refusal::not_found)?;
        Ok(Done::ok(self.installation_json(app, installation)))
    }
}

fn installation_of(app: &StoredApp, number: &str) -> Result<u64, Refusal> {
    let known = app.installations.iter().find(|installation| installation.id.to_string() == number);
    known.map(|installation| installation.id).ok_or_else(Refusal::not_found)
}
