//! How far one can ship when the head is No-Go: the newest first-parent commit
//! whose candidate is Go.

use crate::facts::Facts;
use crate::judge::Judge;
use crate::questions::IssueOf;
use crate::reading::Reading;
use gonogo_core::fact::Fact;
use gonogo_core::finding::{Finding, Severity, Subject};
use gonogo_core::ids::{IssueKey, Sha};
use gonogo_core::story::Issue;
use gonogo_core::verdict::Verdict;
use gonogo_core::waiver;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The newest commit that may ship.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewestGo {
    pub sha: Sha,
    /// How many commits of the range ship with it.
    pub commits: usize,
    pub of: usize,
    /// What came next and blocks.
    pub then: Option<String>,
    /// Stories of which only a part ships, allowed by a mark.
    pub partial: Vec<PartialStory>,
}

/// A story that ships in part, behind a flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartialStory {
    pub key: IssueKey,
    pub behind: String,
}

/// Each step excludes at least one commit that blocks; a range that blocks more
/// often than this is not searched to its end.
const MOST_STEPS: usize = 200;

impl Judge<'_> {
    /// Searches down the first-parent line. A finding on commits or a story
    /// stays as long as the newest of these commits is in: the next candidate
    /// to look at is the one below the lowest such commit.
    pub(crate) fn newest_go(&self, facts: &Facts, verdict: Verdict, findings: &[Finding]) -> Option<NewestGo> {
        let is_deploy = self.case.stage.is_deploy();
        if verdict != Verdict::NoGo || self.base().is_none() || !is_deploy {
            return None;
        }
        let whole = self.reading(facts).ok()?;
        let whole = whole.as_ref();
        let line = whole.first_parents(self.case.head.sha);
        let brought = brought_by(whole, &line);
        let mut below = next_below(whole, &brought, findings, 0)?;
        let mut then = blocker(findings, whole, &brought, below);
        for _ in 0..MOST_STEPS {
            let head = whole.commit(*line.get(below)?).sha;
            let reading = whole.up_to(head);
            let (findings, partial) = self.judge_part(facts, whole, &reading, head);
            let is_go = Verdict::of(&findings) == Verdict::Go;
            if facts.has_wanted() {
                if is_go {
                    return None; // it depends on what is still to be gathered
                }
                facts.take_wanted();
            }
            if is_go {
                let commits = reading.indexes().count();
                return Some(NewestGo { sha: head, commits, of: whole.indexes().count(), then, partial });
            }
            let next = next_below(&reading, &brought, &findings, below)?;
            then = blocker(&findings, &reading, &brought, next);
            below = next;
        }
        None
    }

    fn judge_part(
        &self,
        facts: &Facts,
        whole: &Reading,
        reading: &Reading,
        head: Sha,
    ) -> (Vec<Finding>, Vec<PartialStory>) {
        let mut findings = self.round_with(facts, head, &Ok(reading)).findings;
        waiver::apply(&mut findings, self.waivers, self.now);
        let mut partial = Vec::new();
        for (key, story) in reading.shipping() {
            let all = &whole.stories[key];
            let is_split = all.commits.iter().any(|at| whole.ships(*at) && !story.commits.contains(at));
            if is_split {
                match self.flag_of(facts, key, reading) {
                    Some(behind) => partial.push(PartialStory { key: key.clone(), behind }),
                    None => findings.push(split_story(key, head)),
                }
            }
        }
        (findings, partial)
    }

    /// The flag behind which a part of a story may ship.
    fn flag_of(&self, facts: &Facts, key: &IssueKey, reading: &Reading) -> Option<String> {
        let marks = &self.policy.sections.stories.partial;
        if let Some(flag) = reading.stories.get(key).and_then(|s| s.flag.clone()) {
            return Some(flag);
        }
        let issue: Arc<Issue> = match facts.at_hand(IssueOf { key: key.clone() })? {
            Fact::Known(issue) => issue,
            Fact::Absent | Fact::Unknown(_) => return None,
        };
        marks.flag_of(&issue)
    }
}

/// A part of a story, in the words of a finding; it never leaves this search.
fn split_story(key: &IssueKey, head: Sha) -> Finding {
    let subject = Subject::Story(key.clone());
    let code = "story-split";
    let fingerprint = gonogo_core::finding::Fingerprint::of("newest-go", code, &subject, &serde_json::json!(head));
    Finding {
        check: "newest-go",
        code,
        severity: Severity::Block,
        subject,
        at: None,
        message: String::new(),
        fix: String::new(),
        link: None,
        fingerprint,
        system: None,
        waived: None,
    }
}

/// For each commit of the range, the place on the first-parent line (0 is the
/// head) that brings it in.
fn brought_by(whole: &Reading, line: &[usize]) -> Vec<usize> {
    let mut place = vec![usize::MAX; whole.changeset.commits.len()];
    for (position, start) in line.iter().enumerate().rev() {
        let mut open = vec![*start];
        while let Some(at) = open.pop() {
            if place[at] == usize::MAX {
                place[at] = position;
                open.extend(whole.commit(at).parents.iter().filter_map(|p| whole.position(*p)));
            }
        }
    }
    place
}

/// The next place on the line where every finding that blocks here could be gone.
fn next_below(reading: &Reading, brought: &[usize], findings: &[Finding], from: usize) -> Option<usize> {
    let blocking = findings.iter().filter(|f| f.counts() && f.severity == Severity::Block);
    let next = blocking.map(|f| place_of(f, reading, brought).map_or(from + 1, |place| place + 1)).max();
    next.map(|n| n.max(from + 1))
}

/// The newest commit that a finding is about, as a place on the line.
fn place_of(finding: &Finding, reading: &Reading, brought: &[usize]) -> Option<usize> {
    let commits: BTreeSet<usize> = match &finding.subject {
        Subject::Story(key) => reading.stories.get(key)?.commits.iter().copied().collect(),
        Subject::Commit(sha) => reading.position(*sha).into_iter().collect(),
        Subject::File(_) | Subject::System(_) | Subject::Candidate => return None,
    };
    commits.iter().map(|at| brought[*at]).min()
}

/// What stands right above the next candidate: the reason not to go further.
fn blocker(findings: &[Finding], reading: &Reading, brought: &[usize], below: usize) -> Option<String> {
    let blocking = findings.iter().filter(|f| f.counts() && f.severity == Severity::Block);
    let mut at_edge = blocking.filter(|f| place_of(f, reading, brought).is_some_and(|p| p + 1 == below));
    at_edge.next().map(|f| match &f.subject {
        Subject::Commit(sha) => sha.short(),
        subject => subject.id(),
    })
}
