//! Everything a Jira holds: a plain structure behind one lock.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::access::Access;
use super::comments::Comment;
use super::fields::{self, Field, FieldKind};
use super::oauth::OAuth;
use super::people::Person;
use super::statuses::Status;
use super::versions::Version;
use crate::serve::{Fault, Record};

/// Which of Jira's two programming interfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    Cloud,
    DataCenter,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) flavour: Flavour,
    /// `http://127.0.0.1:PORT/context`
    pub(super) base_url: String,
    /// `/jira`, or nothing.
    pub(super) context: String,
    pub(super) access: Access,
    /// Whether the token may also comment and move.
    pub(super) may_write: bool,
    /// Whether it may also make versions.
    pub(super) may_administer: bool,
    pub(super) versions: Vec<Version>,
    /// The fields that nobody can edit, by id.
    pub(super) off_screen: Vec<String>,
    /// What selects can be, by id; others take anything.
    pub(super) options: BTreeMap<String, Vec<String>>,
    /// Fields that take nothing, by id, and what is said then.
    pub(super) refuses: Vec<(String, String)>,
    /// What transitions to a status ask for, by field id.
    pub(super) asked_on_the_way: Vec<(String, String)>,
    /// Statuses to which no transition leads.
    pub(super) without_way: Vec<String>,
    pub(super) oauth: OAuth,
    /// By whose token the request comes, where that is a person's.
    pub(super) acting: Option<String>,
    pub(super) hook: Option<super::hook::Hook>,
    /// Where the tour is that pages lead back to.
    pub(super) tour: Option<String>,
    pub(super) people: Vec<Person>,
    pub(super) fields: Vec<Field>,
    pub(super) statuses: Vec<Status>,
    pub(super) issue_types: Vec<String>,
    /// Keys, in the order of their appearance.
    pub(super) projects: Vec<String>,
    pub(super) issues: Vec<Issue>,
    next_issue: u64,
    next_history: u64,
    /// The moment of the last change that the test made.
    now: Timestamp,
    /// Who makes the changes.
    pub(super) author: String,
    /// How far the server's clock is from the real one.
    pub(super) skew: SignedDuration,
    pub(super) page_limit: usize,
    pub(super) changelog_limit: usize,
    pub(super) faults: Vec<Fault>,
    pub(super) record: Record,
    pub(super) only: Option<Vec<String>>,
    pub(super) unexpected: Vec<String>,
    pub(super) expects_trouble: bool,
}

/// An issue as stored. Values of custom fields are those that the test gave;
/// rendering makes Jira's shapes of them.
#[derive(Debug, Clone)]
pub(super) struct Issue {
    pub(super) id: u64,
    pub(super) key: String,
    /// The keys it had before it was moved.
    pub(super) old_keys: Vec<String>,
    /// The name of its type.
    pub(super) kind: String,
    pub(super) title: String,
    pub(super) description: Value,
    pub(super) status: String,
    pub(super) assignee: Option<String>,
    pub(super) reporter: String,
    pub(super) parent: Option<u64>,
    pub(super) labels: Vec<String>,
    /// By their numbers.
    pub(super) fix_versions: Vec<u64>,
    /// By the number of the custom field.
    pub(super) custom: BTreeMap<u64, Value>,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) history: Vec<Change>,
    pub(super) comments: Vec<Comment>,
    /// By the real clock, which periods of minutes are held against.
    pub(super) touched: Timestamp,
    pub(super) hidden: bool,
    /// Told without a status, as no Jira should.
    pub(super) broken: bool,
}

/// One entry of an issue's history.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) id: u64,
    pub(super) author: String,
    pub(super) at: Timestamp,
    pub(super) field: String,
    pub(super) field_id: String,
    pub(super) custom: bool,
    pub(super) from: Value,
    pub(super) from_string: Value,
    pub(super) to: Value,
    pub(super) to_string: Value,
}

impl Issue {
    pub(super) fn project(&self) -> &str {
        project_of(&self.key)
    }

    pub(super) fn is_subtask(&self) -> bool {
        self.kind == "Sub-task"
    }
}

#[expect(clippy::disallowed_methods, reason = "the world outside has a clock of its own")]
pub(super) fn real_now() -> Timestamp {
    Timestamp::now()
}

/// `STORY` of `STORY-12`.
pub(super) fn project_of(key: &str) -> &str {
    key.rsplit_once('-').map_or(key, |(project, _)| project)
}

