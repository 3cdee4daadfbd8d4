//! Issues as JSON, in each flavour's shapes.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::fields::{Field, FieldKind};
use super::super::scenario::text_of;
use super::super::state::{Change, Flavour, Issue, State};
use super::super::statuses::Category;
use super::selection::Selection;

/// Jira's way to write an instant.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string()
}

/// Of an option, by its value.
pub(super) fn option_id(text: &str) -> String {
    let sum: u32 = text.bytes().map(u32::from).sum();
    (10_000 + sum).to_string()
}

impl State {
    pub(super) fn issue_json(&self, issue: &Issue, selection: &Selection) -> Value {
        let mut fields = Map::new();
        for field in &self.fields {
            if selection.takes(&field.id)
                && let Some(value) = self.field_json(issue, field)
            {
                fields.insert(field.id.clone(), value);
            }
        }
        let mut json = json!({
            "expand": "operations,versionedRepresentations,editmeta,changelog,renderedFields",
            "id": issue.id.to_string(),
            "self": self.link("issue", issue.id),
            "key": issue.key,
            "fields": fields,
        });
        if selection.with_changelog {
            json["changelog"] = self.history_json(issue);
        }
        json
    }

    /// The field's value; none where Jira leaves the name out.
    fn field_json(&self, issue: &Issue, field: &Field) -> Option<Value> {
        if let Some(number) = field.number {
            let value = issue.custom.get(&number).unwrap_or(&Value::Null);
            return Some(self.custom_json(field.kind, value));
        }
        let is_done = || {
            let status = self.status_named(&issue.status);
            status.is_some_and(|status| status.category == Category::Done)
        };
        Some(match field.id.as_str() {
            "summary" => issue.title.clone().into(),
            "description" => self.custom_json(FieldKind::RichText, &issue.description),
            "status" if issue.broken => Value::Null,
            "status" => self.status_json(&issue.status),
            "issuetype" => self.type_json(issue),
            "project" => self.project_json(issue.project()),
            "assignee" => match &issue.assignee {
                Some(name) => self.person(name).to_json(self.flavour, &self.base_url),
                None => Value::Null,
            },
            "reporter" => self.person(&issue.reporter).to_json(self.flavour, &self.base_url),
            "parent" => self.parent_json(issue)?,
            "subtasks" => self
                .issues
                .iter()
                .filter(|child| child.parent == Some(issue.id) && child.is_subtask())
                .map(|child| self.relative_json(child))
                .collect(),
            "labels" => issue.labels.clone().into(),
            "created" => moment(issue.created).into(),
            "updated" => moment(issue.updated).into(),
            "resolution" if is_done() => json!({"id": "10000", "name": "Done"}),
            "resolution" => Value::Null,
            "fixVersions" => {
                let held = self.versions.iter().filter(|version| issue.fix_versions.contains(&version.id));
                held.map(|version| self.version_json(version)).collect()
            }
            "priority" => json!({"id": "3", "name": "Medium"}),
            _ => json!([]),
        })
    }

    fn custom_json(&self, kind: FieldKind, value: &Value) -> Value {
        let option = |value: &Value| {
            let text = text_of(value);
            let id = option_id(&text);
            json!({
                "self": format!("{}/rest/api/{}/customFieldOption/{id}", self.base_url, self.version()),
                "value": text,
                "id": id,
            })
        };
        match (kind, value) {
            (_, Value::Null) => Value::Null,
            (FieldKind::MultiSelect, Value::Array(values)) => values.iter().map(option).collect(),
            (FieldKind::MultiSelect, one) => json!([option(one)]),
            // Whatever else a test makes up goes out as it is.
            (_, Value::Object(_) | Value::Array(_)) => value.clone(),
            (FieldKind::Select, one) => option(one),
            (FieldKind::User, one) => self.person(&text_of(one)).to_json(self.flavour, &self.base_url),
            (FieldKind::Number, one) => one.as_f64().into(),
            (FieldKind::RichText, Value::String(text)) if self.flavour == Flavour::Cloud => adf(text),
            _ => value.clone(),
        }
    }

    fn type_json(&self, issue: &Issue) -> Value {
        let name = &issue.kind;
        let index = self.issue_types.iter().position(|known| known == name);
        let id = 10_001 + index.unwrap_or_default() as u64;
        json!({
            "self": self.link("issuetype", id),
            "id": id.to_string(),
            "name": name,
            "description": "",
            "subtask": issue.is_subtask(),
        })
    }

    fn project_json(&self, key: &str) -> Value {
        let index = self.projects.iter().position(|known| known == key);
        let id = 10_000 + index.unwrap_or_default() as u64;
        json!({
            "self": self.link("project", id),
            "id": id.to_string(),
            "key": key,
            "name": format!("Project {key}"),
            "projectTypeKey": "software",
        })
    }

    /// Data Center keeps epics elsewhere.
    fn parent_json(&self, issue: &Issue) -> Option<Value> {
        let parent = self.by_id(issue.parent?)?;
        let is_shown = issue.is_subtask() || self.flavour == Flavour::Cloud;
        is_shown.then(|| self.relative_json(parent))
    }

    fn relative_json(&self, issue: &Issue) -> Value {
        json!({
            "id": issue.id.to_string(),
            "key": issue.key,
            "self": self.link("issue", issue.id),
            "fields": {
                "summary": issue.title,
                "status": self.status_json(&issue.status),
                "issuetype": self.type_json(issue),
            },
        })
    }

    /// Cloud: newest first, and no more than the limit; Data Center: all,
    /// oldest first.
    fn history_json(&self, issue: &Issue) -> Value {
        let all = issue.history.iter();
        let histories: Vec<Value> = match self.flavour {
            Flavour::Cloud => all.rev().take(self.changelog_limit).map(|change| self.change_json(change)).collect(),
            Flavour::DataCenter => all.map(|change| self.change_json(change)).collect(),
        };
        json!({
            "startAt": 0,
            "maxResults": histories.len(),
            "total": issue.history.len(),
            "histories": histories,
        })
    }

    pub(super) fn change_json(&self, change: &Change) -> Value {
        let mut item = json!({
            "field": change.field,
            "fieldtype": if change.custom { "custom" } else { "jira" },
            "from": change.from,
            "fromString": change.from_string,
            "to": change.to,
            "toString": change.to_string,
        });
        if self.flavour == Flavour::Cloud {
            item["fieldId"] = change.field_id.clone().into();
        }
        json!({
            "id": change.id.to_string(),
            "author": self.person(&change.author).to_json(self.flavour, &self.base_url),
            "created": moment(change.at),
            "items": [item],
        })
    }

    pub(super) fn link(&self, kind: &str, id: u64) -> String {
        format!("{}/rest/api/{}/{kind}/{id}", self.base_url, self.version())
    }
}

/// Plain text as an ADF document: a paragraph for each block, a hard break for
/// each line within.
fn adf(text: &str) -> Value {
    let paragraph = |block: &str| {
        let mut content = Vec::new();
        for (index, line) in block.lines().enumerate() {
            if index > 0 {
                content.push(json!({"type": "hardBreak"}));
            }
            content.push(json!({"type": "text", "text": line}));
        }
        json!({"type": "paragraph", "content": content})
    };
    let blocks = text.split("\n\n").filter(|block| !block.is_empty());
    let content: Vec<Value> = blocks.map(paragraph).collect();
    json!({"type": "doc", "version": 1, "content": content})
}
