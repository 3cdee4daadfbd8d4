//! story-state: every story that ships is in a state that may ship.

use crate::facts::Stop;
use crate::findings::{Findings, Found};
use crate::registry::{Entry, parse};
use crate::scene::{Check, Mends, Scene, story};
use gonogo_core::fact::Fact;
use gonogo_core::finding::Code;
use gonogo_core::policy::Level;
use gonogo_core::say;
use gonogo_core::story::{Issue, same_word};
use schemars::{JsonSchema, schema_for};
use serde::{Deserialize, Serialize};
use serde_json::json;

const WRONG_STATE: Code = "story-wrong-state";

pub(crate) const ENTRY: Entry = Entry {
    name: "story-state",
    codes: &[WRONG_STATE],
    docs: include_str!("story_state.md"),
    default_level: Level::Block,
    before_merge: false,
    parse: parse::<StoryState>,
    schema: || schema_for!(StoryState),
};

/// Stories that are not in an allowed state.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StoryState {
    /// States from which a story may ship, by name or id.
    states: Vec<String>,
    /// The same for sub-tasks; without it they need one of `states`.
    subtask_states: Option<Vec<String>>,
    /// Other states for a project or a type; the first that fits counts.
    rules: Vec<Rule>,
}

/// States for some stories.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// The project's key; any without one.
    project: Option<String>,
    /// The issue type's name or id; any without one.
    #[serde(rename = "type")]
    kind: Option<String>,
    states: Vec<String>,
}

impl StoryState {
    fn states_for(&self, issue: &Issue) -> &[String] {
        let fits = |rule: &&Rule| {
            rule.project.as_deref().is_none_or(|p| p == issue.key.project())
                && rule.kind.as_deref().is_none_or(|t| is_type(issue, t))
        };
        match (self.rules.iter().find(fits), &self.subtask_states) {
            (Some(rule), _) => &rule.states,
            (None, Some(states)) if issue.kind.subtask => states,
            (None, _) => &self.states,
        }
    }
}

/// Whether a policy's word means the issue's type.
pub(crate) fn is_type(issue: &Issue, word: &str) -> bool {
    issue.kind.id == word || same_word(&issue.kind.name, word)
}

impl Check for StoryState {
    fn validate(&self) -> Result<(), String> {
        let empty =
            self.subtask_states.as_ref().is_some_and(Vec::is_empty) || self.rules.iter().any(|r| r.states.is_empty());
        if empty {
            return Err("a list without a state would let nothing be judged: name states, or leave it out".to_owned());
        }
        Ok(())
    }

    fn lets_ship(&self, issue: &Issue) -> bool {
        self.states_for(issue).iter().any(|word| issue.status.is(word))
    }

    fn mends(&self, issue: &Issue, mends: &mut Mends) {
        let states = self.states_for(issue);
        if !states.iter().any(|word| issue.status.is(word)) {
            mends.states.extend(states.iter().cloned());
        }
    }

    fn run(&self, scene: &Scene<'_>, out: &mut Findings) -> Result<(), Stop> {
        scene.tracker()?;
        if self.states.is_empty() && self.rules.is_empty() && self.subtask_states.is_none() {
            return Err(Stop::Off("no `states` that may ship".to_owned()));
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
            let states = self.states_for(&issue);
            if states.is_empty() || states.iter().any(|word| issue.status.is(word)) {
                continue;
            }
            let may = say::list(states, 6);
            let mut message = format!("is {}, may ship from {may}", issue.status.name);
            if let Some(parent) = &issue.parent {
                let state = parent.status.as_ref().map(|s| format!(" ({})", s.name)).unwrap_or_default();
                let part = if issue.kind.subtask { "sub-task" } else { "part" };
                message = format!("{message}; {part} of {}{state}", parent.key);
            }
            let fix = format!("move it to {}", states[0]);
            let substance = json!({ "status": issue.status.id });
            found.push((key.clone(), Found::new(WRONG_STATE, story(key), message, fix).substance(substance)));
        }
        scene.add_for_stories(found, out)
    }
}
