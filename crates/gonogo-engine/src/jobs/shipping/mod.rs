//! Production of a service moved: which stories came with that, and which went.
//! Both are read from the commits between what ran and what runs now. What of it
//! people are told follows when nothing of a story waits elsewhere any more. Those
//! that came may ask for something to be looked at.

mod checklist;
mod left;
mod news;
mod range;
mod untold;

pub(super) use checklist::is_unread;
pub(crate) use checklist::{comment_on, judge_anew};
pub(super) use news::tell;
pub(super) use range::TrackerAt;
pub use untold::not_said_yet;

use super::{JobError, learn, told};
use crate::serving::{Service, Serving};
use gonogo_checks::Unread;
use gonogo_core::ids::Sha;
use gonogo_core::running::Running;
use gonogo_store::{ProductionMove, StoreError, StoryCame};
use jiff::{SignedDuration, Timestamp};
use left::Behind;
use range::Range;
use std::collections::{BTreeMap, BTreeSet};

/// For so long a move waits for whoever could tell of its stories.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// And so long for a tracker that is away: then it is said that it is not known
/// what hides the stories.
const A_WHILE: SignedDuration = SignedDuration::from_mins(15);

/// Stories by their keys, with the SHAs that bear on each.
type Commits = BTreeMap<String, BTreeSet<String>>;

/// Reads each move that nobody has read yet, in their order.
pub(super) async fn look(serving: &Serving, service: &str) -> Result<(), JobError> {
    let Some(service) = serving.service(service) else { return Ok(()) };
    let moves = serving.store.unread_moves(&service.name).await?;
    let is_moved = !moves.is_empty();
    for moved in moves {
        let Some(before) = &moved.before else { continue };
        let (came, went) = read(serving, service, before, &moved).await?;
        match serving.store.move_read(&moved, came, went).await {
            // Somebody else has read it meanwhile.
            Ok(()) | Err(StoreError::Fenced) => {}
            Err(error) => return Err(error.into()),
        }
    }
    tell(serving).await?;
    learn::read(serving, service).await?;
    checklist::read(serving, &service.name, is_moved).await
}

/// All that ships is told, or whoever could tell is asked again; for a day, so
/// that a question which is never answered silences nobody for ever.
fn is_whole(range: &Range, moved: &ProductionMove, now: Timestamp) -> Result<(), JobError> {
    let Some(Unread::PullRequest(why)) = range.unread.as_ref().filter(|unread| unread.may_pass()) else {
        return Ok(());
    };
    let said = format!("stories that only pull requests name could not be read: {}\n  → {}", why.said, why.fix);
    if !is_new(moved, PATIENCE, now) {
        told::move_is_taken_as_it_is(&moved.service, &said);
        return Ok(());
    }
    Err(JobError::Broken(said))
}

fn is_new(moved: &ProductionMove, within: SignedDuration, now: Timestamp) -> bool {
    now.duration_since(moved.seen_at) <= within
}

async fn read(
    serving: &Serving,
    service: &Service,
    before: &Running,
    moved: &ProductionMove,
) -> Result<(Vec<StoryCame>, Vec<String>), JobError> {
    let mut forward = Vec::new();
    for runs in moved.running.shas() {
        let range = Range::read(serving, service, *runs, before).await?;
        is_whole(&range, moved, (serving.clock)())?;
        forward.push(range);
    }
    let live = serving.store.live_stories(&service.name).await?;
    let mut lost = Vec::new();
    // Where nothing is known to run, nothing is known to go.
    for runs in moved.running.shas().iter().filter(|_| !live.is_empty()) {
        let stories = lost_by(serving, service, moved, before, *runs).await?;
        let behind =
            if stories.is_empty() { Behind::default() } else { Behind::read(serving, service, *runs, vec![]).await? };
        lost.push(Lost { stories, behind });
    }
    let came = in_all(forward.iter().map(Range::brought).collect());
    let taken = in_all(forward.iter().map(Range::taken).collect());
    let mut went: Vec<String> = live
        .into_iter()
        .filter(|(story, commits)| {
            !came.contains_key(story) && (taken.contains_key(story) || is_lost(story, commits, &lost))
        })
        .map(|(story, _)| story)
        .collect();
    for runs in moved.running.shas() {
        if went.is_empty() {
            break;
        }
        let left = left::left(serving, service, moved, *runs, &went).await?;
        went.retain(|story| !left.contains(story));
    }
    let told = range::told(serving, moved, &forward, came.keys()).await;
    if let Some(why) = told.is_away().filter(|_| is_new(moved, A_WHILE, (serving.clock)())) {
        let said = format!("what hides stories from customers could not be read: {}\n  → {}", why.said, why.fix);
        return Err(JobError::Broken(said));
    }
    let came = came.into_iter().map(|(story, commits)| told.came(story, commits.into_iter().collect())).collect();
    Ok((came, went))
}

