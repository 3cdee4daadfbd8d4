//! Where a story runs, and who was told of it.

use crate::pages::layout::{ago, outside};
use crate::pages::table::table;
use gonogo_engine::commands::mend_story;
use gonogo_engine::jobs::{Words, words};
use gonogo_store::{MessageRow, MessageState, StoryActOutcome, StoryActRow, StoryRun};
use jiff::Timestamp;
use maud::{Markup, html};

/// `untold`: why it is not said to be deployed yet.
pub(super) fn sections(
    key: &str,
    runs: &[StoryRun],
    untold: &[String],
    messages: &[MessageRow],
    now: Timestamp,
) -> Markup {
    html! {
        @if !runs.is_empty() {
            section {
                h2 { "In production" }
                (table(["Service", "Runs", "Since"], runs.iter().map(|run| row(run, now))))
                @if !untold.is_empty() {
                    p.waiting { "… That it is deployed is not said yet:" }
                    ul { @for why in untold { li { (outside(why)) } } }
                }
            }
        }
        @if !messages.is_empty() {
            section {
                h2 { "Who was told" }
                (table(["Told by", "Where", "What", "When"], messages.iter().map(|message| told(key, message, now))))
            }
        }
    }
}

fn row(run: &StoryRun, now: Timestamp) -> [Markup; 3] {
    [
        html! { a href={ "/services/" (run.service) } { (run.service) } },
        html! { @if run.is_live { "yes" } @else { "not any more" } },
        ago(run.since, now),
    ]
}

fn told(key: &str, message: &MessageRow, now: Timestamp) -> [Markup; 4] {
    let Words { how, said } = words(message, key);
    let why = message.error.as_deref().map(outside);
    let when = match (message.state, message.done_at) {
        (MessageState::Said, Some(at)) => html! { "said " (ago(at, now)) },
        (MessageState::Said | MessageState::Waits, _) => html! { "not yet" @if let Some(why) = why { ": " (why) } },
        (MessageState::Doubtful, _) => html! { "perhaps" @if let Some(why) = why { ": " (why) } },
        (MessageState::Dropped, Some(at)) => html! { "never: dropped by a person " (ago(at, now)) },
        (MessageState::Failed | MessageState::Dropped, _) => html! { "never" @if let Some(why) = why { ": " (why) } },
    };
    [html! { (how) }, html! { (outside(&message.target)) }, html! { (outside(&said)) }, when]
}

/// What people did to it in Jira from here.
pub(super) fn acts(acts: &[StoryActRow], now: Timestamp) -> Markup {
    let row = |act: &StoryActRow| {
        let came = match &act.ended {
            None => html! { "it is not known yet: it is looked for" },
            Some(end) => match end.outcome {
                StoryActOutcome::Done => html! { "done " (ago(end.at, now)) },
                StoryActOutcome::Refused | StoryActOutcome::NotThere => html! { "not done: " (outside(&end.said)) },
            },
        };
        [html! { (outside(&act.by)) }, html! { (outside(&mend_story::words(act))) }, ago(act.begun_at, now), came]
    };
    html! {
        @if !acts.is_empty() {
            section {
                h2 { "Done in Jira from here" }
                (table(["By", "What", "Begun", "What came of it"], acts.iter().map(row)))
            }
        }
    }
}
