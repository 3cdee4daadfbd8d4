//! Issues by their keys, in bulk, and which key was moved to which.

use super::MOST_KEYS;
use super::cloud::Seen;
use futures_util::{StreamExt, stream};
use gonogo_core::fact::{Fact, Why};
use gonogo_core::ids::IssueKey;
use gonogo_core::story::Issue;
use std::collections::HashMap;
use std::future::Future;

/// Requests that are under way at once.
const SIDE_BY_SIDE: usize = 4;
/// Keys that are asked for once more, alone, whatever came. Where more are missing,
/// and nothing came that was not asked for by its name, the token sees nothing of a
/// project, and asking for each would tell no more.
const MOST_ALONE: usize = 25;
/// Where something did come under another key, so many are.
const MOST_MOVED: usize = 200;

/// One fact a key. A moved issue comes back under its new key, without a word on
/// the old one: a key that is not in the answer is asked for alone, and what then
/// comes is that issue.
pub(super) async fn all<'k, F>(keys: &'k [IssueKey], ask: impl Fn(&'k [IssueKey]) -> F) -> Vec<Fact<Issue>>
where
    F: Future<Output = Result<Vec<Seen>, Why>>,
{
    if let [only] = keys {
        let answer = ask(std::slice::from_ref(only)).await;
        return vec![one(answer)];
    }
    let chunks: Vec<&[IssueKey]> = keys.chunks(MOST_KEYS).collect();
    let asked: Vec<F> = keys.chunks(MOST_KEYS).map(&ask).collect();
    let answers: Vec<_> = stream::iter(asked).buffered(SIDE_BY_SIDE).collect().await;
    let mut facts: HashMap<&IssueKey, Fact<Issue>> = HashMap::new();
    let mut unnamed = 0;
    for (chunk, answer) in chunks.iter().zip(answers) {
        match answer {
            Ok(issues) => {
                let mut by_key: HashMap<IssueKey, Result<Issue, Why>> = issues.into_iter().collect();
                facts.extend(chunk.iter().filter_map(|key| Some((key, fact(by_key.remove(key)?)))));
                unnamed += by_key.len();
            }
            Err(why) => facts.extend(chunk.iter().map(|key| (key, Fact::Unknown(why.clone())))),
        }
    }
    let open: Vec<usize> = (0..keys.len()).filter(|at| !facts.contains_key(&keys[*at])).collect();
    if open.len() <= MOST_ALONE || (unnamed > 0 && open.len() <= MOST_MOVED) {
        let asked: Vec<F> = open.iter().map(|at| ask(&keys[*at..=*at])).collect();
        let alone: Vec<_> = stream::iter(asked).buffered(SIDE_BY_SIDE).collect().await;
        for (at, answer) in open.into_iter().zip(alone) {
            facts.insert(&keys[at], one(answer));
        }
    } else if unnamed > 0 {
        let said = format!("Jira: {} keys are not in its answer, and {unnamed} issues came under others", open.len());
        let why =
            Why::new(said, "bring production nearer to the head: so many moved stories are not looked for at once");
        facts.extend(open.into_iter().map(|at| (&keys[at], Fact::Unknown(why.clone()))));
    }
    keys.iter().map(|key| facts.remove(key).unwrap_or(Fact::Absent)).collect()
}

fn one(answer: Result<Vec<Seen>, Why>) -> Fact<Issue> {
    match answer {
        Ok(mut issues) => issues.pop().map_or(Fact::Absent, |(_, issue)| fact(issue)),
        Err(why) => Fact::Unknown(why),
    }
}

fn fact(issue: Result<Issue, Why>) -> Fact<Issue> {
    issue.map_or_else(Fact::Unknown, Fact::Known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Facts of so many keys of a Jira in which the first `moved` have other keys by
    /// now, and the rest are none; and how often it was asked.
    async fn facts(keys: usize, moved: usize) -> (Vec<Fact<Issue>>, usize) {
        let keys: Vec<IssueKey> = (1..=keys).map(|number| format!("OLD-{number}").parse().unwrap()).collect();
        let asked = Mutex::new(0);
        let ask = |keys: &[IssueKey]| {
            *asked.lock().unwrap() += 1;
            let numbers = keys.iter().map(|key| key.to_string()[4..].parse::<usize>().unwrap());
            let here = numbers.filter(|number| *number <= moved);
            // One that cannot be read is there, and that is all that is asked here.
            let seen = |number| (format!("NEW-{number}").parse().unwrap(), Err(Why::new("here", "")));
            std::future::ready(Ok(here.map(seen).collect()))
        };
        let facts = all(&keys, ask).await;
        let asked = *asked.lock().unwrap();
        (facts, asked)
    }

    fn says(fact: &Fact<Issue>, words: &str) -> bool {
        matches!(fact, Fact::Unknown(why) if why.said.contains(words))
    }

    fn is_absent(fact: &Fact<Issue>) -> bool {
        matches!(fact, Fact::Absent)
    }

    #[tokio::test]
    async fn moved_stories_are_found_however_many_they_are() {
        let (found, asked) = facts(60, 40).await;
        assert!(found[..40].iter().all(|fact| says(fact, "here")), "{found:?}");
        assert!(found[40..].iter().all(is_absent));
        assert_eq!(asked, 61);
        let (found, asked) = facts(250, 1).await;
        assert_eq!(asked, 3);
        assert!(found.iter().all(|fact| says(fact, "250 keys are not in")), "too many to look for each: {found:?}");
    }

    #[tokio::test]
    async fn a_project_of_which_nothing_is_seen_is_not_asked_for_key_by_key() {
        let (found, asked) = facts(250, 0).await;
        assert!(found.iter().all(is_absent));
        assert_eq!(asked, 3);
    }
}
