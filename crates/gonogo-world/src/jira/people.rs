//! Users of a Jira.

#![expect(clippy::return_self_not_must_use, reason = "each word takes effect at once; a sentence may end with any")]

use serde_json::{Value, json};

use super::Jira;
use super::state::{Flavour, State};

#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) name: String,
    display_name: String,
    mail: Option<String>,
    is_active: bool,
    only_reads: bool,
}

impl Person {
    fn new(name: &str) -> Self {
        let mut display_name = name.to_owned();
        if let Some(first) = display_name.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        Self {
            name: name.to_owned(),
            display_name,
            mail: Some(format!("{name}@example.com")),
            is_active: true,
            only_reads: false,
        }
    }

    /// What a changelog gives as `from` and `to`.
    pub(super) fn id(&self, flavour: Flavour) -> String {
        match flavour {
            Flavour::Cloud => account_id(&self.name),
            Flavour::DataCenter => self.name.clone(),
        }
    }

    pub(super) fn display_name(&self) -> &str {
        &self.display_name
    }

    /// Whether they may comment, edit and move.
    pub(super) fn writes(&self) -> bool {
        !self.only_reads
    }

    pub(super) fn answers_to(&self, text: &str) -> bool {
        let same = |own: &str| own.eq_ignore_ascii_case(text);
        same(&self.name)
            || same(&self.display_name)
            || same(&account_id(&self.name))
            || self.mail.as_deref().is_some_and(same)
    }

    pub(super) fn to_json(&self, flavour: Flavour, base_url: &str) -> Value {
        let mut user = json!({
            "displayName": self.display_name,
            "active": self.is_active,
            "timeZone": "Europe/Berlin",
        });
        if let Some(mail) = &self.mail {
            user["emailAddress"] = mail.clone().into();
        }
        match flavour {
            Flavour::Cloud => {
                let id = account_id(&self.name);
                user["self"] = format!("{base_url}/rest/api/3/user?accountId={id}").into();
                user["accountId"] = id.into();
                user["accountType"] = "atlassian".into();
            }
            Flavour::DataCenter => {
                let name = &self.name;
                user["self"] = format!("{base_url}/rest/api/2/user?username={name}").into();
                user["name"] = name.clone().into();
                user["key"] = format!("JIRAUSER-{name}").into();
            }
        }
        user
    }
}

fn account_id(name: &str) -> String {
    format!("712020:{name}")
}

impl State {
    /// The person with this name, who comes into being when first mentioned.
    pub(super) fn person_mut(&mut self, name: &str) -> &mut Person {
        let known = self.people.iter().position(|person| person.name == name);
        let index = known.unwrap_or_else(|| {
            self.people.push(Person::new(name));
            self.people.len() - 1
        });
        &mut self.people[index]
    }

    pub(super) fn person(&self, name: &str) -> Person {
        let known = self.people.iter().find(|person| person.name == name);
        known.cloned().unwrap_or_else(|| Person::new(name))
    }
}

/// A user, to say more about.
#[derive(Debug, Clone, Copy)]
pub struct User<'a> {
    jira: &'a Jira,
    name: &'a str,
}

impl<'a> User<'a> {
    pub(super) fn new(jira: &'a Jira, name: &'a str) -> Self {
        jira.state().person_mut(name);
        Self { jira, name }
    }

    /// Sets the name that people see; otherwise the short one with a capital.
    pub fn called(self, display_name: &str) -> Self {
        display_name.clone_into(&mut self.jira.state().person_mut(self.name).display_name);
        self
    }

    /// Hides the mail address, as privacy settings on Cloud do.
    pub fn without_mail(self) -> Self {
        self.jira.state().person_mut(self.name).mail = None;
        self
    }

    /// May see issues, and change none.
    pub fn only_reads(self) -> Self {
        self.jira.state().person_mut(self.name).only_reads = true;
        self
    }

    /// The app that they let act in their name may no more.
    pub fn revokes_the_app(self) -> Self {
        self.jira.state().oauth.revoke(self.name);
        self
    }

    /// Has left.
    pub fn deactivated(self) -> Self {
        self.jira.state().person_mut(self.name).is_active = false;
        self
    }
}
