//! What a deploy leaves on an issue beside words: fix versions, and a field. Each is
//! looked at before it is written, so that what is so already is not written again.

use super::issue::{time, value};
use super::writing::{NotWritten, Writing};
use super::{Known, Method};
use gonogo_core::fact::Why;
use gonogo_core::ids::IssueKey;
use gonogo_core::story::same_word;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The fix versions that an issue is to have, and not to have; others stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    pub has: Vec<String>,
    pub lacks: Vec<String>,
    /// When those were released that the project does not have yet.
    pub at: Timestamp,
}

/// What a field is to hold, and not to hold. One that holds several values keeps all
/// others: they are people's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldTo {
    pub holds: Holds,
    pub lacks: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    /// When: as a day, an instant or in words, as the field is.
    When(Timestamp),
    Text(String),
    Nothing,
}

impl Writing<'_> {
    pub(super) async fn versions(&self, issue: &IssueKey, wanted: &Versions) -> Result<(), NotWritten> {
        let at = format!("{}/issue/{issue}", self.api);
        let now = self.read(&format!("{at}?fields=fixVersions,project")).await?;
        let held = now.pointer("/fields/fixVersions").and_then(Value::as_array).ok_or_else(|| {
            let fix = "let the project's issues have the field Fix versions";
            never(format!("{issue} has no fix versions"), fix)
        })?;
        let holds = |name: &&String| held.iter().any(|version| is_named(version, name));
        let missing: Vec<&String> = wanted.has.iter().filter(|name| !holds(name)).collect();
        let extra: Vec<&String> = wanted.lacks.iter().filter(holds).collect();
        if missing.is_empty() && extra.is_empty() {
            return Ok(());
        }
        let project = now.pointer("/fields/project").unwrap_or(&Value::Null);
        let mut changes = Vec::new();
        for name in missing {
            let id = self.version(project, name, wanted.at).await?;
            changes.push(json!({ "add": { "id": id } }));
        }
        let id_of = |name: &&String| held.iter().find(|version| is_named(version, name)).map(|version| &version["id"]);
        changes.extend(extra.iter().filter_map(id_of).map(|id| json!({ "remove": { "id": id } })));
        self.write(Method::PUT, &at, &json!({ "update": { "fixVersions": changes } })).await?;
        Ok(())
    }

    /// The id of a project's version, which is made where the project has none of
    /// the name: released, since it runs.
    async fn version(&self, project: &Value, name: &str, at: Timestamp) -> Result<String, NotWritten> {
        let key = project["key"].as_str().unwrap_or_default();
        if let Some(id) = self.known_version(key, name).await? {
            return Ok(id);
        }
        let id: Option<u64> = project["id"].as_str().and_then(|id| id.parse().ok());
        let day = day(at);
        let new = json!({ "name": name, "projectId": id, "released": true, "releaseDate": day });
        match self.write(Method::POST, &format!("{}/version", self.api), &new).await {
            Ok(made) => made["id"]
                .as_str()
                .map(str::to_owned)
                .ok_or_else(|| NotWritten::odd("Jira: a version without an id", "look at [tracker] url and kind")),
            Err(not) => match self.known_version(key, name).await {
                // Somebody made it meanwhile, or we did, and its answer was lost.
                Ok(Some(id)) => Ok(id),
                _ => Err(may_not_make(not, key, name)),
            },
        }
    }

    async fn known_version(&self, project: &str, name: &str) -> Result<Option<String>, NotWritten> {
        let all = self.read(&format!("{}/project/{project}/versions", self.api)).await?;
        let all = all.as_array().map(Vec::as_slice).unwrap_or_default();
        let Some(known) = all.iter().find(|version| is_named(version, name)) else { return Ok(None) };
        if known["archived"] == true {
            let fix = "unarchive it, or name another one in jira_fix_version";
            return Err(never(format!("the version \"{name}\" of {project} is archived"), fix));
        }
        Ok(known["id"].as_str().map(str::to_owned))
    }

    pub(super) async fn field(&self, issue: &IssueKey, name: &str, to: &FieldTo) -> Result<(), NotWritten> {
        let at = format!("{}/issue/{issue}", self.api);
        let meta = self.read(&format!("{at}/editmeta")).await?;
        let fields = meta["fields"].as_object().into_iter().flatten();
        let is_it = |(id, field): &(&String, &Value)| {
            *id == name || field["name"].as_str().is_some_and(|known| same_word(known, name))
        };
        let found: Vec<(&String, &Value)> = fields.filter(is_it).collect();
        let (id, field) = match found.as_slice() {
            [one] => *one,
            [] => {
                let fix = "put it on the edit screen of the project's issues, or mend its name in jira_field";
                return Err(never(format!("the field \"{name}\" cannot be edited on {issue}"), fix));
            }
            several => {
                let ids: Vec<&str> = several.iter().map(|(id, _)| id.as_str()).collect();
                let said = format!("{issue} has {} fields named \"{name}\"", ids.len());
                return Err(never(said, &format!("write the id of the right one: {}", ids.join(", "))));
            }
        };
        let is_list = field["schema"]["type"] == "array";
        let new = self.value_of(name, field, &to.holds)?;
        let now = self.read(&format!("{at}?fields={id}")).await?;
        let held = &now["fields"][id.as_str()];
        let body = if is_list {
            let changes = changes(held, &new, to.lacks.as_deref());
            (!changes.is_empty()).then(|| json!({ "update": { id: changes } }))
        } else {
            (!is_same(held, &new)).then(|| json!({ "fields": { id: new } }))
        };
        if let Some(body) = body {
            self.write(Method::PUT, &at, &body).await?;
        }
        Ok(())
    }

    /// In the shape that a field of its kind takes, or one value of several.
    fn value_of(&self, name: &str, field: &Value, to: &Holds) -> Result<Value, NotWritten> {
        let schema = &field["schema"];
        let (kind, items) = (schema["type"].as_str().unwrap_or_default(), schema["items"].as_str());
        let is_long = schema["custom"].as_str().is_some_and(|custom| custom.ends_with(":textarea"));
        let text = match (to, kind) {
            (Holds::Nothing, _) => return Ok(Value::Null),
            (Holds::When(at), "date") => day(*at),
            (Holds::When(at), "datetime") => at.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string(),
            (Holds::When(at), "string") => at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
            (Holds::When(_), _) => {
                let said = format!("the field \"{name}\" takes no time");
                return Err(never(said, "say in jira_field which value it gets: value = \"…\""));
            }
            (Holds::Text(text), _) => text.clone(),
        };
        match (kind, items) {
            ("string", _) if is_long && self.is_document => {
                let words = json!({ "type": "text", "text": text });
                let content = json!([{ "type": "paragraph", "content": [words] }]);
                Ok(json!({ "type": "doc", "version": 1, "content": content }))
            }
            ("string" | "date" | "datetime", _) | ("array", Some("string")) => Ok(text.into()),
            ("number", _) => text.trim().parse::<f64>().map(Value::from).map_err(|_| {
                never(format!("the field \"{name}\" is a number, and \"{text}\" is none"), "mend value in jira_field")
            }),
            ("option", _) | ("array", Some("option")) => Ok(json!({ "value": allowed(name, field, &text)? })),
            _ => {
                let fix = "name a field of text, a date, a number, a select or labels in jira_field";
                Err(never(format!("the field \"{name}\" is of a kind that is not written: {kind}"), fix))
            }
        }
    }
}

