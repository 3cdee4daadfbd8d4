//! What holds for any bytes from outside. The fuzz targets assert it on bytes
//! that libFuzzer makes; `crates/gonogo-checks/tests/any_bytes.rs` includes this
//! file and asserts it on the seeds and on random ones, without a nightly.

use gonogo_checks::policy::TypedPolicy;
use gonogo_core::policy::{Source, production_of};
use gonogo_core::waiver;
use gonogo_read::draft::{Cleanup, Editor, fill_in, kept};
use gonogo_read::keys::{Grammar, KeyLike, scan};
use gonogo_read::message::{self, Revert, is_object_name};
use std::borrow::Cow;

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// A piece of the text itself, not only something that looks like it.
fn is_piece_of(piece: &str, text: &str) -> bool {
    let (whole, part) = (text.as_bytes().as_ptr_range(), piece.as_bytes().as_ptr_range());
    piece.is_empty() || (whole.start <= part.start && part.end <= whole.end)
}

/// Keys stand where they are said to be; prose has no more than branch names.
pub fn keys(bytes: &[u8]) {
    let text = text(bytes);
    let found = |grammar| -> Vec<KeyLike<'_>> { scan(&text, grammar).collect() };
    let (prose, branch) = (found(Grammar::Prose), found(Grammar::BranchName));
    for key in prose.iter().chain(&branch) {
        let shown = format!("{}-{}", key.project, key.number);
        assert!(text[key.start..].starts_with(&shown), "{shown} at {} of {text:?}", key.start);
    }
    assert!(prose.iter().all(|key| branch.contains(key)), "{prose:?} {branch:?} of {text:?}");
}

/// All that is read of a message stands in it.
pub fn message(bytes: &[u8]) {
    let text = text(bytes);
    let message = message::parse(&text);
    let lines = message.subject.iter().chain(&message.body).chain(&message.merged_branch);
    let keys = message.trailers.iter().map(|trailer| &trailer.key);
    for piece in lines.chain(keys) {
        assert!(is_piece_of(piece, &text), "{piece:?} of {text:?}");
    }
    for revert in &message.reverts {
        if let Revert::Commit { name, stays } = revert {
            for name in [Some(*name), *stays].into_iter().flatten() {
                assert!(is_piece_of(name, &text) && is_object_name(name), "{name:?} of {text:?}");
            }
        }
    }
    assert!(!message.is_squash || message.pull_request.is_some(), "{text:?}");
}

/// Each line is prose or belongs to a trailer, and none is both.
pub fn trailers(bytes: &[u8]) {
    let text = text(bytes);
    let lines: Vec<&str> = text.lines().collect();
    let (body, trailers) = message::trailers(&lines);
    assert!(body.len() + trailers.len() <= lines.len(), "{text:?}");
    let mut rest = lines.iter();
    assert!(body.iter().all(|line| rest.any(|other| std::ptr::eq(*other, *line))), "{body:?} of {text:?}");
    for trailer in &trailers {
        let fits = trailer.key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        assert!(fits && !trailer.key.is_empty() && is_piece_of(trailer.key, &text), "{trailer:?} of {text:?}");
        assert_eq!(trailer.value.trim(), trailer.value, "{text:?}");
    }
}

/// What git keeps is lines of the file; filling in adds and takes nothing away.
pub fn draft(bytes: &[u8]) {
    const WHAT: &str = "STORY-1 ";
    for (cleanup, editor) in [(None, Editor::Open), (None, Editor::None), (Some("scissors"), Editor::Open)] {
        for comment in [None, Some("auto"), Some("//")] {
            let cleanup = Cleanup::of(cleanup, comment, editor);
            let kept = kept(bytes, &cleanup);
            assert!(kept.len() <= bytes.len(), "{cleanup:?} {bytes:?}");
            let mut rest = bytes.iter();
            assert!(kept.iter().all(|byte| rest.any(|other| other == byte)), "{cleanup:?} {bytes:?}");
            let filled = fill_in(bytes, WHAT, &cleanup);
            assert!(is_filled_in(&filled, WHAT.as_bytes(), bytes), "{filled:?} {cleanup:?} {bytes:?}");
        }
    }
}

/// Whether something was put into a file, perhaps with a line end, and nothing else changed.
fn is_filled_in(filled: &[u8], what: &[u8], file: &[u8]) -> bool {
    let put = filled.len().saturating_sub(file.len());
    let is_put_at = |at: usize| {
        let end = filled[at..at + put].strip_prefix(what);
        end.is_some_and(|end| [b"".as_slice(), b"\n", b"\r\n"].contains(&end))
            && filled[..at] == file[..at]
            && filled[at + put..] == file[at..]
    };
    put >= what.len() && (0..=file.len()).any(is_put_at)
}

/// A policy, or waivers, or an error that can be shown with its place.
pub fn policy(bytes: &[u8]) {
    let source = Source::new("gonogo.toml", text(bytes));
    let whole = TypedPolicy::parse(source.clone());
    let errors = [whole.as_ref().err().cloned(), production_of(&source).err(), waiver::parse(&source).err()];
    for error in errors.into_iter().flatten() {
        if let Some((line, column)) = error.place() {
            let width = source.text.split('\n').nth(line - 1).map(|line| line.chars().count());
            assert!(width.is_some_and(|width| column <= width + 1), "{line}:{column} of {:?}", source.text);
        }
        assert!(!error.said().is_empty() && error.to_string().contains(error.said()), "{error:?}");
        assert!(!error.render(false).is_empty(), "{error:?}");
    }
    if let Ok(policy) = whole {
        assert!(production_of(&source).is_ok(), "{:?}", source.text);
        let again = TypedPolicy::parse(source).map(|again| format!("{again:?}"));
        assert_eq!(again.ok(), Some(format!("{policy:?}")));
    }
}
