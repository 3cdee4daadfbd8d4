//! An issue in Jira's JSON, read into ours.

use super::fields::FieldId;
use gonogo_core::ids::IssueKey;
use gonogo_core::story::{Change, FieldValue, History, Issue, IssueType, Parent, Status, TrackerPerson};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// Fields that every check may look at.
pub(super) const USUAL: [&str; 8] =
    ["summary", "status", "issuetype", "assignee", "reporter", "parent", "labels", "created"];

/// Reads issues that were asked for with some fields.
pub(super) struct Reader<'a> {
    /// Of the Jira itself, for links.
    pub url: &'a str,
    pub fields: &'a BTreeMap<String, FieldId>,
    pub history: bool,
}

impl Reader<'_> {
    /// `None` where a part that no issue lacks is missing.
    pub(super) fn issue(&self, json: &Value) -> Option<Issue> {
        let key: IssueKey = json.get("key")?.as_str()?.parse().ok()?;
        let fields = json.get("fields")?;
        let labels = fields.get("labels").and_then(Value::as_array).into_iter().flatten();
        Some(Issue {
            title: text_at(fields, "summary").unwrap_or_default(),
            kind: issue_type(fields.get("issuetype")?)?,
            status: status(fields.get("status")?)?,
            is_done: fields.pointer("/status/statusCategory/key").and_then(Value::as_str) == Some("done"),
            assignee: fields.get("assignee").and_then(person),
            reporter: fields.get("reporter").and_then(person),
            parent: fields.get("parent").and_then(parent),
            labels: labels.filter_map(Value::as_str).map(str::to_owned).collect(),
            created_at: text_at(fields, "created").and_then(|t| time(&t)),
            url: format!("{}/browse/{key}", self.url),
            fields: self.fields.iter().map(|(word, id)| (word.clone(), field(fields, id))).collect(),
            field_ids: self.fields.iter().filter_map(|(word, id)| Some((word.clone(), known_id(id)?))).collect(),
            history: if self.history { json.get("changelog").and_then(history) } else { None },
            key,
        })
    }
}

fn known_id(id: &FieldId) -> Option<String> {
    match id {
        FieldId::Id(id) => Some(id.clone()),
        FieldId::NoSuchField | FieldId::Ambiguous(_) => None,
    }
}

pub(super) fn text_at(json: &Value, name: &str) -> Option<String> {
    json.get(name)?.as_str().map(str::to_owned)
}

pub(super) fn status(json: &Value) -> Option<Status> {
    Some(Status { id: text_at(json, "id")?, name: text_at(json, "name")? })
}

fn issue_type(json: &Value) -> Option<IssueType> {
    let subtask = json.get("subtask").and_then(Value::as_bool).unwrap_or(false);
    Some(IssueType { id: text_at(json, "id")?, name: text_at(json, "name")?, subtask })
}

/// Cloud has account ids; Data Center has a key or a name.
pub(super) fn person(json: &Value) -> Option<TrackerPerson> {
    let id = ["accountId", "key", "name"].iter().find_map(|part| text_at(json, part))?;
    let name = text_at(json, "displayName").unwrap_or_else(|| id.clone());
    Some(TrackerPerson { id, name })
}

fn parent(json: &Value) -> Option<Parent> {
    let fields = json.get("fields");
    Some(Parent {
        key: text_at(json, "key")?.parse().ok()?,
        title: fields.and_then(|f| text_at(f, "summary")).unwrap_or_default(),
        status: fields.and_then(|f| f.get("status")).and_then(status),
    })
}

fn field(fields: &Value, id: &FieldId) -> FieldValue {
    match id {
        FieldId::NoSuchField => FieldValue::NoSuchField,
        FieldId::Ambiguous(ids) => FieldValue::Ambiguous(ids.clone()),
        FieldId::Id(id) => fields.get(id).map_or(FieldValue::Empty, value),
    }
}

