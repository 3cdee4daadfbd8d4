//! Points of a metric in a file: a line each, `time,value`. And moments of deploys.

use jiff::tz::Offset;
use jiff::{Timestamp, civil};

/// A line that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// From 1.
    pub line: usize,
    pub said: String,
}

/// When a deploy's steps began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deploy {
    pub steps: Vec<Timestamp>,
    /// The line says `bad`.
    pub is_bad: bool,
}

/// A heading is left out, and so are empty lines and those that begin with `#`. A value
/// that is empty, `null` or `None` is a point without one.
pub fn points(text: &str) -> Result<Vec<(Timestamp, Option<f64>)>, BadLine> {
    let mut points = Vec::new();
    for (line, content) in lines(text) {
        let bad = |said: String| BadLine { line, said };
        let (time, value) = content.split_once(',').ok_or_else(|| bad(format!("`{content}` is no time,value")))?;
        let Some(at) = instant(time) else {
            if line == 1 {
                continue;
            }
            return Err(bad(not_a_time(time)));
        };
        let value = match value.trim() {
            "" | "null" | "None" => None,
            number => Some(number.parse().map_err(|_| bad(format!("`{number}` is no number")))?),
        };
        points.push((at, value));
    }
    Ok(points)
}

/// A line for each deploy: when its steps began, with commas between, and `bad` at the end
/// where it was.
pub fn deploys(text: &str) -> Result<Vec<Deploy>, BadLine> {
    lines(text).map(|(line, content)| deploy(content).map_err(|said| BadLine { line, said })).collect()
}

pub fn deploy(text: &str) -> Result<Deploy, String> {
    let (times, is_bad) = match text.rsplit_once(',') {
        Some((times, word)) if word.trim() == "bad" => (times, true),
        _ => (text, false),
    };
    let steps = times.split(',').map(|time| instant(time).ok_or_else(|| not_a_time(time)));
    Ok(Deploy { steps: steps.collect::<Result<_, _>>()?, is_bad })
}

/// Seconds since 1970, RFC 3339, or without a zone in UTC.
pub fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Timestamp::from_second(seconds).ok();
    }
    let civil = || Offset::UTC.to_timestamp(text.parse::<civil::DateTime>().ok()?).ok();
    text.parse().ok().or_else(civil)
}

fn not_a_time(text: &str) -> String {
    format!("`{}` is no time: write it such as 2026-01-31T14:00:00Z, or as seconds since 1970", text.trim())
}

/// With their numbers.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let all = text.lines().enumerate().map(|(nth, line)| (nth + 1, line.trim()));
    all.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_and_values_are_read_as_files_have_them() {
        let text = "timestamp,value\n2015-02-26 21:42:53,57\n# a note\n\n1424986973,0.5\n2015-02-26T22:42:53+01:00,\n1424986975,NaN\n";
        let read = points(text).unwrap();
        let seconds: Vec<i64> = read.iter().map(|(at, _)| at.as_second()).collect();
        assert_eq!(seconds, [1_424_986_973, 1_424_986_973, 1_424_986_973, 1_424_986_975]);
        assert_eq!((read[0].1, read[1].1, read[2].1), (Some(57.0), Some(0.5), None));
        assert!(read[3].1.unwrap().is_nan());
    }

    #[test]
    fn a_bad_line_is_named() {
        let said = |text| points(text).unwrap_err();
        assert_eq!(said("1,2\n2,x\n"), BadLine { line: 2, said: "`x` is no number".to_owned() });
        assert_eq!(said("1,2\nsoon,1\n").line, 2);
        assert_eq!(said("1;2").said, "`1;2` is no time,value");
        assert_eq!(deploys("1,2,bad\n\n3").unwrap()[0].steps.len(), 2);
        assert!(deploys("1,2,bad\n\n3").unwrap()[0].is_bad);
        assert_eq!(deploys("1\nworse").unwrap_err().line, 2);
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer(text in ".{0,200}") {
            let _ = (points(&text), deploys(&text));
        }
    }
}
