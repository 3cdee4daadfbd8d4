//! What the server tells operators: one line an event on standard error, for
//! people or as JSON. Outside text in it breaks no line and reorders nothing.

use crate::clock;
use gonogo_core::say;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt::{Debug, Write as _};
use std::io::Write as _;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    #[default]
    Human,
    Json,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogLevel {
    Debug,
    #[default]
    Info,
    Warn,
    Error,
}

/// From now on events are written.
pub(crate) fn begin(format: LogFormat, level: LogLevel) {
    let most = match level {
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Info => Level::INFO,
        LogLevel::Warn => Level::WARN,
        LogLevel::Error => Level::ERROR,
    };
    let subscriber = tracing_subscriber::registry().with(Lines { format, most });
    tracing::subscriber::set_global_default(subscriber).ok(); // it is set here alone
}

/// Where tracing puts an event's sentence.
const MESSAGE: &str = "message";

struct Lines {
    format: LogFormat,
    most: Level,
}

/// What a span or an event says, in its order.
#[derive(Default)]
struct Fields(Vec<(&'static str, Value)>);

impl<S: Subscriber + for<'l> LookupSpan<'l>> Layer<S> for Lines {
    /// Of what is not ours only what goes wrong is of interest.
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let most = if metadata.target().starts_with("gonogo") { self.most } else { self.most.min(Level::WARN) };
        *metadata.level() <= most
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(Fields(outer)) = span.extensions().get() {
                for (name, value) in outer {
                    if fields.get(name).is_none() {
                        fields.0.push((name, value.clone()));
                    }
                }
            }
        }
        let level = event.metadata().level().as_str().to_ascii_lowercase();
        let time = clock::now().to_string();
        let line = match self.format {
            LogFormat::Human => human(&time, &level, &fields),
            LogFormat::Json => json(time, level, event.metadata().target(), fields),
        };
        // Nobody is left to tell that nobody reads it.
        std::io::stderr().lock().write_all(line.as_bytes()).ok();
    }
}

fn json(time: String, level: String, module: &str, Fields(fields): Fields) -> String {
    let mut line = Map::new();
    let head = [("time", time), ("level", level), ("module", module.to_owned())];
    line.extend(head.map(|(name, value)| (name.to_owned(), Value::String(value))));
    line.extend(fields.into_iter().map(|(name, value)| (name.to_owned(), value)));
    format!("{}\n", Value::Object(line))
}

fn human(time: &str, level: &str, fields: &Fields) -> String {
    let message = fields.get(MESSAGE).and_then(Value::as_str).unwrap_or_default();
    let mut line = format!("{time} {level:<5} {}", say::printable(message));
    for (name, value) in fields.0.iter().filter(|(name, _)| *name != MESSAGE) {
        let said = match value {
            Value::String(text) if is_plain(text) => text.clone(),
            Value::String(text) => format!("\"{}\"", say::printable(text).replace('\\', "\\\\").replace('"', "\\\"")),
            Value::Number(number) if number.is_f64() => format!("{:.3}", number.as_f64().unwrap_or_default()),
            other => other.to_string(),
        };
        let _ = write!(line, " {name}={said}"); // a String takes all
    }
    line.push('\n');
    line
}

/// Needs no quotes to be told from what stands beside it.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '=' | '\\'))
}

impl Fields {
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.push((field.name(), value.into()));
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_text_stays_in_its_line_and_its_field() {
        let said = Fields(vec![
            ("message", "job".into()),
            ("error", "first\nsecond \u{1b}[31m \u{202e} outcome=\"done\"".into()),
            ("kind", "sync".into()),
            ("seconds", 0.012_34.into()),
        ]);
        assert_eq!(
            human("T", "warn", &said),
            "T warn  job error=\"first second \\\\u{1b}[31m \\\\u{202e} outcome=\\\"done\\\"\" kind=sync seconds=0.012\n"
        );
        let line = json("T".to_owned(), "warn".to_owned(), "gonogo", Fields(vec![("error", "a\nb\u{1b}".into())]));
        assert_eq!(line.lines().count(), 1);
        assert!(!line.contains('\u{1b}'), "{line}");
        let read: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["error"], "a\nb\u{1b}");
    }
}
