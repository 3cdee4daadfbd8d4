//! awareness: the teams that the policy names were told of their stories in time.

use crate::facts::Stop;
use crate::findings::{Findings, Found};
use crate::questions::AwareOf;
use crate::registry::{Entry, parse};
use crate::scene::{Check, Scene, story};
use gonogo_core::fact::Fact;
use gonogo_core::finding::Code;
use gonogo_core::ids::IssueKey;
use gonogo_core::policy::{Awareness as Rule, Level};
use gonogo_core::say;
use gonogo_core::story::Aware;
use jiff::Timestamp;
use schemars::{JsonSchema, schema_for};
use serde::{Deserialize, Serialize};
use serde_json::json;

const NOT_TOLD: Code = "awareness-not-told";
const TOO_EARLY: Code = "awareness-too-early";

pub(crate) const ENTRY: Entry = Entry {
    name: "awareness",
    codes: &[NOT_TOLD, TOO_EARLY],
    docs: include_str!("awareness.md"),
    default_level: Level::Block,
    before_merge: false,
    parse: parse::<Awareness>,
    schema: || schema_for!(Awareness),
};

/// Its rules are the policy's `[[awareness]]`.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Awareness {}

impl Check for Awareness {
    fn run(&self, scene: &Scene<'_>, out: &mut Findings) -> Result<(), Stop> {
        let rules = &scene.sections.awareness;
        if rules.is_empty() {
            return Err(Stop::Off("no [[awareness]] in the policy".to_owned()));
        }
        scene.tracker()?;
        if !scene.case.knows_who_was_told {
            return Err(Stop::Off("only a server knows who was told".to_owned()));
        }
        let concerned = concerned(rules, scene, out)?;
        let asked = concerned.iter().map(|(key, rule)| AwareOf {
            story: key.clone(),
            team: rule.team.clone(),
            channel: rule.all_places(),
            service: scene.case.service.clone(),
        });
        let mut found = Vec::new();
        for ((key, rule), aware) in concerned.iter().zip(scene.facts.all(asked)?) {
            let aware = match aware {
                Fact::Known(aware) => aware,
                Fact::Absent => Aware::default(),
                Fact::Unknown(why) => {
                    out.could_not_check(story(key), why);
                    continue;
                }
            };
            found.extend(look_at(key, rule, &aware, scene.now).map(|found| (key.clone(), found)));
        }
        scene.add_for_stories(found, out)
    }
}

/// The stories that ship and concern a team.
fn concerned<'a>(rules: &'a [Rule], scene: &Scene<'_>, out: &mut Findings) -> Result<Vec<(IssueKey, &'a Rule)>, Stop> {
    let mut concerned = Vec::new();
    for (key, _, issue) in scene.shipping_issues(out)? {
        let issue = match issue {
            Fact::Known(issue) => issue,
            Fact::Absent => continue, // story-exists says so
            Fact::Unknown(why) => {
                out.could_not_check(story(key), why);
                continue;
            }
        };
        for rule in rules {
            match rule.concerns(&issue) {
                Ok(true) => concerned.push((key.clone(), rule)),
                Ok(false) => {}
                Err(why) => out.could_not_check(story(key), why),
            }
        }
    }
    Ok(concerned)
}

fn look_at(key: &IssueKey, rule: &Rule, aware: &Aware, now: Timestamp) -> Option<Found> {
    let team = &rule.team;
    let found = |code, message: String, fix: String| {
        Found::new(code, story(key), message, fix).substance(json!({ "team": team }))
    };
    if aware.acknowledged_by.is_some() {
        return None;
    }
    let Some(told_at) = aware.told_at else {
        let Some(trouble) = &aware.trouble else {
            let message = format!("is being told to {team}");
            return Some(found(NOT_TOLD, message, "wait for it".to_owned()).wait());
        };
        let places = rule.places();
        let fix = format!(
            "mend what keeps it from {} ({trouble}), or have {team} say on the story's page that it knows",
            say::list(&places, places.len())
        );
        return Some(found(NOT_TOLD, format!("is not known to {team} yet"), fix));
    };
    let opens = rule.opens(told_at);
    if opens <= now {
        return None;
    }
    let opens = rule.minute(opens);
    let message =
        format!("may ship from {opens} on: {team} was told at {}, and wants {}", say::minute(told_at), rule.lead());
    let fix = format!("wait until then, or have {team} say that it knows, at /stories/{key}");
    Some(found(TOO_EARLY, message, fix).wait())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonogo_core::policy::{Policy, Source};

    fn rule() -> Rule {
        let text = "[[awareness]]\nteam = 'support'\nchannel = '#support'\nlead_hours = 8\nlabels = ['x']";
        Policy::parse(Source::new("gonogo.toml", text)).unwrap().sections.awareness.remove(0)
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_team_is_told_first_and_then_has_its_time() {
        let (key, rule) = ("STORY-9".parse().unwrap(), rule());
        let look =
            |aware: &Aware, now: &str| look_at(&key, &rule, aware, at(now)).map(|found| (found.code, found.message));
        let mut aware = Aware::default();
        let (code, said) = look(&aware, "2026-11-26T09:00:00Z").unwrap();
        assert_eq!((code, said.as_str()), (NOT_TOLD, "is being told to support"));
        aware.trouble = Some("no such channel".to_owned());
        let (_, said) = look(&aware, "2026-11-26T09:00:00Z").unwrap();
        assert_eq!(said, "is not known to support yet");
        aware.told_at = Some(at("2026-11-26T09:00:00Z"));
        let (code, said) = look(&aware, "2026-11-26T16:59:59Z").unwrap();
        let expected = "may ship from 2026-11-26 17:00 UTC on: support was told at 2026-11-26 09:00 UTC, and wants 8 working hours";
        assert_eq!((code, said.as_str()), (TOO_EARLY, expected));
        assert_eq!(look(&aware, "2026-11-26T17:00:00Z"), None);
        let known = Aware { acknowledged_by: Some("vera".to_owned()), ..Aware::default() };
        assert_eq!(look(&known, "2026-11-26T09:00:00Z"), None);
    }
}
