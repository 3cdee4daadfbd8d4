//! story-size: stories over the size that the team agreed on.

use crate::facts::Stop;
use crate::findings::{Findings, Found};
use crate::questions::LinesOf;
use crate::reading::StoryCommits;
use crate::registry::{Entry, parse};
use crate::scene::{Check, Scene, Wants, story};
use crate::story_state::is_type;
use gonogo_core::fact::{Fact, Why};
use gonogo_core::finding::{Code, Subject};
use gonogo_core::ids::IssueKey;
use gonogo_core::policy::Level;
use gonogo_core::story::{FieldValue, History, Issue, Status};
use jiff::{SignedDuration, Timestamp};
use schemars::{JsonSchema, schema_for};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

const POINTS: Code = "story-too-many-points";
const LINES: Code = "story-too-many-lines";
const DAYS: Code = "story-too-many-days";
const NO_POINTS: Code = "story-not-estimated";

pub(crate) const ENTRY: Entry = Entry {
    name: "story-size",
    codes: &[POINTS, LINES, DAYS, NO_POINTS],
    docs: include_str!("story_size.md"),
    default_level: Level::Warn,
    before_merge: true,
    parse: parse::<StorySize>,
    schema: || schema_for!(StorySize),
};

/// Stories over the agreed size.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StorySize {
    max_points: Option<f64>,
    /// Added and removed lines of all its commits.
    max_lines: Option<u64>,
    /// Days in one of `in_progress`, all times together.
    max_days: Option<f64>,
    /// The field with the points; without it the names that Jira gives.
    points_field: Option<String>,
    /// States that count as being worked on.
    in_progress: Vec<String>,
    /// Other limits for a type; the first that fits counts.
    rules: Vec<Rule>,
}

/// Limits for stories of a type.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rule {
    #[serde(rename = "type")]
    kind: String,
    max_points: Option<f64>,
    max_lines: Option<u64>,
    max_days: Option<f64>,
}

impl Default for StorySize {
    fn default() -> Self {
        Self {
            max_points: None,
            max_lines: None,
            max_days: None,
            points_field: None,
            in_progress: vec!["In Progress".to_owned()],
            rules: Vec::new(),
        }
    }
}

const USUAL_POINTS_FIELDS: [&str; 2] = ["Story Points", "Story point estimate"];

#[derive(Clone, Copy)]
struct Limits {
    points: Option<f64>,
    lines: Option<u64>,
    days: Option<f64>,
}

impl StorySize {
    fn all_limits(&self) -> impl Iterator<Item = Limits> + '_ {
        let own = Limits { points: self.max_points, lines: self.max_lines, days: self.max_days };
        let rules = self.rules.iter().map(|r| Limits { points: r.max_points, lines: r.max_lines, days: r.max_days });
        rules.chain([own])
    }

    fn limits_for(&self, issue: Option<&Issue>) -> Limits {
        let at = issue.and_then(|i| self.rules.iter().position(|r| is_type(i, &r.kind))).unwrap_or(self.rules.len());
        self.all_limits().nth(at).unwrap_or(Limits { points: None, lines: None, days: None })
    }

    fn points_fields(&self) -> Vec<&str> {
        self.points_field.as_deref().map_or(USUAL_POINTS_FIELDS.to_vec(), |name| vec![name])
    }

    fn points(&self, issue: &Issue) -> Result<Option<f64>, Why> {
        let values = || self.points_fields().into_iter().filter_map(|name| issue.fields.get(name));
        let number = values().find_map(|v| match v {
            FieldValue::Number(n) => Some(*n),
            FieldValue::Text(text) => text.trim().parse().ok(),
            _ => None,
        });
        if number.is_some() {
            return Ok(number);
        }
        if values().all(|v| matches!(v, FieldValue::NoSuchField | FieldValue::Ambiguous(_))) {
            let said = format!("the tracker has no one field named {}", self.points_fields().join(" or "));
            return Err(Why::new(said, "set points_field in [checks.story-size] to its name or id"));
        }
        Ok(None)
    }
}

impl Check for StorySize {
    fn validate(&self) -> Result<(), String> {
        let is_wrong = |limit: Option<f64>| limit.is_some_and(|l| !l.is_finite() || l < 0.0);
        if self.all_limits().any(|l| is_wrong(l.points) || is_wrong(l.days)) {
            return Err("a limit of points or days is a number from 0 up".to_owned());
        }
        Ok(())
    }

    fn wants(&self, wants: &mut Wants) {
        if self.all_limits().any(|l| l.points.is_some()) {
            wants.fields.extend(self.points_fields().into_iter().map(str::to_owned));
        }
        wants.history |= self.all_limits().any(|l| l.days.is_some());
    }

    fn looks_ahead(&self, issue: &Issue, _is_review: bool, now: Timestamp) -> (Vec<Found>, Vec<Why>) {
        self.told(&issue.key, issue, now)
    }

    fn can_look_ahead(&self) -> bool {
        self.all_limits().any(|l| l.points.is_some() || l.days.is_some())
    }

