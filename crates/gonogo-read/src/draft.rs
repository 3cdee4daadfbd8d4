//! A commit message while it is written: the file that git hands to hooks, with
//! comments, a scissors line and perhaps a diff. Bytes, since it need not be UTF-8.

/// What git will do to the file when the hooks are done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cleanup {
    /// Comment lines go: an editor was open.
    Strip(Comment),
    /// They stay; only what is below a scissors line goes.
    Keep(Comment),
}

/// What a comment line begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comment {
    Begins(Vec<u8>),
    /// git took a character that begins no line of the message; which one, the
    /// file tells.
    Auto,
}

/// git's choices under `core.commentChar = auto` (`builtin/commit.c`).
const CHOICES: &[u8] = b"#;@!$%^&|:";
/// After the comment character (`wt-status.c`).
const SCISSORS: &[u8] = b" ------------------------ >8 ------------------------";

impl Cleanup {
    /// `commit.cleanup` and `core.commentChar` as configured, and whether an
    /// editor is open: `default` strips comments only then.
    pub fn of(cleanup: Option<&str>, comment: Option<&str>, editor: Editor) -> Self {
        let comment = match comment {
            Some("auto") => Comment::Auto,
            Some(text) if !text.is_empty() => Comment::Begins(text.as_bytes().to_vec()),
            _ => Comment::Begins(b"#".to_vec()),
        };
        match (cleanup, editor) {
            (Some("strip"), _) => Self::Strip(comment),
            (Some("whitespace" | "verbatim" | "scissors"), _) | (_, Editor::None) => Self::Keep(comment),
            (_, Editor::Open) => Self::Strip(comment),
        }
    }

    fn comment(&self) -> &Comment {
        match self {
            Self::Strip(comment) | Self::Keep(comment) => comment,
        }
    }
}

/// Whether a person sees the message before it is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Editor {
    Open,
    None,
}

/// The lines of a file that git would keep, with git's line ends.
pub fn kept(file: &[u8], cleanup: &Cleanup) -> Vec<u8> {
    let begins = beginning(file, cleanup.comment());
    let mut kept = Vec::with_capacity(file.len());
    for line in lines(file).take_while(|line| !is_scissors(line, &begins)) {
        let is_cut = matches!(cleanup, Cleanup::Strip(_)) && line.starts_with(&begins);
        match line.strip_suffix(b"\r\n") {
            _ if is_cut => {}
            Some(text) => kept.extend([text, b"\n"].concat()),
            None => kept.extend(line),
        }
    }
    kept
}

/// Puts something before the first line of text; where there is none yet, on
/// the first line, above all comments. Everything else stays as it is.
pub fn fill_in(file: &[u8], what: &str, cleanup: &Cleanup) -> Vec<u8> {
    let begins = beginning(file, cleanup.comment());
    let (mut at, mut found) = (0, None);
    for line in lines(file).take_while(|line| !is_scissors(line, &begins)) {
        let is_comment = matches!(cleanup, Cleanup::Strip(_)) && line.starts_with(&begins);
        if !is_comment && !line.trim_ascii().is_empty() {
            found = Some(at);
            break;
        }
        at += line.len();
    }
    let first = lines(file).next().unwrap_or_default();
    let needs_line = found.is_none() && (first.is_empty() || !first.trim_ascii().is_empty());
    let end: &[u8] = match (needs_line, first.ends_with(b"\r\n")) {
        (false, _) => b"",
        (true, false) => b"\n",
        (true, true) => b"\r\n",
    };
    let (before, after) = file.split_at(found.unwrap_or(0));
    [before, what.as_bytes(), end, after].concat()
}

fn lines(file: &[u8]) -> impl Iterator<Item = &[u8]> {
    file.split_inclusive(|byte| *byte == b'\n')
}

fn is_scissors(line: &[u8], begins: &[u8]) -> bool {
    line.strip_prefix(begins).is_some_and(|rest| rest.trim_ascii_end() == SCISSORS)
}

