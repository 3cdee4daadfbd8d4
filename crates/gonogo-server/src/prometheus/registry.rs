//! What is counted, kept as Prometheus reads it: counters, gauges, and
//! histograms of seconds.

use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Upper ends in seconds: from one statement to the first clone of a large repository.
const BUCKETS: [f64; 11] = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 120.0];

type Labels = Vec<(String, String)>;
type Series<T> = BTreeMap<Labels, Arc<T>>;

#[derive(Clone, Debug, Default)]
pub struct Registry {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    counters: BTreeMap<String, Series<AtomicU64>>,
    gauges: BTreeMap<String, Series<AtomicU64>>,
    histograms: BTreeMap<String, Series<Spread>>,
}

/// How often something took how long.
#[derive(Debug, Default)]
struct Spread {
    inner: Mutex<(f64, [u64; BUCKETS.len() + 1])>,
}

impl HistogramFn for Spread {
    fn record(&self, seconds: f64) {
        let at = BUCKETS.iter().position(|end| seconds <= *end).unwrap_or(BUCKETS.len());
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.0 += seconds;
        inner.1[at] += 1;
    }
}

impl Registry {
    /// The one that all parts of this process count in.
    pub fn of_this_process() -> Self {
        static INSTALLED: OnceLock<Registry> = OnceLock::new();
        let install = || {
            let registry = Self::default();
            metrics::set_global_recorder(registry.clone()).ok(); // it is set here alone
            registry
        };
        INSTALLED.get_or_init(install).clone()
    }

    /// Prometheus' text format, version 0.0.4.
    pub(super) fn text(&self, help: impl Fn(&str) -> &'static str) -> String {
        let kept = self.kept();
        let mut text = String::new();
        for (name, series) in &kept.counters {
            head(&mut text, name, help(name), "counter");
            for (labels, value) in series {
                line(&mut text, name, labels, None, &value.load(Ordering::Relaxed));
            }
        }
        for (name, series) in &kept.gauges {
            head(&mut text, name, help(name), "gauge");
            for (labels, value) in series {
                line(&mut text, name, labels, None, &f64::from_bits(value.load(Ordering::Relaxed)));
            }
        }
        for (name, series) in &kept.histograms {
            head(&mut text, name, help(name), "histogram");
            for (labels, spread) in series {
                let (sum, counts) = *spread.inner.lock().unwrap_or_else(PoisonError::into_inner);
                let mut so_far = 0;
                for (at, count) in counts.iter().enumerate() {
                    so_far += count;
                    let end = BUCKETS.get(at).map_or_else(|| "+Inf".to_owned(), ToString::to_string);
                    line(&mut text, &format!("{name}_bucket"), labels, Some(("le", &end)), &so_far);
                }
                line(&mut text, &format!("{name}_sum"), labels, None, &sum);
                line(&mut text, &format!("{name}_count"), labels, None, &so_far);
            }
        }
        text
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorder for Registry {
    // What each means stands in one table: see `help`.
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(series(&mut self.kept().counters, key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(series(&mut self.kept().gauges, key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(series(&mut self.kept().histograms, key))
    }
}

fn series<T: Default>(families: &mut BTreeMap<String, Series<T>>, key: &Key) -> Arc<T> {
    let labels = key.labels().map(|label| (label.key().to_owned(), label.value().to_owned())).collect();
    Arc::clone(families.entry(key.name().to_owned()).or_default().entry(labels).or_default())
}

pub(super) fn head(text: &mut String, name: &str, help: &str, kind: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}"); // a String takes all
}

pub(super) fn line(
    text: &mut String,
    name: &str,
    labels: &[(String, String)],
    last: Option<(&str, &str)>,
    value: &dyn std::fmt::Display,
) {
    let labels = labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(last);
    let labels: Vec<String> = labels.map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
    let _ = writeln!(text, "{name}{labels} {value}");
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_as_prometheus_reads_it() {
        let registry = Registry::default();
        metrics::with_local_recorder(&registry, || {
            metrics::counter!("a_total", "kind" => "odd \"\\\n").increment(2);
            metrics::gauge!("open").set(1.5);
            for seconds in [0.0005, 0.3, 500.0] {
                metrics::histogram!("took_seconds").record(seconds);
            }
        });
        let text = registry.text(|_| "What it is.");
        for wanted in [
            "# HELP a_total What it is.\n# TYPE a_total counter\na_total{kind=\"odd \\\"\\\\\\n\"} 2\n",
            "# TYPE open gauge\nopen 1.5\n",
            "took_seconds_bucket{le=\"0.001\"} 1\n",
            "took_seconds_bucket{le=\"0.25\"} 1\ntook_seconds_bucket{le=\"0.5\"} 2\n",
            "took_seconds_bucket{le=\"120\"} 2\ntook_seconds_bucket{le=\"+Inf\"} 3\n",
            "took_seconds_sum 500.3005\ntook_seconds_count 3\n",
        ] {
            assert!(text.contains(wanted), "{wanted} in {text}");
        }
    }
}
