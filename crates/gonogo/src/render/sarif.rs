//! SARIF 2.1.0, for code hosts and editors that collect findings.

use gonogo_api::{Check, Finding, Severity};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn log(check: &Check) -> Value {
    // Rules in the order of their ids; results point at them by index.
    let mut rules: BTreeMap<&str, &Finding> = BTreeMap::new();
    for finding in &check.findings {
        rules.entry(&finding.code).or_insert(finding);
    }
    let index = |code: &str| rules.keys().position(|known| *known == code);
    let results: Vec<Value> = check.findings.iter().map(|f| result(f, index(&f.code))).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "gonogo",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.values().map(|f| rule(f)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "properties": { "service": check.service, "verdict": check.verdict, "head": check.head.sha },
            "results": results,
        }],
    })
}

fn rule(finding: &Finding) -> Value {
    let words = finding.code.replace('-', " ");
    json!({
        "id": finding.code,
        "shortDescription": { "text": format!("{words}.") },
        "fullDescription": { "text": format!("Found by the check {}: {words}.", finding.check) },
        "help": { "text": format!("Run `gonogo explain {}`, or read {}.", finding.code, finding.docs) },
    })
}

fn result(finding: &Finding, rule_index: Option<usize>) -> Value {
    let level = match finding.severity {
        Severity::Block => "error",
        Severity::Wait | Severity::Warn => "warning",
        Severity::Note => "note",
    };
    let mut result = json!({
        "ruleId": finding.code,
        "ruleIndex": rule_index,
        "level": level,
        "message": { "text": format!("{}. To mend it: {}.", finding.message, finding.fix) },
        "locations": [location(finding)],
        "partialFingerprints": { "gonogo/v1": finding.fingerprint },
    });
    if let Some(waiver) = &finding.waiver {
        let justification = format!("{} (by {} until {})", waiver.why, waiver.by, waiver.until);
        result["suppressions"] = json!([{ "kind": "external", "status": "accepted", "justification": justification }]);
    }
    result
}

/// A place in a file where there is one; else the story, commit or candidate.
fn location(finding: &Finding) -> Value {
    if let Some(at) = &finding.at {
        let region = json!({ "startLine": at.line.max(1) });
        return json!({ "physicalLocation": { "artifactLocation": { "uri": uri(&at.path) }, "region": region } });
    }
    let name = &finding.subject.id;
    let full = format!("{}/{name}", finding.subject.kind);
    json!({ "logicalLocations": [{ "name": name, "fullyQualifiedName": full, "kind": finding.subject.kind }] })
}

/// A relative path as a URI reference.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b if b.is_ascii_alphanumeric() || b"-._~/".contains(&b) => out.push(char::from(b)),
            b => {
                let _ = write!(out, "%{b:02X}"); // a String takes all
            }
        }
    }
    out
}
