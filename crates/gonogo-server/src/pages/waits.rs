//! What waits for the person who looks, above all else.

use super::layout::outside;
use gonogo_engine::commands::waits::Wait;
use maud::{Markup, html};

/// Shown before the rest is folded away.
const FIRST: usize = 5;

/// Nothing where nothing waits.
pub(super) fn section(waits: &[Wait]) -> Markup {
    let (first, rest) = waits.split_at(waits.len().min(FIRST));
    html! {
        @if !waits.is_empty() {
            section.waits aria-labelledby="waits" {
                h2 id="waits" { "Waits for you" }
                (list(first))
                @if !rest.is_empty() {
                    details id="more-waits" { summary { "and " (rest.len()) " more" } (list(rest)) }
                }
            }
        }
    }
}

fn list(waits: &[Wait]) -> Markup {
    html! {
        ul.findings {
            @for wait in waits {
                li {
                    p { a href=(wait.page) { (outside(&wait.what)) } }
                    p.fix { b { (wait.service) } " → " (outside(&wait.fix)) }
                    @if !wait.keeps.is_empty() {
                        p.quiet {
                            "Holds up "
                            @for (at, (candidate, name)) in wait.keeps.iter().enumerate() {
                                @if at > 0 { ", " }
                                a href={ "/candidates/" (candidate.0) } { (outside(name)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
