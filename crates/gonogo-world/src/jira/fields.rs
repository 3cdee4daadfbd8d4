//! Fields, as `/field` lists them.

use serde_json::{Value, json};

use super::state::Flavour;

/// What a custom field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// One line of text.
    Text,
    /// A number.
    Number,
    /// One of a list: an object with a value.
    Select,
    /// Several of a list.
    MultiSelect,
    /// A person.
    User,
    /// Text with marks: ADF on Cloud, wiki text on Data Center.
    RichText,
    /// A day, `2024-01-31`.
    Date,
    /// An instant, `2024-01-31T14:02:03.000+0000`.
    DateTime,
}

impl FieldKind {
    /// `type`, `items`, and the last part of `custom` in the field's schema.
    pub(super) fn schema(self) -> (&'static str, Option<&'static str>, &'static str) {
        match self {
            Self::Text => ("string", None, "textfield"),
            Self::Number => ("number", None, "float"),
            Self::Select => ("option", None, "select"),
            Self::MultiSelect => ("array", Some("option"), "multiselect"),
            Self::User => ("user", None, "userpicker"),
            Self::RichText => ("string", None, "textarea"),
            Self::Date => ("date", None, "datepicker"),
            Self::DateTime => ("datetime", None, "datetime"),
        }
    }
}

/// A field of the system (no number) or one that the customer added.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) number: Option<u64>,
    pub(super) kind: FieldKind,
    /// `type` and `items` of a system field.
    system: (&'static str, Option<&'static str>),
}

impl Field {
    pub(super) fn custom(number: u64, name: &str, kind: FieldKind) -> Self {
        Self {
            id: format!("customfield_{number}"),
            name: name.to_owned(),
            number: Some(number),
            kind,
            system: ("", None),
        }
    }

    fn system(id: &str, name: &str, kind: &'static str, items: Option<&'static str>) -> Self {
        Self { id: id.to_owned(), name: name.to_owned(), number: None, kind: FieldKind::Text, system: (kind, items) }
    }

    pub(super) fn to_json(&self, flavour: Flavour) -> Value {
        let mut schema = serde_json::Map::new();
        let mut clauses = Vec::new();
        let (kind, items) = if let Some(number) = self.number {
            let (kind, items, custom) = self.kind.schema();
            let custom = format!("com.atlassian.jira.plugin.system.customfieldtypes:{custom}");
            schema.insert("custom".into(), custom.into());
            schema.insert("customId".into(), number.into());
            clauses.push(format!("cf[{number}]"));
            clauses.push(self.name.clone());
            (kind, items)
        } else {
            schema.insert("system".into(), self.id.clone().into());
            clauses.push(self.id.clone());
            self.system
        };
        schema.insert("type".into(), kind.into());
        if let Some(items) = items {
            schema.insert("items".into(), items.into());
        }
        let mut field = json!({
            "id": self.id,
            "name": self.name,
            "custom": self.number.is_some(),
            "orderable": true,
            "navigable": true,
            "searchable": true,
            "clauseNames": clauses,
            "schema": schema,
        });
        if flavour == Flavour::Cloud {
            field["key"] = self.id.clone().into();
        }
        field
    }
}

/// Custom fields that a test adds are numbered from here.
pub(super) fn next_number(fields: &[Field]) -> u64 {
    let last = fields.iter().filter_map(|field| field.number).max();
    last.unwrap_or_default().max(10_040) + 1
}

/// What every Jira has from its first day.
pub(super) fn defaults(flavour: Flavour) -> Vec<Field> {
    let mut fields: Vec<Field> = [
        ("summary", "Summary", "string", None),
        ("description", "Description", "string", None),
        ("status", "Status", "status", None),
        ("issuetype", "Issue Type", "issuetype", None),
        ("project", "Project", "project", None),
        ("assignee", "Assignee", "user", None),
        ("reporter", "Reporter", "user", None),
        ("parent", "Parent", "issuelink", None),
        ("subtasks", "Sub-tasks", "array", Some("issuelinks")),
        ("labels", "Labels", "array", Some("string")),
        ("created", "Created", "datetime", None),
        ("updated", "Updated", "datetime", None),
        ("resolution", "Resolution", "resolution", None),
        ("priority", "Priority", "priority", None),
        ("fixVersions", "Fix versions", "array", Some("version")),
        ("components", "Components", "array", Some("component")),
    ]
    .into_iter()
    .map(|(id, name, kind, items)| Field::system(id, name, kind, items))
    .collect();
    match flavour {
        Flavour::Cloud => {
            let estimate = "Story point estimate";
            fields.push(Field::custom(10_016, estimate, FieldKind::Number));
            fields.push(Field::custom(10_026, "Story Points", FieldKind::Number));
        }
        Flavour::DataCenter => {
            fields.push(Field::custom(10_006, "Story Points", FieldKind::Number));
        }
    }
    fields
}
