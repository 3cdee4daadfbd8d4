//! What a commit's message says beside its prose: trailers, the commits that it
//! reverts or was picked from, the pull request, a merge's branch.

mod trailers;

pub use trailers::{Trailer, trailers};

use std::collections::HashSet;

/// A message that names more reverts is no revert.
const MOST_REVERTS: usize = 50;

/// The parts of a message, each a piece of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message<'a> {
    /// git's `%s` would join its lines; they are apart here.
    pub subject: Vec<&'a str>,
    /// Lines between subject and trailers.
    pub body: Vec<&'a str>,
    pub trailers: Vec<Trailer<'a>>,
    /// The number of a pull request: `… (#123)` or `Merge pull request #123 …`.
    pub pull_request: Option<u64>,
    /// Whether the subject ends in `(#N)`.
    pub is_squash: bool,
    pub reverts: Vec<Revert<'a>>,
    /// The branch that a merge's subject names.
    pub merged_branch: Option<&'a str>,
}

/// What a revert names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Revert<'a> {
    /// `This reverts commit 1234abcd`: at least 7 hex digits. Of a merge git
    /// says which side stays: `reversing changes made to 5678abcd`.
    Commit { name: &'a str, stays: Option<&'a str> },
    /// `Reverts owner/name#123`, as a code host's button writes it.
    PullRequest(u64),
}

/// Reads a message. Total: any text gives some parts.
pub fn parse(text: &str) -> Message<'_> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let first = lines.iter().position(|l| !l.is_empty()).unwrap_or(lines.len());
    let end = lines[first..].iter().position(|l| l.is_empty()).map_or(lines.len(), |n| first + n);
    let after = lines[end..].iter().position(|l| !l.is_empty()).map_or(lines.len(), |n| end + n);
    let subject = lines[first..end].to_vec();
    let (body, trailers) = trailers(&lines[after..]);
    let joined_end = subject.last().copied().unwrap_or("");
    let squash_number = number_in_parentheses(joined_end);
    let merge = subject.first().copied().and_then(merge_subject);
    Message {
        pull_request: squash_number.or(merge.and_then(|m| m.pull_request)),
        is_squash: squash_number.is_some(),
        reverts: reverts(text),
        merged_branch: merge.and_then(|m| m.branch),
        subject,
        body,
        trailers,
    }
}

/// `Title (#123)` gives 123.
fn number_in_parentheses(subject: &str) -> Option<u64> {
    let inner = subject.strip_suffix(')')?;
    let (_, number) = inner.rsplit_once("(#")?;
    digits(number)
}

fn digits(text: &str) -> Option<u64> {
    let fits = !text.is_empty() && text.len() <= 12 && text.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

#[derive(Clone, Copy)]
struct Merge<'a> {
    pull_request: Option<u64>,
    branch: Option<&'a str>,
}

/// The subjects that git, GitHub, GitLab and Bitbucket write.
fn merge_subject(subject: &str) -> Option<Merge<'_>> {
    if let Some(rest) = subject.strip_prefix("Merge pull request #") {
        let (number, rest) = rest.split_once(' ')?;
        let branch = rest.strip_prefix("from ").and_then(|b| b.split_once('/')).map(|(_, branch)| branch);
        return Some(Merge { pull_request: digits(number), branch });
    }
    if let Some(rest) = subject.strip_prefix("Merged in ") {
        let (branch, number) = rest.split_once(" (pull request #")?;
        return Some(Merge { pull_request: digits(number.strip_suffix(')')?), branch: Some(branch) });
    }
    let rest =
        subject.strip_prefix("Merge branch '").or_else(|| subject.strip_prefix("Merge remote-tracking branch '"))?;
    let (branch, _) = rest.split_once('\'')?;
    Some(Merge { pull_request: None, branch: Some(branch) })
}

