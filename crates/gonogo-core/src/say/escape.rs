//! Outside text, made harmless for where it goes.

/// For a terminal or a log line: control characters and marks that reorder
/// text are shown as escapes, line breaks as spaces.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => out.push(' '),
            c if c.is_control() || reorders(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// Marks that make text read in another order than it is stored, and ones that
/// are not seen (Unicode Technical Report 36, bidirectional and invisible text).
fn reorders(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Without what is not seen at its ends: blanks, and marks that have no sign.
pub fn trimmed(text: &str) -> &str {
    let has_no_sign = |c: char| {
        matches!(c, '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}')
    };
    text.trim_matches(|c: char| c.is_whitespace() || c.is_control() || reorders(c) || has_no_sign(c))
}

/// For Markdown: nothing in it makes a link, a mention, markup or a table cell.
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // A zero-width joiner would be invisible; an entity is text to the renderer.
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '!' | '|' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    // A bare address would become a link.
    out.replace("://", ":&#47;&#47;")
}

/// For HTML, between tags and in quoted attributes.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// For Slack's markup: nothing in it is a link, a mention or a tag. Slack reads
/// `@channel` by its `@`, for which it knows no escape: the wide one reads alike
/// and calls nobody.
pub fn slack(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' => out.push('＠'),
            c => out.push(c),
        }
    }
    out
}

/// A cell of a CSV file; what a spreadsheet would reckon stays text.
pub fn csv(text: &str) -> String {
    let text = printable(text);
    let reckons = text.starts_with(['=', '+', '-', '@']);
    format!("\"{}{}\"", if reckons { "'" } else { "" }, text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_reordering_marks_are_shown() {
        assert_eq!(printable("a\u{1b}[31mb\u{202e}c\nd"), "a\\u{1b}[31mb\\u{202e}c d");
        assert_eq!(printable("a\u{2028}b\u{2029}c"), "a b c", "they break lines too");
    }

    #[test]
    fn what_is_not_seen_is_no_text() {
        for nothing in ["", " ", "\u{200b}", " \u{feff}\u{2800}\n", "\u{ad}\u{3164}"] {
            assert_eq!(trimmed(nothing), "", "{nothing:?}");
        }
        assert_eq!(trimmed("\u{200b} agreed with Maria "), "agreed with Maria");
    }

    #[test]
    fn slack_calls_nobody_and_a_cell_reckons_nothing() {
        assert_eq!(slack("<!channel> @here & \u{202e}x"), "&lt;!channel&gt; \u{ff20}here &amp; \\u{202e}x");
        assert_eq!(csv("=1+1, \"a\"\nb"), "\"'=1+1, \"\"a\"\" b\"");
    }

    #[test]
    fn markdown_stays_text() {
        assert_eq!(
            markdown("<b> @here [x](http://y) `z` | w"),
            "&lt;b&gt; &#64;here \\[x\\]\\(http:&#47;&#47;y\\) \\`z\\` \\| w"
        );
    }

    #[test]
    fn slack_calls_nobody_and_follows_nothing() {
        assert_eq!(
            slack("<!channel> @here <https://x|y> &lt; a\u{202e}b\nc"),
            "&lt;!channel&gt; ＠here &lt;https://x|y&gt; &amp;lt; a\\u{202e}b c"
        );
    }
}
