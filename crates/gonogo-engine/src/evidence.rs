//! What a judgement was made from, for people to read. Decides nothing.

mod said;

use crate::locate::type_policy;
use crate::recording::{Recording, RecordingError};
use gonogo_api::Finding;
use gonogo_checks::questions::{Answer, Ask};
use gonogo_core::build::Build;
use gonogo_core::case::PolicyInForce;
use gonogo_core::changeset::{Changeset, LineCount, Person};
use gonogo_core::fact::Fact;
use gonogo_core::ids::Sha;
use gonogo_core::person::Role;
use gonogo_core::policy::{OnCall, SignOff, Turn, WaiverRule, Waivers};
use gonogo_core::story::Issue;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// What was asked and answered, with where and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactLine {
    pub asked: String,
    /// The story or the commit that it tells of; without one the whole candidate.
    pub about: Option<String>,
    pub value: String,
    pub source: String,
    pub at: Timestamp,
}

/// The rule of a check, as the policy has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The policy's file, as an error would call it.
    pub file: String,
    pub line: usize,
    pub text: String,
}

/// A recorded judgement's facts.
#[derive(Debug)]
pub struct Evidence {
    lines: Vec<FactLine>,
    changeset: Option<(Arc<Changeset>, String, Timestamp)>,
    issues: BTreeMap<String, Arc<Issue>>,
    changed: BTreeMap<Sha, LineCount>,
    policy: (String, String),
    /// Of each policy that judged; `None` where one cannot be read.
    waivers: Vec<Option<(Waivers, Vec<&'static str>)>>,
    on_call: Option<OnCall>,
    sign_offs: Vec<SignOff>,
    builds: Vec<Build>,
}

/// Where the policy's own rule cannot be read: the strictest.
pub(crate) const WITHOUT_POLICY: WaiverRule = WaiverRule { role: Role::Admin, days: 1, needs_second: false };

impl Evidence {
    /// From what was recorded with an evaluation.
    pub fn read(recording: &[u8]) -> Result<Self, RecordingError> {
        Ok(Self::of(&Recording::parse(recording)?))
    }

    pub(crate) fn of(recording: &Recording) -> Self {
        let policy = recording.policy();
        let mut evidence = Self {
            lines: Vec::new(),
            changeset: None,
            issues: BTreeMap::new(),
            changed: BTreeMap::new(),
            policy: (policy.name.clone(), policy.text.clone()),
            waivers: recording.policies().map(waivers_of).collect(),
            on_call: type_policy(policy).0.sections.on_call,
            sign_offs: sign_offs_of(recording.policies()),
            builds: Vec::new(),
        };
        for (ask, recorded) in recording.facts() {
            match (ask, &recorded.answer) {
                (Ask::Range(_), Answer::Range(Fact::Known(range))) => {
                    evidence.changeset = Some((Arc::clone(range), recorded.source.clone(), recorded.at));
                }
                (Ask::IssueOf(q), Answer::IssueOf(Fact::Known(issue))) => {
                    evidence.issues.insert(q.key.to_string(), Arc::clone(issue));
                }
                (Ask::LinesOf(q), Answer::LinesOf(Fact::Known(count))) => {
                    evidence.changed.insert(q.sha, *count);
                }
                (Ask::BuildsOf(_), Answer::BuildsOf(Fact::Known(builds))) => evidence.builds.clone_from(builds),
                _ => {}
            }
            evidence.lines.push(FactLine {
                asked: said::asked(ask),
                about: said::about(ask),
                value: said::answered(&recorded.answer),
                source: match &recorded.instead {
                    Some(_) => format!("{}, before it went away", recorded.source),
                    None => recorded.source.clone(),
                },
                at: recorded.at,
            });
        }
        evidence
    }

    pub fn facts(&self) -> &[FactLine] {
        &self.lines
    }

    /// What was read about the finding's subject.
    pub fn behind(&self, finding: &Finding) -> Vec<FactLine> {
        let id = finding.subject.id.as_str();
        let about: Vec<FactLine> =
            self.lines.iter().filter(|line| line.about.as_deref() == Some(id)).cloned().collect();
        match finding.subject.kind.as_str() {
            "commit" => self.commit(id).into_iter().chain(about).collect(),
            "story" => about,
            _ => self.lines.iter().filter(|line| line.about.is_none()).cloned().collect(),
        }
    }

