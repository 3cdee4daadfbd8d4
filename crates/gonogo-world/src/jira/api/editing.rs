//! What a token that may edit writes into one issue.

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
        let is_edited = field.number.is_some() || ["summary", "labels"].contains(&field.id.as_str());
        is_edited && !self.off_screen.contains(&field.id)
    }

    pub(super) fn meta_of(&self, field: &Field) -> Value {
        let mut meta = json!({
            "required": field.id == "summary",
            "hasDefaultValue": false,
            "schema": field.to_json(self.flavour)["schema"],
            "name": field.name,
            "key": field.id,
            "operations": ["set"],
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
        let fields = given.get("fields").and_then(Value::as_object).cloned().unwrap_or_default();
        let mut values = Vec::new();
        for (id, value) in fields {
            let field = self.on_screen(&id)?;
            let stored = self.taken(&field, &value)?;
            values.push((id, stored));
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
            (FieldKind::User, Value::Object(_)) => self.named(value).ok_or_else(|| wrong("there is no such user"))?,
            (FieldKind::Select, Value::Object(_)) => option(value)?,
            (FieldKind::MultiSelect, Value::Array(all)) => all.iter().map(option).collect::<Result<_, _>>()?,
            _ => return Err(Refusal::surprise(400, format!("{}: data was not what the field takes", field.name))),
        })
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
}
