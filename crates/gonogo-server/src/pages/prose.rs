//! Our own docs' words on a page: code, bold, and links. A link to another page of
//! the docs, which is not served here, is its text.

use maud::{Markup, PreEscaped, html};

/// One paragraph.
pub(super) fn prose(text: &str) -> Markup {
    let mut shown = Vec::new();
    let mut plain = text;
    while let Some((before, part, after)) = next(plain) {
        shown.push(html! { (before) (part) });
        plain = after;
    }
    shown.push(html! { (plain) });
    PreEscaped(shown.into_iter().map(PreEscaped::into_string).collect())
}

/// What is before the first part that is more than text, the part, and what is after it.
fn next(text: &str) -> Option<(&str, Markup, &str)> {
    text.match_indices(['`', '[', '*']).find_map(|(at, _)| {
        let (before, rest) = text.split_at(at);
        let (part, after) = code(rest).or_else(|| link(rest)).or_else(|| bold(rest))?;
        Some((before, part, after))
    })
}

/// As many backticks end it as begin it; a space at both ends is none of it.
fn code(text: &str) -> Option<(Markup, &str)> {
    let inner = text.trim_start_matches('`');
    let ticks = &text[..text.len() - inner.len()];
    let (said, after) = inner.split_once(ticks).filter(|_| !ticks.is_empty())?;
    let said = said.strip_prefix(' ').and_then(|said| said.strip_suffix(' ')).unwrap_or(said);
    Some((html! { code { (said) } }, after))
}

fn link(text: &str) -> Option<(Markup, &str)> {
    let (said, rest) = text.strip_prefix('[')?.split_once("](")?;
    let (target, after) = rest.split_once(')').filter(|_| !said.contains('['))?;
    let said = prose(said);
    let is_served = target.starts_with("https://");
    Some((html! { @if is_served { a href=(target) rel="noreferrer" { (said) } } @else { (said) } }, after))
}

fn bold(text: &str) -> Option<(Markup, &str)> {
    let (said, after) = text.strip_prefix("**")?.split_once("**").filter(|(said, _)| !said.is_empty())?;
    Some((html! { b { (prose(said)) } }, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonogo_engine::commands::explain::sections;

    #[test]
    fn code_links_and_bold_words_are_shown_as_such() {
        let shown = |text| prose(text).into_string();
        assert_eq!(
            shown("with a [waiver](../waivers.md), for `a < b` alone"),
            "with a waiver, for <code>a &lt; b</code> alone"
        );
        assert_eq!(
            shown("[`x`](https://e.com/?a)"),
            "<a href=\"https://e.com/?a\" rel=\"noreferrer\"><code>x</code></a>"
        );
        assert_eq!(shown("**so** `` a `b` c ``"), "<b>so</b> <code>a `b` c</code>");
        for text in ["a * b ** c", "x [y] (z)", "`open", "[checks.builds] required"] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn no_section_of_a_check_keeps_marks() {
        for code in ["could-not-check", "build-missing", "story-wrong-state", "sign-off-missing", "revert-incomplete"] {
            let sections = sections(code);
            assert!(!sections.is_empty(), "{code}");
            for line in sections.iter().flat_map(|(_, text)| text.lines()) {
                let shown = prose(line).into_string();
                assert!(!shown.contains('`') && !shown.contains("](") && !shown.contains("**"), "{code}: {shown}");
            }
        }
    }
}