/// What makes a list hold a value, and lack another: nothing is said of the rest.
fn changes(held: &Value, new: &Value, lacks: Option<&str>) -> Vec<Value> {
    let held = held.as_array().map(Vec::as_slice).unwrap_or_default();
    let is_new = |one: &Value| value(one) == value(new);
    let add = (!new.is_null() && !held.iter().any(is_new)).then(|| json!({ "add": new }));
    let is_old = |one: &&Value| match (one.as_str(), lacks) {
        (Some(label), Some(lacks)) => label == lacks,
        (None, Some(lacks)) => one["value"].as_str().is_some_and(|option| same_word(option, lacks)),
        (_, None) => false,
    };
    let old = held.iter().find(is_old).filter(|old| !is_new(old));
    let remove = old.map(|old| match old.as_str() {
        Some(label) => json!({ "remove": label }),
        None => json!({ "remove": { "value": old["value"] } }),
    });
    add.into_iter().chain(remove).collect()
}

/// An option as the field has it.
fn allowed(name: &str, field: &Value, text: &str) -> Result<String, NotWritten> {
    let options = field["allowedValues"].as_array().map(Vec::as_slice).unwrap_or_default();
    let options: Vec<&str> = options.iter().filter_map(|option| option["value"].as_str()).collect();
    let found = options.iter().find(|option| same_word(option, text));
    found.map(|option| (*option).to_owned()).ok_or_else(|| {
        let said = format!("the field \"{name}\" has no option \"{text}\"");
        never(said, &format!("write one of its own into jira_field: {}", options.join(", ")))
    })
}

