//! A request as it goes out: variables and secrets are put into its texts, each as it has to
//! stand there.

use anyhow::{Context, anyhow, bail};
use gonogo_core::deploy::Template;
use gonogo_core::say;
use gonogo_remote::http::{
    CA_FILE_VARIABLE, Connections, HeaderName, HeaderValue, HttpError, HttpSettings, Method, Plain, PlainAnswer, Url,
};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

const MOST_SHOWN: usize = 200;

pub(super) struct Request {
    method: Method,
    url: Url,
    /// The address for people: secrets do not stand in it.
    pub shown: String,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub body: Option<Vec<u8>>,
    pub content_type: &'static str,
}

impl Request {
    pub(super) fn of(method: &str, url: &str, headers: &[String]) -> anyhow::Result<Self> {
        let method = method.parse().with_context(|| format!("`{method}` is no method"))?;
        let template = Template(url);
        let shown = template.expanded(|name| if is_variable(name) { value(name) } else { Some("***".to_owned()) });
        let shown = shown.map_err(|said| anyhow!(said))?;
        let whole = template.expanded(|name| value(name).map(|value| escaped(&value))).map_err(|said| anyhow!(said))?;
        let Ok(url) = whole.parse::<Url>() else { bail!("`{}` is no address", say::printable(&shown)) };
        let headers = headers.iter().map(|header| read(header)).collect::<anyhow::Result<_>>()?;
        Ok(Self { method, url, shown, headers, body: None, content_type: "" })
    }
}

/// How it is asked.
pub(super) struct Asked(Connections);

impl Asked {
    pub(super) fn new() -> anyhow::Result<Self> {
        let ca_file = std::env::var_os(CA_FILE_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
        Ok(Self(Connections::new(&HttpSettings { ca_file, is_direct: false })?))
    }

    pub(super) async fn answer(
        &self,
        request: &Request,
        patience: Duration,
        most: usize,
    ) -> Result<PlainAnswer, HttpError> {
        let Request { method, url, headers, body, content_type, .. } = request;
        let (headers, body) = (headers.clone(), body.clone());
        let plain = Plain { method: method.clone(), url: url.clone(), headers, body, content_type, patience, most };
        plain.sent(&self.0).await
    }
}

/// Stands in no text of another meaning.
pub(super) fn filled(text: &str) -> anyhow::Result<String> {
    Template(text).expanded(value).map_err(|said| anyhow!(said))
}

/// Each of its strings.
pub(super) fn json(of: &Value) -> anyhow::Result<Value> {
    Ok(match of {
        Value::String(text) => Value::String(filled(text)?),
        Value::Array(items) => Value::Array(items.iter().map(json).collect::<anyhow::Result<_>>()?),
        Value::Object(fields) => {
            let each = fields.iter().map(|(name, value)| Ok((name.clone(), json(value)?)));
            Value::Object(each.collect::<anyhow::Result<_>>()?)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => of.clone(),
    })
}

/// The same for each attempt of a step of a deploy, and for no other.
pub(super) fn idempotency_key(once: &str) -> anyhow::Result<(HeaderName, HeaderValue)> {
    let key = filled(&format!("{{service}}-{{deploy}}-{once}-{{sha}}"))?;
    let value = HeaderValue::from_str(&key).context("the Idempotency-Key has characters that no header has")?;
    Ok((HeaderName::from_static("idempotency-key"), value))
}

pub(super) fn cut(text: &str) -> String {
    say::cut(text, MOST_SHOWN)
}

fn read(header: &str) -> anyhow::Result<(HeaderName, HeaderValue)> {
    let Some((name, text)) = header.split_once(':') else { bail!("a header is written NAME: VALUE") };
    let known = HeaderName::from_bytes(name.trim().as_bytes());
    let known = known.with_context(|| format!("`{}` is no name of a header", say::printable(name)))?;
    let mut value = HeaderValue::from_str(filled(text.trim())?.trim())
        .with_context(|| format!("what is put into the header {known} has characters that no header has"))?;
    value.set_sensitive(true);
    Ok((known, value))
}

fn is_variable(name: &str) -> bool {
    name.starts_with("GONOGO_")
}

fn value(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// As one part of an address.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}"); // a String takes all
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_named_is_one_part_of_an_address() {
        assert_eq!(escaped("a/b?c#d e%é.~-_"), "a%2Fb%3Fc%23d%20e%25%C3%A9.~-_");
    }

    #[test]
    fn what_is_not_there_is_said_by_its_name_alone() {
        let said = |url: &str, headers: &[&str]| {
            let headers: Vec<String> = headers.iter().map(|header| (*header).to_owned()).collect();
            Request::of("GET", url, &headers).err().unwrap().to_string()
        };
        assert_eq!(said("http://a/{secret:NO_SUCH_SECRET}", &[]), "the variable NO_SUCH_SECRET is not set");
        assert_eq!(said("http://a/", &["Authorization"]), "a header is written NAME: VALUE");
        assert_eq!(said("a", &[]), "`a` is no address");
    }
}
