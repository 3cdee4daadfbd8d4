//! What one person may write of one issue, as Jira says it: `editmeta` and
//! `transitions`; and values in Jira's shapes.
//! <https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-editmeta-get>

use super::fields::FieldId;
use super::issue::{status, text_at, value};
use gonogo_core::story::{FieldValue, Status, same_word};
use serde_json::{Value, json};

/// Of a list of values; a longer one is chosen from in Jira.
const MOST_CHOICES: usize = 200;

/// A field as it can be written.
#[derive(Clone, Debug, PartialEq)]
pub struct FormField {
    /// As the policy calls it.
    pub name: String,
    pub id: String,
    pub entry: Entry,
    /// As it is now.
    pub now: FieldValue,
}

/// How a value is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    Line,
    Text,
    Number,
    Day,
    One(Vec<Choice>),
    Several(Vec<Choice>),
    /// Words, each without a space.
    Labels,
    Person,
    /// In Jira alone, and why.
    Elsewhere(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub id: String,
    pub name: String,
}

/// A transition from the state that the issue is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveWay {
    pub id: String,
    pub name: String,
    pub to: Status,
    /// What it asks for, so that it is made in Jira.
    pub asks: Vec<String>,
}

/// Which field a policy's word means, and how it can be written.
pub(super) fn field(name: &str, id: &FieldId, fields: &Value, meta: &Value) -> FormField {
    let elsewhere = |why: &str| Entry::Elsewhere(why.to_owned());
    let (id, entry) = match id {
        FieldId::NoSuchField => (String::new(), elsewhere("Jira has no field of this name")),
        FieldId::Ambiguous(_) => (String::new(), elsewhere("Jira has several fields of this name")),
        FieldId::Id(id) => (id.clone(), entry(&meta["fields"][id.as_str()])),
    };
    let now = fields.get(&id).map_or(FieldValue::Empty, value);
    FormField { name: name.to_owned(), id, entry, now }
}

fn entry(meta: &Value) -> Entry {
    let elsewhere = |why: &str| Entry::Elsewhere(why.to_owned());
    let sets = meta["operations"].as_array().is_some_and(|all| all.iter().any(|one| one == "set"));
    if !sets {
        return elsewhere("it is not on the screen by which you edit this issue");
    }
    let text = |pointer: &str| meta.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (kind, items, custom) = (text("/schema/type"), text("/schema/items"), text("/schema/custom"));
    let choices = meta["allowedValues"].as_array().map(|all| all.iter().filter_map(choice).collect::<Vec<_>>());
    let is_area = custom.ends_with(":textarea") || matches!(text("/schema/system"), "description" | "environment");
    match (kind, items, choices) {
        (_, _, Some(choices)) if choices.len() > MOST_CHOICES => elsewhere("it has very many values"),
        ("array", "option" | "version" | "component", Some(choices)) => Entry::Several(choices),
        ("option" | "priority" | "resolution" | "version", _, Some(choices)) => Entry::One(choices),
        ("array", "string", _) => Entry::Labels,
        ("string", ..) if is_area => Entry::Text,
        ("string", ..) => Entry::Line,
        ("number", ..) => Entry::Number,
        ("date", ..) => Entry::Day,
        ("user", ..) => Entry::Person,
        _ => elsewhere("a field of its kind is filled in there"),
    }
}

fn choice(json: &Value) -> Option<Choice> {
    let is_off = json["disabled"] == true || json["archived"] == true;
    let name = text_at(json, "value").or_else(|| text_at(json, "name"))?;
    (!is_off).then(|| text_at(json, "id").map(|id| Choice { id, name })).flatten()
}

/// Those that lead somewhere.
pub(super) fn ways(answer: &Value) -> Vec<MoveWay> {
    let all = answer["transitions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let way = |json: &Value| {
        let fields = json["fields"].as_object().into_iter().flatten();
        let asks = fields.filter(|(_, field)| field["required"] == true && field["hasDefaultValue"] != true);
        Some(MoveWay {
            id: text_at(json, "id")?,
            name: text_at(json, "name")?,
            to: json.get("to").and_then(status)?,
            asks: asks.map(|(id, field)| text_at(field, "name").unwrap_or_else(|| id.clone())).collect(),
        })
    };
    all.iter().filter_map(way).collect()
}

impl Entry {
    /// What was given, in Jira's shape; else what would do. `is_document`: rich text
    /// goes as one.
    pub(super) fn value(&self, given: &[String], is_document: bool) -> Result<Value, String> {
        let given: Vec<&str> = given.iter().map(|one| one.trim()).filter(|one| !one.is_empty()).collect();
        let first = *given.first().ok_or("nothing was given")?;
        if given.len() > 1 && !matches!(self, Self::Several(_) | Self::Labels) {
            return Err("it takes one value".to_owned());
        }
        let no_choice = || "choose from the list: it may have changed in Jira meanwhile".to_owned();
        Ok(match self {
            Self::Line => first.split(['\r', '\n']).collect::<Vec<_>>().join(" ").into(),
            Self::Text if is_document => document(first),
            Self::Text => first.into(),
            Self::Number => {
                let number = first.replace(',', ".").parse::<f64>().ok().filter(|number| number.is_finite());
                number.ok_or_else(|| format!("`{first}` is no number: write one such as 3 or 0.5"))?.into()
            }
            Self::Day => {
                let day = first.parse::<jiff::civil::Date>();
                day.map_err(|_| format!("`{first}` is no day: write one such as 2026-12-31"))?.to_string().into()
            }
            Self::One(choices) => json!({ "id": chosen(choices, first).ok_or_else(no_choice)?.id }),
            Self::Several(choices) => {
                let each = |one: &&str| chosen(choices, one).map(|choice| json!({ "id": choice.id }));
                Value::Array(given.iter().map(each).collect::<Option<Vec<Value>>>().ok_or_else(no_choice)?)
            }
            Self::Labels => given.iter().flat_map(|line| line.split_whitespace()).collect(),
            Self::Person | Self::Elsewhere(_) => return Err("it is filled in in Jira".to_owned()),
        })
    }
}

