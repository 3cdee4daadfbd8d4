//! post-deploy: what stories ask to be looked at after a deploy was looked at,
//! and was as it should be.

mod line;

pub use line::ToLookAt;

use crate::facts::Stop;
use crate::findings::{Findings, Found};
use crate::questions::UnsettledOf;
use crate::registry::{Entry, parse};
use crate::scene::{Check, Scene, Wants, story};
use crate::story_fields::is_after_deploy;
use gonogo_core::fact::Why;
use gonogo_core::finding::{Code, Subject};
use gonogo_core::policy::Level;
use gonogo_core::post_deploy::{Look, LookState};
use gonogo_core::say;
use jiff::SignedDuration;
use schemars::{JsonSchema, schema_for};
use serde::{Deserialize, Serialize};
use serde_json::json;

const UNANSWERED: Code = "post-deploy-unanswered";
const FAILED: Code = "post-deploy-failed";

pub(crate) const ENTRY: Entry = Entry {
    name: "post-deploy",
    codes: &[UNANSWERED, FAILED],
    docs: include_str!("post_deploy.md"),
    default_level: Level::Warn,
    before_merge: false,
    parse: parse::<PostDeploy>,
    schema: || schema_for!(PostDeploy),
};

/// A month.
const MOST_HOURS: u32 = 24 * 31;

/// Post-deploy checks of the last deploys that nobody answered, or that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PostDeploy {
    /// The field in which stories say what is to be looked at, by name or id.
    /// Without it the one of story-fields whose name has deploy and check in it.
    field: Option<String>,
    /// A field with the person who looks; else the assignee does.
    owner_field: Option<String>,
    /// So many hours after the deploy an answer is late.
    within_hours: u32,
    /// Texts that say that there is nothing to look at, trimmed and in any case.
    none_words: Vec<String>,
}

impl Default for PostDeploy {
    fn default() -> Self {
        let words = ["none", "n/a", "-", "no", "nothing", "not needed", "none needed", "no checks", "no checks needed"];
        let none_words = words.map(str::to_owned).to_vec();
        Self { field: None, owner_field: None, within_hours: 24, none_words }
    }
}

impl PostDeploy {
    /// How long after a deploy an answer is in time.
    pub fn within(&self) -> SignedDuration {
        SignedDuration::from_hours(self.within_hours.into())
    }

    /// What is needed of a story to know what it asks for.
    pub fn wants_of_stories(&self) -> Wants {
        let mut wants = Wants::default();
        self.wants(&mut wants);
        wants
    }
}

impl Check for PostDeploy {
    fn validate(&self) -> Result<(), String> {
        if self.within_hours <= MOST_HOURS {
            return Ok(());
        }
        Err(format!("`within_hours = {}`: an answer has {MOST_HOURS} hours at most", self.within_hours))
    }

    fn wants(&self, wants: &mut Wants) {
        wants.fields.extend(self.field.iter().chain(&self.owner_field).cloned());
    }

    fn hears_of(&mut self, required: &[String]) {
        if self.field.is_none() {
            self.field = required.iter().find(|field| is_after_deploy(field)).cloned();
        }
    }

    fn after_deploy(&self) -> Option<&PostDeploy> {
        self.field.as_ref().map(|_| self)
    }

    fn run(&self, scene: &Scene<'_>, out: &mut Findings) -> Result<(), Stop> {
        scene.tracker()?;
        if self.field.is_none() {
            return Err(Stop::Off("no `field`, and no field of story-fields is one for them by its name".to_owned()));
        }
        if !scene.case.knows_who_was_told {
            return Err(Stop::Off("only a server knows what was answered".to_owned()));
        }
        let service = &scene.case.service;
        let Some(after) = scene.facts.known(UnsettledOf { service: service.clone() })? else { return Ok(()) };
        if after.is_unread {
            out.add(being_read("which stories came with the last deploy is being read"));
        }
        for look in &after.looks {
            look_at(service, look, scene.issue_page(&look.story), out);
        }
        if after.more > 0 {
            out.add(and_more(service, after.more));
        }
        Ok(())
    }
}

