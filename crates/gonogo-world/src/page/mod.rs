//! Pages of the stand-ins, for people: how they look, whom they answer, and the
//! forms on them. What stands on a page is its stand-in's business.

mod guard;

use maud::{DOCTYPE, Markup, html};

use crate::serve::{Answer, Ask};
pub(crate) use guard::{Form, refusal};

const STYLE: &str = include_str!("world.css");
const SCRIPT: &str = include_str!("world.js");
const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page of one stand-in.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    /// Such as `Jira`.
    pub(crate) system: &'a str,
    pub(crate) title: &'a str,
    /// Shows by itself what changes; without scripts it is read again.
    pub(crate) is_live: bool,
    /// Where the tour is, if this is a part of one.
    pub(crate) tour: Option<&'a str>,
}

impl Page<'_> {
    pub(crate) fn answer(&self, status: u16, main: &Markup) -> Answer {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    @if self.is_live { noscript { meta http-equiv="refresh" content="3"; } }
                    title { (self.title) " · " (self.system) }
                    link rel="stylesheet" href="/world.css";
                    @if self.is_live { script src="/world.js" defer {} }
                    link rel="icon" href="data:,";
                }
                body {
                    header {
                        nav aria-label="Main" {
                            a href="/" { (self.system) }
                            @match self.tour {
                                Some(tour) => { span.quiet { "a stand-in" } a.home href=(tour) { "The tour" } }
                                None => span.quiet { "on this machine alone" },
                            }
                        }
                    }
                    main { h1 { (self.title) } (main) }
                }
            }
        };
        safe(Answer::html(status, &page.into_string()))
    }

    /// For an address that leads nowhere.
    pub(crate) fn not_found(&self) -> Answer {
        self.answer(404, &html! { p { "There is nothing here. " a href="/" { "Go to the first page" } "." } })
    }
}

/// What every page needs beside it.
pub(crate) fn asset(ask: &Ask) -> Option<Answer> {
    match ask.path.as_str() {
        "/world.css" => Some(safe(Answer::of_type(200, "text/css; charset=utf-8", STYLE))),
        "/world.js" => Some(safe(Answer::of_type(200, "text/javascript; charset=utf-8", SCRIPT))),
        _ => None,
    }
}

/// After a form: the page is read anew.
pub(crate) fn see_other(location: &str) -> Answer {
    Answer::html(303, "").header("Location", location)
}

fn safe(answer: Answer) -> Answer {
    answer
        .header("Content-Security-Policy", POLICY)
        .header("X-Content-Type-Options", "nosniff")
        .header("Cache-Control", "no-store")
}
