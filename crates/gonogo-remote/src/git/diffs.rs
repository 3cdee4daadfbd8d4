//! What commits change: patch ids, line counts, conflict markers.

use super::log::path_text;
use super::{Git, GitError, run};
use gonogo_core::changeset::{LineCount, Place};
use gonogo_core::ids::Sha;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write;
use std::io::BufRead;

/// Everything is text: what calls itself binary could hide a line.
const PLAIN: [&str; 6] = ["-r", "--root", "--no-renames", "--no-ext-diff", "--no-textconv", "--text"];

/// A line that git itself writes into a file with a conflict.
const MARKER: &str = r"^(<<<<<<<|>>>>>>>|\|\|\|\|\|\|\|)( |$)";

/// A repository that is full of markers is told by its first ones.
const MOST_PLACES: usize = 1_000;

impl Git {
    /// What each commit changes, as a hash of its diff without line numbers and
    /// object ids, white space included; a commit without a change has none.
    pub fn patch_ids(&self, shas: &[Sha]) -> Result<HashMap<Sha, String>, GitError> {
        if shas.is_empty() {
            return Ok(HashMap::new());
        }
        let mut args = vec!["diff-tree", "--stdin", "-p", "-U3", "--src-prefix=", "--dst-prefix="];
        args.extend(PLAIN);
        run::stream(run::command(&self.dir, &args), Some(lines_of(shas)), read_patch_ids)
    }

    /// Lines that each commit adds and removes; merges count none.
    pub fn line_counts(&self, shas: &[Sha]) -> Result<HashMap<Sha, LineCount>, GitError> {
        let mut args = vec!["diff-tree", "--stdin", "--numstat"];
        args.extend(PLAIN);
        run::stream(run::command(&self.dir, &args), Some(lines_of(shas)), |out| {
            let (mut counts, mut current) = (HashMap::new(), None);
            let mut line = Vec::new();
            while read_line(out, &mut line)? {
                if let Some(sha) = Sha::from_hex(&line) {
                    current = Some(sha);
                } else if let Some(sha) = current {
                    let text = String::from_utf8_lossy(&line);
                    let mut numbers = text.split('\t').map(|n| n.parse::<u64>().unwrap_or(0));
                    let count: &mut LineCount = counts.entry(sha).or_default();
                    count.added += numbers.next().unwrap_or(0);
                    count.removed += numbers.next().unwrap_or(0);
                }
            }
            Ok(counts)
        })
    }

    /// Every path that differs between two commits.
    pub fn changed_paths(&self, base: Sha, head: Sha) -> Result<Vec<String>, GitError> {
        let (base, head) = (base.to_string(), head.to_string());
        let paths = self.must(&["diff-tree", "-r", "-z", "--no-renames", "--name-only", &base, &head])?;
        Ok(paths.split(|b| *b == 0).filter(|p| !p.is_empty()).map(path_text).collect())
    }

    /// Conflict markers in the lines that the diff adds.
    pub fn conflict_markers(&self, base: Sha, head: Sha) -> Result<Vec<Place>, GitError> {
        let (base, head, pattern) = (base.to_string(), head.to_string(), format!("-G{MARKER}"));
        let mut args = vec!["diff-tree", "-p", "-U0", "--src-prefix=", "--dst-prefix=", &pattern];
        args.extend(PLAIN);
        args.extend([base.as_str(), head.as_str()]);
        run::stream(run::command(&self.dir, &args), None, read_markers)
    }
}

fn lines_of(shas: &[Sha]) -> Vec<u8> {
    shas.iter().flat_map(|sha| format!("{sha}\n").into_bytes()).collect()
}

fn read_line(out: &mut dyn BufRead, line: &mut Vec<u8>) -> Result<bool, GitError> {
    line.clear();
    out.read_until(b'\n', line)?;
    let is_line = !line.is_empty();
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    Ok(is_line)
}

fn read_patch_ids(out: &mut dyn BufRead) -> Result<HashMap<Sha, String>, GitError> {
    let (mut ids, mut line) = (HashMap::new(), Vec::new());
    let mut current: Option<(Sha, Sha256)> = None;
    let mut end = |done: Option<(Sha, Sha256)>| {
        if let Some((sha, hash)) = done {
            let mut hex = String::new();
            for byte in hash.finalize().iter().take(20) {
                let _ = write!(hex, "{byte:02x}"); // a String takes all
            }
            ids.insert(sha, hex);
        }
    };
    // Inside a hunk, lines are content whatever they look like.
    let mut left = (0, 0);
    let mut next: Option<Sha> = None;
    while read_line(out, &mut line)? {
        if left != (0, 0) {
            match line.first() {
                Some(b'-') => left.0 -= 1,
                Some(b'+') => left.1 -= 1,
                Some(b' ') => left = (left.0 - 1, left.1 - 1),
                _ => {}
            }
        } else if let Some(sha) = Sha::from_hex(&line) {
            end(current.take());
            next = Some(sha);
            continue;
        } else if line.starts_with(b"@@ ") {
            let (old, new, _) = hunk(&line).ok_or_else(|| GitError::Unreadable("a hunk of a diff".to_owned()))?;
            left = (old, new);
            line.truncate(2);
        } else if line.starts_with(b"index ") {
            continue;
        }
        if let Some(sha) = next.take() {
            current = Some((sha, Sha256::new()));
        }
        if let Some((_, hash)) = &mut current {
            hash.update((line.len() as u64).to_be_bytes());
            hash.update(&line);
        }
    }
    end(current);
    Ok(ids)
}

