//! story-fields: risk assessment, post-deploy checks and the like are filled
//! in, mean something, and somebody other than the assignee confirmed them.

mod confirmed;

use crate::facts::Stop;
use crate::findings::{Findings, Found};
use crate::registry::{Entry, parse};
use crate::scene::{Check, Mends, Scene, Wants, story};
use crate::story_state::is_type;
use confirmed::{Confirm, Confirmed};
use gonogo_core::fact::{Fact, Why};
use gonogo_core::finding::Code;
use gonogo_core::ids::IssueKey;
use gonogo_core::policy::Level;
use gonogo_core::story::{FieldValue, Issue, same_word};
use jiff::Timestamp;
use schemars::{JsonSchema, schema_for};
use serde::{Deserialize, Serialize};
use serde_json::json;

const MISSING: Code = "story-field-missing";
const HOLLOW: Code = "story-field-hollow";
const UNCONFIRMED: Code = "story-field-unconfirmed";

pub(crate) const ENTRY: Entry = Entry {
    name: "story-fields",
    codes: &[MISSING, HOLLOW, UNCONFIRMED],
    docs: include_str!("story_fields.md"),
    default_level: Level::Block,
    before_merge: true,
    parse: parse::<StoryFields>,
    schema: || schema_for!(StoryFields),
};

/// Fields that must be filled in and confirmed.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StoryFields {
    /// Fields that every story needs, by name or id.
    required: Vec<String>,
    /// Other fields for some stories; the first that fits counts.
    rules: Vec<Rule>,
    /// Texts that say nothing, trimmed and in any case.
    empty_words: Vec<String>,
    /// Fields that somebody other than the assignee must have confirmed.
    confirm: Vec<Confirm>,
}

/// Fields that stories of a type, or in a state, need.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rule {
    #[serde(rename = "type")]
    kind: Option<String>,
    /// The state that the story is in.
    state: Option<String>,
    required: Vec<String>,
}

impl Default for StoryFields {
    fn default() -> Self {
        let empty_words = ["n/a", "none", "tbd", "todo", "-", "?"].map(str::to_owned).to_vec();
        Self { required: Vec::new(), rules: Vec::new(), empty_words, confirm: Vec::new() }
    }
}

impl StoryFields {
    fn required_for(&self, issue: &Issue) -> &[String] {
        let fits = |rule: &&Rule| {
            rule.kind.as_deref().is_none_or(|t| is_type(issue, t))
                && rule.state.as_deref().is_none_or(|s| issue.status.is(s))
        };
        self.rules.iter().find(fits).map_or(&self.required, |rule| &rule.required)
    }
}

impl Check for StoryFields {
    fn validate(&self) -> Result<(), String> {
        let is_one = |c: &Confirm| c.by_field.is_some() != c.by_state.is_some();
        match self.confirm.iter().find(|c| !is_one(c)) {
            Some(wrong) => Err(format!("how \"{}\" is confirmed wants one of by_field and by_state", wrong.field)),
            None => Ok(()),
        }
    }

    fn wants(&self, wants: &mut Wants) {
        wants.fields.extend(self.required_fields().into_iter().map(str::to_owned));
        wants.fields.extend(self.confirm.iter().flat_map(Confirm::fields));
        wants.history |= !self.confirm.is_empty();
    }

    fn mends(&self, issue: &Issue, mends: &mut Mends) {
        for field in self.required_for(issue) {
            let value = issue.fields.get(field);
            if value.is_none_or(|value| self.says_nothing(value)) {
                mends.wants_field(field, None);
            }
        }
        for confirm in &self.confirm {
            let look = confirm.look_at(issue, |value| self.says_nothing(value));
            if let (Confirmed::No(..), Some(by)) = (look, &confirm.by_field) {
                mends.wants_field(by, Some(&confirm.field));
            }
        }
    }