/// What comments begin with in this file. Under `auto`: the character before
/// the scissors, else that of the last line, where git's own words stand.
fn beginning(file: &[u8], comment: &Comment) -> Vec<u8> {
    let Comment::Begins(text) = comment else {
        let chosen = |line: &[u8]| line.first().copied().filter(|first| CHOICES.contains(first));
        let scissors = lines(file).find(|line| line.len() > 1 && is_scissors(line, &line[..1]));
        let last = lines(file).filter(|line| !line.trim_ascii().is_empty()).last();
        let last = last.filter(|line| matches!(line.get(1), None | Some(b' ' | b'\t' | b'\n' | b'\r')));
        return vec![scissors.and_then(chosen).or_else(|| last.and_then(chosen)).unwrap_or(b'#')];
    };
    text.clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn strip(comment: &str) -> Cleanup {
        Cleanup::of(None, Some(comment), Editor::Open)
    }

    fn text(bytes: &[u8]) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    const SCISSORED: &str = "a\n; x\n; ------------------------ >8 ------------------------\n; more\ndiff STORY-1\n";

    #[test]
    fn comments_and_what_is_below_the_scissors_go() {
        assert_eq!(text(&kept(b"a\n# b\n#c\nd", &strip("#"))), "a\nd");
        assert_eq!(text(&kept(b"a\r\n# b\r\nd\r\n", &strip("#"))), "a\nd\n");
        assert_eq!(text(&kept(SCISSORED.as_bytes(), &strip(";"))), "a\n");
        assert_eq!(text(&kept(SCISSORED.as_bytes(), &strip("auto"))), "a\n");
        assert_eq!(text(&kept(b"a\n// b\n/ c\n", &strip("//"))), "a\n/ c\n");
        assert_eq!(kept(b"a\xff\n#\xff\n", &strip("#")), b"a\xff\n");
    }

    #[test]
    fn without_an_editor_a_line_that_looks_like_a_comment_is_text() {
        assert_eq!(text(&kept(b"#STORY-1 x\n", &Cleanup::of(None, None, Editor::None))), "#STORY-1 x\n");
        assert_eq!(text(&kept(b"#STORY-1 x\n", &Cleanup::of(Some("strip"), None, Editor::None))), "");
        assert_eq!(text(&kept(b"# x\n", &Cleanup::of(Some("scissors"), None, Editor::Open))), "# x\n");
        assert_eq!(text(&kept(SCISSORED.as_bytes(), &Cleanup::of(None, Some(";"), Editor::None))), "a\n; x\n");
    }

    #[test]
    fn the_character_that_git_chose_itself_is_the_one_of_its_last_line() {
        assert_eq!(text(&kept(b"# heading\nx\n; Please\n;\n; On branch a\n;\n", &strip("auto"))), "# heading\nx\n");
        assert_eq!(text(&kept(b"x\n# c\n", &strip("auto"))), "x\n");
        assert_eq!(text(&kept(b"x\n", &strip("auto"))), "x\n");
    }

    #[test]
    fn what_is_filled_in_stands_before_the_first_text() {
        let fill = |file: &str| String::from_utf8(fill_in(file.as_bytes(), "K-1 ", &strip("#"))).unwrap();
        assert_eq!(fill("\n# Please\n"), "K-1 \n# Please\n");
        assert_eq!(fill("\r\n# Please\r\n"), "K-1 \r\n# Please\r\n");
        assert_eq!(fill("# Please\n"), "K-1 \n# Please\n");
        assert_eq!(fill("# Please\r\n"), "K-1 \r\n# Please\r\n");
        assert_eq!(fill("fix\n\n# Please\n"), "K-1 fix\n\n# Please\n");
        assert_eq!(fill("# how to\n\nWhy:\n# Please\n"), "# how to\n\nK-1 Why:\n# Please\n");
        assert_eq!(fill(""), "K-1 \n");
    }

    proptest! {
        #[test]
        fn filling_in_adds_what_is_given_and_changes_nothing_else(
            file in proptest::collection::vec(prop_oneof![Just(b'#'), Just(b'\n'), Just(b'\r'), Just(b' '), any::<u8>()], 0..40),
            comment in prop_oneof![Just("#"), Just("auto"), Just("//")],
        ) {
            let cleanup = strip(comment);
            let filled = fill_in(&file, "K-1 ", &cleanup);
            let at = filled.windows(4).position(|w| w == b"K-1 ").unwrap();
            let rest = [&filled[..at], &filled[at + 4..]].concat();
            let with_line = [b"\n".as_slice(), &file].concat();
            let with_crlf = [b"\r\n".as_slice(), &file].concat();
            prop_assert!([file.clone(), with_line, with_crlf].contains(&rest), "{:?}", filled);
        }
    }
}
