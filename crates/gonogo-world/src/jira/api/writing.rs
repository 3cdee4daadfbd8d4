//! What a token that may write does to one issue: it comments, and moves it.

use serde_json::{Map, Value, json};

use super::super::comments::Comment;
use super::super::state::{Flavour, State};
use super::Answered;
use super::answers::Refusal;
use super::parameters::Parameters;
use super::render::moment;
use crate::serve::Ask;

/// Whose the token is.
pub(super) const BOT: &str = "bot";

impl State {
    /// What stands behind `issue/KEY/`: comments and transitions.
    pub(super) fn of_issue(&mut self, ask: &Ask, key: &str, rest: &str) -> Answered {
        let issue = self.visible(key).ok_or_else(|| self.no_such_issue())?.id;
        match (ask.method.as_str(), rest) {
            ("GET", "comment") => self.comments(ask, issue),
            ("POST", "comment") => self.add_comment(ask, issue),
            ("PUT", rest) if rest.starts_with("comment/") => self.change_comment(ask, issue, &rest["comment/".len()..]),
            ("GET", "editmeta") => self.edit_meta(key),
            ("GET", "transitions") => self.transitions(ask, issue),
            ("POST", "transitions") => self.transition(ask, issue),
            _ => Err(Refusal::no_such_path(rest)),
        }
    }

    fn comments(&mut self, ask: &Ask, issue: u64) -> Answered {
        let parameters = Parameters::read(ask, &["startAt", "maxResults", "orderBy", "expand"])?;
        let start = parameters.number("startAt")?.unwrap_or(0);
        let size = parameters.number("maxResults")?.unwrap_or(50).min(100);
        let expanded = parameters.list("expand")?.unwrap_or_default();
        let with_properties = expanded.iter().any(|part| part == "properties");
        let comments = self.issue_mut(issue).comments.clone();
        let page: Vec<Value> =
            comments.iter().skip(start).take(size).map(|one| self.comment_json(issue, one, with_properties)).collect();
        Ok(json!({"startAt": start, "maxResults": size, "total": comments.len(), "comments": page}))
    }

    fn add_comment(&mut self, ask: &Ask, issue: u64) -> Answered {
        self.may_write("comment on")?;
        let given = given(ask, &["body", "properties", "visibility"])?;
        let body = self.body_of(&given)?;
        let properties = given.get("properties").and_then(Value::as_array).cloned().unwrap_or_default();
        if properties.iter().any(|one| !one["key"].is_string() || one["value"].is_null()) {
            return Err(Refusal::bad_payload());
        }
        let who = self.who().to_owned();
        let id = self.comment_on(issue, &who, body, properties);
        self.comment_told(issue, id)
    }

    fn change_comment(&mut self, ask: &Ask, issue: u64, id: &str) -> Answered {
        self.may_write("comment on")?;
        let given = given(ask, &["body", "properties", "visibility"])?;
        let body = self.body_of(&given)?;
        let at = self.tick();
        let known = id.parse::<u64>().ok();
        let comments = &mut self.issue_mut(issue).comments;
        let Some(comment) = comments.iter_mut().find(|comment| Some(comment.id) == known) else {
            return Err(Refusal::quiet(404, format!("Can not find a comment for the id: {id}.")));
        };
        (comment.body, comment.updated) = (body, at);
        let id = comment.id;
        self.comment_told(issue, id)
    }

    /// Text on Data Center, a document on Cloud.
    fn body_of(&self, given: &Map<String, Value>) -> Result<Value, Refusal> {
        let body = given.get("body").cloned().unwrap_or_default();
        let is_right = match self.flavour {
            Flavour::DataCenter => body.as_str().is_some_and(|text| !text.trim().is_empty()),
            Flavour::Cloud => body["type"] == "doc" && body["version"] == 1 && body["content"].is_array(),
        };
        if is_right { Ok(body) } else { Err(Refusal::surprise(400, "Comment body is not valid!")) }
    }

