//! Pages on which a person sees branches with their statuses, pushes a commit
//! and merges.

mod acts;

use maud::{Markup, html};

use super::git::Commit;
use super::repository::{PostedStatus, Repository};
use super::state::State;
use crate::page::{Form, Page, asset, refusal, see_other};
use crate::serve::{Answer, Ask};
use acts::Outcome;

/// Commits that are shown of a branch.
const MOST: usize = 12;

impl State {
    /// The page at this path, or what a form on one comes to.
    pub(super) fn page_for(&mut self, ask: &Ask) -> Option<Answer> {
        let segments: Vec<&str> = ask.path.trim_matches('/').split('/').collect();
        let is_post = ask.method == "POST";
        let named = |owner: &str, name: &str| self.repository_named(&format!("{owner}/{name}")).map(|found| found.id);
        // What programs ask is below other names than those of repositories.
        let id = match (ask.method.as_str(), segments.as_slice()) {
            ("GET", [""]) if ask.header("accept").is_some_and(|kinds| kinds.contains("text/html")) => None,
            ("GET", ["world.css" | "world.js"]) => None,
            ("GET", [owner, name]) | ("POST", [owner, name, "commits" | "merges"]) => Some(named(owner, name)?),
            _ => return None,
        };
        if let Some(answer) = refusal(ask, &self.web_url).or_else(|| asset(ask)) {
            return Some(answer);
        }
        let Some(id) = id else { return Some(self.repositories_page()) };
        let name = self.repository(id).full_name();
        let form = Form::of(ask);
        let outcome = match segments.last() {
            Some(&"commits") if is_post => self.commit_by_page(id, &form),
            Some(&"merges") if is_post => self.merge_by_page(id, &form),
            _ => return Some(self.repository_page(id, ask)),
        };
        Some(match outcome {
            Outcome::Done => see_other(&format!("/{name}")),
            Outcome::Refused(said) => {
                let main = html! { p role="alert" { (said) } p { a href={ "/" (name) } { "Back to " (name) } } };
                self.titled("Not done", false).answer(422, &main)
            }
        })
    }

    fn titled<'a>(&'a self, title: &'a str, is_live: bool) -> Page<'a> {
        Page { system: "GitHub", title, is_live, tour: self.tour.as_deref() }
    }

    fn repositories_page(&self) -> Answer {
        let names = self.repositories.iter().map(Repository::full_name);
        let main = html! { ul { @for name in names { li { a href={ "/" (name) } { (name) } } } } };
        self.titled("Repositories", false).answer(200, &main)
    }

    fn repository_page(&self, id: u64, ask: &Ask) -> Answer {
        let repository = self.repository(id);
        let name = repository.full_name();
        let branches: Vec<(&str, &String)> = repository
            .refs
            .iter()
            .filter_map(|(reference, sha)| Some((reference.strip_prefix("refs/heads/")?, sha)))
            .collect();
        let wanted = |field: &str, otherwise: &'static str| {
            let asked = ask.query.iter().find(|(known, _)| known == field).map(|(_, value)| value.clone());
            asked.unwrap_or_else(|| otherwise.to_owned())
        };
        let choice = |field: &str, chosen: &str| {
            html! {
                select name=(field) { @for (branch, _) in &branches { option selected[*branch == chosen] { (branch) } } }
            }
        };
        let main = html! {
            h2 { "Branches" }
            table {
                thead { tr { th { "Branch" } th { "Head" } th { "Statuses" } } }
                tbody {
                    @for (branch, sha) in &branches {
                        tr { td { b { (branch) } } td { code { (short(sha)) } } td { (statuses(repository, sha)) } }
                    }
                }
            }
            h2 { "Merge" }
            form.row method="post" action={ "/" (name) "/merges" } {
                label { "Branch" (choice("head", &wanted("head", "main"))) }
                label { "into" (choice("base", &wanted("base", "production"))) }
                button.main { "Merge and push" }
            }
            h2 { "Push a commit" }
            form.row method="post" action={ "/" (name) "/commits" } {
                label { "Branch" (choice("branch", &repository.default_branch)) }
                label { "Message" input name="message" required maxlength="500" placeholder="STORY-12 charge in euros"; }
                button { "Commit and push" }
            }
            @for (branch, sha) in &branches { (commits(repository, branch, sha)) }
        };
        self.titled(&name, true).answer(200, &main)
    }
}

/// What a branch has that production does not.
fn commits(repository: &Repository, branch: &str, sha: &str) -> Markup {
    let production = repository.branch("production");
    let without: Vec<&String> = production.into_iter().filter(|_| branch != "production").collect();
    let mut newest: Vec<Commit> =
        repository.commits_to(sha, &without, MOST).into_iter().map(|(commit, _)| commit).collect();
    newest.reverse();
    html! {
        h2 { (branch) @if !without.is_empty() { ", over production" } }
        @if newest.is_empty() { p.quiet { "Nothing that production does not have." } }
        @else {
            ul.small {
                @for commit in newest {
                    li { code { (short(&commit.sha)) } " " (commit.message.lines().next().unwrap_or_default()) " " span.quiet { (commit.author.name) } }
                }
            }
        }
    }
}

fn statuses(repository: &Repository, sha: &str) -> Markup {
    let newest = repository.newest_statuses(sha);
    html! {
        @if newest.is_empty() { span.quiet { "none" } }
        @for status in newest { p { (state(status)) " " span.quiet { (status.context) } } }
    }
}

fn state(status: &PostedStatus) -> Markup {
    let (class, mark) = match status.state.as_str() {
        "success" => ("good", "✓"),
        "pending" => ("open", "…"),
        _ => ("bad", "✗"),
    };
    let said = status.description.as_deref().unwrap_or(&status.state);
    html! {
        span class=(class) { (mark) " " (said) }
        @if let Some(url) = &status.target_url { " " a href=(url) { "Details" } }
    }
}

fn short(sha: &str) -> &str {
    sha.get(..7).unwrap_or(sha)
}
