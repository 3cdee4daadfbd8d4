//! Who acts, and what they may. Whatever face a person comes from, what they
//! do goes through here.

use crate::policy::WaiverRule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// What a person may do; each role may what the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Viewer,
    Developer,
    ReleaseManager,
    Admin,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Developer, Self::ReleaseManager, Self::Admin];

    pub fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Developer => "developer",
            Self::ReleaseManager => "release-manager",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|role| role.word() == text).ok_or(())
    }
}

/// What a token may be used for. Words may be added, never changed: they are
/// stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    Read,
    Waive,
    Production,
    Messages,
    Stories,
    Deploy,
    Admin,
}

impl Scope {
    pub const ALL: [Self; 7] =
        [Self::Read, Self::Waive, Self::Production, Self::Messages, Self::Stories, Self::Deploy, Self::Admin];

    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Waive => "waive",
            Self::Production => "production",
            Self::Messages => "messages",
            Self::Stories => "stories",
            Self::Deploy => "deploy",
            Self::Admin => "admin",
        }
    }

    /// What it lets a program do.
    pub fn means(self) -> &'static str {
        match self {
            Self::Read => "read everything",
            Self::Waive => {
                "have a candidate judged again, waive, take waivers back, say that a team knows, answer post-deploy checks, sign off"
            }
            Self::Production => "say what runs in production",
            Self::Messages => "have messages said again, or drop them; send deploy plans",
            Self::Deploy => "ask for deploys, halt them, say how they go on, stop all, lock services",
            Self::Stories => "fill in fields of stories, and move them, in Jira, as the person there",
            Self::Admin => "add people, run deliveries and dead work again",
        }
    }

    /// The least role for which it opens anything.
    pub fn needs(self) -> Role {
        // Who has something of their own to take back was more once.
        let acts = Act::ALL.into_iter().filter(|act| *act != Act::TakeBackOwn && act.scope() == Some(self));
        acts.map(Act::needs).min().unwrap_or(Role::Admin)
    }
}

impl FromStr for Scope {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|scope| scope.word() == text).ok_or(())
    }
}

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Read,
    /// Any two commits: that costs more than to read.
    Compare,
    CheckAgain,
    /// Say what came of post-deploy checks.
    AnswerChecks,
    /// Exactly one deploy; by whom is policy.
    SignOff,
    Waive,
    /// For a team that they are named in: that it knows of a story.
    Acknowledge,
    SayWhatRuns,
    /// Ask for one, and say how one goes on that is under way.
    Deploy,
    /// Stop all deploys of all services, and lift that.
    StopAll,
    /// A service against deploys of others, and take such a lock off.
    Lock,
    /// Deploy in spite of what keeps it; by whom is policy.
    BreakGlass,
    TakeBackOwn,
    AddPerson,
    ChangePerson,
    /// A delivery, or work that was given up.
    RunAgain,
    /// The server's own.
    ReadSettings,
    /// A message that could not be said: again, or never.
    SeeToMessages,
    /// A deploy plan, by e-mail.
    SendPlan,
    /// Under one's own name in the tracker, which says what one may there.
    MendStory,
    MakeToken,
    RevokeAnyToken,
}

impl Act {
    pub const ALL: [Self; 22] = [
        Self::Read,
        Self::Compare,
        Self::CheckAgain,
        Self::AnswerChecks,
        Self::SignOff,
        Self::Waive,
        Self::Acknowledge,
        Self::SayWhatRuns,
        Self::Deploy,
        Self::StopAll,
        Self::Lock,
        Self::BreakGlass,
        Self::TakeBackOwn,
        Self::AddPerson,
        Self::ChangePerson,
        Self::RunAgain,
        Self::ReadSettings,
        Self::SeeToMessages,
        Self::SendPlan,
        Self::MendStory,
        Self::MakeToken,
        Self::RevokeAnyToken,
    ];

