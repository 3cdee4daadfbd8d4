//! People and organisations.

/// A person, or an organisation, which owns repositories.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) id: u64,
    pub(super) login: String,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) is_organization: bool,
    /// The logins of its members, for an organisation.
    pub(super) members: Vec<String>,
    /// Its teams: slug and login of a member, for an organisation.
    pub(super) teams: Vec<(String, String)>,
    /// No longer let in: its tokens are worth nothing.
    pub(super) is_suspended: bool,
}

impl Account {
    /// `maria` is shown as "Maria", with the address `maria@example.com`.
    pub(super) fn new(id: u64, login: &str, is_organization: bool) -> Self {
        let mut letters = login.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        Self {
            id,
            login: login.to_owned(),
            name: first.chain(letters).collect(),
            email: format!("{login}@example.com"),
            is_organization,
            members: Vec::new(),
            teams: Vec::new(),
            is_suspended: false,
        }
    }
}
