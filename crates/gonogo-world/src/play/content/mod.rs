//! The company: its services, what shipped, what waits, and the three things
//! that the tour is about.

mod many;

use jiff::SignedDuration;

use super::Size;
use super::history::History;
use super::random::Random;
use crate::{GitHub, Jira};

/// The service of the tour, and its branch with the day's work.
pub(super) const WEB: &str = "web";
pub(super) const WORK: &str = "next";
/// Its stories: one is in review, one says nothing of its risk.
pub(super) const IN_REVIEW: &str = "STORY-12";
pub(super) const WITHOUT_RISK: &str = "STORY-19";
/// The field that says what is to be looked at after a deploy.
pub(super) const CHECKS: &str = "Post-deploy checks";
/// The commit that names none.
pub(super) const TIDY_UP: &str = "tidy up";

const READY: &str = "Ready to Deploy";
const DONE: &str = "Done";

const PEOPLE: [(&str, &str); 4] =
    [("maria", "Maria Lindqvist"), ("ivo", "Ivo Petrov"), ("noor", "Noor Haddad"), ("robin", "Robin Okafor")];
const RISKS: [&str; 4] = [
    "low: one page, behind a flag",
    "medium: all invoices; watch the error rate of billing",
    "low: text alone",
    "medium: search is slower for a minute after the deploy",
];
const TITLES: [&str; 14] = [
    "Show prices with tax",
    "Remember the last search",
    "Export orders as CSV",
    "Say why a card was refused",
    "Sort reviews by date",
    "Send receipts as PDF",
    "Ask before an order is cancelled",
    "Show the delivery day",
    "Let customers change their address",
    "Warn when stock is low",
    "Keep the basket for a week",
    "Translate the checkout",
    "Hide sold-out sizes",
    "Offer paper-free billing",
];

#[derive(Debug)]
pub(super) struct Company {
    pub(super) services: Vec<Service>,
}

#[derive(Debug)]
pub(super) struct Service {
    pub(super) name: String,
    policy: String,
    shipped: Vec<Story>,
    waits: Vec<Story>,
    /// On a branch of their own, to be pushed on the tour.
    work: Vec<Work>,
    /// From one commit to the next.
    step: SignedDuration,
}

#[derive(Debug, Clone)]
struct Story {
    key: String,
    title: String,
    who: (&'static str, &'static str),
    status: &'static str,
    risk: Option<&'static str>,
    /// What is to be looked at after its deploy.
    checks: Option<&'static str>,
}

#[derive(Debug)]
enum Work {
    Story(Story),
    /// By whom, and with which message.
    Commit(&'static str, &'static str),
}

impl Company {
    pub(super) fn new(seed: u64, size: Size, jira: &str) -> Self {
        let mut random = Random::new(seed);
        let mut titles = TITLES;
        random.shuffle(&mut titles);
        let mut titles = titles.into_iter();
        let mut stories = |project: &str, first: usize, count: usize, status: &'static str| -> Vec<Story> {
            let numbered = titles.by_ref().take(count).enumerate();
            numbered.map(|(at, title)| Story::new(&mut random, project, first + at, title, status)).collect()
        };
        let step = SignedDuration::from_hours(1);
        let web = Service {
            name: WEB.to_owned(),
            policy: policy(jira, "STORY"),
            shipped: stories("STORY", 3, 6, DONE),
            waits: stories("STORY", 11, 1, READY),
            work: work(),
            step,
        };
        let billing = Service {
            name: "billing".to_owned(),
            policy: policy(jira, "PAY"),
            shipped: stories("PAY", 1, 4, DONE),
            waits: stories("PAY", 5, 2, READY),
            work: Vec::new(),
            step,
        };
        let mut services = vec![web, billing];
        if size == Size::Large {
            services.extend(many::services(&mut random, jira));
        }
        Self { services }
    }

    pub(super) fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    /// Its repositories come into being.
    pub(super) fn founds(&self, github: &GitHub) {
        for service in &self.services {
            github.repository(&service.repository()).made_of(&service.history());
        }
    }

    /// Whether its repositories have the branches that it needs.
    pub(super) fn is_found(&self, github: &GitHub) -> bool {
        let has = |service: &Service, branch| github.repository(&service.repository()).branch(branch).is_some();
        self.services.iter().all(|service| {
            let needed = ["main", "production", WORK].into_iter();
            needed.filter(|branch| *branch != WORK || !service.work.is_empty()).all(|branch| has(service, branch))
        })
    }

    /// Its stories come into being.
    pub(super) fn writes_stories(&self, jira: &Jira) {
        for (name, called) in PEOPLE {
            jira.user(name).called(called);
        }
        for story in self.services.iter().flat_map(Service::stories) {
            let issue = jira.story(&story.key).titled(&story.title).in_state(story.status).assigned_to(story.who.0);
            if let Some(risk) = story.risk {
                issue.with_field("Risk", risk);
            }
            if let Some(checks) = story.checks {
                issue.with_field(CHECKS, checks);
            }
        }
    }
}

