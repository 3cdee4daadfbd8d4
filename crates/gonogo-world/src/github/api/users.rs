//! Who asks, how much they may still ask, and what the server is.

use serde_json::{Value, json};

use super::answers::{Done, Refusal};
use super::call::Call;
use super::{Answered, State};
use crate::github::access::Level;

impl State {
    pub(super) fn user_route(&mut self, call: &Call, rest: &[&str]) -> Answered {
        let Some(token) = call.caller.token() else {
            return Err(Refusal::quiet(401, "Requires authentication"));
        };
        if call.caller.installation().is_some() {
            return Err(Refusal::not_accessible(true, ""));
        }
        let account = self.known_account(&token.owner).cloned().ok_or_else(Refusal::not_found)?;
        match (call.method(), rest) {
            ("GET", []) => {
                self.knows(call, &[]);
                Ok(Done::ok(self.myself_json(&account)))
            }
            ("GET", ["emails"]) => {
                self.knows(call, &["per_page", "page"]);
                let email = json!({"email": account.email, "primary": true, "verified": true, "visibility": "private"});
                Ok(self.list(call, vec![email]))
            }
            ("GET", ["orgs"]) => {
                self.knows(call, &["per_page", "page"]);
                let is_in = |org: &&super::super::accounts::Account| org.members.contains(&account.login);
                let orgs = self.accounts.iter().filter(is_in).map(|org| self.organization_json(org)).collect();
                Ok(self.list(call, orgs))
            }
            ("GET", ["memberships", "orgs", org]) => {
                self.knows(call, &[]);
                let org = self.known_account(org).filter(|org| org.members.contains(&account.login));
                let org = org.ok_or_else(Refusal::not_found)?;
                let url = format!("{}/orgs/{}", self.api_url(), org.login);
                Ok(Done::ok(json!({
                    "url": format!("{url}/memberships/{}", account.login),
                    "state": "active",
                    "role": "member",
                    "organization_url": url,
                    "organization": self.organization_json(org),
                    "user": self.user_json(&account.login),
                })))
            }
            _ => Err(Refusal::no_such_path()),
        }
    }

    /// Whether a person is in a team; who may not see teams is told that there is none.
    pub(super) fn team_member(&mut self, call: &Call, org: &str, team: &str, login: &str) -> Answered {
        let token = call.caller.token().ok_or_else(|| Refusal::quiet(401, "Requires authentication"))?;
        self.knows(call, &[]);
        let org = self.known_account(org).ok_or_else(Refusal::not_found)?;
        let may_look = org.members.contains(&token.owner) && token.may("members", Level::Read);
        let is_in = org.teams.iter().any(|(slug, member)| slug == team && member == login);
        if !may_look || !is_in {
            return Err(Refusal::not_found());
        }
        let url = format!("{}/organizations/{}/team/1/memberships/{login}", self.api_url(), org.id);
        Ok(Done::ok(json!({"url": url, "role": "member", "state": "active"})))
    }

    pub(super) fn rate_limit(&mut self, call: &Call) -> Done {
        self.knows(call, &[]);
        let allowance = self.spend(&call.caller, 0);
        let core = json!({
            "limit": allowance.limit,
            "used": allowance.used.min(allowance.limit),
            "remaining": allowance.remaining(),
            "reset": allowance.reset,
        });
        let search = json!({"limit": 30, "used": 0, "remaining": 30, "reset": allowance.reset});
        Done::ok(json!({"resources": {"core": core, "search": search}, "rate": core}))
    }

    pub(super) fn meta(&mut self, call: &Call) -> Done {
        self.knows(call, &[]);
        let mut json = json!({
            "verifiable_password_authentication": false,
            "hooks": ["127.0.0.0/8"],
            "web": ["127.0.0.0/8"],
            "api": ["127.0.0.0/8"],
            "git": ["127.0.0.0/8"],
        });
        if self.is_enterprise {
            json["installed_version"] = Value::from("3.19.0");
        }
        Done::ok(json)
    }
}
