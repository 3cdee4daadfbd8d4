//! Slack's markup, as a person sees it.

use serde_json::Value;

use super::channels::{Content, PostedMessage};

/// What a message reads like: its blocks, one line a text, else its text.
pub(super) fn seen(message: &PostedMessage) -> String {
    if message.blocks.is_empty() {
        return rendered(&message.text);
    }
    seen_blocks(&message.blocks)
}

pub(super) fn seen_blocks(blocks: &[Value]) -> String {
    let mut lines = Vec::new();
    for block in blocks {
        texts(block, &mut lines);
    }
    lines.iter().map(|text| rendered(text)).collect::<Vec<_>>().join("\n")
}

/// Whom a message calls.
pub(super) fn mentions_in(content: &Content) -> Vec<String> {
    let mut all = vec![content.text.clone()];
    content.blocks.iter().for_each(|block| texts(block, &mut all));
    let mut found = Vec::new();
    for text in &all {
        found.extend(tags(text).filter(|tag| tag.starts_with(['!', '@'])).map(str::to_owned));
        let plain = ["@channel", "@here", "@everyone"];
        found.extend(plain.iter().filter(|word| content.links_names && text.contains(**word)).map(ToString::to_string));
    }
    found
}

/// Every text object below a block, in its order.
fn texts(part: &Value, found: &mut Vec<String>) {
    match part {
        Value::Object(object) => {
            let kind = object.get("type").and_then(Value::as_str);
            if let (Some("mrkdwn" | "plain_text"), Some(text)) = (kind, object.get("text").and_then(Value::as_str)) {
                found.push(text.to_owned());
                return;
            }
            object.values().for_each(|value| texts(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        _ => {}
    }
}

/// What stands between `<` and `>`.
fn tags(text: &str) -> impl Iterator<Item = &str> {
    text.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag)
}

fn rendered(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        let Some((tag, behind)) = after.split_once('>') else {
            out.push('<');
            rest = after;
            continue;
        };
        out.push_str(tag.split_once('|').map_or(tag, |(_, label)| label));
        rest = behind;
    }
    out.push_str(rest);
    out.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_show_their_labels_and_escapes_their_characters() {
        assert_eq!(rendered("<https://a.example/x|Open> &lt;b&gt; &amp;amp;"), "Open <b> &amp;");
        assert_eq!(rendered("1 < 2"), "1 < 2");
    }

    #[test]
    fn mentions_are_tags_and_escaped_ones_are_not() {
        let mentions = |text: &str, links_names| {
            mentions_in(&Content { text: text.to_owned(), blocks: Vec::new(), metadata: None, links_names })
        };
        assert_eq!(mentions("<!channel> <@U1> <https://x|y>", false), ["!channel", "@U1"]);
        assert_eq!(mentions("&lt;!channel&gt; @channel", false), [""; 0]);
        assert_eq!(mentions("@here", true), ["@here"]);
    }
}