    fn commit(&self, sha: &str) -> Option<FactLine> {
        let (range, source, at) = self.changeset.as_ref()?;
        let commit = range.commits.iter().chain(&range.missing).find(|commit| commit.sha.to_string() == sha)?;
        Some(FactLine {
            asked: "the commit's message".to_owned(),
            about: Some(sha.to_owned()),
            value: commit.message.trim().to_owned(),
            source: source.clone(),
            at: *at,
        })
    }

    /// Where the policy first names a check.
    pub fn rule(&self, check: &str) -> Option<Rule> {
        let (file, text) = &self.policy;
        let is_it = |line: &str| {
            let line = line.trim_start();
            let names = |rest: Option<&str>| {
                rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-'))
            };
            let headings = ["", "[checks.", "[[checks.", "checks."];
            headings.iter().any(|before| names(line.strip_prefix(before).and_then(|rest| rest.strip_prefix(check))))
        };
        let (at, line) = text.lines().enumerate().find(|(_, line)| is_it(line))?;
        Some(Rule { file: file.clone(), line: at + 1, text: line.trim().to_owned() })
    }

    /// Who may waive what a check found, by the policy that judged; where several
    /// did, by what all of them ask for.
    pub fn waiver_rule(&self, check: &str) -> WaiverRule {
        let rule =
            |policy: &Option<(Waivers, _)>| policy.as_ref().map_or(WITHOUT_POLICY, |(one, _)| one.rule_for(check));
        self.waivers.iter().map(rule).reduce(WaiverRule::strictest).unwrap_or(WITHOUT_POLICY)
    }

    /// By what all checks that may block ask for together.
    pub(crate) fn strictest_rule(&self) -> WaiverRule {
        let rule = |policy: &Option<(Waivers, Vec<&'static str>)>| {
            let (waivers, blocking) = policy.as_ref()?;
            blocking.iter().map(|check| waivers.rule_for(check)).reduce(WaiverRule::strictest)
        };
        self.waivers
            .iter()
            .map(|policy| rule(policy).unwrap_or(WITHOUT_POLICY))
            .reduce(WaiverRule::strictest)
            .unwrap_or(WITHOUT_POLICY)
    }

    /// Whom the policy names for that time.
    pub fn on_call(&self, now: Timestamp) -> Option<Turn> {
        self.on_call.as_ref()?.at(now)
    }

    /// What the policies that judged want signed off.
    pub fn sign_offs(&self) -> &[SignOff] {
        &self.sign_offs
    }

    /// A story's fields, by the names that the policy uses, as text.
    pub fn fields(&self, key: &str) -> Vec<(&str, String)> {
        let fields = self.issues.get(key).map(|issue| &issue.fields);
        fields.into_iter().flatten().map(|(name, value)| (name.as_str(), said::field(value))).collect()
    }

    /// Whether the tracker told what a story is.
    pub(crate) fn knows(&self, key: &str) -> bool {
        self.issues.contains_key(key)
    }

    /// What the fields of all stories say: pages show that, and no finding may have it.
    pub(crate) fn all_fields(&self) -> Vec<(&str, Vec<(&str, String)>)> {
        self.issues.keys().map(|key| (key.as_str(), self.fields(key))).collect()
    }