/// What something that ran before has, and this does not.
async fn lost_by(
    serving: &Serving,
    service: &Service,
    moved: &ProductionMove,
    before: &Running,
    runs: Sha,
) -> Result<Commits, JobError> {
    let mut lost = Commits::new();
    for ran in before.shas().iter().filter(|ran| **ran != runs) {
        let range = Range::read(serving, service, *ran, &runs.into()).await?;
        is_whole(&range, moved, (serving.clock)())?;
        for (story, commits) in range.brought() {
            lost.entry(story).or_default().extend(commits);
        }
    }
    Ok(lost)
}

/// What of all that ran one of what runs does not have.
#[derive(Debug, Default)]
struct Lost {
    stories: Commits,
    /// What it has.
    behind: Behind,
}

/// Whether none of what runs has any of the commits that brought a story; some of
/// them may have gone before.
fn is_lost(story: &str, commits: &[String], lost: &[Lost]) -> bool {
    let has_none = |one: &Lost| {
        let gone = one.stories.get(story);
        gone.is_some_and(|gone| commits.iter().all(|sha| gone.contains(sha) || !one.behind.has(sha)))
    };
    !commits.is_empty() && lost.iter().all(has_none)
}

/// The stories that stand in each of them.
fn in_all(each: Vec<Commits>) -> Commits {
    let mut each = each.into_iter();
    let first = each.next().unwrap_or_default();
    each.fold(first, |mut all, one| {
        all.retain(|story, _| one.contains_key(story));
        for (story, commits) in one {
            if let Some(known) = all.get_mut(&story) {
                known.extend(commits);
            }
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commits(all: &[(&str, &[&str])]) -> Commits {
        let shas = |shas: &[&str]| shas.iter().map(|sha| (*sha).to_owned()).collect();
        all.iter().map(|(story, of)| ((*story).to_owned(), shas(of))).collect()
    }

    #[test]
    fn what_only_a_part_of_production_has_is_in_none() {
        let both = in_all(vec![commits(&[("A", &["1"]), ("B", &["2"])]), commits(&[("B", &["3"])])]);
        assert_eq!(both, commits(&[("B", &["2", "3"])]));
        assert_eq!(in_all(Vec::new()), Commits::new());
    }

    #[test]
    fn a_story_is_lost_where_nothing_that_runs_has_any_of_it() {
        let mine = ["1".to_owned(), "2".to_owned()];
        let lost =
            |gone: &[&str], behind: &[&str]| Lost { stories: commits(&[("A", gone)]), behind: Behind::of(behind) };
        assert!(is_lost("A", &mine, &[lost(&["1", "2", "3"], &[])]));
        assert!(!is_lost("A", &mine, &[lost(&["1"], &["2"])]), "a part of it runs");
        assert!(is_lost("A", &mine, &[lost(&["1"], &[])]), "a part of it went before");
        assert!(!is_lost("A", &mine, &[lost(&["1", "2"], &[]), Lost::default()]), "one host has it");
        assert!(!is_lost("A", &[], &[lost(&["1"], &[])]));
    }
}
