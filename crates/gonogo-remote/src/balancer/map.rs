//! Affinity by one entry of a HAProxy's map. What it was before is kept in the same map, in
//! an entry of its own: nobody asks for that. A restart of HAProxy loses both together, and
//! what the map's file has is then what was before.

use super::haproxy::Haproxy;
use super::kept::Kept;
use super::{Affinity, BalancerError, Of, Said};
use futures_util::future::BoxFuture;
use jiff::Timestamp;

/// What it is while two versions serve.
const ON: &str = "on";
const KEPT: &str = "gonogo.before.";

/// One entry of one map.
#[derive(Clone, Debug)]
pub struct MapEntry {
    pub haproxy: Haproxy,
    /// As it is written in haproxy.cfg.
    pub map: String,
    pub key: String,
}

/// As the map has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stands {
    value: Option<String>,
    kept: Option<Kept>,
}

impl MapEntry {
    fn kept_key(&self) -> String {
        format!("{KEPT}{}", self.key)
    }

    fn place(&self) -> String {
        self.haproxy.place()
    }

    async fn read(&self) -> Result<Stands, BalancerError> {
        let command = format!("show map {}", self.map);
        let answer = self.haproxy.ask(&command).await?;
        if answer.starts_with("Unknown map") {
            return Err(BalancerError::Unknown {
                place: self.place(),
                what: format!("the map {}", self.map),
                said: answer,
                fix: "name it as haproxy.cfg does, which has to use it (docs/affinity.md)".to_owned(),
            });
        }
        let mut entries = Vec::new();
        for line in answer.lines() {
            // `0x55d0c8a0 key value`
            let entry = line.split_once(' ').filter(|(at, _)| at.starts_with("0x"));
            let entry = entry.and_then(|(_, entry)| entry.split_once(' '));
            entries.push(entry.ok_or_else(|| self.haproxy.odd(&command, line))?);
        }
        let kept = self.one(&entries, &self.kept_key())?;
        let unread = |kept: String| {
            self.haproxy.odd(&command, &format!("`{} {kept}`, which gonogo did not write: delete it", self.kept_key()))
        };
        let kept = kept.map(|kept| kept.parse().map_err(|()| unread(kept))).transpose()?;
        Ok(Stands { value: self.one(&entries, &self.key)?, kept })
    }

    fn one(&self, entries: &[(&str, &str)], key: &str) -> Result<Option<String>, BalancerError> {
        let mut values = entries.iter().filter(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned());
        let first = values.next();
        match values.count() {
            0 => Ok(first),
            more => Err(BalancerError::Twice {
                place: self.place(),
                map: self.map.clone(),
                key: key.to_owned(),
                times: more + 1,
            }),
        }
    }

    /// Makes an entry so.
    async fn write(&self, key: &str, is_there: bool, value: Option<&str>) -> Result<(), BalancerError> {
        let map = &self.map;
        match value {
            None if is_there => self.haproxy.tell(&format!("del map {map} {key}")).await,
            None => Ok(()),
            // HAProxy takes neither for a word.
            Some(value) if value.is_empty() || value.ends_with("<<") => {
                if is_there {
                    self.haproxy.tell(&format!("del map {map} {key}")).await?;
                }
                self.haproxy.tell(&format!("add map {map} <<\n{key} {value}\n")).await
            }
            Some(value) => {
                let verb = if is_there { "set" } else { "add" };
                self.haproxy.tell(&format!("{verb} map {map} {key} {}", word(value))).await
            }
        }
    }

    async fn keep(&self, found: &Stands, kept: Option<&Kept>) -> Result<(), BalancerError> {
        let text = kept.map(Kept::to_string);
        self.write(&self.kept_key(), found.kept.is_some(), text.as_deref()).await?;
        self.reads(&Stands { kept: kept.cloned(), ..found.clone() }).await
    }

    /// Proven by reading it back.
    async fn reads(&self, should: &Stands) -> Result<(), BalancerError> {
        let is = self.read().await?;
        if is == *should {
            return Ok(());
        }
        let (is, should) = (shown(&is), shown(should));
        Err(BalancerError::ReadsOtherwise { place: self.place(), key: self.key.clone(), is, should })
    }

    fn held(&self, kept: &Kept, what: &'static str, fix: String) -> BalancerError {
        let by = format!("deploy {} of {}", kept.deploy, kept.service);
        BalancerError::Held { place: self.place(), key: self.key.clone(), by, what, fix }
    }