fn look_at(service: &str, look: &Look, link: Option<String>, out: &mut Findings) {
    let subject = story(&look.story);
    let found = match (look.state, &look.trouble) {
        (LookState::Failed, _) => failed(service, look),
        (LookState::Unread, None) => being_read("came with a deploy: what it asks to be looked at is being read"),
        (LookState::Unread | LookState::Unreadable, trouble) => {
            let trouble = trouble.as_deref().unwrap_or("it is not said");
            let said = format!("what is to be looked at after a deploy is not known: {trouble}");
            return out.could_not_check(subject, Why::new(said, fix(service, look)));
        }
        _ => unanswered(service, look),
    };
    out.add(Found { subject, ..found }.substance(substance(look)).link(link));
}

fn unanswered(service: &str, look: &Look) -> Found {
    let owner = look.owner.as_deref().unwrap_or("nobody is named");
    let message = format!(
        "has post-deploy checks that nobody answered: {owner}, by {}, after the deploy of {}",
        say::minute(look.due_at),
        look.running.short(),
    );
    Found::new(UNANSWERED, Subject::Candidate, message, fix(service, look))
}

fn failed(service: &str, look: &Look) -> Found {
    let said = match &look.answered {
        Some((by, note)) => format!(", says {by}: {}", say::printable(note)),
        None => String::new(),
    };
    let message = format!("failed its post-deploy checks after the deploy of {}{said}", look.running.short());
    let fix = format!("mend or roll back what is wrong, then answer anew at {}", place(service, look));
    Found::new(FAILED, Subject::Candidate, message, fix)
}

/// It passes by itself.
fn being_read(message: &str) -> Found {
    Found::new(UNANSWERED, Subject::Candidate, message, "wait for it").substance(json!("unread")).wait()
}

/// Of others, or of more, nobody has said that they may pass.
fn and_more(service: &str, more: usize) -> Found {
    let message = format!("{} more with post-deploy checks that are not settled", say::count(more, "story"));
    let fix = format!("answer them at /services/{service}/post-deploy");
    Found::new(UNANSWERED, Subject::Candidate, message, fix).substance(json!({ "more": more }))
}

/// Another deploy, or another answer, is something else to be waived.
fn substance(look: &Look) -> serde_json::Value {
    json!({ "deploy": look.deploy, "is": look.state })
}

fn fix(service: &str, look: &Look) -> String {
    format!("look as the story says, and answer at {}", place(service, look))
}

fn place(service: &str, look: &Look) -> String {
    format!("/services/{service}/deploys/{}", look.deploy)
}

#[cfg(test)]
mod tests {
    use crate::policy::TypedPolicy;
    use gonogo_core::policy::Source;

    fn policy(text: &str) -> Result<TypedPolicy, String> {
        let tracker = "[tracker]\nkind = 'jira-cloud'\nurl = 'https://example.atlassian.net'\n";
        TypedPolicy::parse(Source::new("gonogo.toml", format!("{tracker}{text}"))).map_err(|error| error.to_string())
    }

    fn field(text: &str) -> Option<String> {
        policy(text).unwrap().after_deploy().and_then(|check| check.field.clone())
    }

    #[test]
    fn the_field_is_the_one_that_is_named_else_the_one_of_story_fields() {
        let required = "[checks.story-fields]\nrequired = ['Risk', 'Post-deploy checks']\n";
        assert_eq!(field(required).as_deref(), Some("Post-deploy checks"));
        assert_eq!(
            field(&format!("{required}[checks.post-deploy]\nfield = 'Smoke test'\n")).as_deref(),
            Some("Smoke test")
        );
        let rule = "[[checks.story-fields.rules]]\ntype = 'Bug'\nrequired = ['Checks after deploy']\n";
        assert_eq!(field(rule).as_deref(), Some("Checks after deploy"));
        assert_eq!(field("[checks.story-fields]\nrequired = ['Risk']\n"), None);
        assert_eq!(field(&format!("[checks]\npost-deploy = 'off'\n{required}")), None);
    }

    #[test]
    fn an_answer_has_a_month_at_most() {
        let wrong = policy("[checks.post-deploy]\nwithin_hours = 745\n").unwrap_err();
        assert!(wrong.contains("`within_hours = 745`: an answer has 744 hours at most"), "{wrong}");
        assert!(policy("[checks.post-deploy]\nwithin_hours = 744\n").is_ok());
    }
}
