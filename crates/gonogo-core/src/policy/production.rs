//! `[production]`: what says what runs.

use super::stories::Patterns;
use super::{PolicyError, Source, typed_value};
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Where production is: one of `ref`, `tag`, `url` and `told`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProductionTable {
    /// A branch or tag that always stands at what runs in production.
    #[serde(rename = "ref")]
    reference: Option<String>,
    /// A pattern of tags: the one that was said last to be deployed is at what
    /// runs. A tag that was cut is no deploy.
    tag: Option<String>,
    /// The environment of the code host's deployments that say so.
    environment: Option<String>,
    /// An address that tells what runs, or several: all of them.
    url: Option<Urls>,
    /// Where in the address's JSON the revision stands (RFC 6901); without it
    /// the whole answer is the revision.
    pointer: Option<String>,
    /// A deploy tool tells the server what runs.
    told: bool,
    /// For how long the last answer counts while there is no new one.
    max_age_minutes: Option<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Urls {
    One(String),
    Several(Vec<String>),
}

/// What says what runs.
#[derive(Clone, Debug)]
pub enum ProductionSource {
    /// A branch or tag that always stands at it.
    Ref(String),
    Tag(DeployedTag),
    Url(Endpoint),
    /// Whoever deploys says so.
    Told,
}

/// Tags, of which the one that was said last to be deployed counts.
#[derive(Clone, Debug)]
pub struct DeployedTag {
    pub pattern: String,
    pub tags: Patterns,
    pub environment: String,
    pub max_age: SignedDuration,
}

/// Addresses that tell a revision each.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub urls: Vec<String>,
    pub pointer: Option<String>,
    pub max_age: SignedDuration,
}

const MAX_AGE_MINUTES: u32 = 15;

impl ProductionTable {
    /// `None` of an empty table.
    fn source(self) -> Result<Option<ProductionSource>, String> {
        let told = self.told.then_some("told");
        let named = [
            self.reference.as_ref().map(|_| "ref"),
            self.tag.as_ref().map(|_| "tag"),
            self.url.as_ref().map(|_| "url"),
            told,
        ];
        let named: Vec<&str> = named.into_iter().flatten().collect();
        if let [one, other, ..] = *named {
            return Err(format!("production has `{one}` and `{other}`: keep the one that says what runs"));
        }
        let only = |key: &str, is_set: bool, with: &[&str]| {
            if !is_set || named.iter().any(|name| with.contains(name)) {
                return Ok(());
            }
            Err(format!("`{key}` of production goes with `{}`", with.join("` or `")))
        };
        only("environment", self.environment.is_some(), &["tag"])?;
        only("pointer", self.pointer.is_some(), &["url"])?;
        only("max_age_minutes", self.max_age_minutes.is_some(), &["tag", "url"])?;
        let max_age = SignedDuration::from_mins(self.max_age_minutes.unwrap_or(MAX_AGE_MINUTES).into());
        Ok(match (self.reference, self.tag, self.url) {
            (Some(name), ..) => Some(ProductionSource::named(&name)?),
            (_, Some(pattern), _) => {
                let tags = Patterns::of([&pattern])?;
                let environment = self.environment.unwrap_or_else(|| "production".to_owned());
                if environment.trim().is_empty() {
                    return Err("`environment` of production is empty: leave it out, or name one".to_owned());
                }
                Some(ProductionSource::Tag(DeployedTag { pattern, tags, environment, max_age }))
            }
            (.., Some(urls)) => {
                let urls = match urls {
                    Urls::One(url) => vec![url],
                    Urls::Several(urls) => urls,
                };
                if urls.is_empty() {
                    return Err("`url` of production names no address".to_owned());
                }
                urls.iter().try_for_each(|url| is_address(url))?;
                if let Some(pointer) = self.pointer.as_deref().filter(|pointer| !pointer.starts_with('/')) {
                    return Err(format!("`{pointer}` is no JSON pointer: it begins with a slash, as in /sha"));
                }
                Some(ProductionSource::Url(Endpoint { urls, pointer: self.pointer, max_age }))
            }
            (None, None, None) => told.map(|_| ProductionSource::Told),
        })
    }
}

impl ProductionSource {
    /// A branch or tag by its name.
    fn named(name: &str) -> Result<Self, String> {
        if is_ref(name) {
            Ok(Self::Ref(name.to_owned()))
        } else {
            Err(format!("`{name}` is no branch or tag: write the name of one"))
        }
    }
}

/// Whether a name can be a branch's or a tag's: not one that moves with who
/// looks, such as HEAD, nor a way from another commit.
fn is_ref(name: &str) -> bool {
    !name.is_empty() && !matches!(name, "HEAD" | "@") && !name.contains(['~', '^', ':', ' ']) && !name.contains("@{")
}