    /// The least role that may.
    pub fn needs(self) -> Role {
        match self {
            Self::Read | Self::Acknowledge | Self::TakeBackOwn | Self::MendStory | Self::MakeToken => Role::Viewer,
            Self::Compare
            | Self::CheckAgain
            | Self::AnswerChecks
            | Self::SignOff
            | Self::Deploy
            | Self::StopAll
            | Self::Lock => Role::Developer,
            Self::Waive | Self::SayWhatRuns | Self::SeeToMessages | Self::SendPlan => Role::ReleaseManager,
            Self::BreakGlass
            | Self::AddPerson
            | Self::ChangePerson
            | Self::RunAgain
            | Self::ReadSettings
            | Self::RevokeAnyToken => Role::Admin,
        }
    }

    /// The scope of a token that may; `None` for what no token may.
    pub fn scope(self) -> Option<Scope> {
        match self {
            Self::Read | Self::Compare | Self::ReadSettings => Some(Scope::Read),
            Self::CheckAgain
            | Self::AnswerChecks
            | Self::SignOff
            | Self::Waive
            | Self::Acknowledge
            | Self::TakeBackOwn => Some(Scope::Waive),
            Self::SayWhatRuns => Some(Scope::Production),
            Self::Deploy | Self::StopAll | Self::Lock | Self::BreakGlass => Some(Scope::Deploy),
            Self::SeeToMessages | Self::SendPlan => Some(Scope::Messages),
            Self::MendStory => Some(Scope::Stories),
            Self::AddPerson | Self::RunAgain => Some(Scope::Admin),
            Self::ChangePerson | Self::MakeToken | Self::RevokeAnyToken => None,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Compare => "compare",
            Self::CheckAgain => "check again",
            Self::AnswerChecks => "answer post-deploy checks",
            Self::SignOff => "sign off",
            Self::Waive => "waive",
            Self::Acknowledge => "say that a team knows",
            Self::SayWhatRuns => "say what runs",
            Self::Deploy => "deploy",
            Self::StopAll => "stop all deploys",
            Self::Lock => "lock a service",
            Self::BreakGlass => "deploy by break-glass",
            Self::TakeBackOwn => "take back one's own",
            Self::AddPerson => "add people",
            Self::ChangePerson => "change what people may",
            Self::RunAgain => "run work again",
            Self::ReadSettings => "read the server's settings",
            Self::SeeToMessages => "see to messages",
            Self::SendPlan => "send a deploy plan",
            Self::MendStory => "mend a story in the tracker",
            Self::MakeToken => "make a token",
            Self::RevokeAnyToken => "revoke the tokens of others",
        }
    }
}

/// A person who has signed in, or a program that comes with a token of theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: i64,
    pub name: String,
    /// At every service.
    pub role: Role,
    /// At single services, where it is another one.
    pub at: BTreeMap<String, Role>,
    /// `None` where they come themselves.
    pub token: Option<Token>,
}

/// What a program comes with in a person's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub id: i64,
    pub name: String,
    pub scopes: Vec<Scope>,
    /// The request that is to be done once.
    pub once: Option<Once>,
}

/// A request under a key of the program's own: however often it comes, it is
/// done once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// Keys are a token's own.
    pub token: i64,
    pub key: String,
    /// Of all that was asked for: another request under the same key is none.
    pub request_hash: String,
}

/// What somebody may be, for all services and for some: what a system outside
/// says, or an admin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    pub all: Role,
    pub at: BTreeMap<String, Role>,
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.all.word())?;
        self.at.iter().try_for_each(|(service, role)| write!(f, ", {} at {service}", role.word()))
    }
}

/// A person who may do what they are about to do: only [`Person::may`] and its like make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    id: i64,
    name: String,
    token: Option<Token>,
}

/// Why somebody may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forbidden {
    act: Act,
    lacks: Lacks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lacks {
    /// This one, at the least.
    Role(Role),
    Scope(Scope),
    /// Only who is there themselves may.
    Session,
}

impl Person {
    /// Whether they may do what concerns all services.
    pub fn may(&self, act: Act) -> Result<Actor, Forbidden> {
        self.as_role(self.role, act, act.needs())
    }