    /// The paths that these commits change; of merges none.
    pub fn files<'a>(&'a self, ships: &BTreeSet<&str>) -> BTreeSet<&'a str> {
        let commits = self.changeset.iter().flat_map(|(range, ..)| &range.commits);
        let shipping = commits.filter(|commit| ships.contains(commit.sha.to_string().as_str()));
        shipping.flat_map(|commit| commit.files.iter().map(AsRef::as_ref)).collect()
    }

    /// Who wrote something of what the head brings, as git has it; a merge is nobody's work,
    /// unless something was added in it. `None` where the commits were not recorded.
    pub fn authors(&self) -> Option<BTreeSet<Person>> {
        let (range, ..) = self.changeset.as_ref()?;
        let written = range.commits.iter().filter(|one| !one.is_merge() || range.suspect_merges.contains(&one.sha));
        let of = |one: &gonogo_core::changeset::Commit| {
            co_authors(&one.message).chain([Person::clone(&one.author)]).collect::<Vec<_>>()
        };
        Some(written.flat_map(of).collect())
    }

    /// Builds of the head, as they were when it was judged.
    pub(crate) fn builds(&self) -> &[Build] {
        &self.builds
    }

    /// The changed paths of each commit, by its SHA.
    pub(crate) fn files_of_each(&self) -> HashMap<String, &[Box<str>]> {
        let commits = self.changeset.iter().flat_map(|(range, ..)| &range.commits);
        commits.map(|commit| (commit.sha.to_string(), commit.files.as_slice())).collect()
    }

    /// Lines that these commits change, where they were counted for all of them.
    pub fn changed_lines(&self, ships: &BTreeSet<&str>) -> Option<LineCount> {
        let counted: Vec<&LineCount> =
            self.changed.iter().filter(|(sha, _)| ships.contains(sha.to_string().as_str())).map(|(_, n)| n).collect();
        let sum = |of: fn(&LineCount) -> u64| counted.iter().map(|count| of(count)).sum();
        (!ships.is_empty() && counted.len() == ships.len())
            .then(|| LineCount { added: sum(|n| n.added), removed: sum(|n| n.removed) })
    }
}

/// `Co-authored-by: Name <mail>`
fn co_authors(message: &str) -> impl Iterator<Item = Person> {
    const NAME: &str = "co-authored-by:";
    message.lines().filter_map(|line| {
        let said =
            line.get(..NAME.len()).filter(|name| name.eq_ignore_ascii_case(NAME)).map(|_| &line[NAME.len()..])?;
        let (name, mail) = said.trim().strip_suffix('>')?.rsplit_once('<')?;
        Some(Person { name: name.trim().to_owned(), email: mail.to_owned() })
    })
}

/// What any of them asks for; of one name who all of them name.
pub(crate) fn sign_offs_of<'a>(policies: impl Iterator<Item = &'a PolicyInForce>) -> Vec<SignOff> {
    let mut all: Vec<SignOff> = Vec::new();
    for one in policies.flat_map(|policy| type_policy(policy).0.sections.plan.sign_offs()) {
        match all.iter_mut().find(|known| known.name == one.name) {
            Some(known) => known.by = known.by.clone().strictest(one.by),
            None => all.push(one),
        }
    }
    all
}

/// With the names of the checks that may block.
fn waivers_of(policy: &PolicyInForce) -> Option<(Waivers, Vec<&'static str>)> {
    let (typed, error) = type_policy(policy);
    let blocking = typed.blocking().collect();
    error.is_none().then_some((typed.sections.waivers, blocking))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_is_where_the_policy_names_the_check_and_no_longer_name() {
        let rule = |text: &str| {
            let policy = ("gonogo.toml".to_owned(), text.to_owned());
            let evidence = Evidence {
                lines: Vec::new(),
                changeset: None,
                issues: BTreeMap::new(),
                changed: BTreeMap::new(),
                policy,
                waivers: Vec::new(),
                on_call: None,
                sign_offs: Vec::new(),
                builds: Vec::new(),
            };
            evidence.rule("story-key").map(|rule| rule.line)
        };
        assert_eq!(rule("[checks]\nstory-keys = 1\nstory-key = \"warn\"\n"), Some(3));
        assert_eq!(rule("# story-key\n[checks.story-key]\nlevel = \"warn\"\n"), Some(2));
        assert_eq!(rule("checks.story-key.level = \"warn\"\n"), Some(1));
        assert_eq!(rule("[checks]\n"), None);
    }

    #[test]
    fn who_wrote_a_commit_with_others_is_named_at_its_end() {
        let message = "STORY-1 x\n\nCo-authored-by: Lee <lee@example.com>\nco-authored-BY: <a@b>\nCo-authored-by: none\nüüüüüüüüüüü";
        let named: Vec<_> = co_authors(message).map(|person| (person.name, person.email)).collect();
        let of = |name: &str, mail: &str| (name.to_owned(), mail.to_owned());
        assert_eq!(named, [of("Lee", "lee@example.com"), of("", "a@b")]);
    }
}