    fn required_fields(&self) -> Vec<&str> {
        self.required.iter().chain(self.rules.iter().flat_map(|rule| &rule.required)).map(String::as_str).collect()
    }

    fn looks_ahead(&self, issue: &Issue, is_review: bool, _now: Timestamp) -> (Vec<Found>, Vec<Why>) {
        if is_review { self.lacking(&issue.key, issue) } else { (Vec::new(), Vec::new()) }
    }

    fn can_look_ahead(&self) -> bool {
        !self.required_fields().is_empty()
    }

    fn run(&self, scene: &Scene<'_>, out: &mut Findings) -> Result<(), Stop> {
        scene.tracker()?;
        if self.required.is_empty() && self.rules.is_empty() && self.confirm.is_empty() {
            return Err(Stop::Off("no `required` fields".to_owned()));
        }
        let mut found = Vec::new();
        for (key, _, issue) in scene.shipping_issues(out)? {
            let issue = match issue {
                Fact::Known(issue) => issue,
                Fact::Absent => continue, // story-exists says so
                Fact::Unknown(why) => {
                    out.could_not_check(story(key), why);
                    continue;
                }
            };
            let (lacking, unknown) = self.lacking(key, &issue);
            found.extend(lacking.into_iter().map(|one| (key.clone(), one)));
            for why in unknown {
                out.could_not_check(story(key), why);
            }
            for confirm in &self.confirm {
                match confirm.look_at(&issue, |value| self.says_nothing(value)) {
                    Confirmed::Yes => {}
                    Confirmed::No(message, fix) => {
                        let substance = json!({ "field": confirm.field });
                        found.push((
                            key.clone(),
                            Found::new(UNCONFIRMED, story(key), message, fix).substance(substance),
                        ));
                    }
                    Confirmed::Unknown(why) => out.could_not_check(story(key), why),
                }
            }
        }
        scene.add_for_stories(found, out)
    }
}

impl StoryFields {
    /// The fields that it needs and that say nothing, and those of which nobody knows.
    fn lacking(&self, key: &IssueKey, issue: &Issue) -> (Vec<Found>, Vec<Why>) {
        let (mut found, mut unknown) = (Vec::new(), Vec::new());
        for field in self.required_for(issue) {
            match self.look_at(key, issue, field) {
                Ok(one) => found.extend(one),
                Err(why) => unknown.push(why),
            }
        }
        (found, unknown)
    }

    fn look_at(&self, key: &IssueKey, issue: &Issue, field: &str) -> Result<Option<Found>, Why> {
        let substance = json!({ "field": field });
        match field_of(issue, field, ENTRY.name)? {
            value if is_blank(value) => Ok(Some(
                Found::new(
                    MISSING,
                    story(key),
                    format!("\"{field}\" is empty"),
                    format!("fill it in{}", how_to(field)),
                )
                .substance(substance),
            )),
            value if self.says_nothing(value) => Ok(Some(
                Found::new(
                    HOLLOW,
                    story(key),
                    format!("\"{field}\" says only \"{}\"", text(value)),
                    format!("write what it is about; if there is truly nothing, say why{}", how_to(field)),
                )
                .substance(substance),
            )),
            _ => Ok(None),
        }
    }

    fn says_nothing(&self, value: &FieldValue) -> bool {
        match value {
            FieldValue::Text(text) => is_invisible(text) || self.empty_words.iter().any(|word| same_word(text, word)),
            FieldValue::Empty | FieldValue::NoSuchField | FieldValue::Ambiguous(_) => true,
            FieldValue::Number(_) | FieldValue::Person(_) => false,
        }
    }
}