    /// Whether they may do what whoever may it at any service may.
    pub fn may_anywhere(&self, act: Act) -> Result<Actor, Forbidden> {
        self.as_role(self.greatest_role(), act, act.needs())
    }

    pub fn may_at(&self, service: &str, act: Act) -> Result<Actor, Forbidden> {
        self.as_role(self.role_at(service), act, act.needs())
    }

    /// Whether they may let pass, or confirm that it may pass, what this rule is for.
    pub fn may_waive(&self, service: &str, rule: &WaiverRule) -> Result<Actor, Forbidden> {
        self.as_role(self.role_at(service), Act::Waive, rule.role)
    }

    /// Whether they may sign a deploy off for which one has to be this.
    pub fn may_sign_off(&self, service: &str, needs: Role) -> Result<Actor, Forbidden> {
        self.as_role(self.role_at(service), Act::SignOff, needs)
    }

    /// Whether they may agree to a deploy for which one has to be this.
    pub fn may_approve(&self, service: &str, needs: Role) -> Result<Actor, Forbidden> {
        self.as_role(self.role_at(service), Act::Deploy, needs.max(Role::Developer))
    }

    /// Whether they may deploy in spite of what keeps it, for which one has to be this.
    pub fn may_break_glass(&self, service: &str, needs: Role) -> Result<Actor, Forbidden> {
        self.as_role(self.role_at(service), Act::BreakGlass, needs.max(Role::Developer))
    }

    /// The greater of what they are for all services and for this one.
    pub fn role_at(&self, service: &str) -> Role {
        self.at.get(service).map_or(self.role, |role| self.role.max(*role))
    }

    /// The greatest that they are anywhere.
    pub fn greatest_role(&self) -> Role {
        self.at.values().copied().fold(self.role, Role::max)
    }

    /// All permission is from here: the person's role has to reach, and the
    /// scope of the token where they come with one.
    fn as_role(&self, role: Role, act: Act, needs: Role) -> Result<Actor, Forbidden> {
        let refused = |lacks| Err(Forbidden { act, lacks });
        if role < needs {
            return refused(Lacks::Role(needs));
        }
        match (&self.token, act.scope()) {
            (Some(_), None) => refused(Lacks::Session),
            (Some(token), Some(scope)) if !token.scopes.contains(&scope) => refused(Lacks::Scope(scope)),
            _ => Ok(Actor { id: self.id, name: self.name.clone(), token: self.token.clone() }),
        }
    }
}

