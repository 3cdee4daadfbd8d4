//! GitHub Apps: their keys, their installations, and the JWTs they show.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::Value;

use super::GitHub;
use super::access::{Kind, Level, Rights, Token};
use super::hooks::Hook;
use super::repository::Repository;
use super::state::State;

/// The private key that an App of this world has unless a test gives another
/// public one: made for tests, and no secret.
pub const PRIVATE_KEY_PEM: &str = include_str!("app-key.pem");

/// A JWT may live so long.
const JWT_LIFE: i64 = 600;
/// An installation's token lives so long.
const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// What an App may unless the test says otherwise.
const RIGHTS: [(&str, Level); 7] = [
    ("administration", Level::Read),
    ("checks", Level::Write),
    ("contents", Level::Read),
    ("deployments", Level::Write),
    ("metadata", Level::Read),
    ("pull_requests", Level::Read),
    ("statuses", Level::Write),
];

#[derive(Debug)]
pub(super) struct StoredApp {
    pub(super) id: u64,
    pub(super) slug: String,
    pub(super) owner: String,
    pub(super) client_id: String,
    pub(super) client_secret: String,
    /// Where people may be sent back to after signing in; any, if none.
    pub(super) callbacks: Vec<String>,
    /// `RSAPublicKey` in DER.
    public_key: Vec<u8>,
    pub(super) rights: Rights,
    pub(super) hook: Option<Hook>,
    pub(super) installations: Vec<Installation>,
    pub(super) created: Timestamp,
}

#[derive(Debug, Clone)]
pub(super) struct Installation {
    pub(super) id: u64,
    /// The login of the account that it is installed on.
    pub(super) account: String,
    /// All of the account's, or those with these ids.
    pub(super) repositories: Option<Vec<u64>>,
    pub(super) created: Timestamp,
    pub(super) is_suspended: bool,
}

impl StoredApp {
    pub(super) fn bot(&self) -> String {
        format!("{}[bot]", self.slug)
    }

    /// The installation that reaches this repository.
    pub(super) fn installation_of(&self, repository: &Repository) -> Option<&Installation> {
        self.installations.iter().find(|installation| {
            let is_among = installation.repositories.as_ref().is_none_or(|ids| ids.contains(&repository.id));
            installation.account == repository.owner && is_among && !installation.is_suspended
        })
    }
}

impl State {
    pub(super) fn app(&self, slug: &str) -> &StoredApp {
        self.apps.iter().find(|app| app.slug == slug).expect("the test has made this App")
    }

    pub(super) fn installation(&self, id: u64) -> Option<(&StoredApp, &Installation)> {
        let mut all = self.apps.iter().flat_map(|app| app.installations.iter().map(move |installed| (app, installed)));
        all.find(|(_, installation)| installation.id == id)
    }

    /// The App that signed this JWT, by its id, or why it is not let in.
    pub(super) fn app_of(&self, jwt: &str) -> Result<u64, String> {
        let undecodable = || "A JSON web token could not be decoded".to_owned();
        let (signed, signature) = jwt.rsplit_once('.').ok_or_else(undecodable)?;
        let (header, claims) = signed.split_once('.').ok_or_else(undecodable)?;
        let json = |part: &str| -> Option<Value> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok() };
        let header = json(header).ok_or_else(undecodable)?;
        let claims = json(claims).ok_or_else(undecodable)?;
        if header["alg"] != "RS256" {
            return Err(undecodable());
        }
        let issuer = match &claims["iss"] {
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.clone(),
            _ => return Err("'Issuer' claim ('iss') must be an Integer".to_owned()),
        };
        let app = self.apps.iter().find(|app| app.id.to_string() == issuer || app.client_id == issuer);
        let app = app.ok_or("Integration not found")?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| undecodable())?;
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &app.public_key)
            .verify(signed.as_bytes(), &signature)
            .map_err(|_| undecodable())?;
        self.check_times(&claims)?;
        Ok(app.id)
    }

    fn check_times(&self, claims: &Value) -> Result<(), String> {
        let now = self.clock.now().as_second();
        let issued = claims["iat"].as_i64().filter(|issued| *issued <= now);
        issued.ok_or(
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        )?;
        let expires = claims["exp"].as_i64().filter(|expires| *expires > now);
        let expires = expires.ok_or(
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the \
             assertion expires",
        )?;
        if expires > now + JWT_LIFE {
            return Err("'Expiration time' claim ('exp') is too far in the future".to_owned());
        }
        Ok(())
    }

    /// A fresh token of an installation, narrowed to these rights and
    /// repositories where the App asked for less than it has.
    pub(super) fn issue_token(&mut self, id: u64, rights: Option<Rights>, repositories: Option<Vec<u64>>) -> Token {
        let number = self.next_id();
        let now = self.clock.now();
        let (app, installation) = self.installation(id).expect("the caller has found it");
        let token = Token {
            value: format!("ghs_world{number:027}"),
            kind: Kind::Installation(id),
            owner: app.bot(),
            rights: rights.unwrap_or_else(|| app.rights.clone()),
            repositories: repositories.or_else(|| installation.repositories.clone()),
            expires: Some(now + TOKEN_LIFE),
            is_revoked: false,
        };
        self.tokens.push(token.clone());
        token
    }

    pub(super) fn new_app(&mut self, slug: &str) {
        if self.apps.iter().any(|app| app.slug == slug) {
            return;
        }
        let (id, created) = (self.next_id(), self.clock.now());
        let key = RsaKeyPair::from_der(&private_key_der()).expect("the world's own key is one");
        let mut bot = super::accounts::Account::new(self.next_id(), &format!("{slug}[bot]"), false);
        slug.clone_into(&mut bot.name);
        self.accounts.push(bot);
        self.apps.push(StoredApp {
            id,
            slug: slug.to_owned(),
            owner: "robin".to_owned(),
            client_id: format!("Iv1.{id:016x}"),
            client_secret: format!("secret-of-{slug}"),
            callbacks: Vec::new(),
            public_key: key.public_key().as_ref().to_vec(),
            rights: RIGHTS.iter().map(|(name, level)| ((*name).to_owned(), *level)).collect(),
            hook: None,
            installations: Vec::new(),
            created,
        });
    }
}