/// Every `This reverts commit SHA` and `Reverts owner/name#N`, over line breaks.
fn reverts(text: &str) -> Vec<Revert<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        // git writes it at the start of a line; in the middle of prose it is prose.
        let line = rest.trim_start_matches([' ', '\t', '*', '-']);
        if let Some(names) =
            line.strip_prefix('T').or(line.strip_prefix('t')).and_then(|l| l.strip_prefix("his reverts commit"))
        {
            // git's text, and lists that people write: "commits A, B and C".
            found.extend(named(names.strip_prefix('s').unwrap_or(names)));
        }
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    }
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("Reverts ")
            && let Some((_, number)) = rest.trim().rsplit_once('#')
            && let Some(number) = digits(number)
        {
            found.push(Revert::PullRequest(number));
        }
    }
    let mut seen = HashSet::new();
    found.retain(|revert| seen.insert(*revert));
    found.truncate(MOST_REVERTS);
    found
}

/// Object names at the start of a text, joined by commas or "and".
fn named(rest: &str) -> Vec<Revert<'_>> {
    let mut words = words(rest).peekable();
    let mut found = Vec::new();
    while let Some(name) = words.next_if(|word| is_object_name(word)) {
        found.push(Revert::Commit { name, stays: None });
    }
    let made = ["reversing", "changes", "made", "to"];
    if made.iter().all(|expected| words.next_if_eq(expected).is_some())
        && let Some(Revert::Commit { stays, .. }) = found.last_mut()
    {
        *stays = words.next().filter(|word| is_object_name(word));
    }
    found
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_ascii_whitespace()
        .map(|word| word.trim_matches(['.', ',', ';', ':', '(', ')', '`']))
        .filter(|word| !word.is_empty() && *word != "and")
}

/// Full or short object names as git writes them: 7 to 64 hex digits.
pub fn is_object_name(word: &str) -> bool {
    (7..=64).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_squash_commit_names_its_pull_request() {
        let m = parse("Charge in euros (#123)\n\n* STORY-1 one\n* two\n");
        assert_eq!((m.pull_request, m.is_squash), (Some(123), true));
        assert_eq!(m.body, ["* STORY-1 one", "* two"]);
        let m = parse("Merge pull request #7 from acme/feature/STORY-9-foo\n\nTitle");
        assert_eq!((m.pull_request, m.is_squash, m.merged_branch), (Some(7), false, Some("feature/STORY-9-foo")));
        assert_eq!(parse("Merge branch 'a/b' into main").merged_branch, Some("a/b"));
        let m = parse("Merged in feature/STORY-9-foo (pull request #12)\n\nFoo");
        assert_eq!((m.pull_request, m.merged_branch), (Some(12), Some("feature/STORY-9-foo")));
    }

    #[test]
    fn reverts_are_found_over_line_breaks_and_in_lists() {
        let whole = |name| Revert::Commit { name, stays: None };
        let (a, b, c) = ("a".repeat(40), "b".repeat(40), "1234567");
        let text = format!(
            "Revert \"x\"\n\nThis reverts commit {a}, reversing\nchanges made to {b}.\n\nThis reverts commit\n{c}.\n"
        );
        assert_eq!(parse(&text).reverts, [Revert::Commit { name: &a, stays: Some(&b) }, whole(c)]);
        let text = format!("x\n\nThis reverts commits {a}, {b} and {c}.");
        assert_eq!(parse(&text).reverts, [whole(&a), whole(&b), whole(c)]);
        assert_eq!(parse("Revert \"x\"\n\nReverts acme/web#12").reverts, [Revert::PullRequest(12)]);
        assert_eq!(parse("This reverts commit soon").reverts, []);
        assert_eq!(parse(&format!("x\n\nWe wonder whether This reverts commit {a}.")).reverts, []);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(\\PC|\n){0,80}|(Merge pull request #|Merge branch '|This reverts commit |Reverts |a: b\n|\n| |[0-9a-f]{6,41}|#){0,9}") {
            let message = parse(&text);
            prop_assert!(message.subject.iter().all(|line| text.contains(line)));
        }
    }
}
