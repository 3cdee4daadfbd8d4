//! Who mends a finding, how, and where: with addresses that can be followed.

use gonogo_api::{Check, Finding};
use gonogo_checks::{GIVES_IT, SIGN_OFFS};

/// Our own pages that what is to be done names.
const OWN_PAGES: [&str; 2] = ["/services/", "/stories/"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    pub who: String,
    pub how: String,
}

impl Remedy {
    /// `pages` is the server's address; on its own pages nothing. What is judged
    /// and not kept is no candidate.
    pub fn of(check: &Check, finding: &Finding, pages: &str, candidate: Option<i64>) -> Self {
        let how = addressed(finding, pages, candidate);
        match who_signs(finding) {
            Some(who) => Self { who: who.to_owned(), how: how[who.len()..].trim_start().to_owned() },
            None => Self { who: owner(check, finding).unwrap_or(nobody(finding)).to_owned(), how },
        }
    }
}

/// What is to be done, with our own pages where they are.
pub fn addressed(finding: &Finding, pages: &str, candidate: Option<i64>) -> String {
    let is_own = |word: &str| OWN_PAGES.iter().any(|page| word.starts_with(page));
    let words =
        finding.fix.split(' ').map(|word| if is_own(word) { format!("{pages}{word}") } else { word.to_owned() });
    let how = words.collect::<Vec<_>>().join(" ");
    match candidate.filter(|_| who_signs(finding).is_some()) {
        Some(id) => format!("{how}: {pages}/candidates/{id}/plan#sign-offs"),
        None => how,
    }
}

/// Whoever may give a sign-off that is missing.
fn who_signs(finding: &Finding) -> Option<&str> {
    let (who, _) = finding.fix.split_once(GIVES_IT).filter(|_| finding.check == SIGN_OFFS)?;
    Some(who)
}

/// A story's assignee, a commit's author.
fn owner<'a>(check: &'a Check, finding: &Finding) -> Option<&'a str> {
    let id = &finding.subject.id;
    match finding.subject.kind.as_str() {
        "story" => check.stories.iter().find(|story| story.key == *id)?.assignee.as_deref(),
        "commit" => check.commits.iter().find(|commit| commit.sha == *id).map(|commit| commit.author.as_str()),
        _ => None,
    }
}

/// Who mends it where nobody in particular does.
fn nobody(finding: &Finding) -> &'static str {
    if finding.subject.kind == "story" { "nobody is assigned" } else { "whoever ships" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonogo_api::{Severity, Subject};

    fn finding(check: &str, fix: &str) -> Finding {
        Finding {
            check: check.to_owned(),
            code: String::new(),
            severity: Severity::Wait,
            subject: Subject { kind: "candidate".to_owned(), id: "candidate".to_owned() },
            at: None,
            message: String::new(),
            fix: fix.to_owned(),
            docs: String::new(),
            fingerprint: String::new(),
            waiver: None,
            system: None,
        }
    }

    #[test]
    fn our_own_pages_are_said_with_the_servers_address() {
        let said = |fix: &str, pages: &str| addressed(&finding("post-deploy", fix), pages, Some(7));
        let there = "look, and answer at https://gonogo.example.com/services/web/deploys/5";
        assert_eq!(said("look, and answer at /services/web/deploys/5", "https://gonogo.example.com"), there);
        assert_eq!(said("say it, at /stories/STORY-4", ""), "say it, at /stories/STORY-4");
        assert_eq!(said("mend a/services/x, or /etc/x", "https://x"), "mend a/services/x, or /etc/x");
    }

    #[test]
    fn a_sign_off_is_given_by_who_may_on_the_candidates_plan() {
        let lacking = finding(SIGN_OFFS, &format!("lee and tom{GIVES_IT} of this candidate"));
        let how = addressed(&lacking, "https://x", Some(7));
        assert_eq!(how, "lee and tom gives it on the plan of this candidate: https://x/candidates/7/plan#sign-offs");
        assert_eq!(who_signs(&lacking), Some("lee and tom"));
        assert_eq!(who_signs(&finding("external", &lacking.fix)), None);
    }
}
