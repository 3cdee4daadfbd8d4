//! How things are said: numbers with their nouns, lists, cuts, and escaping of
//! outside text for the place it goes to.

mod escape;
pub mod guard;
mod letter;

pub use escape::{csv, html, markdown, printable, slack, trimmed};
pub use letter::{Item, Letter, Part};

/// `1 commit`, `3 commits`.
pub fn count(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    match noun.strip_suffix('y') {
        Some(stem) if number != 1 && !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{number} {stem}ies"),
        _ => format!("{number} {noun}{ending}"),
    }
}

/// `1 thing blocks`, `3 things block`.
pub fn blocking(number: usize) -> String {
    format!("{} {}", count(number, "thing"), if number == 1 { "blocks" } else { "block" })
}

/// How a commit is called: its short id and its subject, cut.
pub fn commit(short: &str, subject: &str) -> String {
    format!("{short} \"{}\"", cut(subject, 72))
}

/// `a, b and c`; at most `most`, then `and 4 more`.
pub fn list<T: std::fmt::Display>(items: &[T], most: usize) -> String {
    let shown: Vec<String> = items.iter().take(most).map(ToString::to_string).collect();
    let more = items.len() - shown.len();
    match (shown.split_last(), more) {
        (None, _) => String::new(),
        (Some((only, [])), 0) => only.clone(),
        (Some((last, rest)), 0) => format!("{} and {last}", rest.join(", ")),
        (Some(_), more) => format!("{} and {more} more", shown.join(", ")),
    }
}

/// At most `most` characters, the last one an ellipsis where something was cut.
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Text of several lines, with nothing in it that moves a cursor.
pub fn printable_lines(text: &str) -> String {
    text.split_inclusive('\n')
        .map(|line| match line.strip_suffix('\n') {
            Some(line) => format!("{}\n", printable(line.strip_suffix('\r').unwrap_or(line))),
            None => printable(line),
        })
        .collect()
}

/// How long something took: `0.4 s`, `42 s`, `3 min 5 s`, `2 h 10 min`.
pub fn lasts(time: jiff::SignedDuration) -> String {
    let time = time.max(jiff::SignedDuration::ZERO);
    let (hours, minutes, seconds) = (time.as_hours(), time.as_mins() % 60, time.as_secs() % 60);
    match (hours, minutes) {
        (1.., _) => format!("{hours} h {minutes} min"),
        (_, 1..) => format!("{minutes} min {seconds} s"),
        _ if time.as_secs() < 10 => format!("{:.1} s", time.as_secs_f64()),
        _ => format!("{seconds} s"),
    }
}

/// A time to the minute: `2026-11-24 14:02 UTC`.
pub fn minute(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// The same of a time that is given as text; what is no time stays as it is.
pub fn minute_of(at: &str) -> String {
    at.parse().map_or_else(|_| at.to_owned(), minute)
}

/// The second of a day that is plain: `14:02:31 UTC`.
pub fn second(at: jiff::Timestamp) -> String {
    at.strftime("%H:%M:%S UTC").to_string()
}

/// When what begins then ends: to the second, or with its day where that is far off.
pub fn end(begins: jiff::Timestamp, at: jiff::Timestamp) -> String {
    if at.duration_since(begins) < jiff::SignedDuration::from_hours(12) { second(at) } else { minute(at) }
}

/// The minute of a day that is plain: `14:02 UTC`.
pub fn hour(at: jiff::Timestamp) -> String {
    at.strftime("%H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_lists_read_as_english() {
        assert_eq!(
            (count(1, "story"), count(2, "story"), count(0, "commit")),
            ("1 story".into(), "2 stories".into(), "0 commits".into())
        );
        assert_eq!(count(2, "day"), "2 days");
        assert_eq!((blocking(1), blocking(3)), ("1 thing blocks".into(), "3 things block".into()));
        assert_eq!(list(&["a"], 3), "a");
        assert_eq!(list(&["a", "b", "c"], 3), "a, b and c");
        assert_eq!(list(&["a", "b", "c", "d"], 2), "a, b and 2 more");
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(minute_of("2026-12-01T13:28:10.657623Z"), "2026-12-01 13:28 UTC");
        assert_eq!(minute_of("some day"), "some day");
    }
}
