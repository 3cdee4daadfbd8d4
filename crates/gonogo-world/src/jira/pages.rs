//! Pages on which a person moves a story and fills in its fields.

use maud::{Markup, html};
use serde_json::Value;

use super::fields::{Field, FieldKind};
use super::scenario::text_of;
use super::state::{Issue, State};
use super::statuses::Category;
use crate::page::{Form, Page, asset, refusal, see_other};
use crate::serve::{Answer, Ask};

/// Who has the browser.
const VISITOR: &str = "you";
/// Stories on the list, and characters of a field.
const MOST: usize = 200;
const MOST_TEXT: usize = 2_000;

impl State {
    /// The page at this path, or what a form on one comes to.
    pub(super) fn page_for(&mut self, ask: &Ask, path: &str) -> Option<Answer> {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        let wanted = (ask.method.as_str(), segments.as_slice());
        if !matches!(wanted, ("GET", ["" | "world.css" | "world.js"] | ["browse", _]) | ("POST", ["browse", _, _])) {
            return None;
        }
        if let Some(answer) = refusal(ask, &self.base_url).or_else(|| asset(ask)) {
            return Some(answer);
        }
        let ("GET" | "POST", ["browse", key, ..]) = wanted else { return Some(self.list_page()) };
        let Some(issue) = self.visible(key) else { return Some(self.titled("Not found").not_found()) };
        let (id, key) = (issue.id, issue.key.clone());
        let form = Form::of(ask);
        match segments.as_slice() {
            [_, _, "status"] => self.moved(id, &form),
            [_, _, "fields"] => self.filled_in(id, &form),
            [_, _] => return Some(self.issue_page(id)),
            _ => return Some(self.titled("Not found").not_found()),
        }
        Some(see_other(&format!("{}/browse/{key}", self.context)))
    }

    fn moved(&mut self, id: u64, form: &Form) {
        let wanted = form.text("status").and_then(|name| self.status_named(name)).map(|status| status.name.clone());
        if let Some(status) = wanted.filter(|status| *status != self.issue_mut(id).status) {
            self.move_issue(id, &status, VISITOR);
            self.tell_sometime(id);
        }
    }

    fn filled_in(&mut self, id: u64, form: &Form) {
        for field in self.editable() {
            let Some(given) = form.text(&field.id) else { continue };
            let value = match field.kind {
                _ if given.is_empty() => Value::Null,
                FieldKind::Number => given.parse::<f64>().map_or(Value::Null, Value::from),
                _ => given.chars().take(MOST_TEXT).collect::<String>().into(),
            };
            let before = field.number.and_then(|number| self.issue_mut(id).custom.get(&number));
            if before.unwrap_or(&Value::Null) != &value {
                self.set_field(id, &field.id, value, VISITOR);
                self.tell_sometime(id);
            }
        }
    }

    pub(super) fn tell_sometime(&self, id: u64) {
        if let Some(hook) = &self.hook {
            hook.parcel(self, id, "jira:issue_updated").send_sometime();
        }
    }

    /// The fields that a form can hold.
    fn editable(&self) -> Vec<Field> {
        let holds = |kind| matches!(kind, FieldKind::Text | FieldKind::RichText | FieldKind::Number);
        self.fields.iter().filter(|field| field.number.is_some() && holds(field.kind)).cloned().collect()
    }

    fn titled<'a>(&'a self, title: &'a str) -> Page<'a> {
        Page { system: "Jira", title, is_live: true, tour: self.tour.as_deref() }
    }

    fn list_page(&self) -> Answer {
        let issues: Vec<&Issue> = self.issues.iter().rev().filter(|issue| self.may_see(issue)).collect();
        let main = html! {
            @if issues.is_empty() { p { "There is no story yet." } }
            @else {
                table {
                    thead { tr { th { "Story" } th { "Status" } th { "Assignee" } } }
                    tbody {
                        @for issue in issues.iter().take(MOST) {
                            tr {
                                td { a href={ (self.context) "/browse/" (issue.key) } { (issue.key) } " " (issue.title) }
                                td { (self.status_word(&issue.status)) }
                                td { (self.assignee(issue)) }
                            }
                        }
                    }
                }
                @if issues.len() > MOST { p.quiet { "and " (issues.len() - MOST) " older ones" } }
            }
        };
        self.titled("Stories").answer(200, &main)
    }

    fn issue_page(&self, id: u64) -> Answer {
        let issue = self.by_id(id).expect("it was found by its key");
        let at = format!("{}/browse/{}", self.context, issue.key);
        let main = html! {
            p { (self.status_word(&issue.status)) " · " (issue.kind) " · " span.quiet { "assigned to " } (self.assignee(issue)) }
            h2 { "Move it" }
            form.row method="post" action={ (at) "/status" } {
                label {
                    "Status"
                    select name="status" {
                        @for status in &self.statuses { option selected[status.name == issue.status] { (status.name) } }
                    }
                }
                button.main { "Move" }
            }
            h2 { "Fields" }
            form method="post" action={ (at) "/fields" } {
                @for field in self.editable() { (input(&field, issue)) }
                button.main { "Save" }
            }
            (self.said_of(issue))
            (self.history(issue))
            p { a href={ (self.context) "/" } { "All stories" } }
        };
        self.titled(&format!("{} {}", issue.key, issue.title)).answer(200, &main)
    }

    /// The newest first.
    fn said_of(&self, issue: &Issue) -> Markup {
        html! {
            @if !issue.comments.is_empty() {
                h2 { "Comments" }
                ul.small {
                    @for comment in issue.comments.iter().rev() {
                        li {
                            (self.person(&comment.author).display_name()) ": "
                            @for line in text_of(&comment.body).lines() { (line) br; }
                        }
                    }
                }
            }
        }
    }

    fn history(&self, issue: &Issue) -> Markup {
        html! {
            @if !issue.history.is_empty() {
                h2 { "What happened" }
                ul.small {
                    @for change in issue.history.iter().rev() {
                        li {
                            (self.person(&change.author).display_name()) ": " (change.field) " "
                            @if !change.from_string.is_null() { (text_of(&change.from_string)) " " }
                            "→ " (text_of(&change.to_string))
                        }
                    }
                }
            }
        }
    }

    fn status_word(&self, name: &str) -> Markup {
        let class = match self.status_named(name).map(|status| status.category) {
            Some(Category::Done) => "good",
            Some(Category::InProgress) => "open",
            _ => "quiet",
        };
        html! { span class=(class) { (name) } }
    }

    fn assignee(&self, issue: &Issue) -> String {
        let person = issue.assignee.as_ref().map(|name| self.person(name));
        person.map_or_else(|| "nobody".to_owned(), |person| person.display_name().to_owned())
    }
}

fn input(field: &Field, issue: &Issue) -> Markup {
    let value = field.number.and_then(|number| issue.custom.get(&number)).map(text_of).unwrap_or_default();
    html! {
        label {
            (field.name)
            @match field.kind {
                FieldKind::Number => input name=(field.id) type="number" step="any" value=(value);,
                FieldKind::RichText => textarea name=(field.id) rows="3" maxlength=(MOST_TEXT) { (value) },
                _ => input name=(field.id) value=(value) maxlength=(MOST_TEXT);,
            }
        }
    }
}
