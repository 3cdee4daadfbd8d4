//! Long lists, a page at a time; the address says which.

use maud::{Markup, html};
use serde::Deserialize;

#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct Asked {
    /// From 1; a number that is none is the first.
    #[serde(default, deserialize_with = "number")]
    page: usize,
}

fn number<'de, D: serde::Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    Ok(String::deserialize(from)?.parse().unwrap_or(1))
}

#[derive(Debug)]
pub(crate) struct Pages<'a, T> {
    pub rows: &'a [T],
    page: usize,
    of: usize,
}

impl<'a, T> Pages<'a, T> {
    pub(crate) fn of(all: &'a [T], asked: Asked, size: usize) -> Self {
        let of = all.len().div_ceil(size).max(1);
        let page = asked.page.clamp(1, of);
        let begin = (page - 1) * size;
        Self { rows: &all[begin..all.len().min(begin + size)], page, of }
    }

    /// To the pages beside this one; nothing where there is one alone.
    pub(crate) fn links(&self, path: &str) -> Markup {
        self.links_with(path, "")
    }

    /// The same with filters, as they stand in the address.
    pub(crate) fn links_with(&self, path: &str, filters: &str) -> Markup {
        let mark = if filters.is_empty() { "" } else { "&" };
        let to = |page: usize| format!("{path}?{filters}{mark}page={page}");
        html! {
            @if self.of > 1 {
                nav.pages aria-label="Pages" {
                    @if self.page > 1 { a rel="prev" href=(to(self.page - 1)) { "Before" } }
                    span { "Page " (self.page) " of " (self.of) }
                    @if self.page < self.of { a rel="next" href=(to(self.page + 1)) { "Next" } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_gives_a_page_that_is_there() {
        let all: Vec<usize> = (0..250).collect();
        let rows = |page| Pages::of(&all, Asked { page }, 100).rows;
        assert_eq!((rows(0)[0], rows(1)[0], rows(3)[0], rows(usize::MAX)[49]), (0, 0, 200, 249));
        assert!(Pages::of(&[0_usize; 0], Asked { page: 7 }, 100).rows.is_empty());
    }
}
