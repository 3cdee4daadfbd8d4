//! Links between our own pages: the file is there, and the heading in it.

use crate::workspace::shown;
use anyhow::Context;
use std::path::{Path, PathBuf};

/// Links that lead nowhere, one line each.
pub(super) fn faults(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    for page in pages(root)? {
        let text = read(&page)?;
        for link in links(&text).into_iter().filter(|link| !link.contains("://")) {
            if !leads_somewhere(&page, link)? {
                faults.push(format!("{} links to {link}, which is not there", shown(&page)));
            }
        }
    }
    Ok(faults)
}

/// The pages in the root and below `docs`.
fn pages(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let (mut pages, mut open) = (markdown_in(root)?, vec![root.join("docs")]);
    while let Some(dir) = open.pop() {
        pages.extend(markdown_in(&dir)?);
        open.extend(entries(&dir)?.into_iter().filter(|path| path.is_dir()));
    }
    pages.sort_unstable();
    Ok(pages)
}

fn markdown_in(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    Ok(entries(dir)?.into_iter().filter(|path| path.extension().is_some_and(|e| e == "md")).collect())
}

fn entries(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let list = std::fs::read_dir(dir).with_context(|| shown(dir))?;
    list.map(|entry| Ok(entry?.path())).collect()
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| shown(path))
}

fn leads_somewhere(page: &Path, link: &str) -> anyhow::Result<bool> {
    let (file, heading) = link.split_once('#').map_or((link, None), |(file, heading)| (file, Some(heading)));
    let target = if file.is_empty() { page.to_owned() } else { page.with_file_name("").join(file) };
    match heading {
        _ if !target.exists() => Ok(false),
        None => Ok(true),
        Some(heading) => Ok(prose(&read(&target)?).any(|line| line.starts_with('#') && anchor(line) == heading)),
    }
}

/// Lines outside of code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        !in_code && !is_fence
    })
}

/// What stands in `](…)`, outside of code.
fn links(text: &str) -> Vec<&str> {
    let in_line = |line| -> Vec<&str> {
        let rests = str::split(line, "](").skip(1);
        rests.filter_map(|rest| rest.split_once(')')).map(|(link, _)| link).collect()
    };
    prose(text).flat_map(in_line).collect()
}

/// A heading's anchor as code hosts make it.
fn anchor(heading: &str) -> String {
    let title = heading.trim_start_matches('#').trim().to_lowercase();
    title.replace(' ', "-").chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_those_of_code_hosts() {
        assert_eq!(anchor("## [stories.partial]"), "storiespartial");
        assert_eq!(anchor("## What could not be checked"), "what-could-not-be-checked");
    }

    #[test]
    fn a_link_to_a_missing_file_or_heading_is_a_fault() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("docs")).unwrap();
        let text = "# A b\n[x](#a-b) [x](gone.md) [x](b.md#c) [x](https://e.com)\n```\n[x](code.md)\n# In code\n```\n";
        std::fs::write(dir.path().join("docs/a.md"), text).unwrap();
        std::fs::write(dir.path().join("docs/b.md"), "# B\n[x](a.md#in-code)\n").unwrap();
        let faults = faults(dir.path()).unwrap();
        let ends = ["links to gone.md", "links to b.md#c", "links to a.md#in-code"];
        assert_eq!(faults.len(), ends.len(), "{faults:?}");
        assert!(faults.iter().zip(ends).all(|(fault, end)| fault.contains(end)), "{faults:?}");
    }
}
