//! Hooks and their deliveries.

use serde_json::{Map, Value, json};

use super::super::clock::moment;
use super::super::hooks::{Delivery, Hook};
use super::super::repository::Repository;
use super::super::state::State;

impl State {
    pub(in super::super) fn hook_json(&self, repository: &Repository, hook: &Hook) -> Value {
        let url = format!("{}/hooks/{}", self.url_of(repository), hook.id);
        let events = hook.events.clone().unwrap_or_else(|| vec!["*".to_owned()]);
        let content_type = if hook.is_form { "form" } else { "json" };
        json!({
            "type": "Repository",
            "id": hook.id,
            "name": "web",
            "active": hook.is_active,
            "events": events,
            "config": {"content_type": content_type, "insecure_ssl": "0", "url": hook.url, "secret": "********"},
            "updated_at": moment(hook.created),
            "created_at": moment(hook.created),
            "url": url,
            "test_url": format!("{url}/test"),
            "ping_url": format!("{url}/pings"),
            "deliveries_url": format!("{url}/deliveries"),
            "last_response": {"code": null, "status": "unused", "message": null},
        })
    }
}

/// `hook-delivery-item`, of a list.
pub(in super::super) fn delivery_json(delivery: &Delivery) -> Value {
    let failed = if delivery.error.is_some() { 502 } else { 0 };
    json!({
        "id": delivery.id,
        "guid": delivery.guid,
        "delivered_at": moment(delivery.at),
        "redelivery": delivery.is_redelivery,
        "duration": delivery.took.as_secs_f64(),
        "status": delivery.outcome(),
        "status_code": delivery.status.unwrap_or(failed),
        "event": delivery.event,
        "action": delivery.action,
        "installation_id": delivery.installation,
        "repository_id": delivery.repository,
        "throttled_at": null,
    })
}

/// `hook-delivery`, with both messages.
pub(in super::super) fn whole_delivery_json(delivery: &Delivery, url: &str) -> Value {
    let object = |headers: &[(String, String)]| -> Value {
        let pairs = headers.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
        pairs.collect::<Map<_, _>>().into()
    };
    let mut json = delivery_json(delivery);
    json["url"] = url.into();
    json["request"] = json!({"headers": object(&delivery.request_headers), "payload": delivery.payload});
    json["response"] = json!({"headers": object(&delivery.response_headers), "payload": delivery.response});
    json
}
