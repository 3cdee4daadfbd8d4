//! What a source file must not be: too long, or, in the crates that decide,
//! impure. A scan of the text: it sees what people write, not what a macro does.

const MOST_LINES: usize = 600;

/// Where time comes in as an argument and nothing is read or written.
const PURE: [&str; 2] = ["crates/gonogo-core/src/", "crates/gonogo-checks/src/"];
const IMPURE_WORDS: [&str; 4] = ["async", "tokio", "SystemTime", "Instant"];
const IMPURE_MODULES: [&str; 3] = ["fs", "net", "process"];

/// What is wrong with one file, one line each.
pub(super) fn breaches(path: &str, text: &str) -> Vec<String> {
    let mut breaches = Vec::new();
    let lines = text.lines().count();
    if lines > MOST_LINES {
        breaches.push(format!("{path}: {lines} lines; a file has at most {MOST_LINES}: split it"));
    }
    if PURE.iter().any(|pure| path.starts_with(pure)) {
        for (number, what) in impure(text) {
            breaches.push(format!("{path}:{number}: {what} has no place in a crate that only decides"));
        }
    }
    breaches
}

/// Line numbers with what is impure in them.
fn impure(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    // How many braces deep we are in `std::{…}`.
    let mut in_group = 0;
    for (number, line) in text.lines().enumerate().map(|(at, line)| (at + 1, without_comment(line))) {
        let mut before = [""; 2];
        for token in tokens(line) {
            let is_of_std = before == ["std", "::"] || in_group == 1 && before[1] != "::";
            if IMPURE_WORDS.contains(&token) {
                found.push((number, token.to_owned()));
            } else if is_of_std && IMPURE_MODULES.contains(&token) {
                found.push((number, format!("std::{token}")));
            }
            match token {
                "{" if in_group > 0 || before == ["std", "::"] => in_group += 1,
                "}" if in_group > 0 => in_group -= 1,
                _ => {}
            }
            before = [before[1], token];
        }
    }
    found
}

/// The line up to `//`, unless that is a part of an address.
fn without_comment(line: &str) -> &str {
    let mut starts = line.match_indices("//").map(|(at, _)| at);
    starts.find(|at| !line[..*at].ends_with(':')).map_or(line, |at| &line[..at])
}

/// Words, `::` and braces; all else is left out.
fn tokens(line: &str) -> impl Iterator<Item = &str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = line;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c| !is_word(c) && !"{}:".contains(c));
        let first = rest.chars().next()?;
        let end = match first {
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            ':' if rest.starts_with("::") => 2,
            _ => 1,
        };
        let (token, after) = rest.split_at(end);
        rest = after;
        Some(token)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CORE: &str = "crates/gonogo-core/src/case.rs";

    #[test]
    fn a_file_of_601_lines_is_too_long() {
        assert_eq!(breaches("xtask/src/main.rs", &"\n".repeat(600)), [""; 0]);
        let long = breaches("xtask/src/main.rs", &"\n".repeat(601));
        assert_eq!(long, ["xtask/src/main.rs: 601 lines; a file has at most 600: split it"]);
    }

    #[test]
    fn what_reads_the_world_is_found_with_its_line() {
        for (text, line, what) in [
            ("\nasync fn x() {}", 2, "async"),
            ("use std::fs;", 1, "std::fs"),
            ("let x = std::fs::read(path);", 1, "std::fs"),
            ("use std::{\n    collections::{BTreeMap, BTreeSet},\n    fs::File,\n};", 3, "std::fs"),
            ("use std::{fmt, net::TcpStream};", 1, "std::net"),
            ("std::process::exit(1)", 1, "std::process"),
            ("use std::time::{Duration, Instant};", 1, "Instant"),
            ("let now = SystemTime::now(); // the time", 1, "SystemTime"),
            ("see(\"https://x\"); tokio::spawn(x)", 1, "tokio"),
        ] {
            let said = format!("{CORE}:{line}: {what} has no place in a crate that only decides");
            assert_eq!(breaches(CORE, text), [said], "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_it_passes() {
        for text in [
            "//! No async, no std::fs.",
            "let process = self.process(net);",
            "use std::{collections::fs, fmt};\nuse crate::{fs, net};",
            "struct AsyncThing; // an Instant",
            "let InstantOf = 1;",
        ] {
            assert_eq!(breaches(CORE, text), [""; 0], "{text}");
        }
        assert_eq!(breaches("crates/gonogo-remote/src/lib.rs", "use std::fs;"), [""; 0]);
    }
}
