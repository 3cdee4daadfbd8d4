//! People, organisations, Apps and installations.

use serde_json::{Value, json};

use super::super::access::Rights;
use super::super::accounts::Account;
use super::super::apps::{Installation, StoredApp};
use super::super::clock::moment;
use super::super::hooks::node;
use super::super::state::State;

/// When everybody joined.
const JOINED: &str = "2020-01-01T00:00:00Z";

impl State {
    /// `simple-user`; null for a login that nobody has.
    pub(in super::super) fn user_json(&self, login: &str) -> Value {
        let Some(account) = self.known_account(login) else {
            return Value::Null;
        };
        let login = &account.login;
        // A bot's brackets are escaped in addresses.
        let escaped = login.replace('[', "%5B").replace(']', "%5D");
        let url = format!("{}/users/{escaped}", self.api_url());
        let kind = match account {
            Account { is_organization: true, .. } => "Organization",
            _ if login.ends_with("[bot]") => "Bot",
            _ => "User",
        };
        json!({
            "login": login,
            "id": account.id,
            "node_id": node("User", account.id),
            "avatar_url": format!("{}/avatars/u/{}?v=4", self.web_url, account.id),
            "gravatar_id": "",
            "url": url,
            "html_url": format!("{}/{escaped}", self.web_url),
            "followers_url": format!("{url}/followers"),
            "following_url": format!("{url}/following{{/other_user}}"),
            "gists_url": format!("{url}/gists{{/gist_id}}"),
            "starred_url": format!("{url}/starred{{/owner}}{{/repo}}"),
            "subscriptions_url": format!("{url}/subscriptions"),
            "organizations_url": format!("{url}/orgs"),
            "repos_url": format!("{url}/repos"),
            "events_url": format!("{url}/events{{/privacy}}"),
            "received_events_url": format!("{url}/received_events"),
            "type": kind,
            "user_view_type": "public",
            "site_admin": false,
        })
    }

    /// `public-user`, as whoever signed in sees themselves.
    pub(in super::super) fn myself_json(&self, account: &Account) -> Value {
        let mut json = self.user_json(&account.login);
        let more = json!({
            "name": account.name,
            "company": null,
            "blog": "",
            "location": null,
            "email": account.email,
            "hireable": null,
            "bio": null,
            "twitter_username": null,
            "notification_email": account.email,
            "public_repos": 0,
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "created_at": JOINED,
            "updated_at": JOINED,
        });
        if let (Value::Object(json), Value::Object(more)) = (&mut json, more) {
            json.extend(more);
        }
        json
    }

    pub(in super::super) fn organization_json(&self, account: &Account) -> Value {
        let login = &account.login;
        let url = format!("{}/orgs/{login}", self.api_url());
        json!({
            "login": login,
            "id": account.id,
            "node_id": node("Organization", account.id),
            "url": url,
            "repos_url": format!("{url}/repos"),
            "events_url": format!("{url}/events"),
            "hooks_url": format!("{url}/hooks"),
            "issues_url": format!("{url}/issues"),
            "members_url": format!("{url}/members{{/member}}"),
            "public_members_url": format!("{url}/public_members{{/member}}"),
            "avatar_url": format!("{}/avatars/u/{}?v=4", self.web_url, account.id),
            "description": null,
        })
    }

    /// `integration`.
    pub(in super::super) fn app_json(&self, app: &StoredApp) -> Value {
        json!({
            "id": app.id,
            "slug": app.slug,
            "node_id": node("App", app.id),
            "client_id": app.client_id,
            "owner": self.user_json(&app.owner),
            "name": app.slug,
            "description": "",
            "external_url": "https://gonogo.example",
            "html_url": format!("{}/apps/{}", self.web_url, app.slug),
            "created_at": moment(app.created),
            "updated_at": moment(app.created),
            "permissions": rights_json(&app.rights),
            "events": EVENTS,
            "installations_count": app.installations.len(),
        })
    }

    pub(in super::super) fn app_json_of(&self, id: u64) -> Value {
        let app = self.apps.iter().find(|app| app.id == id);
        app.map_or(Value::Null, |app| self.app_json(app))
    }

    pub(in super::super) fn bot_of(&self, app: u64) -> String {
        let app = self.apps.iter().find(|known| known.id == app);
        app.map_or_else(|| "robin".to_owned(), StoredApp::bot)
    }

    pub(in super::super) fn installation_json(&self, app: &StoredApp, installation: &Installation) -> Value {
        let account = self.user_json(&installation.account);
        let (target_id, target_type) = (account["id"].clone(), account["type"].clone());
        json!({
            "id": installation.id,
            "account": account,
            "repository_selection": if installation.repositories.is_some() { "selected" } else { "all" },
            "access_tokens_url": format!("{}/app/installations/{}/access_tokens", self.api_url(), installation.id),
            "repositories_url": format!("{}/installation/repositories", self.api_url()),
            "html_url": format!("{}/settings/installations/{}", self.web_url, installation.id),
            "app_id": app.id,
            "app_slug": app.slug,
            "client_id": app.client_id,
            "target_id": target_id,
            "target_type": target_type,
            "permissions": rights_json(&app.rights),
            "events": EVENTS,
            "created_at": moment(installation.created),
            "updated_at": moment(installation.created),
            "single_file_name": null,
            "has_multiple_single_files": false,
            "single_file_paths": [],
            "suspended_by": null,
            "suspended_at": null,
        })
    }
}

/// What an App's hook may be told.
const EVENTS: [&str; 9] = [
    "check_run",
    "check_suite",
    "create",
    "delete",
    "deployment_status",
    "merge_group",
    "pull_request",
    "push",
    "status",
];

pub(in super::super) fn rights_json(rights: &Rights) -> Value {
    rights.iter().map(|(name, level)| (name.clone(), Value::from(level.word()))).collect()
}
