//! Stories that pull requests name for commits that name none. A person may
//! edit a pull request after its merge: what it says now counts, so that a key
//! that was forgotten can be given, and what was read is recorded as a fact.

use super::parsed::{Excuse, Parsed, ParsedRange, Target};
use super::reader::{Reader, without_quoted_title};
use crate::facts::{Facts, Stop};
use crate::questions::{PullNumbered, PullsOf};
use gonogo_core::case::{Case, Stage};
use gonogo_core::changeset::Changeset;
use gonogo_core::fact::Fact;
use gonogo_core::ids::{IssueKey, Sha};
use gonogo_core::policy::ShipsIn;
use gonogo_core::pull::{PullRequest, PullState};
use gonogo_read::keys::Grammar;
use std::collections::{BTreeMap, BTreeSet};

/// Before a merge the one that is judged is asked; afterwards those that were
/// merged with the commit. A revert may turn out to be none: what it is then
/// gets its story too.
pub(super) fn name_stories(
    facts: &Facts,
    reader: &Reader<'_>,
    case: &Case,
    set: &Changeset,
    range: &mut ParsedRange,
    concerns: impl Fn(&Sha) -> bool,
) -> Result<(), Stop> {
    let counts = reader.policy.ships_in.contains(&ShipsIn::PullRequest) && !reader.projects.is_empty();
    if !case.knows_pull_requests || !counts {
        return Ok(());
    }
    let without: BTreeMap<usize, &Parsed> = range.claims.iter().map(|claim| (claim.by, &claim.without)).collect();
    let may_lack = |at: &usize| lacks_story(&range.commits[*at]) || without.get(at).is_some_and(|one| lacks_story(one));
    let asked: Vec<usize> =
        (0..range.commits.len()).filter(|at| concerns(&set.commits[*at].sha) && may_lack(at)).collect();
    let answers: Vec<Fact<Vec<PullRequest>>> = match &case.stage {
        Stage::Deploy => facts.all(asked.iter().map(|at| PullsOf { sha: set.commits[*at].sha }))?,
        Stage::Merge { .. } if asked.is_empty() => Vec::new(),
        Stage::Merge { pull_request, .. } => {
            let one = match facts.one(PullNumbered { number: *pull_request })? {
                Fact::Known(one) => Fact::Known(vec![one]),
                Fact::Absent => Fact::Absent,
                Fact::Unknown(why) => Fact::Unknown(why),
            };
            vec![one; asked.len()]
        }
    };
    let answers: BTreeMap<usize, Fact<Vec<PullRequest>>> = asked.into_iter().zip(answers).collect();
    let commits = range.commits.iter_mut().enumerate();
    let claims = range.claims.iter_mut().map(|claim| (claim.by, &mut claim.without));
    for (at, parsed) in commits.chain(claims).filter(|(_, parsed)| lacks_story(parsed)) {
        match answers.get(&at) {
            Some(Fact::Known(pulls)) => parsed.take_from(reader, pulls.iter().filter(|pull| brought(pull, case))),
            Some(Fact::Unknown(why)) => parsed.unread_pull_request = Some(Box::new(why.clone())),
            Some(Fact::Absent) | None => {}
        }
    }
    Ok(())
}

fn lacks_story(parsed: &Parsed) -> bool {
    let is_revert = parsed.targets().iter().any(|target| !matches!(target, Target::Lost));
    let may_lack = matches!(parsed.excuse, Some(Excuse::Merge | Excuse::NoKeyWord | Excuse::IgnoredMessage));
    parsed.own.is_empty() && !is_revert && !may_lack
}

/// Of a commit that is in a branch, one that is open only wants to bring it again.
fn brought(pull: &PullRequest, case: &Case) -> bool {
    !case.stage.is_deploy() || pull.state == PullState::Merged
}

impl Parsed {
    fn take_from<'a>(&mut self, reader: &Reader<'_>, pulls: impl Iterator<Item = &'a PullRequest>) {
        let mut keys = BTreeSet::new();
        for pull in pulls {
            keys.extend(keys_of(reader, pull));
            self.pull_request = self.pull_request.or(Some(pull.number));
        }
        self.mentions.retain(|key| !keys.contains(key));
        self.own = keys.into_iter().collect();
    }
}

fn keys_of(reader: &Reader<'_>, pull: &PullRequest) -> BTreeSet<IssueKey> {
    let is_revert = pull.title.starts_with("Revert \"");
    let title = if is_revert { without_quoted_title(&pull.title) } else { pull.title.clone() };
    let mut keys = reader.scan(&title, Grammar::Prose);
    if !is_revert {
        // GitHub names the branch of a revert by the one that it reverts.
        keys.extend(reader.scan(&pull.branch, Grammar::BranchName));
    }
    if keys.is_empty() && !is_revert {
        keys = reader.scan(&pull.body, Grammar::Prose);
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonogo_core::policy::Stories;

    fn keys(title: &str, branch: &str, body: &str) -> Vec<String> {
        let (policy, projects) = (Stories::default(), ["STORY".to_owned()]);
        let reader = Reader { policy: &policy, projects: &projects };
        let pull = PullRequest {
            number: 7,
            title: title.to_owned(),
            body: body.to_owned(),
            author: "maria".to_owned(),
            branch: branch.to_owned(),
            head: "a".repeat(40).parse().unwrap(),
            into: "main".to_owned(),
            state: PullState::Open,
        };
        keys_of(&reader, &pull).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn title_and_branch_name_stories_and_the_text_where_they_do_not() {
        assert_eq!(keys("Charge in euros (STORY-1)", "feature/STORY-2-euros", "see STORY-3"), ["STORY-1", "STORY-2"]);
        assert_eq!(keys("Charge in euros", "maria:euros", "For STORY-3."), ["STORY-3"]);
        assert_eq!(keys("Use UTF-8", "utf-8", ""), [""; 0]);
    }

    #[test]
    fn a_revert_does_not_name_the_story_that_it_takes_back() {
        let title = "Revert \"STORY-1 charge in euros\"";
        assert_eq!(keys(title, "revert-12-feature/STORY-1-euros", "Reverts acme/web#12, STORY-1"), [""; 0]);
        assert_eq!(keys(&format!("{title} for STORY-9"), "revert-12-x", ""), ["STORY-9"]);
    }
}
