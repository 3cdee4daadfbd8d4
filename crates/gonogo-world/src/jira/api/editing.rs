//! What a token that may edit writes into one issue, and into a project's versions.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::super::fields::{Field, FieldKind};
use super::super::scenario::text_of;
use super::super::state::{Flavour, State};
use super::Answered;
use super::answers::Refusal;
use super::render::option_id;
use super::writing::given;
use crate::serve::Ask;

impl State {
    /// What stands behind `project/` and `version`.
    pub(super) fn of_projects(&mut self, ask: &Ask, rest: &str) -> Answered {
        match (ask.method.as_str(), rest.split('/').collect::<Vec<_>>().as_slice()) {
            ("GET", ["project", key, "versions"]) => self.versions_of(key),
            ("POST", ["version"]) => self.make_version(ask),
            _ => Err(Refusal::no_such_path(rest)),
        }
    }

    fn versions_of(&self, key: &str) -> Answered {
        if !self.access.may_browse || !self.projects.iter().any(|known| known == key) {
            return Err(no_project(key));
        }
        let of_it = self.versions.iter().filter(|version| version.project == key);
        Ok(of_it.map(|version| self.version_json(version)).collect())
    }

    fn make_version(&mut self, ask: &Ask) -> Answered {
        let known = ["name", "projectId", "project", "description", "released", "releaseDate", "startDate", "archived"];
        let given = given(ask, &known)?;
        let id = given.get("projectId").and_then(Value::as_u64);
        let at = id.and_then(|id| usize::try_from(id.checked_sub(10_000)?).ok());
        let project = at.and_then(|at| self.projects.get(at)).cloned();
        let project = project.ok_or_else(|| no_project(&id.unwrap_or_default().to_string()))?;
        if !self.may_administer {
            // Cloud does not say that there is such a project.
            return Err(match self.flavour {
                Flavour::Cloud => no_project(&project),
                Flavour::DataCenter => {
                    Refusal::quiet(403, "You must have administrator permission to make versions in this project.")
                }
            });
        }
        let name = given.get("name").and_then(Value::as_str).unwrap_or_default().trim();
        if name.is_empty() || name.chars().count() > 255 {
            return Err(Refusal::surprise(400, "You must specify a valid version name"));
        }
        if self.version_named(&project, name).is_some() {
            return Err(Refusal::quiet(400, "A version with this name already exists in this project."));
        }
        let day = given.get("releaseDate").and_then(Value::as_str);
        if day.is_some_and(|day| day.parse::<Date>().is_err()) {
            return Err(Refusal::surprise(400, "The release date is no date: yyyy-MM-dd"));
        }
        let version = self.add_version(&project, name);
        version.is_released = given.get("released").and_then(Value::as_bool).unwrap_or(false);
        version.release_date = day.map(str::to_owned);
        let made = version.clone();
        Ok(self.version_json(&made))
    }

    /// What can be edited, and how.
    pub(super) fn edit_meta(&mut self, key: &str) -> Answered {
        self.visible(key).ok_or_else(|| self.no_such_issue())?;
        if self.may_write("edit").is_err() {
            return Ok(json!({ "fields": {} }));
        }
        let editable = self.fields.iter().filter(|field| self.is_on_screen(field));
        let fields: Map<String, Value> = editable.map(|field| (field.id.clone(), self.meta_of(field))).collect();
        Ok(json!({ "fields": fields }))
    }

    fn is_on_screen(&self, field: &Field) -> bool {
        let is_edited = field.number.is_some() || ["summary", "labels", "fixVersions"].contains(&field.id.as_str());
        is_edited && !self.off_screen.contains(&field.id)
    }

    pub(super) fn meta_of(&self, field: &Field) -> Value {
        let schema = field.to_json(self.flavour)["schema"].clone();
        let is_list = schema["type"] == "array";
        let mut meta = json!({
            "required": field.id == "summary",
            "hasDefaultValue": false,
            "schema": schema,
            "name": field.name,
            "key": field.id,
            "operations": if is_list { json!(["add", "set", "remove"]) } else { json!(["set"]) },
        });
        if let Some(options) = self.options.get(&field.id) {
            meta["allowedValues"] =
                options.iter().map(|option| json!({ "id": option_id(option), "value": option })).collect();
        }
        meta
    }

    pub(super) fn edit_issue(&mut self, ask: &Ask, key: &str) -> Answered {
        let issue = self.visible(key).ok_or_else(|| self.no_such_issue())?.id;
        self.may_write("edit")?;
        let given = given(ask, &["fields", "update", "historyMetadata", "properties"])?;
        let part = |name: &str| given.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
        let mut values = Vec::new();
        for (id, value) in part("fields") {
            let field = self.on_screen(&id)?;
            let stored = self.taken(&field, &value)?;
            values.push((id, stored));
        }
        let mut versions = self.issue_mut(issue).fix_versions.clone();
        for (id, changes) in part("update") {
            let field = self.on_screen(&id)?;
            if id != "fixVersions" {
                values.push((id, self.changed(issue, &field, &changes)?));
                continue;
            }
            for change in changes.as_array().map(Vec::as_slice).unwrap_or_default() {
                self.change_versions(issue, change, &mut versions)?;
            }
        }
        let who = self.who().to_owned();
        for (id, value) in values {
            if id == "labels" {
                let labels = value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
                self.issue_mut(issue).labels = labels.collect();
            } else {
                self.set_field(issue, &id, value, &who);
            }
        }
        if versions != self.issue_mut(issue).fix_versions {
            self.set_versions(issue, versions, &who);
        }
        self.tell_sometime(issue);
        Ok(Value::Null)
    }

