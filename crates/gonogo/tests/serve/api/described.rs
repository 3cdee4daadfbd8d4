//! What is served is what is described: schemathesis asks a real server whatever
//! its description permits, and what it does not.

use super::client::Api;
use crate::people::blocked;
use crate::rig::rig;
use crate::support::World;
use serde_json::{Value, json};
use std::process::Command;

/// Examples of each operation; more find no more, and take longer.
const EXAMPLES: &str = "8";

#[test]
#[allow(clippy::disallowed_methods, reason = "an independent tool, installed by ./test rigs")]
fn nothing_is_answered_that_the_description_does_not_say() {
    let mut world = World::stopped().asked_a_minute(1_000_000);
    world.start();
    let (_, page, fingerprint) = blocked(&world);
    let api = Api::of(&world);
    let waiver = json!({"fingerprint": fingerprint, "why": "agreed", "days": 3});
    assert_eq!(api.post(&format!("{page}/waivers"), &waiver).status, 201);
    let address = format!("http://{}/api/v1", world.address());
    let folder = tempfile::tempdir().unwrap();
    let ran = Command::new(rig("schemathesis/bin/schemathesis"))
        .current_dir(folder.path())
        .args(["--config-file", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/serve/api/schemathesis.toml")])
        .args(["run", &format!("{address}/openapi.json"), "--url", &address])
        .args(["--header", &format!("Authorization: Bearer {}", api.token)])
        // One worker: Python 3.11 parses source in one thread at a time alone (python/cpython#106905).
        .args(["--max-examples", EXAMPLES, "--seed", "17", "--workers", "1", "--no-color"])
        .args(["--generation-database", "none", "--suppress-health-check", "all"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    println!("{said}");
    assert_eq!(world.get("/readyz").0, 200);
}

#[test]
fn the_docs_name_every_operation() {
    let world = World::new();
    let (_, text) = world.send("GET", "/api/v1/openapi.json", &[], "");
    let document: Value = serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap();
    let docs = include_str!("../../../../../docs/api.md");
    let (_, page) = world.get("/api");
    for (path, does) in document["paths"].as_object().unwrap() {
        for method in does.as_object().unwrap().keys().map(|word| word.to_uppercase()) {
            assert!(docs.contains(&format!("`{method} {path}`")), "docs/api.md says nothing of {method} {path}");
            assert!(page.contains(&format!("{method} /api/v1{path}")), "/api says nothing of {method} {path}");
        }
    }
}
