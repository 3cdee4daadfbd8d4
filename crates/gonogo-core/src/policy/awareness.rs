//! `[[awareness]]`: which teams have to know of which stories before they ship.

use super::zone::{utc, zone};
use crate::email::EmailAddress;
use crate::fact::Why;
use crate::story::{FieldValue, Issue, same_word};
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A team, and the stories that it has to know of in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Awareness {
    /// What the team is called.
    pub team: String,
    /// Where in Slack it is told.
    #[serde(default)]
    pub channel: Option<String>,
    /// Where it is told by e-mail, beside that or instead.
    #[serde(default)]
    pub email: Vec<EmailAddress>,
    /// Its working hours that have to lie between being told and shipping.
    #[serde(default)]
    lead_hours: u32,
    /// Where the team works: an IANA time zone.
    #[serde(default = "utc")]
    zone: String,
    #[serde(default = "monday_to_friday")]
    days: BTreeSet<Day>,
    /// The hour at which its day begins, and the one at which it ends.
    #[serde(default = "nine")]
    from: u8,
    #[serde(default = "seventeen")]
    to: u8,
    /// Stories with one of these labels concern it.
    #[serde(default)]
    labels: Vec<String>,
    /// And those of which one of these fields says so.
    #[serde(default)]
    fields: Vec<FieldSays>,
    /// Fields that it is told, beside those.
    #[serde(default)]
    tells: Vec<String>,
    /// Who may say that the team knows: people with a password by name, others as
    /// `github:LOGIN` or `oidc:SUB`.
    #[serde(default)]
    pub people: Vec<String>,
}

/// What makes a story concern a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FieldSays {
    /// By its name or id.
    field: String,
    /// One of these words stands in it; without any it is enough that it is filled in.
    #[serde(default)]
    says: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// Between the places of a team: neither a channel nor an address has it.
pub const PLACES_APART: &str = ", ";

/// A month of working days.
const MOST_HOURS: u32 = 200;

fn nine() -> u8 {
    9
}

fn seventeen() -> u8 {
    17
}

fn monday_to_friday() -> BTreeSet<Day> {
    [Day::Monday, Day::Tuesday, Day::Wednesday, Day::Thursday, Day::Friday].into()
}

impl Day {
    fn of(date: Date) -> Self {
        match date.weekday() {
            Weekday::Monday => Self::Monday,
            Weekday::Tuesday => Self::Tuesday,
            Weekday::Wednesday => Self::Wednesday,
            Weekday::Thursday => Self::Thursday,
            Weekday::Friday => Self::Friday,
            Weekday::Saturday => Self::Saturday,
            Weekday::Sunday => Self::Sunday,
        }
    }
}

impl Awareness {
    /// The fields that it needs of each issue.
    pub fn wants(&self) -> impl Iterator<Item = &String> {
        self.fields.iter().map(|rule| &rule.field).chain(&self.tells)
    }