/// By its id, or by its name.
pub fn chosen<'c>(choices: &'c [Choice], word: &str) -> Option<&'c Choice> {
    choices.iter().find(|choice| choice.id == word).or_else(|| choices.iter().find(|one| same_word(&one.name, word)))
}

/// As Cloud has text of several paragraphs.
fn document(text: &str) -> Value {
    let paragraph = |block: &str| {
        let mut content = Vec::new();
        for (at, line) in block.lines().enumerate() {
            if at > 0 {
                content.push(json!({ "type": "hardBreak" }));
            }
            if !line.is_empty() {
                content.push(json!({ "type": "text", "text": line }));
            }
        }
        json!({ "type": "paragraph", "content": content })
    };
    let text = text.replace("\r\n", "\n");
    let blocks = text.split("\n\n").filter(|block| !block.trim().is_empty());
    json!({ "type": "doc", "version": 1, "content": blocks.map(paragraph).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(kind: &str, items: Option<&str>, custom: &str, allowed: &Value) -> Value {
        let schema = json!({ "type": kind, "items": items, "custom": format!("x:{custom}") });
        json!({ "operations": ["set"], "schema": schema, "allowedValues": allowed })
    }

    #[test]
    fn each_kind_of_field_is_given_in_its_own_way() {
        let high = Choice { id: "1".to_owned(), name: "High".to_owned() };
        let allowed = json!([{ "id": "1", "value": "High" }, { "id": "2", "value": "Old", "disabled": true }]);
        for (meta, expected) in [
            (meta("string", None, "textfield", &Value::Null), Entry::Line),
            (meta("string", None, "textarea", &Value::Null), Entry::Text),
            (meta("number", None, "float", &Value::Null), Entry::Number),
            (meta("date", None, "datepicker", &Value::Null), Entry::Day),
            (meta("user", None, "userpicker", &Value::Null), Entry::Person),
            (meta("option", None, "select", &allowed), Entry::One(vec![high.clone()])),
            (meta("array", Some("option"), "multicheckboxes", &allowed), Entry::Several(vec![high])),
            (meta("array", Some("string"), "labels", &Value::Null), Entry::Labels),
        ] {
            assert_eq!(entry(&meta), expected, "{meta}");
        }
        for other in [
            json!(null),
            json!({ "operations": ["add"], "schema": { "type": "string" } }),
            meta("option-with-child", None, "cascadingselect", &json!([])),
            meta("datetime", None, "datetime", &Value::Null),
        ] {
            assert!(matches!(entry(&other), Entry::Elsewhere(_)), "{other}");
        }
    }

    #[test]
    fn what_was_given_goes_in_jiras_shape() {
        let choices = vec![Choice { id: "1".to_owned(), name: "High".to_owned() }];
        let of = |entry: &Entry, given: &[&str]| {
            entry.value(&given.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>(), true)
        };
        assert_eq!(of(&Entry::Line, &[" a\r\nb "]), Ok(json!("a  b")));
        assert_eq!(of(&Entry::Number, &["0,5"]), Ok(json!(0.5)));
        assert!(of(&Entry::Number, &["many"]).unwrap_err().contains("is no number"));
        assert_eq!(of(&Entry::Day, &["2026-12-31"]), Ok(json!("2026-12-31")));
        assert!(of(&Entry::Day, &["soon"]).unwrap_err().contains("is no day"));
        for word in ["1", "high"] {
            assert_eq!(of(&Entry::One(choices.clone()), &[word]), Ok(json!({ "id": "1" })));
        }
        assert!(
            of(&Entry::One(choices.clone()), &["9"]).is_err() && of(&Entry::Several(choices), &["1", "9"]).is_err()
        );
        assert_eq!(of(&Entry::Labels, &["a b", "c"]), Ok(json!(["a", "b", "c"])));
        assert!(of(&Entry::Line, &[" "]).is_err() && of(&Entry::Person, &["x"]).is_err());
        let text = of(&Entry::Text, &["one\r\ntwo\r\n\r\nthree"]).unwrap();
        assert_eq!(text["content"][0]["content"][1], json!({ "type": "hardBreak" }));
        assert_eq!(text["content"][1]["content"][0]["text"], "three");
        assert_eq!(Entry::Text.value(&["*x*".to_owned()], false), Ok(json!("*x*")));
    }

    #[test]
    fn a_transition_that_asks_for_more_is_known() {
        let to = json!({ "id": "3", "name": "Done" });
        let fields = json!({ "resolution": { "required": true, "name": "Resolution" },
            "customfield_1": { "required": true, "hasDefaultValue": true }, "assignee": { "required": false } });
        let answer =
            json!({ "transitions": [{ "id": "31", "name": "Finish", "to": to, "fields": fields }, { "id": 7 }] });
        let ways = ways(&answer);
        assert_eq!((ways.len(), ways[0].asks.as_slice()), (1, ["Resolution".to_owned()].as_slice()));
    }
}
