//! Errors in a file that a person wrote: what, where, and how to mend it.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::de::DeserializeOwned;
use std::fmt;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, ValueDeserializer};

/// A TOML text and the name to call it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub name: String,
    pub text: String,
}

/// What is wrong in a [`Source`], with the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    source: Source,
    said: String,
    span: Option<Range<usize>>,
    help: Option<String>,
}

impl Source {
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    pub fn table(&self) -> Result<Spanned<DeTable<'_>>, PolicyError> {
        DeTable::parse(&self.text).map_err(|e| self.serde_error(&e))
    }

    pub fn error(&self, said: impl Into<String>, span: Option<Range<usize>>) -> PolicyError {
        PolicyError { source: self.clone(), said: said.into(), span, help: None }
    }

    fn serde_error(&self, error: &toml::de::Error) -> PolicyError {
        let said = error.message().to_owned();
        let help = nearest_of(&said);
        PolicyError { source: self.clone(), said, span: error.span(), help }
    }
}

/// Reads a table into a type, with the place of what does not fit.
pub fn typed<T: DeserializeOwned>(source: &Source, table: Spanned<DeTable<'_>>) -> Result<T, PolicyError> {
    T::deserialize(Deserializer::from(table)).map_err(|e| source.serde_error(&e))
}

/// Reads one value into a type, with the place of what does not fit.
pub fn typed_value<T: DeserializeOwned>(source: &Source, value: Spanned<DeValue<'_>>) -> Result<T, PolicyError> {
    T::deserialize(ValueDeserializer::from(value)).map_err(|e| source.serde_error(&e))
}

/// The word of `known` that was probably meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let score = |k: &&str| strsim::damerau_levenshtein(&word.to_lowercase(), &k.to_lowercase());
    let limit = (word.chars().count() / 3).max(1);
    known.into_iter().map(|k| (score(&k), k)).filter(|(s, _)| *s <= limit).min().map(|(_, k)| k)
}

/// serde says "unknown field `x`, expected one of `a`, `b`": picks the nearest.
fn nearest_of(said: &str) -> Option<String> {
    if !said.starts_with("unknown ") {
        return None;
    }
    let mut words = said.split('`').skip(1).step_by(2);
    let wrong = words.next()?;
    nearest(wrong, words).map(|near| format!("did you mean `{near}`?"))
}

impl PolicyError {
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What is wrong, without the place.
    pub fn said(&self) -> &str {
        &self.said
    }

    /// Line and column, from 1, counted in characters.
    pub fn place(&self) -> Option<(usize, usize)> {
        let before = self.source.text.get(..self.span.as_ref()?.start)?;
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Some((line, column))
    }

    /// With the line, a caret and the help; `styled` for a terminal.
    pub fn render(&self, styled: bool) -> String {
        let title = Level::ERROR.primary_title(self.said.as_str());
        let mut group = match self.span.clone() {
            Some(span) => Group::with_title(title).element(
                Snippet::source(self.source.text.as_str())
                    .path(self.source.name.as_str())
                    .annotation(AnnotationKind::Primary.span(visible(&self.source.text, span))),
            ),
            None => Group::with_title(title).element(Level::NOTE.message(format!("in {}", self.source.name))),
        };
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }
}

/// A span at the end of the text or of no width still gets a caret.
fn visible(text: &str, span: Range<usize>) -> Range<usize> {
    if span.is_empty() && span.end < text.len() && text.is_char_boundary(span.end + 1) {
        span.start..span.end + 1
    } else {
        span
    }
}

impl fmt::Display for PolicyError {
    /// One line: `gonogo.toml:3:5: unknown field …; did you mean …?`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source.name)?;
        if let Some((line, column)) = self.place() {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.said)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

impl std::error::Error for PolicyError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_only_offered_when_it_is_near() {
        assert_eq!(nearest("story-stat", ["story-state", "reverts"]), Some("story-state"));
        assert_eq!(nearest("nonsense", ["story-state", "reverts"]), None);
    }
}
