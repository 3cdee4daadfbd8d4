//! Statuses and their categories.

use serde_json::{Value, json};

use super::state::State;

/// The three kinds of status that Jira knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// Not begun.
    ToDo,
    /// Under way.
    InProgress,
    /// Finished.
    Done,
}

impl Category {
    fn facts(self) -> (u64, &'static str, &'static str, &'static str) {
        match self {
            Self::ToDo => (2, "new", "To Do", "blue-gray"),
            Self::InProgress => (4, "indeterminate", "In Progress", "yellow"),
            Self::Done => (3, "done", "Done", "green"),
        }
    }

    pub(super) fn answers_to(self, text: &str) -> bool {
        let (_, key, name, _) = self.facts();
        key.eq_ignore_ascii_case(text) || name.eq_ignore_ascii_case(text)
    }
}

#[derive(Debug, Clone)]
pub(super) struct Status {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) category: Category,
}

pub(super) fn defaults() -> Vec<Status> {
    [
        (10_000, "To Do", Category::ToDo),
        (3, "In Progress", Category::InProgress),
        (10_001, "Done", Category::Done),
        (10_002, "In Review", Category::InProgress),
        (10_003, "Ready to Deploy", Category::InProgress),
        (10_004, "Closed", Category::Done),
    ]
    .into_iter()
    .map(|(id, name, category)| Status { id, name: name.to_owned(), category })
    .collect()
}

impl State {
    /// The status with this name, in progress if it is a new one.
    pub(super) fn status(&mut self, name: &str) -> &mut Status {
        let known = self.statuses.iter().position(|status| status.name == name);
        let index = known.unwrap_or_else(|| {
            let last = self.statuses.iter().map(|status| status.id).max();
            self.statuses.push(Status {
                id: last.unwrap_or_default() + 1,
                name: name.to_owned(),
                category: Category::InProgress,
            });
            self.statuses.len() - 1
        });
        &mut self.statuses[index]
    }

    pub(super) fn status_named(&self, name: &str) -> Option<&Status> {
        self.statuses.iter().find(|status| status.name.eq_ignore_ascii_case(name))
    }

    pub(super) fn status_json(&self, name: &str) -> Value {
        let status = self.status_named(name).expect("every status of an issue is known");
        let (id, key, category, colour) = status.category.facts();
        let url = format!("{}/rest/api/{}", self.base_url, self.version());
        json!({
            "self": format!("{url}/status/{}", status.id),
            "id": status.id.to_string(),
            "name": status.name,
            "description": "",
            "statusCategory": {
                "self": format!("{url}/statuscategory/{id}"),
                "id": id,
                "key": key,
                "name": category,
                "colorName": colour,
            },
        })
    }
}
