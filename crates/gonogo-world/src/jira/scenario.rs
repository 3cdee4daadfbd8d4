//! The language in which a test says what is the case with an issue.

#![expect(clippy::return_self_not_must_use, reason = "each word takes effect at once; a sentence may end with any")]

use serde_json::Value;

use super::Jira;
use super::state::{Change, Issue as Stored, State, project_of, real_now};

/// An issue, to say more about. Each word takes effect at once; words in the
/// past (`in_state`, `with_field`) say what is, words in the present
/// (`moves_to`, `sets_field`) happen now and leave a trace in the history.
#[derive(Debug, Clone, Copy)]
pub struct Issue<'a> {
    jira: &'a Jira,
    id: u64,
}

impl<'a> Issue<'a> {
    pub(super) fn new(jira: &'a Jira, key: &str, issue_type: &str) -> Self {
        let id = jira.state().upsert(key, issue_type);
        Self { jira, id }
    }

    pub(super) fn known(jira: &'a Jira, id: u64) -> Self {
        Self { jira, id }
    }

    /// Has this summary.
    pub fn titled(self, title: &str) -> Self {
        self.is(|issue| title.clone_into(&mut issue.title))
    }

    /// Has this description: text, or on Cloud ADF of the test's own.
    pub fn described(self, description: impl Into<Value>) -> Self {
        let description = description.into();
        self.is(|issue| issue.description = description)
    }

    /// Is in this status, which is made if need be.
    pub fn in_state(self, status: &str) -> Self {
        self.jira.state().status(status);
        self.is(|issue| status.clone_into(&mut issue.status))
    }

    /// Is assigned to this user.
    pub fn assigned_to(self, user: &str) -> Self {
        self.jira.state().person_mut(user);
        self.is(|issue| issue.assignee = Some(user.to_owned()))
    }

    /// Is assigned to nobody.
    pub fn unassigned(self) -> Self {
        self.is(|issue| issue.assignee = None)
    }

    /// Carries one more label.
    pub fn labelled(self, label: &str) -> Self {
        self.is(|issue| issue.labels.push(label.to_owned()))
    }

    /// Is a child of this issue, which is made (a story) if need be.
    pub fn of(self, parent: &str) -> Self {
        let mut state = self.jira.state();
        let known = state.by_key(parent).map(|issue| issue.id);
        let parent = known.unwrap_or_else(|| state.upsert(parent, "Story"));
        drop(state);
        self.is(|issue| issue.parent = Some(parent))
    }

    /// Has this value in the custom field with this name or id. A field that
    /// nobody made becomes text, a number or a multi-select, as the value is;
    /// null empties it. A user is given by the short name, an option by its
    /// value; an object goes out as it is.
    pub fn with_field(self, name: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        let field = self.jira.state().field_for(name, &value);
        let number = field.number.expect("the test names a custom field");
        self.is(|issue| drop(issue.custom.insert(number, value)))
    }

    /// Has so many story points.
    pub fn with_points(self, points: impl Into<f64>) -> Self {
        self.with_field("Story Points", points.into())
    }

    /// The token may not see it.
    pub fn hidden(self) -> Self {
        self.is(|issue| issue.hidden = true)
    }

    /// Is told without its status, as no Jira should.
    pub fn told_without_status(self) -> Self {
        self.is(|issue| issue.broken = true)
    }

    /// The token may see it again.
    pub fn shown(self) -> Self {
        self.is(|issue| issue.hidden = false)
    }

    /// Is gone, and its sub-tasks with it.
    pub fn deleted(self) {
        let mut state = self.jira.state();
        let id = self.id;
        state.issues.retain(|issue| issue.id != id && (issue.parent != Some(id) || !issue.is_subtask()));
    }

    /// The next changes happen at this RFC 3339 instant, a minute apart.
    pub fn at(self, instant: &str) -> Self {
        self.jira.state().set_clock(instant);
        self
    }

    /// Goes to another status now.
    pub fn moves_to(self, status: &str) -> Self {
        let author = self.jira.state().author.clone();
        self.moves_to_by(status, &author)
    }

    /// Somebody moves it to another status now.
    pub fn moves_to_by(self, status: &str, who: &str) -> Self {
        self.jira.state().move_issue(self.id, status, who);
        self.tells("jira:issue_updated")
    }

    /// Its custom field gets this value now.
    pub fn sets_field(self, name: &str, value: impl Into<Value>) -> Self {
        let author = self.jira.state().author.clone();
        self.sets_field_by(name, value, &author)
    }

    /// Somebody gives its custom field this value now.
    pub fn sets_field_by(self, name: &str, value: impl Into<Value>, who: &str) -> Self {
        self.jira.state().set_field(self.id, name, value.into(), who);
        self.tells("jira:issue_updated")
    }

    /// It gets another assignee now.
    pub fn reassigned_to(self, user: &str) -> Self {
        let mut state = self.jira.state();
        let flavour = state.flavour;
        let author = state.author.clone();
        state.person_mut(user);
        let described = |state: &State, name: &str| {
            let person = state.person(name);
            let words = person.display_name().to_owned();
            (Value::from(person.id(flavour)), Value::from(words))
        };
        let to = described(&state, user);
        let before = state.issue_mut(self.id).assignee.replace(user.to_owned());
        let from = before.map_or_else(Default::default, |before| described(&state, &before));
        let what = What::system("assignee", "assignee");
        state.happened(self.id, &author, what, from, to);
        drop(state);
        self
    }