impl State {
    pub(super) fn new(flavour: Flavour) -> Self {
        Self {
            flavour,
            base_url: String::new(),
            context: String::new(),
            access: Access::default_of(flavour),
            may_write: false,
            may_administer: false,
            versions: Vec::new(),
            off_screen: Vec::new(),
            options: BTreeMap::new(),
            refuses: Vec::new(),
            asked_on_the_way: Vec::new(),
            without_way: Vec::new(),
            oauth: OAuth::default(),
            acting: None,
            hook: None,
            tour: None,
            people: Vec::new(),
            fields: fields::defaults(flavour),
            statuses: super::statuses::defaults(),
            issue_types: ["Story", "Bug", "Task", "Epic", "Sub-task"].map(str::to_owned).to_vec(),
            projects: Vec::new(),
            issues: Vec::new(),
            next_issue: 10_000,
            next_history: 20_000,
            now: "2024-01-01T12:00:00Z".parse().expect("a valid instant"),
            author: "admin".to_owned(),
            skew: SignedDuration::ZERO,
            page_limit: match flavour {
                Flavour::Cloud => 100,
                Flavour::DataCenter => 1000,
            },
            changelog_limit: 100,
            faults: Vec::new(),
            record: Record::default(),
            only: None,
            unexpected: Vec::new(),
            expects_trouble: false,
        }
    }

    /// The moment of the next change: a minute after the one before.
    pub(super) fn tick(&mut self) -> Timestamp {
        self.now += SignedDuration::from_mins(1);
        self.now
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// Makes `instant` the moment of the next change.
    pub(super) fn set_clock(&mut self, instant: &str) {
        let instant: Timestamp = instant.parse().expect("the test gives an RFC 3339 instant");
        self.now = instant - SignedDuration::from_mins(1);
    }

    /// The issue that has, or had, this key.
    pub(super) fn by_key(&self, key: &str) -> Option<&Issue> {
        let key = key.to_ascii_uppercase();
        self.issues
            .iter()
            .find(|issue| issue.key == key)
            .or_else(|| self.issues.iter().find(|issue| issue.old_keys.contains(&key)))
    }

    pub(super) fn by_id(&self, id: u64) -> Option<&Issue> {
        self.issues.iter().find(|issue| issue.id == id)
    }

    /// The issue that the token may see under this key or id.
    pub(super) fn visible(&self, id_or_key: &str) -> Option<&Issue> {
        let issue = match id_or_key.parse() {
            Ok(id) => self.by_id(id),
            Err(_) => self.by_key(id_or_key),
        };
        issue.filter(|issue| self.may_see(issue))
    }

    pub(super) fn may_see(&self, issue: &Issue) -> bool {
        !issue.hidden && self.access.may_browse
    }

    /// The id of the issue with this key, which is made if need be.
    pub(super) fn upsert(&mut self, key: &str, issue_type: &str) -> u64 {
        let known = self.by_key(key).map(|issue| issue.id);
        self.learn_type(issue_type);
        if let Some(id) = known {
            issue_type.clone_into(&mut self.issue_mut(id).kind);
            return id;
        }
        self.next_issue += 1;
        let (id, at) = (self.next_issue, self.tick());
        self.learn_project(project_of(key));
        self.issues.push(Issue {
            id,
            key: key.to_owned(),
            old_keys: Vec::new(),
            kind: issue_type.to_owned(),
            title: format!("Title of {key}"),
            description: Value::Null,
            status: "To Do".to_owned(),
            assignee: None,
            reporter: self.author.clone(),
            parent: None,
            labels: Vec::new(),
            fix_versions: Vec::new(),
            custom: BTreeMap::new(),
            created: at,
            updated: at,
            history: Vec::new(),
            comments: Vec::new(),
            touched: real_now(),
            hidden: false,
            broken: false,
        });
        id
    }

    pub(super) fn issue_mut(&mut self, id: u64) -> &mut Issue {
        self.issues.iter_mut().find(|issue| issue.id == id).expect("the test has not deleted this issue")
    }

    pub(super) fn learn_project(&mut self, key: &str) {
        if !self.projects.iter().any(|known| known == key) {
            self.projects.push(key.to_owned());
        }
    }

    fn learn_type(&mut self, name: &str) {
        if !self.issue_types.iter().any(|known| known == name) {
            self.issue_types.push(name.to_owned());
        }
    }

    /// What happens next comes after this.
    pub(super) fn go_on_after(&mut self, last: Option<(u64, Timestamp)>) {
        if let Some((id, at)) = last {
            self.next_history = self.next_history.max(id);
            self.now = self.now.max(at);
        }
    }

    pub(super) fn next_history(&mut self) -> u64 {
        self.next_history += 1;
        self.next_history
    }

    /// The custom field with this name or id; made to fit the value otherwise.
    pub(super) fn field_for(&mut self, name: &str, value: &Value) -> Field {
        let known = self.fields.iter().find(|field| field.id == name || field.name == name);
        if let Some(field) = known {
            return field.clone();
        }
        let kind = match value {
            Value::Number(_) => FieldKind::Number,
            Value::Array(_) => FieldKind::MultiSelect,
            _ => FieldKind::Text,
        };
        self.add_field(name, kind)
    }

    pub(super) fn add_field(&mut self, name: &str, kind: FieldKind) -> Field {
        let field = Field::custom(fields::next_number(&self.fields), name, kind);
        self.fields.push(field.clone());
        field
    }

    /// Notes what no test should have led to.
    pub(super) fn unexpected(&mut self, what: String) {
        self.unexpected.push(what);
    }
}