    fn run(&self, scene: &Scene<'_>, out: &mut Findings) -> Result<(), Stop> {
        if self.all_limits().all(|l| l.points.is_none() && l.lines.is_none() && l.days.is_none()) {
            return Err(Stop::Off("no limit set".to_owned()));
        }
        let reading = scene.reading()?;
        // Lines need no tracker; points and days do.
        let stories: Vec<(&IssueKey, &StoryCommits, Option<Fact<Arc<Issue>>>)> = match scene.tracker() {
            Ok(_) => scene.shipping_issues(out)?.into_iter().map(|(k, s, i)| (k, s, Some(i))).collect(),
            Err(off) if self.max_lines.is_none() => return Err(off),
            Err(_) => {
                if self.all_limits().any(|l| l.points.is_some() || l.days.is_some()) {
                    let why = Why::new("max_points and max_days need a [tracker]", "configure it, or leave them out");
                    out.could_not_check(Subject::Candidate, why);
                }
                reading.shipping().map(|(k, s)| (k, s, None)).collect()
            }
        };
        let mut found = Vec::new();
        let lines = self.lines(scene, &stories)?;
        for ((key, _, issue), lines) in stories.into_iter().zip(lines) {
            let issue = match issue {
                Some(Fact::Unknown(why)) => {
                    out.could_not_check(story(key), why);
                    continue;
                }
                Some(Fact::Absent) | None => None,
                Some(Fact::Known(issue)) => Some(issue),
            };
            let limits = self.limits_for(issue.as_deref());
            match (limits.lines, lines) {
                (Some(max), Some(Ok(lines))) if lines > max => {
                    let message = format!("changes {lines} lines, over {max}");
                    let one = Found::new(LINES, story(key), message, SPLIT).substance(json!(lines));
                    found.push((key.clone(), one));
                }
                (Some(_), Some(Err(why))) => out.could_not_check(story(key), why),
                _ => {}
            }
            let Some(issue) = issue else { continue };
            let (told, unknown) = self.told(key, &issue, scene.now);
            found.extend(told.into_iter().map(|one| (key.clone(), one)));
            for why in unknown {
                out.could_not_check(story(key), why);
            }
        }
        scene.add_for_stories(found, out)
    }
}

const SPLIT: &str = "split the next one; ship a part behind a flag";

type Lines = Option<Result<u64, Why>>;

impl StorySize {
    /// What the tracker tells of its size, and what it does not tell.
    fn told(&self, key: &IssueKey, issue: &Issue, now: Timestamp) -> (Vec<Found>, Vec<Why>) {
        let limits = self.limits_for(Some(issue));
        let (mut found, mut unknown) = (Vec::new(), Vec::new());
        match limits.points.map(|max| (max, self.points(issue))) {
            Some((max, Ok(Some(points)))) if points > max => {
                let message = format!("has {points} points, over {max}");
                found.push(Found::new(POINTS, story(key), message, SPLIT).substance(json!(points)));
            }
            Some((_, Ok(None))) => {
                found.push(Found::new(NO_POINTS, story(key), "has no estimate", "estimate it").note());
            }
            Some((_, Err(why))) => unknown.push(why),
            _ => {}
        }
        let Some(max) = limits.days else { return (found, unknown) };
        match days_in(issue, &self.in_progress, now) {
            Days::Known(days) | Days::AtLeast(days) if days > max => {
                let message = format!("was in progress for {days:.1} days, over {max}");
                found.push(Found::new(DAYS, story(key), message, SPLIT).substance(json!({ "over": max })));
            }
            Days::Known(_) => {}
            Days::AtLeast(_) | Days::NotTold => {
                let fix = "look at its history in the tracker";
                unknown.push(Why::new("the tracker does not tell its whole history", fix));
            }
        }
        (found, unknown)
    }

    /// Changed lines of each story, in one round; only where a limit asks.
    fn lines(
        &self,
        scene: &Scene<'_>,
        stories: &[(&IssueKey, &StoryCommits, Option<Fact<Arc<Issue>>>)],
    ) -> Result<Vec<Lines>, Stop> {
        if self.all_limits().all(|l| l.lines.is_none()) {
            return Ok(stories.iter().map(|_| None).collect());
        }
        let reading = scene.reading()?;
        let counted = |s: &StoryCommits| -> Vec<usize> {
            s.commits.iter().copied().filter(|at| reading.ships(*at) && !reading.commit(*at).is_merge()).collect()
        };
        let asked: Vec<Vec<usize>> = stories.iter().map(|(_, s, _)| counted(s)).collect();
        let asks = asked.iter().flatten().map(|at| LinesOf { sha: reading.commit(*at).sha });
        let mut answers = scene.facts.all(asks)?.into_iter();
        let sum = |commits: Vec<usize>| {
            answers.by_ref().take(commits.len()).try_fold(0, |sum, answer| match answer {
                Fact::Known(count) => Ok(sum + count.added + count.removed),
                Fact::Absent => Ok(sum),
                Fact::Unknown(why) => Err(why),
            })
        };
        Ok(asked.into_iter().map(sum).map(Some).collect())
    }
}

enum Days {
    Known(f64),
    AtLeast(f64),
    NotTold,
}

/// Time in some states, from the history of the status.
fn days_in(issue: &Issue, states: &[String], now: Timestamp) -> Days {
    let Some(History { changes, cut }) = &issue.history else { return Days::NotTold };
    let counts = |state: Option<&Status>| state.is_some_and(|s| states.iter().any(|word| s.is(word)));
    let mut total = SignedDuration::ZERO;
    let mut since = if *cut { None } else { issue.created_at };
    let mut current = None;
    for change in changes.iter().filter(|c| c.field == "status") {
        if let Some(since) = since.filter(|_| counts(change.from.as_ref())) {
            total += change.at.duration_since(since);
        }
        since = Some(change.at);
        current = change.to.as_ref();
    }
    let current = current.unwrap_or(&issue.status);
    if let Some(since) = since.filter(|_| counts(Some(current))) {
        total += now.duration_since(since);
    }
    let days = total.as_secs_f64() / 86_400.0;
    if *cut { Days::AtLeast(days) } else { Days::Known(days) }
}