impl Actor {
    pub fn id(&self) -> i64 {
        self.id
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The token that they come with.
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }
}

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.act.words();
        match self.lacks {
            Lacks::Role(needs) => write!(f, "to {what} one has to be {}: ask an admin", needs.word()),
            Lacks::Scope(scope) => {
                write!(f, "to {what} a token needs the scope {}: make one that has it", scope.word())
            }
            Lacks::Session => write!(f, "to {what} one has to sign in: no token may"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_what_lesser_ones_may() {
        let person = |role| Person { id: 1, name: "maria".to_owned(), role, at: BTreeMap::new(), token: None };
        let may = |role: Role| [Act::CheckAgain, Act::Waive, Act::AddPerson].map(|act| person(role).may(act).is_ok());
        assert_eq!(may(Role::Viewer), [false, false, false]);
        assert_eq!(may(Role::Developer), [true, false, false]);
        assert_eq!(may(Role::ReleaseManager), [true, true, false]);
        assert_eq!(may(Role::Admin), [true, true, true]);
        let refused = person(Role::Developer).may(Act::Waive).unwrap_err().to_string();
        assert_eq!(refused, "to waive one has to be release-manager: ask an admin");
        let rule = WaiverRule { role: Role::Developer, days: 1, needs_second: true };
        let waives = |role| person(role).may_waive("web", &rule).is_ok();
        assert_eq!([waives(Role::Viewer), waives(Role::Developer)], [false, true]);
        assert!(Role::ALL.into_iter().all(|role| role.word().parse() == Ok(role)));
    }

    #[test]
    fn a_role_at_one_service_reaches_no_further() {
        let at = [("web".to_owned(), Role::ReleaseManager), ("api".to_owned(), Role::Viewer)].into();
        let person = Person { id: 1, name: "maria".to_owned(), role: Role::Developer, at, token: None };
        assert!(person.may_at("web", Act::Waive).is_ok());
        assert!(person.may_at("search", Act::Waive).is_err());
        assert!(person.may(Act::Waive).is_err());
        assert!(person.may_anywhere(Act::Waive).is_ok() && person.may_anywhere(Act::RunAgain).is_err());
        assert_eq!(person.role_at("api"), Role::Developer, "what they are for all is not taken away");
        assert_eq!(person.greatest_role(), Role::ReleaseManager);
    }

    fn with(role: Role, scopes: &[Scope]) -> Person {
        let token = Token { id: 7, name: "ci".to_owned(), scopes: scopes.to_vec(), once: None };
        Person { id: 1, name: "maria".to_owned(), role, at: BTreeMap::new(), token: Some(token) }
    }

    #[test]
    fn a_token_opens_what_its_scopes_and_its_person_may() {
        let open = |person: &Person| Act::ALL.into_iter().filter(|act| person.may(*act).is_ok()).collect::<Vec<_>>();
        assert_eq!(open(&with(Role::Admin, &[])), []);
        assert_eq!(open(&with(Role::Admin, &[Scope::Read])), [Act::Read, Act::Compare, Act::ReadSettings]);
        let may_with_waive =
            [Act::CheckAgain, Act::AnswerChecks, Act::SignOff, Act::Waive, Act::Acknowledge, Act::TakeBackOwn];
        assert_eq!(open(&with(Role::Admin, &[Scope::Waive])), may_with_waive);
        assert_eq!(
            open(&with(Role::Developer, &[Scope::Waive, Scope::Production])),
            [Act::CheckAgain, Act::AnswerChecks, Act::SignOff, Act::Acknowledge, Act::TakeBackOwn]
        );
        assert_eq!(open(&with(Role::ReleaseManager, &[Scope::Production, Scope::Admin])), [Act::SayWhatRuns]);
        let never = [Act::ChangePerson, Act::MakeToken, Act::RevokeAnyToken];
        let rest: Vec<_> = Act::ALL.into_iter().filter(|act| !never.contains(act)).collect();
        assert_eq!(open(&with(Role::Admin, &Scope::ALL)), rest, "never another token, nor what people may");
        let refused = |act| with(Role::Admin, &[Scope::Read]).may(act).unwrap_err().to_string();
        assert_eq!(refused(Act::Waive), "to waive a token needs the scope waive: make one that has it");
        assert_eq!(refused(Act::MakeToken), "to make a token one has to sign in: no token may");
        let needs = Scope::ALL.map(Scope::needs);
        assert_eq!(
            needs,
            [
                Role::Viewer,
                Role::Viewer,
                Role::ReleaseManager,
                Role::ReleaseManager,
                Role::Viewer,
                Role::Developer,
                Role::Admin
            ]
        );
        assert!(Scope::ALL.into_iter().all(|scope| scope.word().parse() == Ok(scope)));
    }

    #[test]
    fn a_token_reaches_no_further_than_its_person_at_a_service() {
        let at: BTreeMap<_, _> = [("web".to_owned(), Role::ReleaseManager)].into();
        let rule = WaiverRule { role: Role::ReleaseManager, days: 1, needs_second: false };
        let waives = |scopes: &[Scope], service: &str| {
            let person = Person { at: at.clone(), ..with(Role::Viewer, scopes) };
            [person.may_at(service, Act::Waive).is_ok(), person.may_waive(service, &rule).is_ok()]
        };
        assert_eq!(waives(&[Scope::Waive], "web"), [true; 2]);
        assert_eq!(waives(&[Scope::Waive], "search"), [false; 2], "their role is not so there");
        assert_eq!(waives(&[Scope::Read, Scope::Admin], "web"), [false; 2], "its scopes are others");
    }
}
