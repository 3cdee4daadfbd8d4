//! Lines that several formats share.

use gonogo_api::{Check, Finding, Severity, Verdict, WaiverState};
use gonogo_core::finding::COULD_NOT_CHECK;
use gonogo_core::say;

/// The first lines: the answer, and over what it is given.
pub(super) struct Heading {
    pub verdict: String,
    /// `main @ 9f2c1ab over origin/production @ 77ab01c (from gonogo.toml)`.
    pub range: String,
    pub counts: String,
    pub newest_go: Option<String>,
}

pub(super) fn short(sha: &str) -> String {
    sha.chars().take(7).collect()
}

impl Heading {
    pub(super) fn of(check: &Check) -> Self {
        let head = format!("{} @ {}", check.head.reference.as_deref().unwrap_or("HEAD"), short(&check.head.sha));
        let runs: Vec<String> = check.production.shas.iter().map(|sha| short(sha)).collect();
        let range = match &check.production.reference {
            Some(name) if !runs.is_empty() => {
                format!("{head} over {name} @ {} ({})", say::list(&runs, runs.len()), check.production.why)
            }
            _ => format!("{head} over production, which is not known"),
        };
        Self { verdict: verdict(check), range, counts: counts(check), newest_go: newest_go(check) }
    }
}

fn verdict(check: &Check) -> String {
    let of = |severity| check.findings.iter().filter(|f| f.severity == severity && f.waiver.is_none()).count();
    let (blocks, waits) = (of(Severity::Block), of(Severity::Wait));
    let said = match check.verdict {
        Verdict::Go => "✓ Go".to_owned(),
        Verdict::Waiting => format!("… Waiting: for {}", say::count(waits, "answer")),
        Verdict::NoGo if check.production.sha.is_none() => "✗ No-Go: could not find out what production is".to_owned(),
        Verdict::NoGo if is_nothing_known(check) => {
            format!("✗ Could not find out: {} could not be checked", say::count(blocks, "thing"))
        }
        Verdict::NoGo => format!("✗ No-Go: {}", say::blocking(blocks)),
    };
    match check.findings.iter().filter(|f| f.waiver.is_some()).count() {
        0 => said,
        waived => format!("{said}, {waived} waived"),
    }
}

/// Whether all that blocks could not be checked.
fn is_nothing_known(check: &Check) -> bool {
    let mut blocking = check.findings.iter().filter(|f| f.severity == Severity::Block && f.waiver.is_none());
    blocking.all(|finding| finding.code == COULD_NOT_CHECK)
}

fn counts(check: &Check) -> String {
    if check.production.sha.is_none() && check.commits.is_empty() {
        return "no tag to count commits from".to_owned();
    }
    let ships = check.stories.iter().filter(|s| s.ships).count();
    let mut people: Vec<&String> = check.commits.iter().flat_map(|c| c.co_authors.iter().chain([&c.author])).collect();
    people.sort_unstable();
    people.dedup();
    let people = match people.len() {
        1 => "1 person".to_owned(),
        number => format!("{number} people"),
    };
    let already = check.commits.iter().filter(|c| c.already_in_production).count();
    let reverted = check.commits.iter().filter(|c| !c.ships && !c.already_in_production).count();
    let parts = [(reverted, "reverted"), (already, "in production already")];
    let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    let parts = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
    let commits = say::count(check.commits.len(), "commit");
    format!("{commits}{parts}, {}, {people}", say::count(ships, "story"))
}

fn newest_go(check: &Check) -> Option<String> {
    let newest = check.newest_go.as_ref()?;
    let of = say::count(check.commits.len(), "commit");
    let then = newest.then.as_deref().map(|t| format!("; {t} came next")).unwrap_or_default();
    let partial = newest.partial.iter().map(|p| format!("; {} is partial, behind {}", p.key, p.behind));
    Some(format!("Go up to {}: {} of {of}{then}{}", short(&newest.sha), newest.commits, partial.collect::<String>()))
}

/// Waivers that let nothing pass, and why.
pub(super) fn idle_waivers(check: &Check) -> impl Iterator<Item = String> {
    let is_unchecked = check.findings.iter().any(|finding| finding.code == COULD_NOT_CHECK);
    check.waivers.iter().filter_map(move |waiver| {
        let said = match waiver.state {
            WaiverState::Applied => return None,
            WaiverState::Expired => "has expired",
            WaiverState::Void => "is void: the finding has changed, or may not be waived for so long",
            WaiverState::Unneeded if is_unchecked => {
                "lets nothing pass now: what it is about is gone, or could not be checked"
            }
            WaiverState::Unneeded => "is not needed: nothing has this fingerprint",
        };
        Some(format!("the waiver {} by {} {said}", waiver.fingerprint, waiver.by))
    })
}

/// How the finding's sentence begins: what it is about.
pub(super) fn label(check: &Check, finding: &Finding) -> String {
    match finding.subject.kind.as_str() {
        "commit" => {
            let short = short(&finding.subject.id);
            let commit = check.commits.iter().find(|c| c.sha == finding.subject.id);
            commit.map_or(short.clone(), |c| say::commit(&short, &c.subject))
        }
        "candidate" => String::new(),
        _ => finding.subject.id.clone(),
    }
}

/// The sentence without what it is about.
pub(super) fn said<'a>(check: &Check, finding: &'a Finding) -> &'a str {
    let label = label(check, finding);
    finding.message.strip_prefix(label.as_str()).unwrap_or(&finding.message).trim_start()
}

pub(super) fn mark(severity: Severity) -> char {
    match severity {
        Severity::Block => '✗',
        Severity::Wait => '…',
        Severity::Warn => '!',
        Severity::Note => '·',
    }
}
