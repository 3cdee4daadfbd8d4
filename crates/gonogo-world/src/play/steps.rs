//! The steps of the tour, and which comes next.

use super::content::{IN_REVIEW, TIDY_UP, WEB, WITHOUT_RISK, WORK};
use super::look::Seen;

#[derive(Debug)]
pub(super) struct Step {
    pub(super) title: &'static str,
    pub(super) what: String,
    pub(super) is_done: bool,
    pub(super) at: Option<Link>,
}

/// Where a step is done, or seen.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) url: String,
    pub(super) said: &'static str,
    /// It stays worth a look when the step is done.
    pub(super) stays: bool,
}

impl Link {
    fn to_do(url: String, said: &'static str) -> Self {
        Self { url, said, stays: false }
    }

    fn to_read(url: String, said: &'static str) -> Self {
        Self { url, said, stays: true }
    }
}

pub(super) fn steps(seen: &Seen) -> Vec<Step> {
    let step = |title, is_done, what: &str, at: Option<Link>| Step { title, what: what.to_owned(), is_done, at };
    let page = seen.no_go.as_ref().map(|said| said.page.clone());
    let current = seen.now.as_ref().map(|said| said.page.clone()).filter(|_| seen.is_pushed);
    let is_go = seen.is_pushed && seen.no_go.is_some() && seen.now.as_ref().is_some_and(|said| said.state == "success");
    vec![
        step(
            "Meet the company",
            seen.was_judged,
            &format!(
                "Acme has {} services. gonogo reads their repositories, looks up their stories, and says of each \
                 whether what waits may ship.",
                seen.services
            ),
            Some(Link::to_read(format!("{}/", seen.program), "See the services in gonogo")),
        ),
        step(
            "Push the day’s work",
            seen.is_pushed,
            &format!(
                "Maria, Ivo and Robin have finished something on the branch {WORK}. Merge it into main: that is a push."
            ),
            Some(Link::to_do(format!("{}?head={WORK}&base=main", seen.github), "Merge it on GitHub")),
        ),
        step(
            "gonogo says No-Go, and why",
            seen.no_go.is_some(),
            "Within seconds the commit has a status, and the status leads to a page: three things block, each with \
             who mends it and how. Nothing else is asked of anybody.",
            page.map(|page| Link::to_read(page, "Read why")),
        ),
        step(
            "The story in review",
            seen.story_is_ready,
            &format!("{IN_REVIEW} is In Review, and may ship from Ready to Deploy. Maria has just finished: move it."),
            Some(Link::to_do(format!("{}/browse/{IN_REVIEW}", seen.jira), "Move it in Jira")),
        ),
        step(
            "The missing risk",
            seen.has_risk,
            &format!("The policy wants each story to say its risk, and {WITHOUT_RISK} says nothing. Write a sentence."),
            Some(Link::to_do(format!("{}/browse/{WITHOUT_RISK}", seen.jira), "Fill it in in Jira")),
        ),
        step(
            "The commit that names no story",
            seen.commit_passes,
            &format!(
                "“{TIDY_UP}” is harmless, and a person may say so: open Waive… beside it and write why. What was let \
                      pass stays visible, with who did it."
            ),
            current.clone().map(|page| Link::to_do(page, "Waive it in gonogo")),
        ),
        step(
            "It turns Go",
            is_go,
            "Jira told gonogo of each change, so nobody had to ask for anything: the status is green.",
            current.map(|page| Link::to_read(page, "See the verdict")),
        ),
        step(
            "Ship it",
            seen.is_shipped,
            "Production is a branch here. Merge main into it: what runs is what was judged.",
            Some(Link::to_do(format!("{}?head=main&base=production", seen.github), "Ship it on GitHub")),
        ),
        step(
            "Support sees it",
            seen.is_told,
            "Nobody had to be told by hand: each story that is in production now has its line in the channel of \
             support, and a comment in Jira. The channel of deploys has one message, which changed as the verdict did.",
            Some(Link::to_read(seen.support.clone(), "Read the channel of support in Slack")),
        ),
        step(
            "Look after the deploy",
            seen.is_looked_at,
            &format!(
                "{IN_REVIEW} says what is to be looked at once it is out. Say that you did: its comment in Jira tells \
                 it, and until somebody has, the next deploy is told that nobody looked."
            ),
            Some(Link::to_do(
                format!("{}/services/{WEB}/deploys/last", seen.program),
                "Look at the checklist in gonogo",
            )),
        ),
    ]
}

/// The number of the first that is left.
pub(super) fn next(steps: &[Step]) -> Option<usize> {
    steps.iter().position(|step| !step.is_done)
}

#[cfg(test)]
mod tests {
    use super::super::look::Said;
    use super::*;

    fn next_of(seen: &Seen) -> &'static str {
        let steps = steps(seen);
        next(&steps).map_or("done", |number| steps[number].title)
    }

    #[test]
    fn what_comes_next_follows_from_what_is() {
        let said =
            |state: &str| Some(Said { state: state.to_owned(), description: String::new(), page: "p".to_owned() });
        let mut seen = Seen::default();
        assert_eq!(next_of(&seen), "Meet the company");
        seen.was_judged = true;
        assert_eq!(next_of(&seen), "Push the day’s work");
        (seen.is_pushed, seen.now) = (true, said("pending"));
        assert_eq!(next_of(&seen), "gonogo says No-Go, and why");
        (seen.no_go, seen.now) = (said("failure"), said("failure"));
        assert_eq!(next_of(&seen), "The story in review");
        // In another order than the tour has it.
        (seen.has_risk, seen.commit_passes) = (true, true);
        assert_eq!(next_of(&seen), "The story in review");
        seen.story_is_ready = true;
        assert_eq!(next_of(&seen), "It turns Go");
        seen.now = said("success");
        assert_eq!(next_of(&seen), "Ship it");
        (seen.is_shipped, seen.is_told) = (true, true);
        assert_eq!(next_of(&seen), "Look after the deploy");
        seen.is_looked_at = true;
        assert_eq!(next_of(&seen), "done");
    }
}
