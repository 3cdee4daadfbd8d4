//! Hooks, and the deliveries that GitHub remembers.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::answers::{Done, Refusal};
use super::call::{Call, linked};
use super::{Answered, State};
use crate::github::access::{Caller, Level};
use crate::github::hooks::{Delivery, Owner};
use crate::github::render::{delivery_json, whole_delivery_json};

/// GitHub remembers them so long.
const MEMORY: SignedDuration = SignedDuration::from_hours(72);

impl State {
    pub(super) fn app_deliveries(&mut self, call: &Call, rest: &[&str]) -> Answered {
        let Caller::App(app) = call.caller else {
            return Err(not_an_app());
        };
        self.deliveries_of(call, Owner::App(app), rest)
    }

    pub(super) fn hook_route(&mut self, call: &Call, id: u64, rest: &[&str]) -> Answered {
        let level = if call.method() == "GET" { Level::Read } else { Level::Write };
        self.needs(call, id, "repository_hooks", level)?;
        let hook = |number: &str| {
            let known = self.repository(id).hooks.iter().find(|hook| hook.id.to_string() == number);
            known.map(|hook| hook.id).ok_or_else(Refusal::not_found)
        };
        match (call.method(), rest) {
            ("GET", []) => {
                self.knows(call, &["per_page", "page"]);
                let repository = self.repository(id);
                let hooks = repository.hooks.iter().map(|hook| self.hook_json(repository, hook)).collect();
                Ok(self.list(call, hooks))
            }
            ("POST", [number, "pings"]) => {
                let hook = hook(number)?;
                self.tell_ping(id, hook);
                Ok(Done::nothing())
            }
            (_, [number, "deliveries", rest @ ..]) => {
                let hook = hook(number)?;
                self.deliveries_of(call, Owner::Repository(hook), rest)
            }
            _ => Err(Refusal::no_such_path()),
        }
    }

    fn deliveries_of(&mut self, call: &Call, owner: Owner, rest: &[&str]) -> Answered {
        let oldest = self.clock.now() - MEMORY;
        let is_known = |delivery: &&Delivery| delivery.owner == owner && !delivery.is_secret && delivery.at >= oldest;
        match (call.method(), rest) {
            ("GET", []) => {
                let newest_first: Vec<Value> =
                    self.deliveries.iter().rev().filter(is_known).map(delivery_json).collect();
                self.knows(call, &["per_page", "cursor", "status"]);
                self.delivery_page(call, newest_first)
            }
            (method, [number, rest @ ..]) => {
                let known = self.deliveries.iter().filter(is_known).find(|known| known.id.to_string() == *number);
                let delivery = known.ok_or_else(Refusal::not_found)?;
                match (method, rest) {
                    ("GET", []) => {
                        let url = self.hook(owner).map_or("", |hook| hook.url.as_str());
                        Ok(Done::ok(whole_delivery_json(delivery, url)))
                    }
                    ("POST", ["attempts"]) => {
                        let id = delivery.id;
                        self.redeliver(id).ok_or_else(Refusal::not_found)?;
                        Ok(Done::accepted(json!({})))
                    }
                    _ => Err(Refusal::no_such_path()),
                }
            }
            _ => Err(Refusal::no_such_path()),
        }
    }

    /// By a cursor, not by numbers: what is new does not move the pages.
    fn delivery_page(&mut self, call: &Call, mut newest_first: Vec<Value>) -> Answered {
        let size = call.query("per_page").and_then(|size| size.parse().ok()).unwrap_or(30_usize).clamp(1, 100);
        let is_success = |json: &Value| json["status_code"].as_u64().is_some_and(|code| (200..400).contains(&code));
        match call.query("status") {
            Some("success") => newest_first.retain(is_success),
            Some("failure") => newest_first.retain(|json| !is_success(json)),
            _ => {}
        }
        if let Some(cursor) = call.query("cursor") {
            let Some(last) = cursor.strip_prefix("v1_").and_then(|id| id.parse::<u64>().ok()) else {
                return Err(Refusal::surprise(400, "Invalid cursor"));
            };
            newest_first.retain(|json| json["id"].as_u64().is_some_and(|id| id < last));
        }
        let has_more = newest_first.len() > size;
        newest_first.truncate(size);
        let last = newest_first.last().filter(|_| has_more);
        let next = last.map(|json| {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(call.ask.query.iter().filter(|(name, _)| name != "cursor"));
            query.append_pair("cursor", &format!("v1_{}", json["id"]));
            format!("<{}{}?{}>; rel=\"next\"", self.web_url, call.ask.path, query.finish())
        });
        Ok(linked(Done::ok(newest_first.into()), next))
    }
}

pub(super) fn not_an_app() -> Refusal {
    Refusal::quiet(401, "A JSON web token could not be decoded")
}