    /// Whether the team has to know of a story.
    pub fn concerns(&self, issue: &Issue) -> Result<bool, Why> {
        if self.labels.iter().any(|label| issue.labels.iter().any(|has| same_word(has, label))) {
            return Ok(true);
        }
        for rule in &self.fields {
            if rule.is_so(issue.fields.get(&rule.field).unwrap_or(&FieldValue::NoSuchField))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The fields that it is told, with what they say.
    pub fn told(&self, issue: &Issue) -> Vec<(String, String)> {
        let mut told: Vec<(String, String)> = Vec::new();
        for field in self.wants() {
            let said = issue.fields.get(field).and_then(text).filter(|said| !said.trim().is_empty());
            if let Some(said) = said.filter(|_| told.iter().all(|(known, _)| known != field)) {
                told.push((field.clone(), said.trim().to_owned()));
            }
        }
        told
    }

    /// When a story may ship that it was told of then.
    pub fn opens(&self, told_at: Timestamp) -> Timestamp {
        // Unknown is never early.
        let Ok(zone) = zone(&self.zone) else { return Timestamp::MAX };
        let mut left = SignedDuration::from_hours(i64::from(self.lead_hours));
        let mut at = told_at;
        let mut date = zone.to_datetime(told_at).date();
        while !left.is_zero() {
            let [from, to] = [self.from, self.to].map(|hour| hour_of(&zone, date, hour));
            let begin = at.max(from);
            if self.days.contains(&Day::of(date)) && begin < to {
                let room = to.duration_since(begin);
                if left <= room {
                    return begin.saturating_add(left).unwrap_or(Timestamp::MAX);
                }
                left -= room;
            }
            at = to.max(at);
            let Ok(next) = date.tomorrow() else { return Timestamp::MAX };
            date = next;
        }
        at
    }

    /// A time as the team reads it: `2026-12-01 15:00 Europe/Berlin`.
    pub fn minute(&self, at: Timestamp) -> String {
        let there = zone(&self.zone).map(|zone| zone.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string());
        there.map_or_else(|_| crate::say::minute(at), |there| format!("{there} {}", self.zone))
    }

    /// All places together, as a question names them.
    pub fn all_places(&self) -> String {
        self.places().join(PLACES_APART)
    }

    /// Where it is told.
    pub fn places(&self) -> Vec<&str> {
        self.channel.as_deref().into_iter().chain(self.email.iter().map(EmailAddress::as_str)).collect()
    }

    /// `8 working hours`
    pub fn lead(&self) -> String {
        crate::say::count(self.lead_hours as usize, "working hour")
    }

    pub(super) fn validate(&self) -> Result<(), String> {
        let team = &self.team;
        if team.trim().is_empty() || team.chars().count() > 60 {
            return Err("an [[awareness]] has a team of up to 60 characters".to_owned());
        }
        if self.channel.as_ref().is_some_and(|channel| channel.trim().is_empty()) || self.places().is_empty() {
            return Err(format!("nobody of {team} is told: write channel = \"#…\", email = [\"…@…\"], or both"));
        }
        if self.labels.is_empty() && self.fields.is_empty() {
            return Err(format!("[[awareness]] of {team} concerns no story: write labels = [\"…\"] or fields"));
        }
        if self.from >= self.to || self.to > 24 || self.days.is_empty() {
            return Err(format!(
                "{team} never works: from is an hour before to, which is at most 24, and days are some"
            ));
        }
        if self.lead_hours > MOST_HOURS {
            return Err(format!("lead_hours of {team} is 0 to {MOST_HOURS}"));
        }
        if let Some(empty) = self.fields.iter().flat_map(|rule| &rule.says).find(|word| plain(word) == " ") {
            return Err(format!(
                "`{empty}` in says of {team} has no letter and no digit: it would stand in every field"
            ));
        }
        zone(&self.zone).map(|_| ())
    }
}

impl FieldSays {
    fn is_so(&self, value: &FieldValue) -> Result<bool, Why> {
        let field = &self.field;
        match value {
            FieldValue::NoSuchField => Err(Why::new(
                format!("the tracker has no field \"{field}\""),
                "mend its name in [[awareness]], or write its id (customfield_NNNNN)",
            )),
            FieldValue::Ambiguous(ids) => Err(Why::new(
                format!("the tracker has {} fields named \"{field}\"", ids.len()),
                format!("write the id of the right one in [[awareness]]: {}", ids.join(", ")),
            )),
            value => {
                let said = text(value).unwrap_or_default();
                let has = |word: &String| has_word(&said, word);
                Ok(if self.says.is_empty() { !said.trim().is_empty() } else { self.says.iter().any(has) })
            }
        }
    }
}

/// Whether these words stand in a text, in any case and not inside others.
fn has_word(text: &str, word: &str) -> bool {
    plain(text).contains(&plain(word))
}

/// Words alone, with blanks around each.
fn plain(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.fold(" ".to_owned(), |all, word| all + &word.to_lowercase() + " ")
}

fn text(value: &FieldValue) -> Option<String> {
    match value {
        FieldValue::Text(text) => Some(text.clone()),
        FieldValue::Number(number) => Some(number.to_string()),
        FieldValue::Person(person) => Some(person.name.clone()),
        FieldValue::Empty | FieldValue::NoSuchField | FieldValue::Ambiguous(_) => None,
    }
}

/// The instant of a day's hour; 24 is the next day's begin.
fn hour_of(zone: &TimeZone, date: Date, hour: u8) -> Timestamp {
    let at = date.at(0, 0, 0, 0).saturating_add(i64::from(hour).hours());
    zone.to_timestamp(at).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Policy, Source};
    use crate::story::{IssueType, Status};
    use std::collections::BTreeMap;

    fn parse(text: &str) -> Result<Awareness, String> {
        let text = format!("[[awareness]]\nteam = 'support'\nchannel = '#support'\n{text}");
        let policy = Policy::parse(Source::new("gonogo.toml", text)).map_err(|e| e.to_string())?;
        Ok(policy.sections.awareness[0].clone())
    }

    fn issue(labels: &[&str], fields: &[(&str, FieldValue)]) -> Issue {
        Issue {
            key: "STORY-9".parse().unwrap(),
            title: String::new(),
            kind: IssueType { id: String::new(), name: String::new(), subtask: false },
            status: Status { id: String::new(), name: String::new() },
            is_done: false,
            reporter: None,
            assignee: None,
            parent: None,
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            created_at: None,
            url: String::new(),
            fields: fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            field_ids: BTreeMap::new(),
            history: None,
        }
    }

    fn says(text: &str) -> FieldValue {
        FieldValue::Text(text.to_owned())
    }

    #[test]
    fn a_label_or_a_word_in_a_field_makes_a_story_a_teams() {
        let support =
            parse("labels = ['Customer-visible']\nfields = [{ field = 'Risk', says = ['high', 'very low'] }]").unwrap();
        let concerns = |labels: &[&str], risk: FieldValue| support.concerns(&issue(labels, &[("Risk", risk)]));
        assert_eq!(concerns(&["customer-visible"], FieldValue::Empty), Ok(true));
        assert_eq!(concerns(&["other"], says("High: invoices")), Ok(true));
        assert_eq!(concerns(&[], says("is very  low")), Ok(true));
        assert_eq!(concerns(&[], says("highly unlikely")), Ok(false));
        assert_eq!(concerns(&[], FieldValue::Empty), Ok(false));
        assert!(concerns(&[], FieldValue::NoSuchField).is_err() && support.concerns(&issue(&[], &[])).is_err());
        assert!(concerns(&[], FieldValue::Ambiguous(vec!["1".to_owned()])).is_err());
        let told = support.told(&issue(&[], &[("Risk", says(" High: invoices\n"))]));
        assert_eq!(told, [("Risk".to_owned(), "High: invoices".to_owned())]);
        let filled = parse("fields = [{ field = 'Summary for customers' }]").unwrap();
        assert_eq!(filled.concerns(&issue(&[], &[("Summary for customers", says("x"))])), Ok(true));
    }

    #[test]
    fn the_lead_is_counted_in_the_teams_working_hours() {
        let opens = |more: &str, told: &str| {
            let rule = parse(&format!("labels = ['x']\n{more}")).unwrap();
            rule.minute(rule.opens(told.parse().unwrap()))
        };
        let eight = "lead_hours = 8\nzone = 'Europe/Berlin'";
        // 2026-11-27 is a Friday; Berlin is an hour ahead.
        assert_eq!(opens(eight, "2026-11-26T08:00:00Z"), "2026-11-26 17:00 Europe/Berlin");
        assert_eq!(opens(eight, "2026-11-27T11:30:00Z"), "2026-11-30 12:30 Europe/Berlin");
        assert_eq!(opens(eight, "2026-11-28T11:30:00Z"), "2026-11-30 17:00 Europe/Berlin");
        assert_eq!(opens(eight, "2026-11-26T21:00:00Z"), "2026-11-27 17:00 Europe/Berlin");
        assert_eq!(opens("", "2026-11-28T03:04:00Z"), "2026-11-28 03:04 UTC");
        // The clocks go back in the night to Sunday 2026-10-25.
        assert_eq!(
            opens("lead_hours = 1\nzone = 'Europe/Berlin'", "2026-10-23T15:00:00Z"),
            "2026-10-26 10:00 Europe/Berlin"
        );
        let always = "lead_hours = 30\nfrom = 0\nto = 24\ndays = ['saturday', 'sunday']";
        assert_eq!(opens(always, "2026-11-27T11:00:00Z"), "2026-11-29 06:00 UTC");
    }

    #[test]
    fn mistakes_are_shown() {
        for text in ["channel = ''", "", "email = []"] {
            let text = format!("[[awareness]]\nteam = 'support'\nlabels = ['x']\n{text}");
            let error = Policy::parse(Source::new("gonogo.toml", text)).unwrap_err().to_string();
            assert!(error.contains("nobody of support is told"), "{error}");
        }
        for (text, said) in [
            ("", "concerns no story"),
            ("labels = ['x']\nemail = ['support']", "`support` is no e-mail address"),
            ("labels = ['x']\nzone = 'Europe/Nowhere'", "`Europe/Nowhere` is no time zone"),
            ("labels = ['x']\nfrom = 17\nto = 9", "never works"),
            ("labels = ['x']\ndays = []", "never works"),
            ("labels = ['x']\ndays = ['caturday']", "unknown variant `caturday`"),
            ("labels = ['x']\nlead_hours = 201", "is 0 to 200"),
            ("fields = [{ field = 'Risk', says = ['high', ''] }]", "`` in says of support"),
            ("fields = [{ field = 'Risk', says = ['!'] }]", "`!` in says of support"),
            (
                "labels = ['x']\n[[awareness]]\nteam = 'support'\nchannel = '#b'\nlabels = ['y']",
                "two [[awareness]] of support",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
