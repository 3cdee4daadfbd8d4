//! A picture of a guard at a deploy, as SVG: what was usual before as a band, the series,
//! a mark for each step and for the halt.

use super::section::{Guard, Measure, Watch};
use super::series::{Buckets, Fold, Series, floor};
use crate::say::html;
use crate::stats::{quantile, real};
use jiff::{SignedDuration, Timestamp};
use std::fmt::Write;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 300.0;
/// Left for words and numbers.
const LEFT: f64 = 64.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 30.0;
const STYLE: &str = "text{font:12px sans-serif;fill:#333}.band{fill:#cfe3d4}.usual{stroke:#3b7d52;fill:none}\
    .line{stroke:#1f4e8c;fill:none;stroke-width:1.5}.step{stroke:#777;stroke-dasharray:4 3}\
    .halt{stroke:#b3261e;stroke-width:2}.halt-word{fill:#b3261e}.ground{fill:#fff}";

/// What stands in a picture beside the series.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// When the deploy began: what is before is usual.
    pub start: Timestamp,
    pub until: Timestamp,
    /// What began when.
    pub marks: Vec<(Timestamp, String)>,
    /// What the guard said at last, and when.
    pub end: Option<(Timestamp, &'static str)>,
    /// A sentence on what came of it.
    pub title: String,
}

pub fn picture(guard: &Guard, watch: &Watch, series: &Series, drawn: &Drawn) -> String {
    let Drawn { start, until, marks, end: ended, title } = drawn;
    let start = *start;
    let seconds = i64::from(guard.resolution_seconds);
    let zero = floor(start, seconds);
    let before = i64::from(watch.before_minutes) * 60 / seconds;
    let end = (until.as_second() - zero).div_euclid(seconds);
    let points = points(guard, series, start, (-before, end));
    let usual: Vec<f64> = points.iter().filter(|point| point.0 < 0).map(|point| point.1).collect();
    let shown_from = -before.min(end.max(1));
    let shown: Vec<(i64, f64)> = points.into_iter().filter(|point| point.0 >= shown_from).collect();
    let values: Vec<f64> = shown.iter().map(|point| point.1).collect();
    // A single spike does not flatten all else.
    let since: Vec<f64> = shown.iter().filter(|point| point.0 >= 0).map(|point| point.1).collect();
    let high = |values: &[f64]| quantile(values, 0.98).unwrap_or(0.0);
    let most = high(&since).max(high(&usual));
    let least = quantile(&values, 0.0).unwrap_or(0.0).min(0.0);
    let frame = Frame { from: shown_from, to: end, least, most: if most > least { most * 1.15 } else { least + 1.0 } };

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\
         <title>{title}</title><style>{STYLE}</style><rect class=\"ground\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\
         <text x=\"{LEFT}\" y=\"18\">{title}</text>",
        title = html(title)
    );
    if let (Some(low), Some(middle), Some(high)) =
        (quantile(&usual, 0.02), quantile(&usual, 0.5), quantile(&usual, 0.98))
    {
        let (low, middle, high) = (frame.y(low), frame.y(middle), frame.y(high));
        push(
            &mut svg,
            format_args!(
                "<rect class=\"band\" x=\"{LEFT}\" y=\"{high:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>\
             <path class=\"usual\" d=\"M{LEFT} {middle:.1}H{WIDTH}\"/>",
                WIDTH - LEFT,
                low - high
            ),
        );
    }
    for (value, place) in [(frame.least, frame.y(frame.least)), (frame.most / 1.15, frame.y(frame.most / 1.15))] {
        push(
            &mut svg,
            format_args!("<text x=\"{:.1}\" y=\"{place:.1}\" text-anchor=\"end\">{}</text>", LEFT - 6.0, number(value)),
        );
    }
    push(&mut svg, format_args!("<path class=\"line\" d=\"{}\"/>", frame.path(&shown)));
    let bucket = |at: Timestamp| real_of(at.as_second() - zero) / real_of(seconds);
    for (nth, (at, label)) in marks.iter().enumerate() {
        // Neighbours do not cover each other.
        frame.mark(&mut svg, "step", bucket(*at), label, if nth % 2 == 0 { 14.0 } else { 28.0 });
    }
    if let Some((at, word)) = ended {
        frame.mark(&mut svg, "halt", bucket(*at), word, 42.0);
    }
    let shown_at = |bucket: i64| {
        (Timestamp::from_second(zero).unwrap_or(start) + SignedDuration::from_secs(bucket * seconds)).to_string()
    };
    push(
        &mut svg,
        format_args!(
            "<text x=\"{LEFT}\" y=\"{y:.1}\">{}</text><text x=\"{WIDTH}\" y=\"{y:.1}\" text-anchor=\"end\">{}</text></svg>\n",
            shown_at(frame.from),
            shown_at(frame.to),
            y = HEIGHT - 8.0
        ),
    );
    svg
}

