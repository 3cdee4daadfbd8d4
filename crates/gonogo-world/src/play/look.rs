//! What is the case now, read off the stand-ins: the tour counts no clicks.

use super::content::{IN_REVIEW, TIDY_UP, WEB, WITHOUT_RISK, WORK};
use super::{CHANNEL, Program, SUPPORT, Stage};
use crate::github::PostedStatus;

/// What the tour is told from.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is the case or not, in any order")]
pub(super) struct Seen {
    /// How many services the company has.
    pub(super) services: usize,
    pub(super) program: String,
    pub(super) github: String,
    pub(super) jira: String,
    pub(super) slack: String,
    /// Where support reads.
    pub(super) support: String,
    /// The newest status of `main`.
    pub(super) now: Option<Said>,
    /// The first that said so, of any head with the day's work.
    pub(super) no_go: Option<Said>,
    pub(super) was_judged: bool,
    pub(super) is_pushed: bool,
    pub(super) story_is_ready: bool,
    pub(super) has_risk: bool,
    pub(super) commit_passes: bool,
    pub(super) is_shipped: bool,
    pub(super) is_told: bool,
    pub(super) is_looked_at: bool,
}

/// A commit status of the program's.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) state: String,
    pub(super) description: String,
    pub(super) page: String,
}

pub(super) fn look(stage: &Stage, program: &Program) -> Seen {
    let service = stage.company.service(WEB).expect("the company has the service of the tour");
    let (repository, context) = (stage.github.repository(&service.repository()), format!("gonogo/deploy ({WEB})"));
    let head = repository.branch("main").expect("branches are only moved");
    let work = repository.branch(WORK).expect("branches are only moved");
    let is_pushed = repository.has_commit("main", &work);
    let of =
        |sha: &str| repository.statuses(sha).into_iter().filter(|status| status.context == context).collect::<Vec<_>>();
    let statuses = of(&head);
    let with_work = if is_pushed { [of(&work), statuses.clone()].concat() } else { Vec::new() };
    let story = |key: &str| stage.jira.existing(key);
    let cards: Vec<Vec<String>> =
        stage.slack.channel(CHANNEL).messages().into_iter().map(|message| message.versions).collect();
    let is_go = statuses.last().is_some_and(|status| status.state == "success");
    // What it blocked for once, and does no more.
    let named = format!("\"{TIDY_UP}\" names no story");
    let was_named = |card: &Vec<String>| card.iter().any(|version| version.contains(&named));
    let is_named = |card: &Vec<String>| card.last().is_some_and(|version| version.contains(&named));
    let of_commit: Vec<&Vec<String>> = cards.iter().filter(|card| was_named(card)).collect();
    let channel = |name: &str| format!("{}/archives/{}", stage.slack.url(), stage.slack.channel(name).id());
    let told = stage.slack.channel(SUPPORT).messages();
    let names_story = |versions: &[String]| versions.iter().any(|version| version.contains(IN_REVIEW));
    let comments = story(IN_REVIEW).comments();
    let is_answer = |comment: &String| comment.contains(" passed, says ") || comment.contains(" FAILED, says ");
    let is_shipped = repository.has_commit("production", &work);
    Seen {
        services: stage.company.services.len(),
        program: program.url.clone(),
        github: format!("{}/{}", stage.github.url(), service.repository()),
        jira: stage.jira.url(),
        slack: channel(CHANNEL),
        support: channel(SUPPORT),
        was_judged: is_pushed || statuses.iter().any(|status| status.state != "pending"),
        now: statuses.last().map(Said::of),
        no_go: with_work.iter().find(|status| status.state == "failure").map(Said::of),
        is_pushed,
        story_is_ready: ["Ready to Deploy", "Done", "Closed"].contains(&story(IN_REVIEW).status().as_str()),
        has_risk: !story(WITHOUT_RISK).field("Risk").trim().is_empty(),
        commit_passes: is_pushed && (is_go || of_commit.last().is_some_and(|card| !is_named(card))),
        is_shipped,
        is_told: is_shipped && told.iter().any(|message| names_story(&message.versions)),
        is_looked_at: is_shipped && comments.iter().any(is_answer),
    }
}

impl Said {
    fn of(status: &PostedStatus) -> Self {
        Self {
            state: status.state.clone(),
            description: status.description.clone().unwrap_or_default(),
            page: status.target_url.clone().unwrap_or_default(),
        }
    }
}
