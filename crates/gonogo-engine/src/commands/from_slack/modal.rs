//! The modal by which a finding is let pass, as Slack shows it and has it back.

use super::{NO, WAIVE};
use crate::commands::waive::Waivable;
use crate::jobs::section;
use gonogo_core::say;
use gonogo_read::slack::Submitted;
use gonogo_store::CandidateId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

// Our names of the blocks.
pub(super) const FINDING: &str = "finding";
pub(super) const WHY: &str = "why";
pub(super) const DAYS: &str = "days";
/// A block has one element.
const ELEMENT: &str = "given";

// What Slack takes.
const MOST_OPTIONS: usize = 100;
const MOST_OPTION: usize = 75;
const MOST_WHY: usize = 2_000;
const MOST_WHY_NOT: usize = 500;
const MOST_SAID: usize = 200;

/// What one may choose, as far as the policy allows it.
const SOME_DAYS: [i64; 5] = [1, 3, 7, 30, 90];

/// What goes with the modal, and comes back.
#[derive(Debug, Serialize, Deserialize)]
struct Metadata {
    candidate: i64,
    /// Where there is but one; else it is chosen.
    fingerprint: Option<String>,
}

/// What was filled in.
#[derive(Debug)]
pub(super) struct Given {
    pub candidate: i64,
    pub fingerprint: String,
    /// Whether it was chosen from several.
    pub chose: bool,
    pub why: String,
    pub days: i64,
}

impl Given {
    pub(super) fn of(submitted: &Submitted) -> Option<Self> {
        let metadata: Metadata = serde_json::from_str(&submitted.metadata).ok()?;
        let field = |name: &str| submitted.fields.iter().find(|(block, _)| block == name).map(|(_, text)| text.clone());
        let chose = metadata.fingerprint.is_none();
        let fingerprint = metadata.fingerprint.or_else(|| field(FINDING))?;
        Some(Self {
            candidate: metadata.candidate,
            fingerprint,
            chose,
            why: field(WHY).unwrap_or_default(),
            days: field(DAYS)?.parse().ok()?,
        })
    }
}

/// Asks which of these, why, and for how long. Of more than Slack takes the first.
pub(super) fn asking(service: &str, candidate: CandidateId, choices: &[Waivable]) -> Value {
    let choices = &choices[..choices.len().min(MOST_OPTIONS)];
    let only = if let [only] = choices { Some(only) } else { None };
    let metadata = Metadata { candidate: candidate.0, fingerprint: only.map(|only| only.fingerprint.clone()) };
    let what = if let Some(only) = only {
        section(&format!("*{service}*: {}", say::slack(&say::cut(&only.said, MOST_SAID))))
    } else {
        let options = choices.iter().map(|choice| option(&say::printable(&choice.said), &choice.fingerprint));
        input(FINDING, "What may pass?", &select(&options.collect::<Vec<_>>(), None))
    };
    let most = choices.iter().map(|choice| choice.most_days).max().unwrap_or(1);
    let days: Vec<Value> = SOME_DAYS
        .into_iter()
        .filter(|days| *days < most)
        .chain([most])
        .map(|days| option(&say::count(usize::try_from(days).unwrap_or_default(), "day"), &days.to_string()))
        .collect();
    let why = json!({"type": "plain_text_input", "action_id": ELEMENT, "multiline": true, "max_length": MOST_WHY});
    let mut blocks =
        vec![what, input(WHY, "Why may it pass?", &why), input(DAYS, "For how long?", &select(&days, days.first()))];
    if choices.iter().any(|choice| choice.needs_second) {
        let who = if choices.iter().all(|choice| choice.needs_second) { "it lets" } else { "some of these let" };
        blocks.push(section(&format!("The policy wants a second person: {who} nothing pass before they confirm it.")));
    }
    json!({
        "type": "modal",
        "callback_id": WAIVE,
        // Numbers and texts: there is always JSON for them.
        "private_metadata": serde_json::to_string(&metadata).unwrap_or_default(),
        "title": plain("Let it pass"),
        "submit": plain("Waive"),
        "close": plain("Cancel"),
        "blocks": blocks,
    })
}

