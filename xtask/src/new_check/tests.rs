//! In a copy of the checks' crate. Compiling it there would take a minute a run:
//! rustfmt parses the file instead, and what a check needs of the crate is the
//! same as in its neighbours.

use super::*;
use crate::programs::{output_of, program};

/// A copy of the crate of the checks.
fn copy() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let from = root().join("crates/gonogo-checks");
    std::fs::create_dir(dir.path().join("src")).unwrap();
    std::fs::copy(from.join("Cargo.toml"), dir.path().join("Cargo.toml")).unwrap();
    for entry in std::fs::read_dir(from.join("src")).unwrap() {
        let path = entry.unwrap().path();
        let to = dir.path().join("src").join(path.file_name().unwrap());
        if path.is_dir() {
            std::fs::create_dir(to).unwrap();
        } else {
            std::fs::copy(&path, to).unwrap();
        }
    }
    dir
}

fn make_in(dir: &Path, name: &str) -> anyhow::Result<[PathBuf; 4]> {
    make(dir, &Name::parse(name)?)
}

#[test]
fn a_new_check_has_code_page_and_a_place_in_the_registry() {
    let dir = copy();
    let [code, page, lib, registry] = make_in(dir.path(), "only-in-tests").unwrap();
    let [code, page, lib, registry] = [code, page, lib, registry].map(|path| read(&path).unwrap());
    assert!(code.contains("pub(crate) struct OnlyInTests {"), "{code}");
    assert!(code.contains("include_str!(\"only_in_tests.md\")"), "{code}");
    assert!(page.starts_with("# only-in-tests\n"), "{page}");
    assert!(lib.contains("\nmod freeze;\nmod only_in_tests;\nmod policy_changed;\n"), "{lib}");
    assert!(registry.contains("::ENTRY,\n    crate::only_in_tests::ENTRY,\n];\n"), "{registry}");
    for left in ["{name}", "{module}", "{Type}"] {
        assert!(!code.contains(left) && !page.contains(left), "{left} was not filled in");
    }
}

#[test]
fn its_page_is_as_the_docs_want_it() {
    let name = Name::parse("only-in-tests").unwrap();
    let text: &'static str = name.fill(PAGE).leak();
    assert_eq!(
        crate::docs::faults_of(("only-in-tests", vec!["only-in-tests-found", "could-not-check"], text)),
        [""; 0]
    );
}

#[test]
fn what_it_writes_is_as_rustfmt_writes_it() {
    let dir = copy();
    // The shortest and the longest name: no line may wrap otherwise.
    for name in ["ab", "abcdefghi-abcdefghi-abcdefghij"] {
        let [code, _, _, registry] = make_in(dir.path(), name).unwrap();
        let config = root().join("rustfmt.toml");
        let mut rustfmt = program("rustfmt");
        rustfmt.args(["--check", "--edition=2024", "--config-path"]).arg(config).args([code, registry]);
        output_of(&mut rustfmt).unwrap();
    }
}

#[test]
fn what_is_there_already_is_refused_and_nothing_is_written() {
    let dir = copy();
    let before = read(&dir.path().join("src/lib.rs")).unwrap();
    for (name, said) in [
        ("story-key", "there is a check `story-key` already"),
        ("policy", "there is a check `policy` already"),
        ("newest-go", "newest_go.rs is there already"),
        ("reading", "reading is there already"),
        ("toml", "is a dependency of gonogo-checks"),
    ] {
        let error = make_in(dir.path(), name).unwrap_err().to_string();
        assert!(error.contains(said), "{name}: {error}");
    }
    assert_eq!(read(&dir.path().join("src/lib.rs")).unwrap(), before);
    make_in(dir.path(), "only-in-tests").unwrap();
    assert!(
        make_in(dir.path(), "only-in-tests").unwrap_err().to_string().contains("only_in_tests.rs is there already")
    );
}
