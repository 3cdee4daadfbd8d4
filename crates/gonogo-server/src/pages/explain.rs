//! What a reason code means, from the docs of its check.

use super::layout::{self, Shown, not_found};
use super::prose::prose;
use crate::session::Session;
use axum::extract::Path;
use gonogo_engine::commands::explain::sections;
use maud::{Markup, html};

pub(crate) async fn page(session: Session, Path(code): Path<String>) -> Shown {
    let sections = sections(&code);
    if sections.is_empty() {
        return Err(not_found().await);
    }
    let main = html! {
        @for (check, text) in sections {
            section { h2 { "Found by " (check) } (lines(text)) }
        }
    };
    Ok(layout::page(&code, false, Some(&session), &main))
}

/// Each line of such a section is a word in bold and what it says.
fn lines(text: &str) -> Markup {
    let parts = text.lines().skip(1).filter(|line| !line.trim().is_empty());
    html! {
        dl.explained {
            @for line in parts {
                @match line.strip_prefix("- **").and_then(|rest| rest.split_once(":** ")) {
                    Some((word, said)) => { dt { (word) } dd { (prose(said)) } }
                    None => dd { (prose(line.trim_start_matches("- "))) },
                }
            }
        }
    }
}
