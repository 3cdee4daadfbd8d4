//! What was measured, beside its bar: a table for people, JSON for programs.

use super::measure::median;
use serde_json::{Value, json};

/// One line of the table.
pub(super) struct Bar {
    pub what: String,
    pub measured: Measured,
    /// None where the figure is for information.
    pub limit: Option<Limit>,
}

/// Which figures are good.
#[derive(Clone, Copy)]
pub(super) enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

impl Limit {
    fn is_met(self, figure: f64) -> bool {
        match self {
            Self::AtMost(most) => figure <= most,
            Self::AtLeast(least) => figure >= least,
        }
    }
}

pub(super) enum Measured {
    /// Milliseconds of pairs of runs; the ratio is what counts.
    Pairs {
        ours: Vec<f64>,
        other: Vec<f64>,
        other_is: &'static str,
    },
    /// Milliseconds; the median counts.
    Runs(Vec<f64>),
    Megabytes(f64),
    /// Anything else, with its unit and how it was measured.
    Figure {
        figure: f64,
        unit: &'static str,
        how: String,
    },
    /// Could not be measured, and why.
    Skipped(&'static str),
}

impl Bar {
    /// The figure that the bar is about.
    fn figure(&self) -> Option<f64> {
        match &self.measured {
            Measured::Pairs { ours, other, .. } => {
                Some(median(&ours.iter().zip(other).map(|(a, b)| a / b).collect::<Vec<_>>()))
            }
            Measured::Runs(list) => Some(median(list)),
            Measured::Megabytes(figure) | Measured::Figure { figure, .. } => Some(*figure),
            Measured::Skipped(_) => None,
        }
    }

    fn is_met(&self) -> Option<bool> {
        Some(self.limit?.is_met(self.figure()?))
    }

    fn with_unit(&self, figure: f64) -> String {
        match self.measured {
            Measured::Pairs { .. } => format!("{figure:.2} ×"),
            Measured::Runs(_) => format!("{figure:.1} ms"),
            Measured::Megabytes(_) => format!("{figure:.1} MB"),
            Measured::Figure { unit, .. } if figure.fract() == 0.0 => format!("{figure:.0} {unit}"),
            Measured::Figure { unit, .. } => format!("{figure:.1} {unit}"),
            Measured::Skipped(_) => String::new(),
        }
    }

    fn cells(&self) -> [String; 5] {
        let how = match &self.measured {
            Measured::Pairs { ours, other, other_is } => {
                format!("{:.1} ms against {:.1} ms of {other_is}", median(ours), median(other))
            }
            Measured::Skipped(why) => (*why).to_owned(),
            Measured::Runs(list) => format!("{} runs", list.len()),
            Measured::Megabytes(_) => String::new(),
            Measured::Figure { how, .. } => how.clone(),
        };
        let figure = self.figure().map(|f| self.with_unit(f)).unwrap_or_default();
        let bar = match self.limit.filter(|_| !figure.is_empty()) {
            Some(Limit::AtMost(most)) => format!("≤ {}", self.with_unit(most)),
            Some(Limit::AtLeast(least)) => format!("≥ {}", self.with_unit(least)),
            None => String::new(),
        };
        let met = match self.is_met() {
            Some(true) => "met",
            Some(false) => "NOT MET",
            None => "",
        };
        [self.what.clone(), how, figure, bar, met.to_owned()]
    }

    pub(super) fn json(&self) -> Value {
        let mut row = json!({"what": self.what, "figure": self.figure(), "met": self.is_met()});
        match self.limit {
            Some(Limit::AtMost(most)) => row["at_most"] = json!(most),
            Some(Limit::AtLeast(least)) => row["at_least"] = json!(least),
            None => {}
        }
        match &self.measured {
            Measured::Pairs { ours, other, other_is } => {
                row["unit"] = json!("ratio");
                row["ours_ms"] = json!(ours);
                row["other_ms"] = json!(other);
                row["other"] = json!(other_is);
            }
            Measured::Runs(list) => {
                row["unit"] = json!("ms");
                row["ours_ms"] = json!(list);
            }
            Measured::Megabytes(_) => row["unit"] = json!("MB"),
            Measured::Figure { unit, how, .. } => {
                row["unit"] = json!(unit);
                row["how"] = json!(how);
            }
            Measured::Skipped(why) => row["skipped"] = json!(why),
        }
        row
    }
}

/// A Markdown table, its columns aligned.
pub(super) fn table(bars: &[Bar]) -> String {
    let head = ["what", "how", "figure", "bar", ""].map(str::to_owned);
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(bars.iter().map(Bar::cells)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [0, 1, 2, 3, 4].map(width);
    let line = |row: &[String; 5]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rule = widths.map(|width| "-".repeat(width));
    let mut text = line(&rows[0]) + &line(&rule);
    text.extend(rows[1..].iter().map(line));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_the_median_of_the_pairs() {
        let measured =
            Measured::Pairs { ours: vec![10.0, 90.0, 30.0], other: vec![10.0, 30.0, 20.0], other_is: "git log" };
        let bar = Bar { what: "check".to_owned(), measured, limit: Some(Limit::AtMost(1.3)) };
        assert_eq!(bar.is_met(), Some(false));
        let text = table(&[bar]);
        assert!(
            text.ends_with("| check | 30.0 ms against 20.0 ms of git log | 1.50 × | ≤ 1.30 × | NOT MET |\n"),
            "{text}"
        );
    }
}