/// Asks why a deploy shall not go on; `value` comes back with it.
pub(super) fn asking_why_not(value: &str) -> Value {
    let why = json!({"type": "plain_text_input", "action_id": ELEMENT, "multiline": true, "max_length": MOST_WHY_NOT});
    json!({
        "type": "modal",
        "callback_id": NO,
        "private_metadata": value,
        "title": plain("It does not go on"),
        "submit": plain("Say no"),
        "close": plain("Cancel"),
        "blocks": [input(WHY, "Why not?", &why)],
    })
}

/// Says what is wrong, at a block; the modal stays open.
pub(super) fn errors(block: &str, said: &str) -> Value {
    json!({"response_action": "errors", "errors": {block: say::cut(&say::printable(said), MOST_SAID)}})
}

/// In the modal's place: that it lets nothing pass yet.
pub(super) fn proposed(page: &str) -> Value {
    let said = format!(
        "The waiver is proposed. It lets nothing pass before a second person confirms it, on <{page}|the candidate's page>."
    );
    let view =
        json!({"type": "modal", "title": plain("Proposed"), "close": plain("Close"), "blocks": [section(&said)]});
    json!({"response_action": "update", "view": view})
}

fn input(block: &str, label: &str, element: &Value) -> Value {
    json!({"type": "input", "block_id": block, "label": plain(label), "element": element})
}

fn select(options: &[Value], first: Option<&Value>) -> Value {
    let mut select = json!({"type": "static_select", "action_id": ELEMENT, "options": options});
    if let Some(first) = first {
        select["initial_option"] = first.clone();
    }
    select
}

fn option(said: &str, value: &str) -> Value {
    json!({"text": plain(&say::cut(said, MOST_OPTION)), "value": value})
}

/// Slack makes no pictures of `:words:` in it.
fn plain(said: &str) -> Value {
    json!({"type": "plain_text", "text": said, "emoji": false})
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonogo_core::person::{Act, Person, Role};

    fn choice(number: usize, most_days: i64, needs_second: bool) -> Waivable {
        let admin = Person {
            id: 1,
            name: "ada".to_owned(),
            role: Role::Admin,
            at: std::collections::BTreeMap::new(),
            token: None,
        };
        Waivable {
            fingerprint: format!("f{number}"),
            said: format!("STORY-{number} {}", "x".repeat(90)),
            most_days,
            needs_second,
            may: admin.may(Act::Waive),
        }
    }

    fn given(view: &Value, fields: &[(&str, &str)]) -> Given {
        Given::of(&Submitted {
            member: gonogo_read::slack::Member { id: "U1".to_owned(), name: "ada".to_owned() },
            modal: WAIVE.to_owned(),
            metadata: view["private_metadata"].as_str().unwrap().to_owned(),
            fields: fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        })
        .unwrap()
    }

    #[test]
    fn one_finding_is_named_and_of_several_one_is_chosen() {
        let view = asking("web", CandidateId(7), &[choice(1, 7, false)]);
        assert!(view["blocks"][0]["text"]["text"].as_str().unwrap().starts_with("*web*: STORY-1 "));
        let filled = given(&view, &[(WHY, "agreed"), (DAYS, "3")]);
        assert_eq!((filled.candidate, filled.fingerprint.as_str(), filled.days, filled.chose), (7, "f1", 3, false));
        let view = asking("web", CandidateId(7), &[choice(1, 1, false), choice(2, 30, true)]);
        let options = |block: usize| view["blocks"][block]["element"]["options"].as_array().unwrap().clone();
        assert_eq!(options(0).len(), 2);
        let texts: Vec<Value> = options(2).iter().map(|option| option["text"]["text"].clone()).collect();
        assert_eq!(texts, ["1 day", "3 days", "7 days", "30 days"]);
        assert!(
            options(0).iter().all(|option| option["text"]["text"].as_str().unwrap().chars().count() <= MOST_OPTION)
        );
        let filled = given(&view, &[(FINDING, "f2"), (WHY, "agreed"), (DAYS, "30")]);
        assert_eq!((filled.fingerprint.as_str(), filled.chose), ("f2", true));
        assert!(view.to_string().contains("some of these let nothing pass"), "{view}");
    }

    #[test]
    fn no_more_is_offered_than_slack_takes() {
        let choices: Vec<_> = (0..300).map(|number| choice(number, 1, true)).collect();
        let view = asking("web", CandidateId(7), &choices);
        assert_eq!(view["blocks"][0]["element"]["options"].as_array().unwrap().len(), MOST_OPTIONS);
    }
}