/// The UTC day.
fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

fn is_named(version: &Value, name: &str) -> bool {
    version["name"].as_str().is_some_and(|known| same_word(known, name))
}

/// Whether a field holds that already, however Jira words it.
fn is_same(held: &Value, new: &Value) -> bool {
    let instant = |value: &Value| value.as_str().and_then(time);
    match (instant(held), instant(new)) {
        (Some(held), Some(new)) => held == new,
        _ => value(held) == value(new),
    }
}

fn never(said: impl Into<String>, fix: &str) -> NotWritten {
    NotWritten { why: Why::new(said, fix), known: Known::Never }
}

/// The right to make versions is another than that to edit issues.
fn may_not_make(not: NotWritten, project: &str, name: &str) -> NotWritten {
    if not.known == Known::Nothing {
        return not;
    }
    let said = format!("the version \"{name}\" could not be made in {project}: {}", not.why.said);
    let fix = format!("make it there, or give the token's account Administer Projects in {project}");
    NotWritten { why: Why { said, fix, ..not.why }, known: Known::NotYet }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_field_holds_already_is_known_however_it_is_worded() {
        assert!(is_same(&json!("2026-11-30T15:02:03.000+0100"), &json!("2026-11-30T14:02:03.000+0000")));
        assert!(is_same(&json!({"value": "Live", "id": "7"}), &json!({"value": "Live"})));
        assert!(is_same(&Value::Null, &json!([])));
        assert!(!is_same(&json!("2026-11-30"), &json!("2026-12-01")));
        assert!(!is_same(&Value::Null, &json!({"value": "Live"})));
    }

    #[test]
    fn of_several_values_ours_alone_come_and_go() {
        let labels = json!(["people", "staging"]);
        let change = |held: &Value, new: Value, lacks| Value::from(changes(held, &new, lacks)).to_string();
        assert_eq!(change(&labels, json!("live"), Some("staging")), r#"[{"add":"live"},{"remove":"staging"}]"#);
        assert_eq!(change(&labels, json!("staging"), Some("live")), "[]");
        assert_eq!(change(&labels, Value::Null, Some("People")), "[]", "labels differ by their letters' case");
        assert_eq!(change(&Value::Null, json!("live"), None), r#"[{"add":"live"}]"#);
        let options = json!([{"value": "Pilot", "id": "1"}, {"value": "Production", "id": "2"}]);
        assert_eq!(change(&options, json!({"value": "Production"}), None), "[]");
        assert_eq!(change(&options, Value::Null, Some("production")), r#"[{"remove":{"value":"Production"}}]"#);
    }
}
