//! Atlassian Document Format: the text that a person would read, without markup.

use serde_json::Value;

/// Flattens a document. Blocks end a line; what is no document gives nothing.
pub fn text(document: &Value) -> String {
    let mut out = String::new();
    append(document, &mut out);
    out.trim().to_owned()
}

fn append(node: &Value, out: &mut String) {
    let kind = node.get("type").and_then(Value::as_str).unwrap_or("");
    match kind {
        "text" => out.push_str(node.get("text").and_then(Value::as_str).unwrap_or("")),
        "hardBreak" => out.push('\n'),
        // Inline nodes keep what they show in their attributes.
        "mention" | "emoji" | "status" | "date" | "inlineCard" => {
            let shown =
                ["text", "shortName", "url", "timestamp"].iter().find_map(|a| node.get("attrs")?.get(a)?.as_str());
            out.push_str(shown.unwrap_or(""));
        }
        _ => {}
    }
    for child in node.get("content").and_then(Value::as_array).into_iter().flatten() {
        append(child, out);
    }
    if is_block(kind) && !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

fn is_block(kind: &str) -> bool {
    matches!(
        kind,
        "paragraph" | "heading" | "blockquote" | "codeBlock" | "listItem" | "taskItem" | "tableRow" | "panel"
    )
}

#[cfg(test)]
mod tests {
    use super::text;
    use serde_json::json;

    #[test]
    fn a_document_reads_as_its_lines() {
        let paragraph = |t: &str| json!({"type": "paragraph", "content": [{"type": "text", "text": t}]});
        let list = json!({"type": "bulletList", "content": [{"type": "listItem", "content": [paragraph("two")]}]});
        let document = json!({"type": "doc", "version": 1, "content": [paragraph("one"), list]});
        assert_eq!(text(&document), "one\ntwo");
        assert_eq!(text(&json!({"type": "doc", "content": [{"type": "paragraph", "content": []}]})), "");
        assert_eq!(text(&json!("plain")), "");
    }
}