    async fn turn_on(&self, of: &Of) -> Result<Said, BalancerError> {
        let found = self.read().await?;
        let was = match found.kept.clone() {
            Some(kept) if kept.service != of.service => {
                let fix = format!(
                    "give each service a key of its own; where {} is none any more: `del map {} {}`",
                    kept.service,
                    self.map,
                    self.kept_key()
                );
                return Err(self.held(&kept, "one entry cannot be of two services", fix));
            }
            Some(kept) if kept.deploy > of.deploy => {
                let fix = format!("where numbers of deploys began anew: `del map {} {}`", self.map, self.kept_key());
                return Err(self.held(&kept, "a newer one", fix));
            }
            // Left on by an earlier deploy, or by an earlier attempt.
            Some(kept) if found.value.as_deref() == Some(ON) => kept.was,
            // Somebody has written it since, or a crash came before us.
            _ => found.value.clone(),
        };
        let kept = Kept { service: of.service.clone(), deploy: of.deploy, until: None, was };
        self.keep(&found, Some(&kept)).await?;
        self.write(&self.key, found.value.is_some(), Some(ON)).await?;
        let should = Stands { value: Some(ON.to_owned()), kept: Some(kept.clone()) };
        self.reads(&should).await?;
        let before = match (&kept.was, found.value.as_deref()) {
            (Some(was), _) if was == ON => "it was on before, and will stay so".to_owned(),
            (was, Some(ON)) => {
                format!("left on by an earlier deploy or attempt; before, it was {}", value(was.as_deref()))
            }
            (was, _) => format!("before, it was {}", value(was.as_deref())),
        };
        Ok(Said { said: format!("on; {before}"), stands: shown(&should) })
    }

    async fn turn_off(&self, of: &Of) -> Result<Said, BalancerError> {
        let found = self.read().await?;
        let Some(kept) = found.kept.clone() else {
            let is = value(found.value.as_deref());
            let said = format!("no deploy has it on, or HAProxy was restarted since: it stays as it is, {is}");
            return Ok(Said { said, stands: shown(&found) });
        };
        if kept.service != of.service || kept.deploy > of.deploy {
            let said = format!("deploy {} of {} has it on: it stays", kept.deploy, kept.service);
            return Ok(Said { said, stands: shown(&found) });
        }
        let mut now = found.clone();
        let said = if found.value.as_deref() == Some(ON) {
            self.write(&self.key, true, kept.was.as_deref()).await?;
            now.value.clone_from(&kept.was);
            self.reads(&now).await?;
            format!("put back: {}", value(kept.was.as_deref()))
        } else if found.value == kept.was {
            format!("it is put back already: {}", value(kept.was.as_deref()))
        } else {
            let (is, was) = (value(found.value.as_deref()), value(kept.was.as_deref()));
            format!("somebody has made it {is} since, and so it stays; before this deploy it was {was}")
        };
        self.keep(&now, None).await?;
        Ok(Said { said, stands: shown(&Stands { kept: None, ..now }) })
    }

    async fn to_end(&self, of: &Of, at: Timestamp) -> Result<Option<Timestamp>, BalancerError> {
        let found = self.read().await?;
        let Some(kept) = found.kept.clone().filter(|kept| kept.service == of.service && kept.deploy <= of.deploy)
        else {
            return Ok(None);
        };
        if let (Some(until), true) = (kept.until, kept.deploy == of.deploy) {
            return Ok(Some(until));
        }
        self.keep(&found, Some(&Kept { deploy: of.deploy, until: Some(at), ..kept })).await?;
        Ok(Some(at))
    }
}

impl Affinity for MapEntry {
    fn name(&self) -> String {
        format!("`{}` of {} at {}", self.key, self.map, self.place())
    }

    fn on<'a>(&'a self, of: &'a Of) -> BoxFuture<'a, Result<Said, BalancerError>> {
        Box::pin(self.turn_on(of))
    }

    fn ends_at<'a>(&'a self, of: &'a Of, at: Timestamp) -> BoxFuture<'a, Result<Option<Timestamp>, BalancerError>> {
        Box::pin(self.to_end(of, at))
    }

    fn waits_until<'a>(&'a self, of: &'a Of) -> BoxFuture<'a, Result<Option<Option<Timestamp>>, BalancerError>> {
        Box::pin(async move {
            let kept = self.read().await?.kept;
            let own = kept.filter(|kept| kept.service == of.service && kept.deploy == of.deploy);
            Ok(own.map(|kept| kept.until))
        })
    }

    fn off<'a>(&'a self, of: &'a Of) -> BoxFuture<'a, Result<Said, BalancerError>> {
        Box::pin(self.turn_off(of))
    }

    fn stands(&self) -> BoxFuture<'_, Result<Said, BalancerError>> {
        Box::pin(async {
            let found = self.read().await?;
            let said = match &found.kept {
                Some(kept) => format!("deploy {} of {} has it on", kept.deploy, kept.service),
                None => "no deploy has it on".to_owned(),
            };
            Ok(Said { said, stands: shown(&found) })
        })
    }
}

/// As one word of a command: HAProxy's own way to escape.
fn word(value: &str) -> String {
    let mut word = String::new();
    for c in value.chars() {
        if matches!(c, '\\' | ' ' | '\t' | ';') {
            word.push('\\');
        }
        word.push(c);
    }
    word
}

fn value(value: Option<&str>) -> String {
    value.map_or_else(|| "not there".to_owned(), |value| format!("`{value}`"))
}

fn shown(stands: &Stands) -> String {
    let kept = stands.kept.as_ref().map(|kept| format!(" (kept: {kept})")).unwrap_or_default();
    format!("{}{kept}", value(stands.value.as_deref()))
}