/// An App, to say more about; each word takes effect at once.
#[derive(Debug, Clone, Copy)]
pub struct App<'a> {
    github: &'a GitHub,
    slug: &'a str,
}

#[expect(clippy::return_self_not_must_use, reason = "each word takes effect at once; a sentence may end with any")]
impl<'a> App<'a> {
    pub(super) fn new(github: &'a GitHub, slug: &'a str) -> Self {
        github.state().new_app(slug);
        Self { github, slug }
    }

    /// The number to issue JWTs as.
    pub fn id(self) -> u64 {
        self.github.state().app(self.slug).id
    }

    /// The OAuth client, for sign-in: its id and its secret.
    pub fn client(self) -> (String, String) {
        let state = self.github.state();
        let app = state.app(self.slug);
        (app.client_id.clone(), app.client_secret.clone())
    }

    /// Shows JWTs signed with the private half of this key instead of
    /// [`PRIVATE_KEY_PEM`]: a public RSA key in PEM.
    pub fn with_public_key(self, pem: &str) -> Self {
        self.with(|app| app.public_key = public_key(pem))
    }

    /// Has this right, such as `statuses`, to read.
    pub fn may_read(self, permission: &str) -> Self {
        self.with(|app| _ = app.rights.insert(permission.to_owned(), Level::Read))
    }

    /// Has this right to read and to write.
    pub fn may_write(self, permission: &str) -> Self {
        self.with(|app| _ = app.rights.insert(permission.to_owned(), Level::Write))
    }

    /// No longer has this right; tokens that were issued before keep it.
    pub fn may_not(self, permission: &str) -> Self {
        self.with(|app| _ = app.rights.remove(permission))
    }

    /// Sends people back to addresses that begin so, after signing in.
    pub fn calls_back(self, url: &str) -> Self {
        self.with(|app| app.callbacks.push(url.to_owned()))
    }

    /// Is told of what happens, at this address, signed with this secret.
    pub fn hooked_to(self, url: &str, secret: &str) -> Self {
        let mut state = self.github.state();
        let hook = Hook::new(state.next_id(), url, secret, state.clock.now());
        drop(state);
        self.with(|app| app.hook = Some(hook))
    }

    /// Is installed now on all repositories of this account; returns the
    /// installation's id. Its hook is told.
    pub fn installed_on(self, account: &str) -> u64 {
        self.install(account, None)
    }

    /// Is installed now on these repositories, which belong to one account.
    pub fn installed_on_only(self, repositories: &[&str]) -> u64 {
        let state = self.github.state();
        let named = |name: &&str| state.repository_named(name).expect("the test has made this repository");
        let ids = repositories.iter().map(|name| named(name).id).collect();
        let owner = repositories.first().map(|name| named(name).owner.clone());
        drop(state);
        self.install(&owner.expect("at least one repository"), Some(ids))
    }

    fn install(self, account: &str, repositories: Option<Vec<u64>>) -> u64 {
        let mut state = self.github.state();
        state.account(account, true);
        let (id, created) = (state.next_id(), state.clock.now());
        let account = account.to_owned();
        let app = state.apps.iter_mut().find(|app| app.slug == self.slug).expect("the test has made this App");
        app.installations.push(Installation { id, account, repositories, created, is_suspended: false });
        state.tell_installation(id, "created");
        id
    }

    /// Is taken away from the account now: its tokens end.
    pub fn uninstalled_from(self, account: &str) -> Self {
        let mut state = self.github.state();
        let app = state.app(self.slug);
        let gone: Vec<u64> = app.installations.iter().filter(|i| i.account == account).map(|i| i.id).collect();
        for id in gone {
            state.tell_installation(id, "deleted");
            let ours = Kind::Installation(id);
            state.tokens.iter_mut().filter(|token| token.kind == ours).for_each(|token| token.is_revoked = true);
            for app in &mut state.apps {
                app.installations.retain(|installation| installation.id != id);
            }
        }
        drop(state);
        self
    }

    fn with(self, change: impl FnOnce(&mut StoredApp)) -> Self {
        let mut state = self.github.state();
        change(state.apps.iter_mut().find(|app| app.slug == self.slug).expect("the test has made this App"));
        drop(state);
        self
    }
}

/// [`PRIVATE_KEY_PEM`] as bytes.
pub(crate) fn private_key_der() -> Vec<u8> {
    der(PRIVATE_KEY_PEM)
}

fn der(pem: &str) -> Vec<u8> {
    let lines = pem.lines().filter(|line| !line.starts_with("-----"));
    STANDARD.decode(lines.collect::<String>()).expect("a PEM file is base64")
}

/// PKCS#1, also out of the wrapping that `openssl rsa -pubout` puts around it.
fn public_key(pem: &str) -> Vec<u8> {
    /// SEQUENCE, `rsaEncryption`, BIT STRING: before a key of 2048 bits.
    const WRAPPING: usize = 24;
    let der = der(pem);
    let is_wrapped = pem.contains("BEGIN PUBLIC KEY");
    if is_wrapped { der.get(WRAPPING..).expect("a wrapped key is longer").to_vec() } else { der }
}
