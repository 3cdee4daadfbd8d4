//! Waivers on a candidate's pages: giving one, agreeing to one, what they let
//! pass, and which of them end.

use super::finding::Desk;
use super::{MOST, some_more};
use crate::pages::layout::{ago, outside};
use gonogo_api::Finding;
use gonogo_core::person::Act;
use gonogo_core::say;
use gonogo_core::waiver::Standing;
use gonogo_engine::commands::waive::most_days;
use gonogo_store::WaiverRow;
use maud::{Markup, html};

/// What one may choose, as far as the policy allows it.
const DAYS: [i64; 5] = [1, 3, 7, 30, 90];

impl Desk<'_> {
    fn service(&self) -> &str {
        &self.look.candidate.service
    }

    /// Letting a finding pass: who may sees the form, who may not whom to ask.
    pub(super) fn waive(&self, finding: &Finding) -> Markup {
        let of_it = || self.waivers.iter().filter(|row| row.fingerprint == finding.fingerprint);
        let stands = |row: &WaiverRow| Standing::of(row.is_proposed(), row.until, self.look.now);
        if let Some(row) = of_it().find(|row| stands(row) == Standing::Proposed) {
            return self.proposed(row, finding);
        }
        let lapsed = of_it().find(|row| stands(row) == Standing::Lapsed);
        html! {
            @if let Some(row) = lapsed {
                p.fix { "⚑ " (outside(&row.by)) " had waived it: that lapsed " (ago(row.until, self.look.now)) "." }
            }
            details id={ "waive-" (finding.fingerprint) } { summary { "Waive…" } (self.form(finding)) }
        }
    }

    fn form(&self, finding: &Finding) -> Markup {
        let Some(rule) = self.evidence.map(|evidence| evidence.waiver_rule(&finding.check)) else {
            return html! { p.quiet { "What it was judged from cannot be read any more: check again first." } };
        };
        if let Err(forbidden) = self.session.person.may_waive(self.service(), &rule) {
            return html! { p.quiet { (forbidden) } };
        }
        let most = most_days(&finding.code, &rule);
        let days = DAYS.into_iter().filter(|days| *days < most).chain([most]);
        html! {
            form method="post" action={ (self.look.path()) "/waivers" } {
                input type="hidden" name="form" value=(self.session.form_word());
                input type="hidden" name="fingerprint" value=(finding.fingerprint);
                label { "Why may it pass?" textarea name="why" rows="2" maxlength="2000" required {} }
                label {
                    "For how long?"
                    select name="days" { @for days in days { option value=(days) { (days) @if days == 1 { " day" } @else { " days" } } } }
                }
                label {
                    "Where?"
                    select name="where" {
                        option value="service" { "all branches of " (self.service()) }
                        option value="branch" { (outside(&self.look.candidate.branch)) " alone" }
                    }
                }
                @if rule.needs_second { p.quiet { "The policy wants a second person: it lets nothing pass before they confirm it." } }
                button { @if rule.needs_second { "Propose the waiver" } @else { "Waive" } }
            }
        }
    }

    /// A waiver that lets nothing pass yet, with what makes it hold.
    fn proposed(&self, row: &WaiverRow, finding: &Finding) -> Markup {
        let rule = self.evidence.map(|evidence| evidence.waiver_rule(&finding.check));
        let may = rule.is_some_and(|rule| self.session.person.may_waive(self.service(), &rule).is_ok());
        let is_own = row.by_id == self.session.person.id;
        html! {
            p.fix { "⚑ " (outside(&row.by)) " proposed to waive it until " (say::minute(row.until)) @if row.branch.is_some() { ", in this branch alone" } ": " (outside(&row.why)) ". A second person has to confirm that." }
            div.acts {
                @if may && !is_own { (self.button(row, "confirm", "Confirm the waiver")) }
                (self.take_back(row))
            }
        }
    }

    fn take_back(&self, row: &WaiverRow) -> Markup {
        let may = row.by_id == self.session.person.id || self.session.person.may_at(self.service(), Act::Waive).is_ok();
        html! { @if may { (self.button(row, "take-back", "Take back")) } }
    }

    fn button(&self, row: &WaiverRow, act: &str, said: &str) -> Markup {
        html! {
            form.inline method="post" action={ "/services/" (self.service()) "/waivers/" (row.id.0) "/" (act) } {
                input type="hidden" name="form" value=(self.session.form_word());
                input type="hidden" name="candidate" value=(self.look.candidate.id.0);
                button { (said) }
            }
        }
    }

    /// What was let pass stays visible, with who did and why, and says a day
    /// before that it will block again.
    pub(super) fn waived(&self) -> Markup {
        let row_of = |finding: &Finding| {
            self.waivers.iter().find(|row| row.fingerprint == finding.fingerprint && !row.is_proposed())
        };
        let applied: Vec<(&Finding, Option<&WaiverRow>)> =
            (self.check.findings.iter()).filter(|f| f.waiver.is_some()).map(|f| (f, row_of(f))).collect();
        html! {
            @if !applied.is_empty() {
                section {
                    h2 { "Waived (" (applied.len()) ")" }
                    ul.findings {
                        @for (finding, row) in applied.iter().take(MOST) {
                            li {
                                p { "⚑ " (outside(&finding.message)) " " code.code { (finding.code) } }
                                @if let Some(waiver) = &finding.waiver { p.fix { "by " (outside(&waiver.by)) " until " (say::minute_of(&waiver.until)) ": " (outside(&waiver.why)) } }
                                @if let Some(row) = row {
                                    @if row.branch.is_some() { p.fix { "in this branch alone" } }
                                    @if let Some(second) = &row.confirmed_by { p.fix { "confirmed by " (outside(second)) } }
                                    @if self.look.candidate.is_open && Standing::of(false, row.until, self.look.now) == Standing::LapsesSoon {
                                        p.hint { "It lapses within a day, and blocks again then: mend it, or decide again." }
                                    }
                                    (self.take_back(row))
                                }
                            }
                        }
                    }
                    (some_more(applied.len(), self.look))
                }
            }
        }
    }
}
