//! Requests to answers: who asks, what for, and what Jira says.

mod answers;
mod cloud;
mod data_center;
mod editing;
mod issues;
mod parameters;
mod render;
mod selection;
mod system;
mod writing;

use serde_json::{Value, json};

use super::access::Standing;
use super::oauth::Way;
use super::state::{Flavour, State};
use crate::serve::{Answer, Ask};
use answers::Refusal;
pub(super) use answers::error;

/// Tomcat reads no longer request line than this.
const TARGET_LIMIT: usize = 8000;

type Answered = Result<Value, Refusal>;

impl State {
    /// The right answer to a request.
    pub(super) fn answer(&mut self, ask: &Ask) -> Answer {
        let request = format!("{} {}", ask.method, ask.path);
        let Some(path) = ask.path.strip_prefix(&self.context).map(str::to_owned) else {
            self.unexpected(format!("{request}: outside of the context path"));
            return Answer::html(404, "<html>dead link</html>");
        };
        if let Some(only) = &self.only
            && !only.contains(&path)
        {
            self.unexpected(format!("{request}: not among the paths expected"));
        }
        let own = match self.way(ask, &path) {
            Way::Answered(answer) => return answer,
            Way::Api(own) => Some(own),
            Way::Own => None,
        };
        if own.is_none()
            && let Some(page) = self.page_for(ask, &path)
        {
            return page;
        }
        // On Cloud a person's token opens the API's own host alone.
        let takes_bearers = own.is_some() || self.flavour == Flavour::DataCenter;
        self.acting = if takes_bearers { self.bearer(ask) } else { None };
        if own.is_some() && self.acting.is_none() {
            return Answer::raw_json(401, r#"{"code":401,"message":"Unauthorized"}"#);
        }
        let path = own.unwrap_or(path);
        match self.consider(ask, &path) {
            // Nothing to tell of what was done.
            Ok(Value::Null) => self.signed(Answer::of_type(204, "application/json;charset=UTF-8", "")),
            Ok(json) => self.signed(Answer::json(if makes(ask, &path) { 201 } else { 200 }, &json)),
            Err(refusal) => {
                if refusal.is_surprise {
                    let why = refusal.messages.join(" ");
                    self.unexpected(format!("{request}: {} {why}", refusal.status));
                }
                refusal.into_answer(self.flavour)
            }
        }
    }

    fn consider(&mut self, ask: &Ask, path: &str) -> Answered {
        if ask.target.len() > TARGET_LIMIT {
            return Err(Refusal::surprise(400, "Request header is too large"));
        }
        let (flavour, version) = (self.flavour, self.version());
        let Some(rest) = path.strip_prefix(&format!("/rest/api/{version}/")) else {
            return Err(Refusal::no_such_path(path));
        };
        if (ask.method.as_str(), rest) == ("GET", "serverInfo") {
            return Ok(self.server_info());
        }

        let standing = if self.acting.is_some() { Standing::Known } else { self.access.standing(ask) };
        let is_guest = standing == Standing::Stranger && self.access.lets_strangers_in;
        if standing == Standing::Stranger && (!is_guest || rest == "myself") {
            return Err(Refusal::unauthorized());
        }
        if standing == Standing::Forbidden {
            return Err(Refusal::quiet(403, "Forbidden"));
        }
        if (ask.method == "POST" || ask.method == "PUT") && !is_json(ask) {
            return Err(Refusal::surprise(415, "Unsupported Media Type"));
        }

        let may_browse = self.access.may_browse;
        self.access.may_browse &= !is_guest;
        let answered = match flavour {
            Flavour::Cloud => self.cloud(ask, rest),
            Flavour::DataCenter => self.data_center(ask, rest),
        };
        self.access.may_browse = may_browse;
        answered
    }

    /// What both flavours say alike, as the last of all.
    fn common(&mut self, ask: &Ask, rest: &str) -> Answered {
        match (ask.method.as_str(), rest) {
            ("GET", "field") => Ok(self.field_list()),
            ("GET", "myself") => Ok(self.myself()),
            ("GET", "mypermissions") => self.my_permissions(ask),
            (_, rest) if rest.starts_with("project/") || rest == "version" => self.of_projects(ask, rest),
            (_, rest) if rest.starts_with("issue/") => self.one_issue(ask, rest.trim_start_matches("issue/")),
            _ => Err(Refusal::no_such_path(rest)),
        }
    }

    /// The number in the paths.
    pub(super) fn version(&self) -> u8 {
        match self.flavour {
            Flavour::Cloud => 3,
            Flavour::DataCenter => 2,
        }
    }

    fn signed(&self, mut answer: Answer) -> Answer {
        let (name, value) = match self.flavour {
            Flavour::Cloud => ("X-AACCOUNTID", "712020%3Abot"),
            Flavour::DataCenter => ("X-AUSERNAME", "bot"),
        };
        answer.headers.push((name.to_owned(), value.to_owned()));
        answer
    }
}

/// Whether the request makes something new.
fn makes(ask: &Ask, path: &str) -> bool {
    ask.method == "POST" && (path.ends_with("/comment") || path.ends_with("/version"))
}

fn is_json(ask: &Ask) -> bool {
    ask.header("content-type").is_some_and(|kind| kind.starts_with("application/json"))
}

/// Jira's shape of an error.
fn error_json(messages: &[String]) -> Value {
    json!({"errorMessages": messages, "errors": {}})
}
