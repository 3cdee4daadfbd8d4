//! Slack's own markup (mrkdwn) as HTML: links, bold, italic, struck, code and
//! line ends. All else is text.

use maud::{Markup, html};
use serde_json::Value;

const SIGNS: [char; 4] = ['*', '_', '~', '`'];

/// The characters of a plain text object.
pub(super) fn plain(object: &Value) -> &str {
    object["text"].as_str().unwrap_or_default()
}

/// Whether a link may lead there.
pub(super) fn leads(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

pub(super) fn marked(text: &str) -> Markup {
    html! { @for (at, line) in text.split('\n').enumerate() { @if at > 0 { br; } (inline(line)) } }
}

fn inline(line: &str) -> Markup {
    let Some((at, sign)) = first_sign(line) else { return html! { (unescaped(line)) } };
    let (before, rest) = line.split_at(at);
    if sign == '<' {
        let Some((tag, behind)) = rest[1..].split_once('>') else { return html! { (unescaped(line)) } };
        return html! { (unescaped(before)) (link(tag)) (inline(behind)) };
    }
    let (inner, behind) = enclosed(rest, sign).expect("it was seen to be closed");
    html! {
        (unescaped(before))
        @match sign {
            '*' => b { (inline(inner)) },
            '_' => i { (inline(inner)) },
            '~' => s { (inline(inner)) },
            _ => code { (unescaped(inner)) },
        }
        (inline(behind))
    }
}

/// The first place where markup begins: a tag, or a sign at the beginning of a
/// word that is closed at the end of one.
fn first_sign(line: &str) -> Option<(usize, char)> {
    let mut before = None;
    for (at, sign) in line.char_indices() {
        let begins_word = before.is_none_or(|before: char| !before.is_alphanumeric());
        if sign == '<' || begins_word && SIGNS.contains(&sign) && enclosed(&line[at..], sign).is_some() {
            return Some((at, sign));
        }
        before = Some(sign);
    }
    None
}

/// What stands between this sign, which begins the text, and the next, and
/// what comes behind.
fn enclosed(text: &str, sign: char) -> Option<(&str, &str)> {
    let (inner, behind) = text.strip_prefix(sign)?.split_once(sign)?;
    let ends_word = !behind.chars().next().is_some_and(char::is_alphanumeric);
    (!inner.is_empty() && inner.trim() == inner && ends_word).then_some((inner, behind))
}

/// `url|label`, `@U1`, `!channel`, `#C1|name`
fn link(tag: &str) -> Markup {
    let (target, label) = tag.split_once('|').map_or((tag, None), |(target, label)| (target, Some(label)));
    let shown = unescaped(label.unwrap_or(target));
    if leads(target) {
        return html! { a href=(unescaped(target)) rel="noreferrer" { (shown) } };
    }
    let name = shown.trim_start_matches(['@', '!', '#']);
    html! { b { @if target.starts_with('#') { "#" } @else { "@" } (name) } }
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html_of(text: &str) -> String {
        marked(text).into_string()
    }

    #[test]
    fn signs_at_words_are_markup() {
        assert_eq!(html_of("*web* main → 9f2c1ab   ✗ *No-Go*"), "<b>web</b> main → 9f2c1ab   ✗ <b>No-Go</b>");
        assert_eq!(html_of("_a_ ~b~ `*c*`"), "<i>a</i> <s>b</s> <code>*c*</code>");
        assert_eq!(html_of("a\nb"), "a<br>b");
    }

    #[test]
    fn signs_within_words_and_open_ones_are_text() {
        for text in ["snake_case_name", "2 * 3", "*open", "a*b*c", "**"] {
            assert_eq!(html_of(text), text);
        }
    }

    #[test]
    fn links_lead_to_the_web_alone() {
        assert_eq!(
            html_of("<https://x.example/?a&amp;b|Open>"),
            "<a href=\"https://x.example/?a&amp;b\" rel=\"noreferrer\">Open</a>"
        );
        assert_eq!(html_of("<javascript:alert(1)|x>"), "<b>@x</b>");
        assert_eq!(html_of("<!channel>"), "<b>@channel</b>");
    }

    #[test]
    fn outside_text_is_escaped() {
        assert_eq!(html_of("&lt;script&gt; 1 < 2"), "&lt;script&gt; 1 &lt; 2");
        assert_eq!(
            html_of("*<https://x.example|&lt;b&gt;>*"),
            "<b><a href=\"https://x.example\" rel=\"noreferrer\">&lt;b&gt;</a></b>"
        );
    }
}
