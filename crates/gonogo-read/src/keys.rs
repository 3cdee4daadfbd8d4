//! Issue keys in text: `PROJECT-NUMBER`, capital letters, a hyphen, no leading
//! zero, not inside a longer word.

/// Where the text is from; the rules differ in one point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grammar {
    /// Commit messages, titles: a key joined by hyphens to more words is no key.
    Prose,
    /// Branch names: `feature/STORY-9-foo` has one.
    BranchName,
}

/// Something of a key's shape, whatever its project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyLike<'a> {
    pub project: &'a str,
    pub number: u64,
    /// Byte offset in the text.
    pub start: usize,
}

/// All key-like words of a text, in order. Whether such a word is a key depends
/// on its project being known: `UTF-8` has the shape too.
pub fn scan(text: &str, grammar: Grammar) -> impl Iterator<Item = KeyLike<'_>> {
    text.match_indices('-').filter_map(move |(hyphen, _)| key_at(text, hyphen, grammar))
}

/// The key whose hyphen stands at this offset.
fn key_at(text: &str, hyphen: usize, grammar: Grammar) -> Option<KeyLike<'_>> {
    let (before, after) = (&text[..hyphen], &text[hyphen + 1..]);
    let start = before
        .rfind(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let project = &before[start..];
    if !project.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = after.split_at(digits);
    if number.is_empty() || number.starts_with('0') || digits > 12 {
        return None;
    }
    let joined = joins_before(&before[..start], grammar) || joins_after(rest, grammar);
    if joined {
        return None;
    }
    Some(KeyLike { project, number: number.parse().ok()?, start })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn joins_before(before: &str, grammar: Grammar) -> bool {
    let mut back = before.chars().rev();
    match back.next() {
        Some('-') => grammar == Grammar::Prose && back.find(|c| *c != '-').is_some_and(is_word),
        Some(c) => is_word(c),
        None => false,
    }
}

fn joins_after(rest: &str, grammar: Grammar) -> bool {
    let mut ahead = rest.chars();
    match ahead.next() {
        Some('-') => grammar == Grammar::Prose && ahead.find(|c| *c != '-').is_some_and(is_word),
        // In a branch name `_` joins words as a hyphen does, but FACTS of the
        // trackers are strict: STORY_9 and STORY-9_x are no keys anywhere.
        Some(c) => is_word(c),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(text: &str, grammar: Grammar) -> Vec<String> {
        scan(text, grammar).map(|k| format!("{}-{}", k.project, k.number)).collect()
    }

    #[test]
    fn keys_stand_alone_in_any_punctuation() {
        for text in [
            "STORY-1",
            "[STORY-1]",
            "(STORY-1)",
            "#STORY-1",
            "STORY-1: x",
            "fix STORY-1.",
            "STORY-1's",
            "x STORY-1- y",
            "http://j/browse/STORY-1?x",
            "é STORY-1",
        ] {
            assert_eq!(keys(text, Grammar::Prose), ["STORY-1"], "{text}");
        }
        assert_eq!(keys("STORY-1, WEB-2/WEB-3", Grammar::Prose), ["STORY-1", "WEB-2", "WEB-3"]);
        assert_eq!(keys("MY_PROJ2-44", Grammar::Prose), ["MY_PROJ2-44"]);
    }

    #[test]
    fn longer_words_and_other_shapes_are_no_keys() {
        for text in [
            "STORY-3x",
            "STORY_9",
            "STORY-09",
            "STORY-0",
            "STORY-",
            "story-1",
            "Story-1",
            "xSTORY-5",
            "éSTORY-5",
            "STORY-5é",
            "STORY-5_a",
            "1STORY-5",
            "_STORY-5",
            "STORY -5",
            "STORY–5",
        ] {
            assert_eq!(keys(text, Grammar::Prose), [""; 0], "{text}");
        }
        // Another project than STORY: only a known project makes it a key.
        assert_eq!(keys("XSTORY-5", Grammar::Prose), ["XSTORY-5"]);
    }

    #[test]
    fn joined_by_hyphens_counts_in_branch_names_only() {
        for text in ["feature/STORY-9-foo", "foo-STORY-9", "STORY-9--foo"] {
            assert_eq!(keys(text, Grammar::BranchName), ["STORY-9"], "{text}");
            assert_eq!(keys(text, Grammar::Prose), [""; 0], "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_what_is_found_stands_there(text in "\\PC{0,40}|([A-Z_0-9 -]|[a-z]){0,30}") {
            for grammar in [Grammar::Prose, Grammar::BranchName] {
                for key in scan(&text, grammar) {
                    let shown = format!("{}-{}", key.project, key.number);
                    prop_assert!(text[key.start..].starts_with(&shown));
                }
            }
        }

        #[test]
        fn a_key_between_spaces_is_always_found(
            before in "[a-z ]{0,10}", project in "[A-Z][A-Z0-9_]{1,6}", number in 1u64..1_000_000, after in "[a-z ]{0,10}",
        ) {
            let text = format!("{before} {project}-{number} {after}");
            prop_assert_eq!(keys(&text, Grammar::Prose), vec![format!("{project}-{number}")]);
            let glued = format!("{before}x{project}-{number} {after}");
            prop_assert_eq!(keys(&glued, Grammar::Prose), vec![""; 0]);
        }

        #[test]
        fn prose_finds_no_more_than_branch_names(text in "([A-Z_]{1,3}|[0-9a]{1,2}|-| ){0,12}") {
            let branch = keys(&text, Grammar::BranchName);
            for key in keys(&text, Grammar::Prose) {
                prop_assert!(branch.contains(&key));
            }
        }
    }
}
