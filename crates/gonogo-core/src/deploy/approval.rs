//! `[deploy.approval]`: who agrees to a deploy, by what it brings and when.

use super::calendar::{Calendar, Window};
use crate::person::Role;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const MOST_RULES: usize = 20;

/// Who agrees to a deploy: who is all of this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// At the service, or more.
    #[serde(default = "developer")]
    pub role: Role,
    /// These alone, called as in `[[awareness]]`; without it whoever has the role.
    #[serde(default)]
    pub people: Option<Vec<String>>,
    /// Whoever asked for the deploy does not approve it.
    #[serde(default = "yes")]
    pub by_another: bool,
    /// Nor does whoever wrote something of what it brings, as git names its authors.
    #[serde(default = "yes")]
    pub not_by_author: bool,
    /// Whose mails in git are whose, where that is not known otherwise: people are called
    /// as in `[[awareness]]`.
    #[serde(default)]
    pub mails: BTreeMap<String, String>,
    /// After so many hours it counts no more.
    #[serde(default = "eight")]
    pub hours: u32,
    /// Who agrees instead, where the first of these fits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<ApprovalRule>,
}

/// Somebody else agrees, or nobody has to, where all that it names is so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalRule {
    /// The highest risk that a story of it says is one of these.
    #[serde(default)]
    pub risks: Vec<RiskWord>,
    /// It is one of these times, in the zone of `[deploy]`.
    #[serde(default)]
    pub times: Vec<Window>,
    /// Whether anybody has to agree.
    #[serde(default = "yes")]
    pub needed: bool,
    /// Without it, as in `[deploy.approval]`; so are `people`, unless a role is given.
    #[serde(default)]
    pub role: Option<Role>,
    #[serde(default)]
    pub people: Option<Vec<String>>,
}

/// What the risk fields of stories say at most, by the word that they begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RiskWord {
    /// No story says any.
    Unsaid,
    Low,
    Medium,
    High,
    Critical,
}

/// Who has to agree to one deploy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    pub role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<Vec<String>>,
}

fn developer() -> Role {
    Role::Developer
}

fn yes() -> bool {
    true
}

fn eight() -> u32 {
    8
}

impl RiskWord {
    pub const ALL: [Self; 5] = [Self::Unsaid, Self::Low, Self::Medium, Self::High, Self::Critical];

