//! Issues by their keys, in bulk, and which key was moved to which.

use super::MOST_KEYS;
use super::cloud::Seen;
use futures_util::future::join_all;
use gonogo_core::fact::{Fact, Why};
use gonogo_core::ids::IssueKey;
use gonogo_core::story::Issue;
use std::collections::HashMap;
use std::future::Future;

/// Keys that are asked for once more, alone. Where more are missing, the token
/// sees nothing of a project, and asking for each would tell no more.
const MOST_ALONE: usize = 25;

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
    let answers = join_all(chunks.iter().map(|chunk| ask(chunk))).await;
    let mut facts: HashMap<&IssueKey, Fact<Issue>> = HashMap::new();
    for (chunk, answer) in chunks.iter().zip(answers) {
        match answer {
            Ok(issues) => {
                let mut by_key: HashMap<IssueKey, Result<Issue, Why>> = issues.into_iter().collect();
                facts.extend(chunk.iter().filter_map(|key| Some((key, fact(by_key.remove(key)?)))));
            }
            Err(why) => facts.extend(chunk.iter().map(|key| (key, Fact::Unknown(why.clone())))),
        }
    }
    let open: Vec<usize> = (0..keys.len()).filter(|at| !facts.contains_key(&keys[*at])).collect();
    if open.len() <= MOST_ALONE {
        let alone = join_all(open.iter().map(|at| ask(&keys[*at..=*at]))).await;
        for (at, answer) in open.into_iter().zip(alone) {
            facts.insert(&keys[at], one(answer));
        }
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