fn is_address(url: &str) -> Result<(), String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    if host.is_empty() || url.contains(char::is_whitespace) {
        return Err(format!("`{url}` is no address: write https://HOST/PATH"));
    }
    if host.contains('@') {
        return Err("an address of production carries a password: leave it out, it is asked without one".to_owned());
    }
    Ok(())
}

/// What a policy says of where production is; it may be wrong elsewhere: a
/// mistake in a check's table must not hide where production is.
pub fn production_of(source: &Source) -> Result<Option<ProductionSource>, PolicyError> {
    let mut table = source.table()?;
    let Some(value) = table.get_mut().remove("production") else { return Ok(None) };
    let span = value.span();
    let table = typed_value::<ProductionTable>(source, value)?;
    table.source().map_err(|said| source.error(said, Some(span)))
}

/// In a server's configuration: the name of a branch or tag, or a table.
/// As it is written.
impl Serialize for ProductionSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let minutes = |age: SignedDuration| u32::try_from(age.as_mins()).ok();
        let table = match self.clone() {
            Self::Ref(name) => return serializer.serialize_str(&name),
            Self::Tag(DeployedTag { pattern, environment, max_age, tags: _ }) => ProductionTable {
                tag: Some(pattern),
                environment: Some(environment),
                max_age_minutes: minutes(max_age),
                ..ProductionTable::default()
            },
            Self::Url(Endpoint { urls, pointer, max_age }) => ProductionTable {
                url: Some(Urls::Several(urls)),
                pointer,
                max_age_minutes: minutes(max_age),
                ..ProductionTable::default()
            },
            Self::Told => ProductionTable { told: true, ..ProductionTable::default() },
        };
        table.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ProductionSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrTable;
        impl<'de> Visitor<'de> for NameOrTable {
            type Value = ProductionSource;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a branch, a tag, or a table with tag, url or told")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<ProductionSource, E> {
                ProductionSource::named(name).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ProductionSource, A::Error> {
                let table = ProductionTable::deserialize(MapAccessDeserializer::new(map))?;
                let source = table.source().map_err(A::Error::custom)?;
                source.ok_or_else(|| A::Error::custom("production names none of ref, tag, url and told"))
            }
        }
        deserializer.deserialize_any(NameOrTable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Option<ProductionSource>, String> {
        production_of(&Source::new("gonogo.toml", text)).map_err(|e| e.to_string())
    }

    #[test]
    fn each_way_to_know_production_is_read() {
        assert!(of("x = 1").unwrap().is_none() && of("[production]").unwrap().is_none());
        assert!(matches!(of("production.ref = 'live'").unwrap(), Some(ProductionSource::Ref(name)) if name == "live"));
        assert!(matches!(of("production.told = true").unwrap(), Some(ProductionSource::Told)));
        let Some(ProductionSource::Tag(tag)) = of("production.tag = 'v*'").unwrap() else { panic!("no tag") };
        assert!(tag.environment == "production" && tag.tags.fit("v1.2") && !tag.tags.fit("w1"));
        let text = "[production]\nurl = ['http://a/sha', 'https://b/sha']\npointer = '/git/sha'\nmax_age_minutes = 5";
        let Some(ProductionSource::Url(endpoint)) = of(text).unwrap() else { panic!("no address") };
        assert_eq!((endpoint.urls.len(), endpoint.max_age), (2, SignedDuration::from_mins(5)));
    }

    #[test]
    fn mistakes_say_what_would_do() {
        for (text, said) in [
            ("ref = 'HEAD'", "`HEAD` is no branch or tag"),
            ("ref = 'x'\ntag = 'v*'", "production has `ref` and `tag`"),
            ("url = 'https://a'\ntold = true", "production has `url` and `told`"),
            ("tag = 'v['", "not a pattern"),
            ("tag = 'v*'\nenvironment = ' '", "`environment` of production is empty"),
            ("ref = 'x'\npointer = '/sha'", "`pointer` of production goes with `url`"),
            ("told = true\nmax_age_minutes = 1", "`max_age_minutes` of production goes with `tag` or `url`"),
            ("url = 'ftp://a'", "`ftp://a` is no address"),
            ("url = 'https:///sha'", "is no address"),
            ("url = []", "names no address"),
            ("url = 'https://me:secret@a/'", "carries a password"),
            ("url = 'https://a'\npointer = 'sha'", "`sha` is no JSON pointer"),
            ("told = 'yes'", "invalid type"),
        ] {
            let error = of(&format!("[production]\n{text}")).unwrap_err();
            assert!(error.starts_with("gonogo.toml:1:1: ") || error.starts_with("gonogo.toml:2:"), "{error}");
            assert!(error.contains(said) && !error.contains("secret"), "{error}");
        }
    }
}