    pub fn word(self) -> &'static str {
        match self {
            Self::Unsaid => "unsaid",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// What a field says, by its first word.
    pub fn of(value: &str) -> Option<Self> {
        let first: String =
            value.trim_start().chars().take_while(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect();
        Self::ALL.into_iter().find(|risk| *risk != Self::Unsaid && risk.word() == first)
    }
}

impl Need {
    /// Whether who agreed as that has agreed to this.
    pub fn is_met_by(&self, given: &Self) -> bool {
        given.role >= self.role && (self.people.is_none() || self.people == given.people)
    }

    /// Such as `a release-manager`, or names.
    pub fn words(&self) -> String {
        match &self.people {
            Some(people) => crate::say::list(people, people.len()),
            None => format!("{} {}", if self.role == Role::Admin { "an" } else { "a" }, self.role.word()),
        }
    }
}

impl Approval {
    pub(super) fn validate(&self, zone: &str) -> Result<(), String> {
        if self.people.as_ref().is_some_and(Vec::is_empty) {
            return Err("`approval.people` names nobody: leave it out, or name somebody".to_owned());
        }
        let is_mail = |mail: &&String| mail.contains('@') && !mail.contains(char::is_whitespace);
        if let Some(odd) = self.mails.keys().find(|mail| !is_mail(mail)) {
            return Err(format!("`approval.mails` has `{odd}`, which is no address of mail"));
        }
        if !(1..=24 * 7).contains(&self.hours) {
            return Err("`approval.hours` is from 1 to 168".to_owned());
        }
        if self.rules.len() > MOST_RULES {
            return Err(format!("`approval.rules` has {}: {MOST_RULES} are the most", self.rules.len()));
        }
        let sound = |(at, rule): (usize, &ApprovalRule)| {
            rule.validate(zone).map_err(|said| format!("rule {} of `approval.rules`: {said}", at + 1))
        };
        self.rules.iter().enumerate().try_for_each(sound)
    }

    /// Whether an approval of then counts now; what is for a later time keeps it so long.
    pub fn counts(&self, given_at: Timestamp, not_before: Option<Timestamp>, now: Timestamp) -> bool {
        let since = not_before.map_or(given_at, |at| at.max(given_at));
        now.duration_since(since) <= SignedDuration::from_hours(self.hours.into())
    }

    /// As the table itself says.
    pub fn usual(&self) -> Need {
        Need { role: self.role, people: self.people.clone() }
    }

    /// Who has to agree to what has such a risk, now.
    pub fn need(&self, risk: RiskWord, now: Timestamp, zone: &str) -> Option<Need> {
        let Some(rule) = self.rules.iter().find(|rule| rule.fits(risk, now, zone)) else { return Some(self.usual()) };
        let people = rule.people.clone().or_else(|| self.people.clone().filter(|_| rule.role.is_none()));
        rule.needed.then(|| Need { role: rule.role.unwrap_or(self.role), people })
    }
}

impl ApprovalRule {
    fn validate(&self, zone: &str) -> Result<(), String> {
        if self.risks.is_empty() && self.times.is_empty() {
            return Err("it has neither `risks` nor `times`: say when it holds".to_owned());
        }
        if self.people.as_ref().is_some_and(Vec::is_empty) {
            return Err("`people` names nobody: leave it out, or name somebody".to_owned());
        }
        if !self.needed && (self.role.is_some() || self.people.is_some()) {
            return Err("with `needed = false` nobody agrees: leave `role` and `people` out".to_owned());
        }
        if self.needed && self.role.is_none() && self.people.is_none() {
            return Err("it changes nothing: write `role`, `people` or `needed = false`".to_owned());
        }
        Calendar::of(zone, &self.times, &[]).map(|_| ())
    }

    fn fits(&self, risk: RiskWord, now: Timestamp, zone: &str) -> bool {
        let is_then = || Calendar::of(zone, &self.times, &[]).is_ok_and(|calendar| calendar.is_in_window(now));
        (self.risks.is_empty() || self.risks.contains(&risk)) && (self.times.is_empty() || is_then())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Policy, Source};

    fn approval(text: &str) -> Approval {
        let text = format!("[deploy]\nzone = 'Europe/Berlin'\n[deploy.approval]\n{text}");
        Policy::parse(Source::new("gonogo.toml", text)).unwrap().sections.deploy.approval.unwrap()
    }

    fn refused(text: &str) -> String {
        let text = format!("[deploy.approval]\n{text}");
        Policy::parse(Source::new("gonogo.toml", text)).unwrap_err().to_string()
    }

    fn need(of: &Approval, risk: RiskWord, now: &str) -> String {
        of.need(risk, now.parse().unwrap(), "Europe/Berlin").map_or("nobody".to_owned(), |need| need.words())
    }

    #[test]
    fn who_agrees_goes_by_the_highest_risk_and_the_time() {
        let of = approval(
            "people = ['lee', 'mia']\n\
             [[deploy.approval.rules]]\ntimes = [{ days = ['sat', 'sun'], from = '00:00', until = '00:00' }]\nrole = 'admin'\n\
             [[deploy.approval.rules]]\nrisks = ['high', 'critical']\nrole = 'release-manager'\n\
             [[deploy.approval.rules]]\nrisks = ['low']\nneeded = false\n",
        );
        let (tuesday, saturday) = ("2026-12-01T10:00:00Z", "2026-12-04T23:30:00Z");
        assert_eq!(need(&of, RiskWord::Low, tuesday), "nobody");
        assert_eq!(need(&of, RiskWord::High, tuesday), "a release-manager");
        assert_eq!(need(&of, RiskWord::Unsaid, tuesday), "lee and mia");
        assert_eq!(need(&of, RiskWord::Low, saturday), "an admin", "it is Saturday in Berlin: the first that fits");
    }

    #[test]
    fn an_approval_meets_what_asks_for_no_more() {
        let of = |role, people: Option<&[&str]>| Need {
            role,
            people: people.map(|all| all.iter().map(|one| (*one).to_owned()).collect()),
        };
        let (developer, manager) = (of(Role::Developer, None), of(Role::ReleaseManager, None));
        assert!(developer.is_met_by(&manager) && !manager.is_met_by(&developer));
        let named = of(Role::Developer, Some(&["lee"]));
        assert!(!named.is_met_by(&manager) && developer.is_met_by(&named) && named.is_met_by(&named));
    }

    #[test]
    fn a_rule_that_says_nothing_is_refused() {
        assert!(refused("[[deploy.approval.rules]]\nrole = 'admin'").contains("neither `risks` nor `times`"));
        assert!(refused("[[deploy.approval.rules]]\nrisks = ['low']").contains("it changes nothing"));
        let both = "[[deploy.approval.rules]]\nrisks = ['low']\nneeded = false\nrole = 'admin'";
        assert!(refused(both).contains("nobody agrees"));
        assert!(refused("[[deploy.approval.rules]]\nrisks = ['huge']\nneeded = false").contains("huge"));
    }

    #[test]
    fn risks_are_known_by_the_word_they_begin_with() {
        assert_eq!(RiskWord::of("High: invoices"), Some(RiskWord::High));
        assert_eq!(RiskWord::of(" LOW – text"), Some(RiskWord::Low));
        assert_eq!((RiskWord::of("highly unlikely"), RiskWord::of("unsaid"), RiskWord::of("")), (None, None, None));
    }

    #[test]
    fn an_approval_of_a_deploy_for_later_lasts_from_then() {
        let of = approval("hours = 8");
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (given, later) = (at("2026-12-01T08:00:00Z"), at("2026-12-02T08:00:00Z"));
        assert!(of.counts(given, None, at("2026-12-01T16:00:00Z")));
        assert!(!of.counts(given, None, at("2026-12-01T16:00:01Z")));
        assert!(of.counts(given, Some(later), at("2026-12-02T16:00:00Z")));
        assert!(!of.counts(given, Some(later), at("2026-12-02T16:00:01Z")));
    }
}