    fn comment_told(&mut self, issue: u64, id: u64) -> Answered {
        let comments = self.issue_mut(issue).comments.clone();
        let comment = comments.iter().find(|comment| comment.id == id).ok_or_else(Refusal::bad_payload)?;
        Ok(self.comment_json(issue, comment, false))
    }

    fn comment_json(&self, issue: u64, comment: &Comment, with_properties: bool) -> Value {
        let mut json = json!({
            "self": format!("{}/comment/{}", self.link("issue", issue), comment.id),
            "id": comment.id.to_string(),
            "author": self.person(&comment.author).to_json(self.flavour, &self.base_url),
            "body": comment.body,
            "created": moment(comment.created),
            "updated": moment(comment.updated),
        });
        if with_properties {
            json["properties"] = comment.properties.clone().into();
        }
        json
    }

    /// From every status to every other one. Who may move nothing sees none.
    fn transitions(&mut self, ask: &Ask, issue: u64) -> Answered {
        let parameters = Parameters::read(ask, &["expand", "transitionId", "skipRemoteOnlyCondition"])?;
        let with_fields =
            parameters.list("expand")?.is_some_and(|all| all.iter().any(|one| one == "transitions.fields"));
        let from = self.issue_mut(issue).status.clone();
        let may = self.acting.is_none() || self.may_write("move").is_ok();
        let is_way = |name: &str| may && name != from && self.without_way.iter().all(|other| other != name);
        let others = self.statuses.iter().filter(|status| is_way(&status.name));
        let all: Vec<Value> = others
            .map(|status| {
                let mut way = json!({
                    "id": status.id.to_string(),
                    "name": format!("To {}", status.name),
                    "to": self.status_json(&status.name),
                    "hasScreen": false,
                });
                if with_fields {
                    way["fields"] = self.asked_with(&status.name);
                }
                way
            })
            .collect();
        Ok(json!({"expand": "transitions", "transitions": all}))
    }

    fn asked_with(&self, status: &str) -> Value {
        let asked = self.asked_on_the_way.iter().filter(|(to, _)| to == status);
        let fields = asked.filter_map(|(_, id)| self.fields.iter().find(|field| field.id == *id));
        let meta = |field| {
            let mut meta = self.meta_of(field);
            meta["required"] = true.into();
            meta
        };
        let fields: Map<String, Value> = fields.map(|field| (field.id.clone(), meta(field))).collect();
        fields.into()
    }

    fn transition(&mut self, ask: &Ask, issue: u64) -> Answered {
        self.may_write("move")?;
        let given = given(ask, &["transition", "fields", "update"])?;
        let wanted = given.get("transition").and_then(|transition| transition["id"].as_str()).unwrap_or_default();
        let from = self.issue_mut(issue).status.clone();
        let to = self.statuses.iter().find(|status| status.id.to_string() == wanted && status.name != from);
        let Some(to) = to.map(|status| status.name.clone()) else {
            let said =
                format!("It seems that you have tried to perform a workflow operation ({wanted}) that is not valid");
            return Err(Refusal::quiet(400, said));
        };
        if let Some((_, field)) = self.asked_on_the_way.iter().find(|(status, _)| *status == to) {
            return Err(Refusal::quiet(400, format!("{field} is required.")));
        }
        let who = self.who().to_owned();
        self.move_issue(issue, &to, &who);
        self.tell_sometime(issue);
        Ok(Value::Null)
    }

    /// Whose the token is.
    pub(super) fn who(&self) -> &str {
        self.acting.as_deref().unwrap_or(BOT)
    }

    pub(super) fn may_write(&self, what: &str) -> Result<(), Refusal> {
        let may = self.acting.as_ref().map_or(self.may_write, |name| self.person(name).writes());
        if may {
            return Ok(());
        }
        Err(Refusal::quiet(403, format!("You do not have the permission to {what} this issue.")))
    }
}

/// The members of a JSON body; others than those `known` are refused.
pub(super) fn given(ask: &Ask, known: &[&str]) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice(&ask.body) {
        Ok(Value::Object(map)) if map.keys().all(|name| known.contains(&name.as_str())) => Ok(map),
        _ => Err(Refusal::bad_payload()),
    }
}