fn read_markers(out: &mut dyn BufRead) -> Result<Vec<Place>, GitError> {
    let (mut places, mut line) = (Vec::new(), Vec::new());
    let mut path = String::new();
    // Inside a hunk, lines are content whatever they look like.
    let (mut removed, mut added, mut number) = (0, 0, 0);
    while read_line(out, &mut line)? {
        if removed + added > 0 {
            match line.first() {
                Some(b'-') => removed -= 1,
                Some(b'+') => {
                    if is_marker(&line[1..]) && places.len() < MOST_PLACES {
                        places.push(Place { path: path.clone(), line: number });
                    }
                    added -= 1;
                    number += 1;
                }
                _ => {} // "\ No newline at end of file"
            }
        } else if let Some(name) = line.strip_prefix(b"+++ ") {
            path = unquoted(name.strip_suffix(b"\t").unwrap_or(name));
        } else if line.starts_with(b"@@ ") {
            (removed, added, number) =
                hunk(&line).ok_or_else(|| GitError::Unreadable("a hunk of a diff".to_owned()))?;
        }
    }
    Ok(places)
}

fn is_marker(line: &[u8]) -> bool {
    ["<<<<<<<", ">>>>>>>", "|||||||"].iter().any(|mark| {
        line.strip_prefix(mark.as_bytes()).is_some_and(|rest| matches!(rest.first(), None | Some(b' ' | b'\r')))
    })
}

/// `@@ -1,2 +3,4 @@` gives 2, 4 and 3.
fn hunk(line: &[u8]) -> Option<(u32, u32, u32)> {
    let text = String::from_utf8_lossy(line);
    let mut words = text.split(' ').skip(1);
    let (old, new) = (words.next()?.strip_prefix('-')?, words.next()?.strip_prefix('+')?);
    let part = |range: &str| -> Option<(u32, u32)> {
        let (start, count) = range.split_once(',').unwrap_or((range, "1"));
        Some((start.parse().ok()?, count.parse().ok()?))
    };
    let ((_, removed), (start, added)) = (part(old)?, part(new)?);
    Some((removed, added, start))
}

/// git quotes paths with special characters as C strings.
fn unquoted(name: &[u8]) -> String {
    let Some(inner) = name.strip_prefix(b"\"").and_then(|n| n.strip_suffix(b"\"")) else { return path_text(name) };
    let (mut bytes, mut at) = (Vec::new(), 0);
    while at < inner.len() {
        let octal = inner.get(at + 1..at + 4).filter(|d| d.iter().all(u8::is_ascii_digit));
        match (inner[at], inner.get(at + 1), octal) {
            (b'\\', _, Some(digits)) => {
                let value = digits.iter().fold(0u32, |v, d| v * 8 + u32::from(d - b'0'));
                bytes.push(u8::try_from(value & 255).unwrap_or(b'?'));
                at += 4;
            }
            (b'\\', Some(c), None) => {
                bytes.push(match c {
                    b'n' => b'\n',
                    b't' => b'\t',
                    c => *c,
                });
                at += 2;
            }
            (c, ..) => {
                bytes.push(c);
                at += 1;
            }
        }
    }
    path_text(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_found_by_line_and_only_where_they_are_added() {
        let diff = "diff --git a b\n--- a/x\n+++ dir/a file\t\n@@ -1,2 +10,3 @@\n-<<<<<<< gone\n-x\n+ok\n+<<<<<<< HEAD\n+<<<<<<<x\n@@ -9 +20 @@\n-a\n+>>>>>>> b\n";
        let places = read_markers(&mut diff.as_bytes()).unwrap();
        let place = |line| Place { path: "dir/a file".to_owned(), line };
        assert_eq!(places, [place(11), place(20)]);
    }

    #[test]
    fn content_that_looks_like_a_header_is_content() {
        let diff = "--- a\n+++ a\n@@ -0,0 +1,2 @@\n+++ b\n+<<<<<<< x\n";
        assert_eq!(read_markers(&mut diff.as_bytes()).unwrap(), [Place { path: "a".to_owned(), line: 2 }]);
    }

    #[test]
    fn quoted_paths_are_read() {
        assert_eq!(unquoted(b"\"a\\tb\\377\""), "a\tb\\xff");
    }
}
