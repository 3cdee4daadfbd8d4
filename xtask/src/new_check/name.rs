//! The name of a check, and the names that follow from it.

use anyhow::bail;

/// `story-key`: words of small letters and digits, joined by hyphens.
#[derive(Debug)]
pub(super) struct Name(String);

const MOST_LETTERS: usize = 30;

/// What a module cannot be called, beside what there is already.
const RESERVED: [&str; 48] = [
    "alloc", "as", "async", "await", "become", "box", "break", "const", "continue", "core", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "pub", "ref", "return", "self", "static", "std", "struct", "super", "trait", "true",
    "try", "type", "unsafe", "use", "where", "while", "yield",
];

impl Name {
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let is_word = |word: &str| {
            word.starts_with(|c: char| c.is_ascii_lowercase())
                && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        if !text.split('-').all(is_word) || text.len() > MOST_LETTERS {
            bail!(
                "`{text}` is no name for a check: words of small letters, joined by hyphens, at most {MOST_LETTERS} \
                 letters, such as story-key"
            );
        }
        if RESERVED.contains(&text) {
            bail!("`{text}` is a word of Rust, and no module can have its name: choose two words");
        }
        Ok(Self(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn module(&self) -> String {
        self.0.replace('-', "_")
    }

    /// `StoryKey`.
    fn type_name(&self) -> String {
        let upper = |word: &str| word[..1].to_uppercase() + &word[1..];
        self.0.split('-').map(upper).collect()
    }

    /// Fills in a template.
    pub(super) fn fill(&self, template: &str) -> String {
        let module = self.module();
        template.replace("{name}", &self.0).replace("{module}", &module).replace("{Type}", &self.type_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_not_compile_or_read_ill_are_refused() {
        let long = "a".repeat(31);
        for bad in ["", "Story", "story_key", "story--key", "-story", "1st", "story-1", "mod", "../x", "über", &long] {
            assert!(Name::parse(bad).is_err(), "{bad}");
        }
        let good = Name::parse("story-key2").unwrap();
        assert_eq!((good.module(), good.type_name()), ("story_key2".to_owned(), "StoryKey2".to_owned()));
    }
}
