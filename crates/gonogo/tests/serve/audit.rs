use crate::support::{PASSWORD, World};
use serde_json::Value;
use sha2::{Digest, Sha256};

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

/// The lines of a body that may come in pieces.
fn lines(answer: &str) -> Vec<&str> {
    let is_size = |line: &&str| !line.is_empty() && !line.bytes().all(|b| b.is_ascii_hexdigit());
    body(answer).lines().map(|line| line.trim_end_matches('\r')).filter(is_size).collect()
}

#[test]
fn the_audit_is_filtered_in_the_address() {
    let world = World::new();
    world.adds("vera", "viewer");
    world.adds("dan", "developer");
    let rows = |query: &str| world.get(&format!("/audit?{query}")).1.matches("data-column=\"Who\"").count();
    assert_eq!(rows("did=added%20a%20person"), 2);
    assert_eq!(rows("did=added%20a%20person&what=vera"), 1);
    assert_eq!(rows("who=vera"), 0);
    assert_eq!(rows("to=2020-01-01"), 0);
    let wrong = world.get("/audit?from=yesterday").1;
    assert!(wrong.contains("`yesterday` is no day: write it as 2026-12-31"), "{wrong}");
    let page = world.get("/audit?what=vera").1;
    assert!(page.contains("/audit.csv?what=vera") && page.contains("/audit.jsonl?what=vera"), "{page}");
}

/// By what the docs say of the chain, and nothing of the program's.
#[test]
fn a_stranger_can_check_the_chain_of_the_export() {
    let world = World::new();
    for name in ["vera", "dan"] {
        world.adds(name, "viewer");
    }
    let (_, answer) = world.get("/audit.jsonl");
    let mut entries: Vec<Value> = lines(&answer).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(entries.len() >= 4);
    entries.reverse();
    let mut previous = String::new();
    for entry in &entries {
        let mut hash = Sha256::new();
        hash.update(&previous);
        hash.update(entry["at_microsecond"].as_i64().unwrap().to_be_bytes());
        for part in ["actor", "action", "subject", "detail"] {
            let text = entry[part].as_str().unwrap();
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        let hash = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        assert_eq!(entry["hash"], hash.as_str());
        previous = hash;
    }
}

#[test]
fn a_spreadsheet_runs_nothing_of_what_people_typed() {
    let world = World::new();
    assert_eq!(world.post("/sign-in", &[("name", "=cmd|'/c calc'!A1"), ("password", "x")]).0, 401);
    let (_, answer) = world.get("/audit.csv?did=failed%20to%20sign%20in");
    let rows = lines(&answer);
    assert_eq!(rows.len(), 2, "{answer}");
    assert!(rows[1].contains("\"'=cmd") && answer.contains("text/csv"), "{answer}");
    assert_eq!(world.get("/audit.csv?to=x").0, 422);
}

#[test]
fn strangers_do_not_fill_the_audit() {
    let world = World::new();
    for name in 0..110 {
        assert_eq!(world.post("/sign-in", &[("name", &format!("stranger{name}")), ("password", "x")]).0, 401);
    }
    let (_, answer) = world.get("/audit.csv?did=failed%20to%20sign%20in");
    assert_eq!(lines(&answer).len(), 1 + 100);
    assert_eq!(world.post("/sign-in", &[("name", "ada"), ("password", PASSWORD)]).0, 303);
}

#[test]
fn the_audit_is_for_who_has_signed_in() {
    let mut world = World::new();
    world.forgets_cookie();
    for path in ["/audit.csv", "/audit.jsonl", "/waivers", "/account", "/people/1"] {
        let (status, answer) = world.get(path);
        assert!(status == 303 && answer.contains("/sign-in"), "{answer}");
    }
}
