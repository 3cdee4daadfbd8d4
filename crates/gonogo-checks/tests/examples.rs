//! Every TOML example in the docs is taken by the program.

use gonogo_checks::policy::TypedPolicy;
use gonogo_core::policy::Source;
use gonogo_core::waiver;
use std::path::{Path, PathBuf};

fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folders = ["docs", "docs/checks", "docs/practice"].map(|folder| root.join(folder));
    let files = folders.iter().flat_map(|folder| std::fs::read_dir(folder).expect("the folder is there"));
    let pages = files
        .map(|file| file.expect("its files can be listed").path())
        .filter(|path| path.extension().is_some_and(|e| e == "md"));
    pages.chain([root.join("README.md")]).collect()
}

/// What stands between "```toml" and "```".
fn examples(text: &str) -> impl Iterator<Item = &str> {
    text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap_or(rest))
}

#[test]
fn every_example_is_valid() {
    let mut read = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for example in examples(&text) {
            let source = Source::new(page.display().to_string(), example);
            if example.starts_with("# gonogo-server.toml") {
                continue; // the server's configuration, which the program's own test reads
            }
            let wrong = if example.contains("[[waiver]]") {
                waiver::parse(&source).err()
            } else {
                TypedPolicy::parse(source).err()
            };
            assert_eq!(wrong.map(|error| error.render(false)), None, "{example}");
            read += 1;
        }
    }
    assert!(read >= 15, "{read} examples: are the pages still where they were?");
}