/// Buckets with what is drawn of them: of a rate, events of trials.
fn points(guard: &Guard, series: &Series, start: Timestamp, range: (i64, i64)) -> Vec<(i64, f64)> {
    let seconds = i64::from(guard.resolution_seconds);
    let fold = if guard.measures == Measure::Value { Fold::Mean } else { Fold::Sum };
    let buckets = Buckets::of(&series.samples, start, seconds, range, fold);
    let trials =
        (guard.measures == Measure::Rate).then(|| Buckets::of(&series.trials, start, seconds, range, Fold::Sum));
    let drawn = |bucket: i64| {
        let value = buckets.at(bucket)?;
        match &trials {
            None => Some((bucket, value)),
            Some(trials) => trials.at(bucket).filter(|of| *of > 0.0).map(|of| (bucket, value / of)),
        }
    };
    (range.0..range.1).filter_map(drawn).collect()
}

/// What is where.
struct Frame {
    from: i64,
    to: i64,
    least: f64,
    most: f64,
}

impl Frame {
    fn x(&self, bucket: f64) -> f64 {
        LEFT + (WIDTH - LEFT) * (bucket - real_of(self.from)) / real_of((self.to - self.from).max(1))
    }

    fn y(&self, value: f64) -> f64 {
        let share = ((value - self.least) / (self.most - self.least)).clamp(0.0, 1.0);
        HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * share
    }

    /// A gap is left out of the line.
    fn path(&self, points: &[(i64, f64)]) -> String {
        let mut path = String::new();
        let mut last = None;
        for (bucket, value) in points {
            let begins = last != Some(bucket - 1);
            let (x, y) = (self.x(real_of(*bucket)), self.y(*value));
            push(&mut path, format_args!("{}{x:.1} {y:.1}", if begins { 'M' } else { 'L' }));
            last = Some(*bucket);
        }
        path
    }

    fn mark(&self, svg: &mut String, class: &str, bucket: f64, word: &str, below: f64) {
        let (x, bottom) = (self.x(bucket), HEIGHT - BOTTOM);
        push(
            svg,
            format_args!(
                "<path class=\"{class}\" d=\"M{x:.1} {TOP}V{bottom}\"/>\
             <text class=\"{class}-word\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                x + 4.0,
                TOP + below,
                html(word)
            ),
        );
    }
}

fn push(text: &mut String, more: std::fmt::Arguments<'_>) {
    text.write_fmt(more).ok(); // a String takes all
}

fn real_of(number: i64) -> f64 {
    let size = real(usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX));
    if number < 0 { -size } else { size }
}

/// Three figures that matter.
pub(crate) fn number(value: f64) -> String {
    let digits = if value == 0.0 { 0.0 } else { 2.0 - value.abs().log10().floor() };
    let text = if digits <= 0.0 {
        format!("{value:.0}")
    } else {
        format!(
            "{value:.*}",
            [0, 1, 2, 3, 4, 5, 6, 7, 8][usize::min(8, (1..=8).filter(|n| real(*n) <= digits).count())]
        )
    };
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::super::replay::{Moments, replay};
    use super::super::tests::{at, guard, series};
    use super::*;

    #[test]
    fn the_picture_has_the_band_the_line_and_a_mark_for_each() {
        let guard = guard("measures = 'count'");
        let mut counts = [5.0, 4.0, 6.0].repeat(120);
        counts.extend([5.0; 40]);
        counts.push(f64::NAN);
        counts.extend([60.0; 40]);
        let series = series(-3600, 10, &counts);
        let deploy = Moments::of(vec![at(0), at(400)], true).unwrap();
        let watch = Watch::default();
        let replayed = replay(&guard, &watch, 1, &series, None, &[deploy]);
        let svg = picture(&guard, &watch, &series, &replayed[0].drawn("errors <rose>"));
        assert_eq!(svg.matches("class=\"step\"").count(), 2);
        assert_eq!((svg.matches("class=\"halt\"").count(), svg.matches("class=\"band\"").count()), (1, 1));
        let line = svg.split("class=\"line\" d=\"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!(line.matches('M').count(), 2, "a gap is a gap");
        assert!(svg.contains("errors &lt;rose&gt;") && !svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn numbers_are_as_long_as_they_matter() {
        let shown = [0.0, 0.012_34, 1.0, 12.345, 1234.6, -0.5, 100.0].map(number);
        assert_eq!(shown, ["0", "0.0123", "1", "12.3", "1235", "-0.5", "100"]);
    }
}
