//! `docs/checks/` is built: each check's page stands beside its code, and is
//! copied to where users read; the list of all checks is made from them. Links in
//! all pages have to lead somewhere.

mod links;
mod pages;

use crate::workspace::{root, shown};
use anyhow::{Context, bail};
use pages::Page;
use std::collections::BTreeMap;
use std::path::Path;

/// What a file of `docs/checks/` should be, by its name.
type Files = BTreeMap<String, String>;

pub(crate) fn run(only_check: bool) -> anyhow::Result<()> {
    let pages: Vec<Page> = gonogo_checks::documented().map(Page::of).collect();
    let faults = pages::faults(&pages);
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    let (dir, wanted) = (root().join("docs/checks"), built(&pages));
    if only_check {
        let there = there(&dir)?;
        let differing = differing(&wanted, &there);
        if !differing.is_empty() {
            let names: Vec<String> = differing.iter().map(|name| shown(&dir.join(name))).collect();
            bail!("not as they are built: {}\n  → run cargo xtask docs", names.join(", "));
        }
    } else {
        write(&dir, &wanted)?;
    }
    let faults = links::faults(&root())?;
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(())
}

/// What is wrong with one page: name, codes, text.
#[cfg(test)]
pub(crate) fn faults_of(page: (&'static str, Vec<&'static str>, &'static str)) -> Vec<String> {
    pages::faults(&[Page::of(page)])
}

fn built(pages: &[Page]) -> Files {
    let copies = pages.iter().map(|page| (format!("{}.md", page.name), page.copy()));
    copies.chain([("README.md".to_owned(), pages::list(pages))]).collect()
}

/// The pages that there are now; none before the first time.
fn there(dir: &Path) -> anyhow::Result<Files> {
    if !dir.is_dir() {
        return Ok(Files::new());
    }
    let mut files = Files::new();
    for entry in std::fs::read_dir(dir).with_context(|| shown(dir))? {
        let path = entry?.path();
        if let Some(name) = path.file_name().filter(|_| path.extension().is_some_and(|e| e == "md")) {
            let text = std::fs::read_to_string(&path).with_context(|| shown(&path))?;
            files.insert(name.to_string_lossy().into_owned(), text);
        }
    }
    Ok(files)
}

/// Files that are missing, not as they should be, or of a check that is gone.
fn differing<'a>(wanted: &'a Files, there: &'a Files) -> Vec<&'a str> {
    let names: std::collections::BTreeSet<&String> = wanted.keys().chain(there.keys()).collect();
    names.into_iter().filter(|name| wanted.get(*name) != there.get(*name)).map(String::as_str).collect()
}

fn write(dir: &Path, wanted: &Files) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir).with_context(|| shown(dir))?;
    let there = there(dir)?;
    for name in differing(wanted, &there) {
        let path = dir.join(name);
        let done = match wanted.get(name) {
            Some(text) => std::fs::write(&path, text),
            None => std::fs::remove_file(&path),
        };
        done.with_context(|| shown(&path))?;
        println!("{} {}", if wanted.contains_key(name) { "wrote" } else { "removed" }, shown(&path));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, &str)]) -> Files {
        list.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn what_is_missing_changed_or_left_over_differs() {
        let wanted = files(&[("a.md", "a"), ("b.md", "b"), ("c.md", "c")]);
        let there = files(&[("a.md", "a"), ("b.md", "edited"), ("old.md", "x")]);
        assert_eq!(differing(&wanted, &there), ["b.md", "c.md", "old.md"]);
        assert_eq!(differing(&wanted, &wanted), [""; 0]);
    }

    #[test]
    fn writing_makes_it_so_and_clears_away_what_is_left_over() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("docs/checks");
        write(&dir, &files(&[("a.md", "a"), ("old.md", "x")])).unwrap();
        let wanted = files(&[("a.md", "a2"), ("b.md", "b")]);
        write(&dir, &wanted).unwrap();
        assert_eq!(there(&dir).unwrap(), wanted);
    }

    #[test]
    fn codes_and_pages_hold_together() {
        let pages: Vec<Page> = gonogo_checks::documented().map(Page::of).collect();
        assert_eq!(pages::faults(&pages), [""; 0]);
    }
}
