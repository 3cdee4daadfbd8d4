//! A check's page, and the list of all of them.

use std::collections::BTreeSet;
use std::fmt::Write;

/// In every check's page; the list of all checks says so once.
const IN_ALL: &str = "could-not-check";

const COPIED: &str =
    "<!-- A copy. Edit the page beside the check, in crates/gonogo-checks/src, and run cargo xtask docs. -->";

/// A page with the codes that it has to explain.
pub(super) struct Page {
    pub name: &'static str,
    codes: Vec<&'static str>,
    text: &'static str,
}

impl Page {
    pub(super) fn of((name, codes, text): (&'static str, Vec<&'static str>, &'static str)) -> Self {
        Self { name, codes, text }
    }

    /// As it stands in the docs: marked as a copy, below its title.
    pub(super) fn copy(&self) -> String {
        let (title, rest) = self.text.split_once('\n').unwrap_or((self.text, ""));
        format!("{title}\n\n{COPIED}\n{rest}")
    }

    /// The first sentence, without its "Asks".
    fn asks(&self) -> &str {
        let first = self.text.lines().skip(1).find(|line| !line.trim().is_empty()).unwrap_or("");
        first.split_once(". ").map_or(first, |(sentence, _)| sentence).trim_end_matches('.').trim_start_matches("Asks ")
    }

    /// Headings that are codes: one word in small letters. `## Configure` is none.
    fn sections(&self) -> Vec<&str> {
        let is_code = |title: &&str| title.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        headings(self.text).into_iter().filter_map(|line| line.strip_prefix("## ")).filter(is_code).collect()
    }
}

/// Heading lines, outside of code.
fn headings(text: &str) -> Vec<&str> {
    let mut in_code = false;
    let is_heading = |line: &&str| {
        in_code ^= line.trim_start().starts_with("```");
        !in_code && line.starts_with('#')
    };
    text.lines().filter(is_heading).collect()
}

/// Where pages and codes do not fit, one line each.
pub(super) fn faults(pages: &[Page]) -> Vec<String> {
    let mut faults = Vec::new();
    for page in pages {
        let (name, sections) = (page.name, page.sections());
        if headings(page.text).first() != Some(&format!("# {name}").as_str()) {
            faults.push(format!("the page of {name} begins with another title than `# {name}`"));
        }
        if page.asks().is_empty() {
            faults.push(format!("the page of {name} does not say what it asks: a sentence below the title"));
        }
        for code in &page.codes {
            match sections.iter().filter(|s| *s == code).count() {
                1 => {}
                0 => faults.push(format!("the page of {name} does not explain {code}: add `## {code}`")),
                many => faults.push(format!("the page of {name} has {many} sections `## {code}`")),
            }
        }
        let unknown: BTreeSet<&&str> = sections.iter().filter(|s| !page.codes.contains(s)).collect();
        faults
            .extend(unknown.iter().map(|s| format!("the page of {name} explains `{s}`, a code that it does not have")));
    }
    faults
}

/// `docs/checks/README.md`.
pub(super) fn list(pages: &[Page]) -> String {
    let mut text = format!("# Checks\n\n{COPIED}\n\n| check | asks | codes |\n|---|---|---|\n");
    for page in pages {
        let own = page.codes.iter().filter(|code| **code != IN_ALL);
        let codes: Vec<String> = own.map(|code| format!("[`{code}`]({}.md#{code})", page.name)).collect();
        let name = page.name;
        let _ = writeln!(text, "| [{name}]({name}.md) | {} | {} |", page.asks(), codes.join(", ")); // a String takes all
    }
    let _ = writeln!(
        text,
        "\nWhatever could not be found out is `{IN_ALL}`, at the level of the check that asked: not knowing is never Go. \
         Each page says what it means there."
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &'static str) -> Page {
        Page::of(("story-key", vec!["story-key-missing", IN_ALL], text))
    }

    const GOOD: &str = "# story-key\n\nAsks for keys. And more.\n\n## Configure\n\n```toml\n## comment\n```\n\n## story-key-missing\n\n## could-not-check\n";

    #[test]
    fn a_page_explains_each_code_once_and_no_other() {
        assert_eq!(faults(&[page(GOOD)]), [""; 0]);
        let bad = page("# story-keys\n\n## story-key-mising\n\n## could-not-check\n\n## could-not-check\n");
        assert_eq!(
            faults(&[bad]),
            [
                "the page of story-key begins with another title than `# story-key`",
                "the page of story-key does not explain story-key-missing: add `## story-key-missing`",
                "the page of story-key has 2 sections `## could-not-check`",
                "the page of story-key explains `story-key-mising`, a code that it does not have",
            ]
        );
    }

    #[test]
    fn a_page_says_what_it_asks() {
        let said = faults(&[page("# story-key\n")]);
        assert!(
            said.contains(&"the page of story-key does not say what it asks: a sentence below the title".to_owned())
        );
    }

    #[test]
    fn the_list_has_a_line_for_each_check() {
        let line = "| [story-key](story-key.md) | for keys | [`story-key-missing`](story-key.md#story-key-missing) |";
        assert!(list(&[page(GOOD)]).lines().any(|l| l == line), "{}", list(&[page(GOOD)]));
    }

    #[test]
    fn a_copy_keeps_its_title_first() {
        assert!(page(GOOD).copy().starts_with("# story-key\n\n<!-- A copy."));
        assert!(page(GOOD).copy().ends_with(GOOD.split_once('\n').unwrap().1));
    }
}
