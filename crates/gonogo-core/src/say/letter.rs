//! A letter: what is said by e-mail, as plain text and as HTML. Outside text comes
//! in as it is, and is made harmless here, for each of both.

use super::{cut, html, printable};
use std::fmt::Write;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub subject: String,
    pub parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Heading(String),
    Line(String),
    Items(Vec<Item>),
    /// Names with what each says.
    Fields(Vec<(String, String)>),
    /// Words with where they lead.
    Links(Vec<(String, String)>),
}

/// A line of a list, with where it leads and what belongs to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    pub text: String,
    pub link: Option<String>,
    pub fields: Vec<(String, String)>,
}

/// Characters of a subject: a mail client shows fewer.
const MOST_SUBJECT: usize = 150;

impl From<String> for Item {
    fn from(text: String) -> Self {
        Self { text, ..Self::default() }
    }
}

impl Letter {
    /// One line, without anything that could end it.
    pub fn subject(&self) -> String {
        cut(printable(&self.subject).trim(), MOST_SUBJECT)
    }

    pub fn text(&self) -> String {
        let mut out = String::new();
        for part in self.parts.iter().filter(|part| !part.is_empty()) {
            if !out.is_empty() {
                out.push('\n');
            }
            part.text(&mut out);
        }
        out
    }

    /// A whole page, in the colours of who reads it.
    pub fn html(&self) -> String {
        let subject = html(&self.subject());
        let mut out = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{subject}</title></head>\n\
             <body style=\"font-family: system-ui, sans-serif; line-height: 1.4; max-width: 48rem\">\n"
        );
        for part in self.parts.iter().filter(|part| !part.is_empty()) {
            part.html(&mut out);
        }
        out.push_str("</body>\n</html>\n");
        out
    }
}

impl Part {
    fn is_empty(&self) -> bool {
        match self {
            Self::Heading(_) | Self::Line(_) => false,
            Self::Items(items) => items.is_empty(),
            Self::Fields(fields) => fields.is_empty(),
            Self::Links(links) => links.is_empty(),
        }
    }

    fn text(&self, out: &mut String) {
        let mut line = |text: String| {
            out.push_str(&text);
            out.push('\n');
        };
        match self {
            Self::Heading(text) => {
                let text = printable(text);
                let under = "-".repeat(text.chars().count().min(72));
                line(text);
                line(under);
            }
            Self::Line(text) => line(printable(text)),
            Self::Items(items) => {
                for item in items {
                    line(format!("- {}", printable(&item.text)));
                    if let Some(link) = web(item.link.as_deref()) {
                        line(format!("  {link}"));
                    }
                    for (name, said) in &item.fields {
                        line(format!("  {}: {}", printable(name), printable(said)));
                    }
                }
            }
            Self::Fields(fields) => {
                for (name, said) in fields {
                    line(format!("{}: {}", printable(name), printable(said)));
                }
            }
            Self::Links(links) => {
                for (words, link) in links {
                    if let Some(link) = web(Some(link)) {
                        line(format!("{}: {link}", printable(words)));
                    }
                }
            }
        }
    }

    /// What goes into a String is always taken.
    fn html(&self, out: &mut String) {
        match self {
            Self::Heading(text) => drop(writeln!(out, "<h2 style=\"font-size: 1.1em\">{}</h2>", html(text))),
            Self::Line(text) => drop(writeln!(out, "<p>{}</p>", html(text))),
            Self::Items(items) => {
                out.push_str("<ul>\n");
                for item in items {
                    let text = html(&item.text);
                    let _ = match web(item.link.as_deref()) {
                        Some(link) => write!(out, "<li><a href=\"{}\">{text}</a>", html(link)),
                        None => write!(out, "<li>{text}"),
                    };
                    fields(&item.fields, out);
                    out.push_str("</li>\n");
                }
                out.push_str("</ul>\n");
            }
            Self::Fields(all) => fields(all, out),
            Self::Links(links) => {
                let led = links.iter().filter_map(|(words, link)| Some((words, web(Some(link))?)));
                let all: Vec<String> =
                    led.map(|(words, link)| format!("<a href=\"{}\">{}</a>", html(link), html(words))).collect();
                let _ = writeln!(out, "<p>{}</p>", all.join(" &middot; "));
            }
        }
    }
}

fn fields(all: &[(String, String)], out: &mut String) {
    if all.is_empty() {
        return;
    }
    out.push_str("<dl>\n");
    for (name, said) in all {
        let _ = writeln!(out, "<dt><b>{}</b></dt><dd>{}</dd>", html(name), html(said));
    }
    out.push_str("</dl>\n");
}

/// What leads into the web, and to nothing else.
fn web(link: Option<&str>) -> Option<&str> {
    let may_stand = |c: char| !c.is_whitespace() && !c.is_control();
    link.filter(|link| (link.starts_with("https://") || link.starts_with("http://")) && link.chars().all(may_stand))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_text_is_text_in_both() {
        let odd = "<script>x</script> & \"q\"\r\nBcc: a@b \u{202e}x";
        let letter = Letter {
            subject: odd.to_owned(),
            parts: vec![
                Part::Heading(odd.to_owned()),
                Part::Line(odd.to_owned()),
                Part::Items(vec![Item {
                    text: odd.to_owned(),
                    link: Some("javascript:alert(1)".to_owned()),
                    fields: vec![(odd.to_owned(), odd.to_owned())],
                }]),
                Part::Fields(vec![(odd.to_owned(), odd.to_owned())]),
                Part::Links(vec![
                    (odd.to_owned(), "https://x/\"><b>".to_owned()),
                    ("y".to_owned(), "https://x/\n".to_owned()),
                ]),
            ],
        };
        assert!(!letter.subject().contains(['\r', '\n', '\u{202e}']), "{}", letter.subject());
        let (text, html) = (letter.text(), letter.html());
        assert!(!html.contains("<script>") && !html.contains("javascript:") && !html.contains("\"><b>"), "{html}");
        assert!(html.contains("&lt;script&gt;x&lt;/script&gt; &amp; &quot;q&quot;  Bcc: a@b"), "{html}");
        assert!(text.contains("- <script>x</script> & \"q\"  Bcc: a@b \\u{202e}x\n"), "{text}");
        assert!(!text.contains("\nBcc") && !text.contains("https://x/\n\n"), "{text}");
        let long = Letter { subject: "x".repeat(900), parts: Vec::new() };
        assert_eq!(long.subject().chars().count(), MOST_SUBJECT);
    }

    #[test]
    fn both_say_the_same() {
        let letter = Letter {
            subject: "STORY-9 was deployed".to_owned(),
            parts: vec![
                Part::Line("web has it in production".to_owned()),
                Part::Items(vec![Item {
                    text: "STORY-9 Charge in euros".to_owned(),
                    link: Some("https://gonogo.example.com/stories/STORY-9".to_owned()),
                    fields: vec![("Risk".to_owned(), "high".to_owned())],
                }]),
                Part::Links(vec![("Open".to_owned(), "https://gonogo.example.com/".to_owned())]),
            ],
        };
        assert_eq!(
            letter.text(),
            "web has it in production\n\n- STORY-9 Charge in euros\n  https://gonogo.example.com/stories/STORY-9\n  \
             Risk: high\n\nOpen: https://gonogo.example.com/\n"
        );
        let html = letter.html();
        for part in [
            "<p>web has it in production</p>",
            "<a href=\"https://gonogo.example.com/stories/STORY-9\">STORY-9 Charge in euros</a>",
            "<dt><b>Risk</b></dt><dd>high</dd>",
        ] {
            assert!(html.contains(part), "{html}");
        }
    }
}
