//! Requests to answers: which method, who asks, and what Slack says.

mod answers;
mod arguments;
mod blocks;
mod chat;
mod conversations;
mod views;

use serde_json::{Value, json};

use super::access::Stranger;
use super::state::State;
use crate::serve::{Answer, Ask};
use answers::Refusal;
pub(super) use answers::error;
use arguments::Arguments;

pub(super) const BOT: &str = "B00000001";
pub(super) const BOT_USER: &str = "U00000001";
pub(super) const TEAM: &str = "T00000001";

type Answered = Result<Value, Refusal>;

impl State {
    /// The right answer to a request.
    pub(super) fn answer(&mut self, ask: &Ask) -> Answer {
        if let Some(page) = self.page_for(ask) {
            return page;
        }
        let Some(method) = ask.path.strip_prefix("/api/").map(str::to_owned) else {
            self.unexpected(format!("{} {}: outside of the API, which is below /api/", ask.method, ask.path));
            return Answer::html(404, "Not Found");
        };
        let answer = match self.consider(ask, &method) {
            Ok(mut json) => {
                json["ok"] = true.into();
                Answer::json(200, &json)
            }
            Err(refusal) => {
                if refusal.is_surprise {
                    self.unexpected(format!("{} {method}: {}", ask.method, refusal.said()));
                }
                refusal.into_answer()
            }
        };
        answer.header("X-OAuth-Scopes", &self.bot.scopes.join(","))
    }

    fn consider(&mut self, ask: &Ask, method: &str) -> Answered {
        let arguments = Arguments::read(ask)?;
        let of_stranger = |stranger| match stranger {
            Stranger::NotAuthed => Refusal::quiet("not_authed"),
            Stranger::InvalidAuth => Refusal::quiet("invalid_auth"),
        };
        if method == "apps.connections.open" {
            // The app's own token, and no other.
            self.let_app_in(ask, arguments.text("token")).map_err(of_stranger)?;
            return Ok(self.new_ticket());
        }
        self.let_in(ask, arguments.text("token")).map_err(of_stranger)?;
        match method {
            "api.test" => Ok(json!({"args": {}})),
            "auth.test" => Ok(auth_test()),
            "chat.postMessage" => self.post_message(&arguments),
            "chat.update" => self.update(&arguments),
            "chat.postEphemeral" => self.post_ephemeral(&arguments),
            "chat.unfurl" => self.unfurl(&arguments),
            "views.open" => self.open_view(&arguments),
            "conversations.list" => self.list(&arguments),
            "conversations.info" => self.info(&arguments),
            "conversations.history" => self.history(&arguments),
            _ => Err(Refusal::surprise("unknown_method")),
        }
    }

    fn wants_scope(&self, scope: &str) -> Result<(), Refusal> {
        if self.has_scope(scope) { Ok(()) } else { Err(Refusal::scope(scope, &self.bot.scopes)) }
    }

    /// Notes arguments that nothing here reads: Slack passes over them, and a
    /// test should not.
    fn knows(&mut self, method: &str, arguments: &Arguments, names: &[&str]) {
        for name in arguments.names().filter(|name| *name != "token" && !names.contains(name)) {
            self.unexpected.push(format!("{method}: '{name}' means nothing there"));
        }
    }
}

/// A modal that a program describes, if Slack takes it, else why not.
pub(super) fn view_taken(view: Value) -> Result<Value, String> {
    views::taken(view).map_err(|refusal| refusal.said())
}

fn auth_test() -> Value {
    json!({
        "url": "https://acme.example.com/",
        "team": "Acme",
        "team_id": TEAM,
        "user": "gonogo",
        "user_id": BOT_USER,
        "bot_id": BOT,
        "is_enterprise_install": false,
    })
}
