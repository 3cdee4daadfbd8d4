//! What a story lacks before its gate, and what was mended.

use crate::pages::layout::{ago, outside};
use crate::pages::table::table;
use gonogo_engine::jobs::{Lack, Mended, told_early};
use gonogo_store::EarlyStory;
use jiff::Timestamp;
use maud::{Markup, html};

pub(super) fn section(row: &EarlyStory, now: Timestamp) -> Markup {
    let (lacks, mended) = told_early(row);
    html! {
        @if !lacks.is_empty() {
            section {
                h2 { "Before its gate" }
                (table(["Lacks", "Mended by", "For", "Since", "Owner told"], lacks.iter().map(|lack| lacking(lack, now))))
            }
        }
        @if !mended.is_empty() {
            section {
                h2 { "Mended before its gate" }
                (table(["Lacked", "Since", "Mended", "Owner was told"], mended.iter().map(|one| was(one, now))))
            }
        }
    }
}

fn lacking(lack: &Lack, now: Timestamp) -> [Markup; 5] {
    [
        html! { (outside(&lack.said)) " " code.code { (lack.code) } },
        html! { (outside(&lack.fix)) },
        html! { @for (at, service) in lack.services.iter().enumerate() { @if at > 0 { ", " } a href={ "/services/" (service) } { (service) } } },
        ago(lack.since, now),
        html! { @match lack.told_at { Some(at) => (ago(at, now)), None => "no: only observed" } },
    ]
}

fn was(one: &Mended, now: Timestamp) -> [Markup; 4] {
    [
        html! { (outside(&one.said)) },
        ago(one.since, now),
        ago(one.mended_at, now),
        html! { @if one.was_told { "yes" } @else { "no" } },
    ]
}
