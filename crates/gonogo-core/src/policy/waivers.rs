//! `[waivers]`: who may let which check's findings pass, for how long, and
//! whether another person has to agree.

use crate::person::Role;
use crate::waiver::MOST_DAYS;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// For all checks, and otherwise for some.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Waivers {
    /// The least role that may waive.
    role: Role,
    /// For how many days at most.
    days: i64,
    /// Whether a waiver waits until another person has confirmed it.
    second: bool,
    /// What is otherwise for one check, by its name.
    checks: BTreeMap<String, OfCheck>,
}

/// What is not said here is as for all checks.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct OfCheck {
    role: Option<Role>,
    days: Option<i64>,
    second: Option<bool>,
}

/// What holds for the waivers of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaiverRule {
    pub role: Role,
    pub days: i64,
    pub needs_second: bool,
}

impl WaiverRule {
    /// What both ask for, where more than one policy judged.
    #[must_use]
    pub fn strictest(self, other: Self) -> Self {
        Self {
            role: self.role.max(other.role),
            days: self.days.min(other.days),
            needs_second: self.needs_second || other.needs_second,
        }
    }
}

impl Default for Waivers {
    fn default() -> Self {
        Self { role: Role::ReleaseManager, days: MOST_DAYS, second: false, checks: BTreeMap::new() }
    }
}

impl Waivers {
    pub fn rule_for(&self, check: &str) -> WaiverRule {
        let own = self.checks.get(check).cloned().unwrap_or_default();
        WaiverRule {
            role: own.role.unwrap_or(self.role),
            days: own.days.unwrap_or(self.days),
            needs_second: own.second.unwrap_or(self.second),
        }
    }

    /// The checks that it names.
    pub fn checks(&self) -> impl Iterator<Item = &str> {
        self.checks.keys().map(String::as_str)
    }

    pub(super) fn validate(&self) -> Result<(), String> {
        let named = self.checks.values().filter_map(|own| own.days);
        match std::iter::once(self.days).chain(named).find(|days| !(1..=MOST_DAYS).contains(days)) {
            Some(wrong) => Err(format!("`days = {wrong}`: a waiver holds for 1 to {MOST_DAYS} days")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Policy, Source};

    fn parse(text: &str) -> Result<Waivers, String> {
        let policy = Policy::parse(Source::new("gonogo.toml", text));
        policy.map(|policy| policy.sections.waivers).map_err(|e| e.to_string())
    }

    #[test]
    fn what_a_check_does_not_say_is_as_for_all() {
        let text = "[waivers]\ndays = 7\n[waivers.checks.ancestry]\nrole = 'admin'\nsecond = true\n";
        let waivers = parse(text).unwrap();
        let all = WaiverRule { role: Role::ReleaseManager, days: 7, needs_second: false };
        assert_eq!(waivers.rule_for("story-key"), all);
        assert_eq!(waivers.rule_for("ancestry"), WaiverRule { role: Role::Admin, days: 7, needs_second: true });
        assert_eq!(parse("").unwrap().rule_for("x").days, MOST_DAYS);
    }

    #[test]
    fn the_strictest_of_two_rules_is_what_both_ask_for() {
        let rule = |role, days, needs_second| WaiverRule { role, days, needs_second };
        let both = rule(Role::Developer, 3, true).strictest(rule(Role::Admin, 7, false));
        assert_eq!(both, rule(Role::Admin, 3, true));
    }

    #[test]
    fn mistakes_are_shown() {
        assert!(parse("[waivers]\ndays = 0").unwrap_err().contains("1 to 90 days"));
        assert!(parse("[waivers.checks.ancestry]\ndays = 91").unwrap_err().contains("`days = 91`"));
        assert!(parse("[waivers]\nrole = 'boss'").unwrap_err().contains("unknown variant `boss`"));
    }
}