/// A field's value as text: options by their value, rich text flattened, lists joined.
pub(super) fn value(json: &Value) -> FieldValue {
    match json {
        Value::Null => FieldValue::Empty,
        Value::Bool(is) => FieldValue::Text(is.to_string()),
        Value::Number(number) => number.as_f64().map_or(FieldValue::Empty, FieldValue::Number),
        Value::String(text) if text.is_empty() => FieldValue::Empty,
        Value::String(text) => FieldValue::Text(text.clone()),
        Value::Array(items) => {
            let texts: Vec<String> = items.iter().filter_map(|item| text_of(&value(item))).collect();
            if texts.is_empty() { FieldValue::Empty } else { FieldValue::Text(texts.join(", ")) }
        }
        Value::Object(object) => {
            if json.get("type").and_then(Value::as_str) == Some("doc") {
                let text = gonogo_read::adf::text(json);
                return if text.is_empty() { FieldValue::Empty } else { FieldValue::Text(text) };
            }
            if object.contains_key("accountId") || object.contains_key("displayName") {
                return person(json).map_or(FieldValue::Empty, FieldValue::Person);
            }
            let child = object.get("child").map(value).and_then(|v| text_of(&v));
            let own = ["value", "name", "key", "id"].iter().find_map(|part| text_at(json, part));
            match (own, child) {
                (Some(own), Some(child)) => FieldValue::Text(format!("{own} - {child}")),
                (Some(own), None) => FieldValue::Text(own),
                (None, _) => FieldValue::Text(json.to_string()),
            }
        }
    }
}

fn text_of(value: &FieldValue) -> Option<String> {
    match value {
        FieldValue::Text(text) => Some(text.clone()),
        FieldValue::Number(number) => Some(number.to_string()),
        FieldValue::Person(who) => Some(who.name.clone()),
        FieldValue::Empty | FieldValue::NoSuchField | FieldValue::Ambiguous(_) => None,
    }
}

/// `2026-01-31T14:02:03.000+0100`: Jira writes the offset without a colon.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    let (head, offset) = text.split_at_checked(text.len().checked_sub(5)?)?;
    let (hours, minutes) = offset.split_at_checked(3)?;
    format!("{head}{hours}:{minutes}").parse().ok()
}

/// Oldest first, whichever way Jira tells it.
fn history(json: &Value) -> Option<History> {
    let entries = json.get("histories").or_else(|| json.get("values"))?.as_array()?;
    let total = json.get("total").and_then(Value::as_u64);
    let cut = total.is_none_or(|total| total > entries.len() as u64);
    let mut changes = Vec::new();
    for entry in entries {
        let at = text_at(entry, "created").and_then(|t| time(&t))?;
        let by = entry.get("author").and_then(person);
        for item in entry.get("items").and_then(Value::as_array).into_iter().flatten() {
            let field = text_at(item, "fieldId").or_else(|| text_at(item, "field"))?;
            let value = |id: &str, name: &str| {
                Some(Status { id: text_at(item, id).unwrap_or_default(), name: text_at(item, name)? })
            };
            let (from, to) = (value("from", "fromString"), value("to", "toString"));
            changes.push(Change { at, by: by.clone(), field, from, to });
        }
    }
    changes.sort_by_key(|c| c.at);
    Some(History { changes, cut })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_of_both_flavours_are_read() {
        let utc: Timestamp = "2026-01-31T13:02:03Z".parse().unwrap();
        assert_eq!(time("2026-01-31T14:02:03.000+0100"), Some(utc));
        assert_eq!(time("2026-01-31T13:02:03Z"), Some(utc));
        assert_eq!(time("soon"), None);
        assert_eq!(time("ééé"), None);
    }

    #[test]
    fn values_of_all_kinds_read_as_text() {
        let text = |t: &str| FieldValue::Text(t.to_owned());
        for (json, read) in [
            (json!(null), FieldValue::Empty),
            (json!(""), FieldValue::Empty),
            (json!([]), FieldValue::Empty),
            (json!(5.0), FieldValue::Number(5.0)),
            (json!({"value": "High", "id": "1"}), text("High")),
            (json!({"value": "A", "child": {"value": "B"}}), text("A - B")),
            (json!([{"value": "A"}, {"value": "B"}]), text("A, B")),
            (json!({"type": "doc", "version": 1, "content": []}), FieldValue::Empty),
        ] {
            assert_eq!(value(&json), read, "{json}");
        }
    }
}