    /// Goes to another project now; its old key leads to it from then on.
    pub fn moved_to(self, key: &str) -> Self {
        let mut state = self.jira.state();
        let author = state.author.clone();
        state.learn_project(project_of(key));
        let issue = state.issue_mut(self.id);
        let before = std::mem::replace(&mut issue.key, key.to_owned());
        issue.old_keys.push(before.clone());
        let none = Value::Null;
        let what = What::system("Key", "issuekey");
        state.happened(self.id, &author, what, (none.clone(), before), (none, key));
        drop(state);
        self.tells("jira:issue_updated")
    }

    /// The hook is sent, if there is one, and has been answered.
    fn tells(self, event: &str) -> Self {
        let state = self.jira.state();
        let parcel = state.hook.as_ref().map(|hook| hook.parcel(&state, self.id, event));
        drop(state);
        if let Some(parcel) = parcel {
            parcel.send();
        }
        self
    }

    /// Its status now.
    pub fn status(self) -> String {
        self.jira.state().issue_mut(self.id).status.clone()
    }

    /// What its custom field with this name or id says now, in words.
    pub fn field(self, name: &str) -> String {
        let mut state = self.jira.state();
        let number = state.field_for(name, &Value::Null).number;
        number.and_then(|number| state.issue_mut(self.id).custom.get(&number)).map(text_of).unwrap_or_default()
    }

    /// Its labels now.
    pub fn labels(self) -> Vec<String> {
        self.jira.state().issue_mut(self.id).labels.clone()
    }

    /// Its key now.
    pub fn key(self) -> String {
        self.jira.state().issue_mut(self.id).key.clone()
    }

    /// Its number, which stays when it moves.
    pub fn id(self) -> String {
        self.id.to_string()
    }

    pub(super) fn with_state<T>(self, look: impl FnOnce(&mut State, u64) -> T) -> T {
        look(&mut self.jira.state(), self.id)
    }

    fn is(self, change: impl FnOnce(&mut Stored)) -> Self {
        let mut state = self.jira.state();
        let at = state.tick();
        let issue = state.issue_mut(self.id);
        change(issue);
        (issue.updated, issue.touched) = (at, real_now());
        drop(state);
        self
    }
}

/// Which field a change is about.
#[derive(Clone, Copy)]
struct What<'a> {
    field: &'a str,
    field_id: &'a str,
    custom: bool,
}

impl<'a> What<'a> {
    fn system(field: &'a str, field_id: &'a str) -> Self {
        Self { field, field_id, custom: false }
    }
}

impl State {
    /// Somebody moves an issue to another status now.
    pub(super) fn move_issue(&mut self, id: u64, status: &str, who: &str) {
        let to = self.status(status).id.to_string();
        let before = self.issue_mut(id).status.clone();
        let from = self.status(&before).id.to_string();
        status.clone_into(&mut self.issue_mut(id).status);
        self.happened(id, who, What::system("status", "status"), (from, before), (to, status));
    }

    /// Somebody gives an issue's custom field this value now.
    pub(super) fn set_field(&mut self, id: u64, name: &str, value: Value, who: &str) {
        let field = self.field_for(name, &value);
        let number = field.number.expect("a custom field is named");
        let to = in_words(&value);
        let from = self.issue_mut(id).custom.insert(number, value).map_or(Value::Null, |old| in_words(&old));
        let what = What { field: &field.name, field_id: &field.id, custom: true };
        self.happened(id, who, what, (Value::Null, from), (Value::Null, to));
    }

    /// Somebody has an issue fixed in these versions now.
    pub(super) fn set_versions(&mut self, id: u64, versions: Vec<u64>, who: &str) {
        let words = |state: &Self, of: &[u64]| {
            let named = state.versions.iter().filter(|version| of.contains(&version.id));
            Value::from(named.map(|version| version.name.clone()).collect::<Vec<_>>().join(", "))
        };
        let to = words(self, &versions);
        let before = std::mem::replace(&mut self.issue_mut(id).fix_versions, versions);
        let from = words(self, &before);
        self.happened(id, who, What::system("Fix Version", "fixVersions"), (Value::Null, from), (Value::Null, to));
    }

    /// Writes a change, each side as id and words, into an issue's history.
    fn happened<F, T>(&mut self, id: u64, who: &str, what: What<'_>, from: F, to: T)
    where
        F: IntoSide,
        T: IntoSide,
    {
        self.person_mut(who);
        let ((from, from_string), (to, to_string)) = (from.side(), to.side());
        let change = Change {
            id: self.next_history(),
            author: who.to_owned(),
            at: self.tick(),
            field: what.field.to_owned(),
            field_id: what.field_id.to_owned(),
            custom: what.custom,
            from,
            from_string,
            to,
            to_string,
        };
        let issue = self.issue_mut(id);
        (issue.updated, issue.touched) = (change.at, real_now());
        issue.history.push(change);
    }
}

/// One side of a change: id and words.
trait IntoSide {
    fn side(self) -> (Value, Value);
}

impl<I: Into<Value>, W: Into<Value>> IntoSide for (I, W) {
    fn side(self) -> (Value, Value) {
        (self.0.into(), self.1.into())
    }
}

/// How a changelog words a field's value.
fn in_words(value: &Value) -> Value {
    match value {
        Value::Null | Value::String(_) => value.clone(),
        Value::Array(values) => {
            let words: Vec<String> = values.iter().map(text_of).collect();
            words.join(",").into()
        }
        other => text_of(other).into(),
    }
}

/// The plain text of a stored value.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Object(object) => match object.get("value").or_else(|| object.get("text")) {
            Some(text) => text_of(text),
            None => object.get("content").map(text_of).unwrap_or_default(),
        },
        Value::Array(values) => {
            let words: Vec<String> = values.iter().map(text_of).collect();
            words.join(" ")
        }
        other => other.to_string(),
    }
}