/// A field that a check names, where the tracker has one of that name.
pub(crate) fn field_of<'a>(issue: &'a Issue, field: &str, check: &str) -> Result<&'a FieldValue, Why> {
    match issue.fields.get(field).unwrap_or(&FieldValue::NoSuchField) {
        FieldValue::NoSuchField => Err(Why::new(
            format!("the tracker has no field \"{field}\""),
            format!("mend its name in [checks.{check}], or write its id (customfield_NNNNN)"),
        )),
        FieldValue::Ambiguous(ids) => Err(Why::new(
            format!("the tracker has {} fields named \"{field}\"", ids.len()),
            format!("write the id of the right one: {}", ids.join(", ")),
        )),
        value => Ok(value),
    }
}

fn is_blank(value: &FieldValue) -> bool {
    match value {
        FieldValue::Empty => true,
        FieldValue::Text(text) => is_invisible(text),
        _ => false,
    }
}

/// Nothing that a reader would see: also marks of no width.
pub(crate) fn is_invisible(text: &str) -> bool {
    let has_no_width = |c: char| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}');
    text.chars().all(|c| c.is_whitespace() || c.is_control() || has_no_width(c))
}

/// Where it stands how to write such a field.
fn how_to(field: &str) -> &'static str {
    if field.to_lowercase().contains("risk") {
        " (how: docs/practice/risk-assessment.md)"
    } else if is_after_deploy(field) {
        " (how: docs/practice/post-deploy-checks.md)"
    } else {
        ""
    }
}

/// Whether a field is by its name the one with the post-deploy checks.
pub(crate) fn is_after_deploy(field: &str) -> bool {
    let field = field.to_lowercase();
    field.contains("deploy") && field.contains("check")
}

fn text(value: &FieldValue) -> &str {
    match value {
        FieldValue::Text(text) => text.trim(),
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonogo_core::story::{IssueType, Status, TrackerPerson};

    #[test]
    fn what_nobody_sees_is_blank() {
        assert!(["", " \n", "\u{a0}\u{200b}", "\u{2060}\u{feff}\u{ad}"].into_iter().all(is_invisible));
        assert!(!["-", "\u{200b}x", "ή"].into_iter().any(is_invisible));
    }

    #[test]
    fn what_a_person_could_mend_is_what_is_found() {
        let text = |text: &str| FieldValue::Text(text.to_owned());
        let maria = TrackerPerson { id: "m".to_owned(), name: "Maria".to_owned() };
        let values = [
            ("Risk", text("high")),
            ("Checks", text("n/a")),
            ("Owner", FieldValue::Empty),
            ("Team", FieldValue::NoSuchField),
            ("Read by", FieldValue::Person(maria.clone())),
        ];
        let named = |name: &str| Status { id: name.to_owned(), name: name.to_owned() };
        let issue = Issue {
            key: "STORY-1".parse().unwrap(),
            title: String::new(),
            kind: IssueType { id: "1".to_owned(), name: "Story".to_owned(), subtask: false },
            status: named("In Review"),
            assignee: Some(maria),
            reporter: None,
            is_done: false,
            parent: None,
            labels: Vec::new(),
            created_at: None,
            url: String::new(),
            fields: values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            field_ids: std::collections::BTreeMap::new(),
            history: None,
        };
        let confirm = Confirm { field: "Risk".to_owned(), by_field: Some("Read by".to_owned()), by_state: None };
        let required = ["Risk", "Checks", "Owner", "Team"].map(str::to_owned).to_vec();
        let check = StoryFields { required, confirm: vec![confirm], ..StoryFields::default() };
        let mut mends = Mends::default();
        check.mends(&issue, &mut mends);
        let found: Vec<_> = mends.fields.iter().map(|field| (field.name.as_str(), field.confirms.as_deref())).collect();
        assert_eq!(found, [("Checks", None), ("Owner", None), ("Team", None), ("Read by", Some("Risk"))]);
        let states =
            |states: &[&str]| Mends { states: states.iter().map(|s| (*s).to_owned()).collect(), ..Mends::default() };
        let mut both = states(&["Ready", "Done"]);
        both.also(states(&["done", "Closed"]));
        both.also(Mends::default());
        assert_eq!(both.states, ["Done"]);
    }
}