impl Story {
    /// By somebody, with some risk.
    fn new(random: &mut Random, project: &str, number: usize, title: &str, status: &'static str) -> Self {
        Self {
            key: format!("{project}-{number}"),
            title: title.to_owned(),
            who: random.pick(&PEOPLE),
            status,
            risk: Some(random.pick(&RISKS)),
            checks: None,
        }
    }
}

fn work() -> Vec<Work> {
    let story = |key: &str, title: &str, who, status, risk, checks| {
        Work::Story(Story { key: key.to_owned(), title: title.to_owned(), who, status, risk, checks })
    };
    let checks = Some("an order in euros shows the right total");
    vec![
        story(IN_REVIEW, "Charge in euros", PEOPLE[0], "In Review", Some(RISKS[1]), checks),
        story(WITHOUT_RISK, "Faster search", PEOPLE[1], READY, None, None),
        Work::Commit(PEOPLE[3].1, TIDY_UP),
    ]
}

impl Service {
    pub(super) fn repository(&self) -> String {
        format!("acme/{}", self.name)
    }

    fn stories(&self) -> impl Iterator<Item = &Story> {
        let work = self.work.iter().filter_map(|work| match work {
            Work::Story(story) => Some(story),
            Work::Commit(..) => None,
        });
        self.shipped.iter().chain(&self.waits).chain(work)
    }

    fn history(&self) -> Vec<u8> {
        let mut history = History::new(self.step);
        let first = format!("no-jira begin {}", self.name);
        history.commit("main", PEOPLE[3].1, &first, &[("gonogo.toml", &self.policy)]);
        let ship = |history: &mut History, branch: &str, story: &Story| {
            history.commit(branch, story.who.1, &format!("{} {}", story.key, lower(&story.title)), &[]);
        };
        self.shipped.iter().for_each(|story| ship(&mut history, "main", story));
        history.branch("production", "main");
        self.waits.iter().for_each(|story| ship(&mut history, "main", story));
        if !self.work.is_empty() {
            history.branch(WORK, "main");
        }
        for work in &self.work {
            match work {
                Work::Story(story) => ship(&mut history, WORK, story),
                Work::Commit(who, message) => history.commit(WORK, who, message, &[]),
            }
        }
        history.into_stream()
    }
}

fn policy(jira: &str, project: &str) -> String {
    format!(
        "[production]\nref = \"production\"\n\n[candidates]\nbranches = [\"main\"]\n\n\
         [tracker]\nkind = \"jira-cloud\"\nurl = \"{jira}\"\n\n[stories]\nprojects = [\"{project}\"]\n\n\
         [checks.story-state]\nstates = [\"Ready to Deploy\", \"Done\"]\n\n[checks.story-fields]\nrequired = [\"Risk\"]\n\n\
         [checks.post-deploy]\nfield = \"{CHECKS}\"\n"
    )
}

/// As people write a subject.
fn lower(title: &str) -> String {
    let mut letters = title.chars();
    letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_company_again_and_another_gives_another() {
        let streams = |seed| -> Vec<Vec<u8>> {
            Company::new(seed, Size::Small, "http://127.0.0.1:1").services.iter().map(Service::history).collect()
        };
        assert_eq!(streams(1), streams(1));
        assert_ne!(streams(1), streams(2));
    }
}
