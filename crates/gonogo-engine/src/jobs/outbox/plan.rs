//! The deploy plan of a candidate, as a person sends it by e-mail.

use super::email::Mailed;
use crate::plan::{Plan, PlannedStory, on_call_words, verification};
use gonogo_core::email::EmailAddress;
use gonogo_core::say::{self, Item, Letter, Part};
use gonogo_store::NewMessage;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What of a field stands in it.
const MOST_FIELD: usize = 600;
/// Stories, and migrations; the page has all.
const MOST_STORIES: usize = 200;
const MOST_PATHS: usize = 200;

/// The plan as it was when it was sent; outside texts are as they came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlanTold {
    pub service: String,
    pub branch: String,
    pub head: String,
    /// The verdict and its first reason.
    pub sentence: String,
    /// Who sends it.
    pub by: String,
    pub on_call: Option<String>,
    pub stories: Vec<PlannedStory>,
    /// How many there are beside those.
    pub more_stories: usize,
    pub migrations: Vec<String>,
    pub more_migrations: usize,
    /// Each check, with what it came to.
    pub verifications: Vec<(String, String)>,
    pub page: String,
}

/// Of which candidate it is, and how that was judged.
#[derive(Debug)]
pub(crate) struct PlanOf {
    pub service: String,
    pub branch: String,
    pub head: String,
    pub sentence: String,
    pub by: String,
    pub page: String,
}

impl PlanTold {
    pub(crate) fn of(plan: &Plan, of: PlanOf) -> Self {
        let PlanOf { service, branch, head, sentence, by, page } = of;
        let cut = |story: &PlannedStory| PlannedStory {
            title: say::cut(&story.title, MOST_FIELD),
            fields: story.fields.iter().map(|(name, said)| (name.clone(), say::cut(said, MOST_FIELD))).collect(),
            ..story.clone()
        };
        Self {
            service,
            branch,
            head,
            sentence,
            by,
            on_call: plan.on_call.as_ref().map(on_call_words),
            more_stories: plan.stories.len().saturating_sub(MOST_STORIES),
            stories: plan.stories.iter().take(MOST_STORIES).map(cut).collect(),
            more_migrations: plan.migrations.len().saturating_sub(MOST_PATHS),
            migrations: plan.migrations.iter().take(MOST_PATHS).cloned().collect(),
            verifications: plan.verifications.iter().map(|line| (line.name.clone(), verification(line))).collect(),
            page,
        }
    }

    pub(crate) fn message(&self, to: &EmailAddress, key: String, at: Timestamp) -> NewMessage {
        Mailed::Plan(Box::new(self.clone())).message(to, key, Vec::new(), at)
    }

    /// `web main`
    pub(super) fn of_branch(&self) -> String {
        format!("{} {}", self.service, say::cut(&say::printable(&self.branch), 100))
    }

    pub(super) fn letter(&self) -> Letter {
        let more = |number: usize| (number > 0).then(|| Item::from(format!("and {number} more on the page")));
        let stories = self.stories.iter().map(story).chain(more(self.more_stories)).collect::<Vec<_>>();
        let migrations = self.migrations.iter().cloned().map(Item::from).chain(more(self.more_migrations));
        let migrations: Vec<Item> = migrations.collect();
        let nobody = || "The policy names nobody: [on_call] says who takes turns.".to_owned();
        let empty =
            |items: &[Item], said: &str| Part::Line(if items.is_empty() { said.to_owned() } else { String::new() });
        let mut parts = vec![
            Part::Line(format!("{} sends the deploy plan of {} at {}.", self.by, self.of_branch(), self.head)),
            Part::Line(format!("{}.", self.sentence)),
            Part::Links(vec![("Open".to_owned(), self.page.clone())]),
            Part::Heading("On call".to_owned()),
            Part::Line(self.on_call.clone().unwrap_or_else(nobody)),
            Part::Heading(format!("Stories ({})", self.stories.len() + self.more_stories)),
            empty(&stories, "No story ships."),
            Part::Items(stories),
            Part::Heading(format!("Migrations ({})", self.migrations.len() + self.more_migrations)),
            empty(&migrations, "None."),
            Part::Items(migrations),
            Part::Heading("Verifications".to_owned()),
            Part::Fields(self.verifications.clone()),
        ];
        parts.retain(|part| *part != Part::Line(String::new()));
        Letter { subject: format!("Deploy plan of {}: {}", self.of_branch(), self.sentence), parts }
    }
}

fn story(story: &PlannedStory) -> Item {
    let or = |text: &Option<String>, nothing: &str| text.clone().unwrap_or_else(|| nothing.to_owned());
    let (kind, owner) = (or(&story.kind, "not known"), or(&story.owner, "nobody"));
    let named = format!("{} {}", story.key, story.title);
    let touches = (!story.touches.is_empty()).then(|| ("touches".to_owned(), story.touched()));
    let fields = touches.into_iter().chain(story.fields.iter().cloned()).collect();
    Item { text: format!("{} ({kind}, {owner})", named.trim()), link: story.url.clone(), fields }
}