    fn on_screen(&self, id: &str) -> Result<Field, Refusal> {
        let field = self.fields.iter().find(|field| field.id == id).filter(|field| self.is_on_screen(field));
        field.cloned().ok_or_else(|| {
            let said = format!("Field '{id}' cannot be set. It is not on the appropriate screen, or unknown.");
            Refusal { field: Some(id.to_owned()), ..Refusal::quiet(400, said) }
        })
    }

    /// A value as the field's kind takes it, as it is stored.
    fn taken(&self, field: &Field, value: &Value) -> Result<Value, Refusal> {
        let wrong = |said: &str| Refusal { field: Some(field.id.clone()), ..Refusal::quiet(400, said) };
        if let Some((_, said)) = self.refuses.iter().find(|(id, _)| *id == field.id) {
            return Err(wrong(said));
        }
        let option = |value: &Value| self.option_of(field, value).ok_or_else(|| wrong("Option id is not valid"));
        Ok(match (field.kind, value) {
            (_, Value::Null) => Value::Null,
            _ if field.id == "labels" && value.is_array() => value.clone(),
            (FieldKind::Text, Value::String(text)) if !text.contains('\n') => value.clone(),
            (FieldKind::RichText, Value::String(_)) if self.flavour == Flavour::DataCenter => value.clone(),
            (FieldKind::RichText, Value::Object(doc)) if doc.get("type") == Some(&json!("doc")) => value.clone(),
            (FieldKind::Number, Value::Number(_)) => value.clone(),
            (FieldKind::Date, Value::String(day)) if day.parse::<Date>().is_ok() => value.clone(),
            (FieldKind::DateTime, Value::String(at)) if Timestamp::strptime("%Y-%m-%dT%H:%M:%S.%f%z", at).is_ok() => {
                value.clone()
            }
            (FieldKind::User, Value::Object(_)) => self.named(value).ok_or_else(|| wrong("there is no such user"))?,
            (FieldKind::Select, Value::Object(_)) => option(value)?,
            (FieldKind::MultiSelect, Value::Array(all)) => all.iter().map(option).collect::<Result<_, _>>()?,
            _ => return Err(Refusal::surprise(400, format!("{}: data was not what the field takes", field.name))),
        })
    }

    /// What a field of several values holds after these changes.
    fn changed(&self, issue: u64, field: &Field, changes: &Value) -> Result<Value, Refusal> {
        let issue = self.by_id(issue).ok_or_else(|| self.no_such_issue())?;
        let custom = || field.number.and_then(|number| issue.custom.get(&number)?.as_array().cloned());
        let mut held: Vec<Value> = if field.id == "labels" {
            issue.labels.iter().map(|label| label.as_str().into()).collect()
        } else {
            custom().unwrap_or_default()
        };
        let one = |value: &Value| self.taken(field, &json!([value])).map(|list| list[0].clone());
        for change in changes.as_array().map(Vec::as_slice).unwrap_or_default() {
            if let Some(added) = change.get("add") {
                let added = one(added)?;
                if !held.contains(&added) {
                    held.push(added);
                }
            } else if let Some(gone) = change.get("remove") {
                let gone = one(gone)?;
                held.retain(|kept| *kept != gone);
            } else {
                return Err(Refusal::bad_payload());
            }
        }
        Ok(held.into())
    }

    /// By its id or its value, as it is stored.
    fn option_of(&self, field: &Field, value: &Value) -> Option<Value> {
        let Some(options) = self.options.get(&field.id) else { return Some(text_of(value).into()) };
        let is_it = |option: &&String| {
            value["id"].as_str() == Some(option_id(option).as_str()) || value["value"].as_str() == Some(option)
        };
        options.iter().find(is_it).map(|option| option.clone().into())
    }

    /// A user, by what each flavour names them by, as it is stored.
    fn named(&self, value: &Value) -> Option<Value> {
        let part = match self.flavour {
            Flavour::Cloud => "accountId",
            Flavour::DataCenter => "name",
        };
        let wanted = value[part].as_str()?;
        let found = self.people.iter().find(|person| person.id(self.flavour) == wanted)?;
        Some(found.name.clone().into())
    }

    fn change_versions(&self, issue: u64, change: &Value, versions: &mut Vec<u64>) -> Result<(), Refusal> {
        let project = self.by_id(issue).map(|issue| issue.project().to_owned()).unwrap_or_default();
        let of = |wanted: &Value| {
            let by_id = |id: &str| self.versions.iter().find(|one| one.id.to_string() == id && one.project == project);
            let found = match (wanted["id"].as_str(), wanted["name"].as_str()) {
                (Some(id), _) => by_id(id),
                (None, Some(name)) => self.version_named(&project, name),
                (None, None) => None,
            };
            found.ok_or_else(|| Refusal::quiet(400, format!("Version {wanted} is not valid in project {project}.")))
        };
        if let Some(wanted) = change.get("add") {
            let version = of(wanted)?;
            if version.is_archived {
                return Err(Refusal::quiet(400, format!("Version '{}' is archived.", version.name)));
            }
            if !versions.contains(&version.id) {
                versions.push(version.id);
            }
        } else if let Some(wanted) = change.get("remove") {
            let gone = of(wanted)?.id;
            versions.retain(|id| *id != gone);
        } else {
            return Err(Refusal::bad_payload());
        }
        Ok(())
    }
}

fn no_project(key: &str) -> Refusal {
    Refusal::quiet(404, format!("No project could be found with key '{key}'."))
}
