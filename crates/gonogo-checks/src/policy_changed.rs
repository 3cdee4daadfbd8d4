//! The policy itself: whether it can be read, and what the candidate changes in
//! it. The candidate does not judge itself; what it changes is shown.

use crate::findings::{Findings, Found};
use crate::policy::TypedPolicy;
use gonogo_core::case::{Case, PolicyOrigin};
use gonogo_core::finding::{COULD_NOT_CHECK, Code, Severity, Subject};
use gonogo_core::ids::Sha;
use gonogo_core::policy::{FILE, PolicyError, Source};
use gonogo_core::say;
use serde_json::json;
use std::collections::BTreeMap;

pub(crate) const NAME: &str = "policy";
const CHANGED: Code = "policy-changed";
const INVALID: Code = "policy-invalid";
pub(crate) const CODES: &[Code] = &[CHANGED, INVALID, COULD_NOT_CHECK];

/// How many changed keys a message shows.
const SHOWN: usize = 12;

pub(crate) fn run(case: &Case, text: Option<&str>, head: Sha, error: Option<&PolicyError>, out: &mut Findings) {
    let policy = &case.policy;
    let file = || Subject::File(FILE.to_owned());
    if let Some(why) = &policy.unread {
        out.could_not_check(file(), why.clone());
        return;
    }
    let candidate = text.map(|text| TypedPolicy::parse(Source::new(format!("{}:{FILE}", head.short()), text)));
    if let Some(error) = error {
        let cured = matches!(candidate, Some(Ok(_)));
        let fix = if cured {
            "the candidate mends it; until it ships, the built-in defaults judge"
        } else {
            "mend the file on the branch that ships; until then the built-in defaults judge"
        };
        let mut found = invalid(file(), &policy.name, error, fix);
        if cured {
            found.at_most = Severity::Warn;
        }
        out.add(found);
    }
    let in_force = match policy.origin {
        PolicyOrigin::Given => return,
        // The work tree's judges because there is none that the candidate changes.
        PolicyOrigin::WorkTree | PolicyOrigin::BuiltIn => "",
        PolicyOrigin::Production | PolicyOrigin::DefaultBranch => policy.text.as_str(),
    };
    if text.unwrap_or("") == in_force {
        return;
    }
    if let Some(Err(error)) = &candidate {
        out.add(invalid(Subject::Candidate, "the candidate's policy", error, "mend it before it ships"));
    }
    let changes = difference(in_force, text.unwrap_or(""));
    if changes.is_empty() {
        return;
    }
    let message = format!("changes what may ship: {}", say::list(&changes, SHOWN));
    let fix = "read it as you would read the code; it holds once it is in production";
    let mut found = Found::new(CHANGED, file(), message, fix).substance(json!({ "to": text }));
    found.at_most = Severity::Warn;
    out.add(found);
}

fn invalid(subject: Subject, name: &str, error: &PolicyError, fix: &str) -> Found {
    let found = Found::new(INVALID, subject, format!("is not a valid policy ({name}): {error}"), fix);
    let found = found.substance(json!({ "error": error.said() }));
    match error.place() {
        Some((line, _)) => found.at(FILE, u32::try_from(line).unwrap_or(u32::MAX)),
        None => found,
    }
}

/// Each key whose value differs, as `checks.story-key: "block" → "off"`.
fn difference(before: &str, after: &str) -> Vec<String> {
    let (Some(before), Some(after)) = (flat(before), flat(after)) else {
        return vec!["its text (one side is no valid TOML)".to_owned()];
    };
    let keys: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = |key: &&String| before.get(*key) != after.get(*key);
    keys.into_iter()
        .filter(changed)
        .map(|key| match (before.get(key), after.get(key)) {
            (Some(old), Some(new)) => format!("{key}: {old} → {new}"),
            (Some(old), None) => format!("{key}: {old} → none"),
            (None, new) => format!("{key}: none → {}", new.map_or("none", String::as_str)),
        })
        .collect()
}

fn flat(text: &str) -> Option<BTreeMap<String, String>> {
    let table: toml::Table = text.parse().ok()?;
    let mut flat = BTreeMap::new();
    let mut open: Vec<(String, toml::Value)> = table.into_iter().collect();
    while let Some((key, value)) = open.pop() {
        match value {
            toml::Value::Table(inner) => open.extend(inner.into_iter().map(|(name, v)| (format!("{key}.{name}"), v))),
            value => {
                flat.insert(key, value.to_string());
            }
        }
    }
    Some(flat)
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn a_difference_names_keys_and_both_values() {
        let (before, after) = ("[checks]\na = 'block'\nb = 1", "[checks]\na = 'off'\nc = [1]");
        assert_eq!(
            difference(before, after),
            ["checks.a: \"block\" → \"off\"", "checks.b: 1 → none", "checks.c: none → [1]"]
        );
        assert_eq!(difference("a = 1 # x", "a = 1"), [""; 0]);
    }
}
