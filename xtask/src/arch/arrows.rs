//! The arrows between crates, as DESIGN §3 draws them.

use anyhow::Context;
use serde_json::Value;

/// A crate of ours, and which others of ours it may know.
struct Arrow {
    from: &'static str,
    to: &'static [&'static str],
    /// In its tests, beside those.
    in_tests: &'static [&'static str],
}

const ARROWS: &[Arrow] = &[
    Arrow { from: "gonogo-core", to: &[], in_tests: &[] },
    Arrow { from: "gonogo-read", to: &[], in_tests: &[] },
    Arrow { from: "gonogo-api", to: &[], in_tests: &[] },
    Arrow { from: "gonogo-checks", to: &["gonogo-core", "gonogo-read"], in_tests: &[] },
    Arrow { from: "gonogo-store", to: &["gonogo-core"], in_tests: &[] },
    Arrow { from: "gonogo-remote", to: &["gonogo-core", "gonogo-read"], in_tests: &["gonogo-world"] },
    Arrow {
        from: "gonogo-engine",
        to: &["gonogo-api", "gonogo-checks", "gonogo-core", "gonogo-read", "gonogo-remote", "gonogo-store"],
        in_tests: &["gonogo-world"],
    },
    Arrow {
        from: "gonogo-server",
        to: &["gonogo-api", "gonogo-core", "gonogo-engine", "gonogo-store"],
        in_tests: &["gonogo-world"],
    },
    Arrow {
        from: "gonogo",
        to: &[
            "gonogo-api",
            "gonogo-checks",
            "gonogo-core",
            "gonogo-engine",
            "gonogo-read",
            "gonogo-remote",
            "gonogo-server",
            "gonogo-store",
            // What `gonogo demo` plays with.
            "gonogo-world",
        ],
        in_tests: &[],
    },
    // It would share the program's mistakes.
    Arrow { from: "gonogo-world", to: &[], in_tests: &[] },
];

/// These may know all of ours.
const FREE: [&str; 2] = ["xtask", "gonogo-tests"];

/// What `cargo metadata` shows that must not be, one line each.
pub(super) fn breaches(metadata: &Value) -> anyhow::Result<Vec<String>> {
    let packages = metadata["packages"].as_array().context("cargo metadata has no packages")?;
    let ours: Vec<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    let mut breaches = Vec::new();
    for package in packages {
        let name = package["name"].as_str().context("a package without a name")?;
        if FREE.contains(&name) {
            continue;
        }
        let Some(arrow) = ARROWS.iter().find(|a| a.from == name) else {
            breaches.push(format!("{name} has no arrows yet: say in xtask/src/arch/arrows.rs whom it may know"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let to = dependency["name"].as_str().context("a dependency without a name")?;
            let in_tests = dependency["kind"] == "dev";
            let may = arrow.to.contains(&to) || (in_tests && arrow.in_tests.contains(&to));
            if ours.contains(&to) && !may {
                let how = if in_tests { " in its tests" } else { "" };
                breaches.push(format!("{name} must not depend on {to}{how} (the arrows of DESIGN §3)"));
            }
        }
    }
    Ok(breaches)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(name: &str, to: &str, kind: &str) -> Vec<String> {
        let dependency = json!({"name": to, "kind": Some(kind).filter(|k| *k != "normal")});
        let packages = [json!({"name": name, "dependencies": [dependency]}), json!({"name": to, "dependencies": []})];
        breaches(&json!({ "packages": packages })).unwrap()
    }

    #[test]
    fn an_arrow_that_points_up_is_found() {
        let up = of("gonogo-core", "gonogo-read", "normal");
        assert_eq!(up, ["gonogo-core must not depend on gonogo-read (the arrows of DESIGN §3)"]);
        assert_eq!(of("gonogo-engine", "gonogo-remote", "normal"), [""; 0]);
    }

    #[test]
    fn the_world_knows_nothing_of_ours_and_serves_tests_and_the_demo() {
        assert_eq!(of("gonogo-world", "gonogo-core", "dev").len(), 1);
        assert_eq!(of("gonogo-engine", "gonogo-world", "normal").len(), 1);
        assert_eq!(of("gonogo-engine", "gonogo-world", "dev"), [""; 0]);
        assert_eq!(of("gonogo", "gonogo-world", "normal"), [""; 0]);
        assert_eq!(of("gonogo-checks", "gonogo-world", "dev").len(), 1);
    }

    #[test]
    fn a_new_crate_has_to_say_whom_it_may_know() {
        let packages = [json!({"name": "gonogo-new", "dependencies": []})];
        assert!(breaches(&json!({ "packages": packages })).unwrap()[0].contains("gonogo-new has no arrows yet"));
    }

    #[test]
    fn what_others_wrote_is_not_our_business() {
        let packages = [json!({"name": "gonogo-core", "dependencies": [{"name": "serde", "kind": null}]})];
        assert_eq!(breaches(&json!({ "packages": packages })).unwrap(), [""; 0]);
    }
}
