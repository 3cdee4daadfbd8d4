//! `gonogo-server.toml`: where the server listens, what it keeps, and which
//! services it watches over. Secrets are not in it.

use super::jira_accounts::JiraAccountsConfig;
use super::mail::MailConfig;
use super::oidc::OidcConfig;
use super::routes::{EarlyConfig, RouteConfig, TeamsConfig};
use super::runners::{LocalRunnerConfig, RunnerConfig};
use super::sign_in::{self, WayIn};
use super::stories::StoryDeployedConfig;
use crate::logs::{LogFormat, LogLevel};
use gonogo_core::guard::MetricsServers;
use gonogo_core::policy::{PolicyError, ProductionSource, ServicePath, Source, typed};
use gonogo_engine::Route;
use gonogo_remote::github::RepositoryName;
use gonogo_remote::http::Url;
use gonogo_server::Listen;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub server: Server,
    #[serde(default)]
    pub store: StoreConfig,
    #[serde(default)]
    pub github: GitHubConfig,
    #[serde(default)]
    pub tracker: TrackerConfig,
    /// Without it nobody acts in the tracker under their own name.
    pub jira_accounts: Option<JiraAccountsConfig>,
    /// Without it nobody is told anything.
    pub slack: Option<SlackConfig>,
    /// Without it nobody is written to.
    pub mail: Option<MailConfig>,
    /// Without it nobody signs in with an OpenID Connect provider.
    pub oidc: Option<OidcConfig>,
    /// Without it nobody is told of stories that are deployed.
    pub story_deployed: Option<StoryDeployedConfig>,
    /// Without it no owner is told early what a story lacks.
    pub told_early: Option<EarlyConfig>,
    /// Where it is told that a branch turned Go or No-Go.
    #[serde(default)]
    pub verdict_turned: RouteConfig,
    /// Where it is told how deploys go, but for those that are asked for in Slack.
    #[serde(default)]
    pub deploy_changed: RouteConfig,
    /// How teams are told that the policy names.
    #[serde(default)]
    pub awareness: TeamsConfig,
    /// Where guards read, as the policy says it too.
    #[serde(default)]
    pub metrics: MetricsServers,
    /// Who does the steps of deploys, beside the one on this machine.
    #[serde(default, rename = "runner")]
    pub runners: Vec<RunnerConfig>,
    /// Without it nothing of a deploy runs on this machine.
    pub local_runner: Option<LocalRunnerConfig>,
    #[serde(default, rename = "service")]
    pub services: Vec<ServiceConfig>,
    /// Where it was written.
    #[serde(skip, default = "nowhere")]
    pub source: Source,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    /// Where it listens: `127.0.0.1:8040`, `unix:PATH` or `systemd`.
    pub listen: String,
    /// PEM files, for TLS without a proxy.
    pub tls_certificate: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    #[serde(default)]
    pub log: LogFormat,
    #[serde(default)]
    pub log_level: LogLevel,
    /// How people reach it, for links.
    pub url: String,
    /// Where it keeps mirrors, and the database where none is named.
    pub data: PathBuf,
    #[serde(default = "four")]
    pub workers: usize,
    /// How often every service is looked at, hooks or not.
    #[serde(default = "a_minute")]
    pub poll_seconds: u64,
    /// How many connections may be open at once.
    #[serde(default = "five_hundred")]
    pub connections: usize,
    /// How often a token may ask the API in a minute.
    #[serde(default = "six_hundred")]
    pub api_per_minute: u32,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StoreConfig {
    /// `sqlite:PATH` or `postgres://…`
    pub url: Option<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TrackerConfig {
    /// The one tracker that may see our credentials.
    pub url: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct GitHubConfig {
    /// The API's address: of an Enterprise Server `https://HOST/api/v3`.
    pub url: String,
    /// Who may sign in with GitHub, and as what.
    pub sign_in: Vec<WayIn>,
    /// After so long GitHub is asked again whether a person still may.
    pub ask_again_seconds: i64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SlackConfig {
    /// By name or by id, for services that name none of their own.
    pub channel: Option<String>,
    /// The Web API's address.
    pub url: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceConfig {
    pub name: String,
    /// `owner/name`
    pub repository: String,
    /// Where git fetches from; without it the code host.
    pub git: Option<String>,
    /// The folder of the repository that it is; without it the policy's.
    pub path: Option<ServicePath>,
    /// What says what runs; without it the policy's.
    pub production: Option<ProductionSource>,
    /// Whether pull requests and merge groups are judged too.
    #[serde(default = "yes")]
    pub pull_requests: bool,
    /// Only tells what would be stopped: every status is green.
    #[serde(default)]
    pub observe: bool,
    /// Where in Slack it is told of, instead of in the channel of `[slack]`.
    pub slack_channel: Option<String>,
    /// Where single kinds of messages go, instead of where those of all services do.
    #[serde(default)]
    pub verdict_turned: RouteConfig,
    #[serde(default)]
    pub deploy_changed: RouteConfig,
    pub story_deployed: Option<RouteConfig>,
    pub told_early: Option<EarlyConfig>,
    #[serde(default)]
    pub awareness: TeamsConfig,
}

impl Default for GitHubConfig {
    fn default() -> Self {
        Self { url: "https://api.github.com".to_owned(), sign_in: Vec::new(), ask_again_seconds: 300 }
    }
}

impl Default for SlackConfig {
    fn default() -> Self {
        Self { channel: None, url: "https://slack.com/api/".to_owned() }
    }
}

fn nowhere() -> Source {
    Source::new("", "")
}

fn four() -> usize {
    4
}

fn yes() -> bool {
    true
}

fn a_minute() -> u64 {
    60
}

/// Half of the files that a process may have open where nothing is said.
pub(crate) const CONNECTIONS: usize = 500;

fn five_hundred() -> usize {
    CONNECTIONS
}

fn six_hundred() -> u32 {
    600
}

impl Config {
    /// Where the store is: SQLite in the data folder, where nothing else is said.
    pub(crate) fn store_url(&self) -> String {
        let beside = || format!("sqlite:{}", self.server.data.join("gonogo.db").display());
        self.store.url.clone().unwrap_or_else(beside)
    }

    /// Where a service is told of where nothing else is said: without a channel of
    /// its own, and one for all, where its verdicts are told.
    pub(super) fn slack_channel(&self, service: &ServiceConfig) -> Option<String> {
        let slack = self.slack.as_ref()?;
        let own = service.slack_channel.clone().or_else(|| slack.channel.clone());
        own.or_else(|| self.verdict_channel(service))
    }

    pub(super) fn parse(source: &Source) -> Result<Self, PolicyError> {
        let mut config: Self = typed(source, source.table()?)?;
        let wrong = |said: String, word: &str| {
            let at = source.text.find(&format!("\"{word}\"")).map(|start| start..start + word.len() + 2);
            source.error(said, at)
        };
        let mut names = BTreeSet::new();
        for service in &config.services {
            let name = service.name.as_str();
            let may_stand = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if name.is_empty() || name.starts_with('.') || !name.chars().all(may_stand) {
                let said = format!("the service name `{name}` may have letters, digits, `-`, `_` and `.`");
                return Err(wrong(said, name));
            }
            if !names.insert(name) {
                return Err(wrong(format!("there are two services `{name}`"), name));
            }
            if RepositoryName::parse(&service.repository).is_none() {
                let said = format!("`{}` is no repository: write owner/name", service.repository);
                return Err(wrong(said, &service.repository));
            }
            let mut others = config.services.iter().filter(|other| other.repository == service.repository);
            if let Some(other) = others.find(|other| other.git != service.git) {
                let said =
                    format!("`{}` and `{name}` are of one repository: fetch both from the same place", other.name);
                return Err(wrong(said, name));
            }
            if let (Some(channel), None) = (&service.slack_channel, &config.slack) {
                let said = format!("service `{name}` has a channel, and there is no [slack]: write that too");
                return Err(wrong(said, channel));
            }
        }
        config.look_at_routes().map_err(|said| source.error(said, None))?;
        let tells = |service| config.turned(service).slack_channel.or(config.deployed(service).slack_channel);
        let tells_nobody = config.services.iter().all(|service| tells(service).is_none());
        if config.slack.is_some() && !config.services.is_empty() && tells_nobody {
            return Err(source.error("[slack] names no channel: write channel = \"#deploys\"", None));
        }
        if let Some(says) = &config.story_deployed {
            let at = || source.find(&["story_deployed"]);
            let is_told = |service| config.deployed(service) != Route::default();
            let is_told = config.services.iter().any(is_told);
            says.validate(is_told).map_err(|said| source.error(said, at()))?;
        }
        if let Some(one) =
            config.services.iter().find(|service| config.told_early.is_none() && service.told_early.is_some())
        {
            let said = format!("service `{}` has told_early, and there is no [told_early]: write that too", one.name);
            return Err(source.error(said, None));
        }
        let has_digest =
            |service: &&ServiceConfig| service.told_early.as_ref().is_some_and(|early| early.digest_over.is_some());
        if let Some(one) = config.services.iter().find(has_digest) {
            let said = format!("digest_over of service `{}` stands in [told_early], for all services", one.name);
            return Err(source.error(said, None));
        }
        let listen = config.server.listen.as_str();
        let Ok(place) = listen.parse::<Listen>() else {
            let said = format!("`{listen}` is nowhere to listen: write ADDRESS:PORT, unix:PATH or systemd");
            return Err(wrong(said, listen));
        };
        address(&config.server.url).map_err(|said| wrong(said, &config.server.url))?;
        let files = [&config.server.tls_certificate, &config.server.tls_key];
        if files.iter().any(|file| file.is_some()) {
            if files.iter().any(|file| file.is_none()) {
                return Err(source.error("tls_certificate and tls_key are wanted together", None));
            }
            if matches!(place, Listen::Unix(_)) {
                return Err(wrong(
                    "a unix socket has no TLS: leave tls_certificate and tls_key out".to_owned(),
                    listen,
                ));
            }
        }
        sign_in::ways(&config).map_err(|said| source.error(said, source.find(&["github", "sign_in"])))?;
        if let Some(mail) = &config.mail {
            mail.look().map_err(|(said, key)| source.error(said, source.find(&["mail", key])))?;
        }
        if let Some(oidc) = &config.oidc {
            oidc.look(&config).map_err(|(said, key)| source.error(said, source.find(&["oidc", key])))?;
        }
        if let Some(jira) = &config.jira_accounts {
            jira.look(&config).map_err(|(said, key)| source.error(said, source.find(&["jira_accounts", key])))?;
        }
        config.metrics.validate().map_err(|said| source.error(said, source.find(&["metrics"])))?;
        if config.server.poll_seconds == 0 {
            return Err(source.error("poll_seconds is 1 or more", None));
        }
        if config.server.connections == 0 {
            return Err(source.error("connections is 1 or more", None));
        }
        config.source = source.clone();
        Ok(config)
    }
}

/// Where people reach the server, as links begin.
fn address(url: &str) -> Result<Url, String> {
    let wrong = |why: &str| format!("`{url}` {why}: write https://HOST, as people reach it");
    let address: Url = url.parse().map_err(|_| wrong("is no address"))?;
    if !matches!(address.scheme(), "https" | "http") {
        return Err(wrong("is no address of the web"));
    }
    if address.query().is_some() || address.fragment().is_some() {
        return Err(wrong("has more behind it than a path"));
    }
    if !address.username().is_empty() || address.password().is_some() {
        return Err(wrong("names a user"));
    }
    Ok(address)
}

impl Server {
    /// Whether what people send, their passwords too, goes open over a network.
    pub(super) fn is_open(&self) -> bool {
        let is_here = |host: &str| {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        };
        address(&self.url).is_ok_and(|url| url.scheme() == "http" && !url.host_str().is_some_and(is_here))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(more: &str) -> Result<Config, String> {
        let text = format!("[server]\nlisten = '127.0.0.1:0'\nurl = 'http://x'\ndata = 'd'\n{more}");
        Config::parse(&Source::new("server.toml", text)).map_err(|e| e.to_string())
    }

    #[test]
    fn the_examples_of_the_docs_are_valid() {
        let page = include_str!("../../../../../docs/serve.md");
        let mut examples = page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
        let config = Config::parse(&Source::new("docs/serve.md", examples.next().unwrap())).unwrap();
        assert_eq!(config.services[0].name, "web");
        let told = parse(examples.next().unwrap()).unwrap();
        assert_eq!(told.slack_channel(&told.services[0]).as_deref(), Some("#team-web"));
        assert!(parse(examples.next().unwrap()).unwrap().mail.is_some());
        let routed = parse(examples.next().unwrap()).unwrap();
        assert_eq!(routed.turned(&routed.services[0]).email.len(), 1);
        assert_eq!(examples.next(), None, "each example is read here");
        let page = include_str!("../../../../../docs/pull-requests.md");
        let mut examples = page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
        let observed = parse(examples.next().unwrap()).unwrap();
        assert!(observed.services[0].observe && observed.services[0].pull_requests);
        assert_eq!(examples.next(), None, "each example is read here");
        let page = include_str!("../../../../../docs/operate.md");
        let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        assert!(Config::parse(&Source::new("docs/operate.md", example)).unwrap().server.tls_key.is_some());
        let page = include_str!("../../../../../docs/people.md");
        let mut examples = page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
        let mut next = || {
            let example = examples.next().unwrap();
            parse(&format!("[[service]]\nname = 'web'\nrepository = 'acme/web'\n{example}")).unwrap()
        };
        assert_eq!(sign_in::ways(&next()).unwrap().len(), 3);
        assert!(next().oidc.is_some());
        assert_eq!(examples.next(), None, "each example is read here");
        let page = include_str!("../../../../../docs/jira.md");
        let mut examples = page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
        assert!(parse(examples.next().unwrap()).unwrap().jira_accounts.is_some());
        assert_eq!(examples.next(), None, "each example is read here");
        let page = include_str!("../../../../../docs/stories.md");
        let example = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
        let says = parse(&format!("[slack]\n{example}")).unwrap().story_deployed.unwrap();
        assert_eq!((says.jira_comment, says.digest_over), (true, 5));
        let example = page.split("```toml\n").nth(2).unwrap().split("```").next().unwrap();
        assert!(parse(&format!("[slack]\n{example}")).unwrap().told_early.is_some());
        let page = include_str!("../../../../../docs/services.md");
        for example in page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()) {
            let config = parse(example).unwrap();
            assert!(config.services.iter().all(|service| service.production.is_some()), "{example}");
        }
    }

    #[test]
    fn a_services_own_channel_goes_before_the_common_one() {
        let service = |name: &str, more: &str| format!("[[service]]\nname = '{name}'\nrepository = 'x/y'\n{more}\n");
        let two = service("a", "slack_channel = '#a'") + &service("b", "");
        let channels = |slack: &str| {
            let config = parse(&format!("{slack}\n{two}")).unwrap();
            config.services.iter().map(|service| config.slack_channel(service)).collect::<Vec<_>>()
        };
        assert_eq!(channels("[slack]\nchannel = '#all'"), [Some("#a".to_owned()), Some("#all".to_owned())]);
        assert_eq!(channels("[slack]"), [Some("#a".to_owned()), None]);
    }

    #[test]
    fn where_it_listens_is_read_before_it_starts() {
        let parse = |server: &str| {
            let text = format!("[server]\nurl = 'http://x'\ndata = 'd'\n{server}");
            Config::parse(&Source::new("server.toml", text)).map(drop).map_err(|e| e.to_string())
        };
        let files = "tls_certificate = 'c'\ntls_key = 'k'";
        for right in ["listen = 'systemd'", "listen = 'unix:/run/x'", &format!("listen = '[::]:443'\n{files}")] {
            assert_eq!(parse(right), Ok(()), "{right}");
        }
        for (wrong, said) in [
            (
                "listen = \"here\"".to_owned(),
                "server.toml:4:10: `here` is nowhere to listen: write ADDRESS:PORT, unix:PATH",
            ),
            ("listen = ':80'".to_owned(), "`:80` is nowhere to listen"),
            ("listen = '[::]:443'\ntls_key = 'k'".to_owned(), "tls_certificate and tls_key are wanted together"),
            (format!("listen = 'unix:/run/x'\n{files}"), "a unix socket has no TLS"),
            ("listen = 'systemd'\nlog = 'xml'".to_owned(), "unknown variant `xml`"),
        ] {
            let error = parse(&wrong).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn where_people_reach_it_is_an_address_of_the_web() {
        let parse = |url: &str| {
            let text = format!("[server]\nlisten = '127.0.0.1:0'\nurl = \"{url}\"\ndata = 'd'\n");
            Config::parse(&Source::new("server.toml", text)).map(|c| c.server.is_open()).map_err(|e| e.to_string())
        };
        for (url, is_open) in [
            ("https://gonogo.example.com", false),
            ("https://gonogo.example.com/", false),
            ("http://localhost:8040", false),
            ("http://127.0.0.1:8040", false),
            ("http://[::1]:8040", false),
            ("http://gonogo.example.com", true),
            ("http://127.0.0.1.example.com", true),
        ] {
            assert_eq!(parse(url), Ok(is_open), "{url}");
        }
        for (url, said) in [
            ("gonogo.example.com", "server.toml:3:7: `gonogo.example.com` is no address"),
            ("https://", "is no address"),
            ("ftp://gonogo.example.com", "is no address of the web"),
            ("https://gonogo.example.com?x=1", "has more behind it than a path"),
            ("https://gonogo.example.com/#a", "has more behind it than a path"),
            ("https://me:secret@gonogo.example.com", "names a user"),
        ] {
            let error = parse(url).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn mistakes_say_what_and_where() {
        assert!(parse("").is_ok());
        let oidc = |keys: &str| {
            let (own, ways) =
                keys.split_once("\n[[").map_or((keys, String::new()), |(own, ways)| (own, format!("[[{ways}")));
            format!("[oidc]\n{own}\nclient_id = 'us'\n{ways}")
        };
        for (more, said) in [
            ("[githab]", "unknown field `githab`"),
            ("[[service]]\nname = \"a/b\"\nrepository = \"x/y\"", "server.toml:6:8: the service name `a/b`"),
            ("[[service]]\nname = \"a\"\nrepository = \"xy\"", "`xy` is no repository: write owner/name"),
            (
                "[[service]]\nname = \"a\"\nrepository = \"x/y\"\n[[service]]\nname = \"a\"\nrepository = \"x/y\"",
                "there are two services `a`",
            ),
            (
                "[[service]]\nname = \"a\"\nrepository = \"x/y\"\nslack_channel = \"#a\"",
                "server.toml:8:17: service `a` has a channel, and there is no [slack]: write that too",
            ),
            ("[[github.sign_in]]\nrole = 'admin'", "has one of organization, team and permission"),
            ("[[github.sign_in]]\nteam = 'acme'\nrole = 'admin'", "`acme` is no team: write organization/team-slug"),
            ("[[github.sign_in]]\nteam = 'acme/../x'\nrole = 'admin'", "is no team"),
            ("[[github.sign_in]]\norganization = 'a'\nrole = 'boss'", "unknown variant `boss`"),
            (
                "[[github.sign_in]]\npermission = 'push'\nrole = 'admin'\nservice = 'x'",
                "names the service `x`, and there is none",
            ),
            (
                &oidc("issuer = \"http://login.example.com\""),
                "server.toml:6:10: `http://login.example.com` is no issuer",
            ),
            (&oidc("issuer = 'login'"), "`login` is no issuer"),
            (&oidc("issuer = 'https://me@login.example.com'"), "without a user"),
            (&oidc("issuer = 'https://x'\nname_claim = 'x'"), "unknown field `name_claim`"),
            (&oidc("issuer = 'https://x'\nscopes = ['email']"), "scopes without \"openid\""),
            (&oidc("issuer = 'https://x'\nask_again_seconds = 901"), "[oidc] ask_again_seconds is 1 to 900"),
            (&oidc("issuer = 'https://x'"), "[oidc] lets nobody in: write an [[oidc.sign_in]]"),
            (
                &oidc("issuer = 'https://x'\n[[oidc.sign_in]]\ngroup = 'a'\nrole = 'admin'\nservices = ['web']"),
                "[[oidc.sign_in]] names the service `web`, and there is none",
            ),
            (&oidc("issuer = 'https://x'\n[[oidc.sign_in]]\ngroup = 'a'\nrole = 'boss'"), "unknown variant `boss`"),
            ("[github]\nask_again_seconds = 301", "ask_again_seconds is 1 to 300"),
            (
                "[[service]]\nname = \"a\"\nrepository = \"x/y\"\n[[service]]\nname = \"b\"\nrepository = \"x/y\"\ngit = \"/srv/y\"",
                "`b` and `a` are of one repository: fetch both from the same place",
            ),
            (
                "[[service]]\nname = \"a\"\nrepository = \"x/y\"\npath = \"../b\"",
                "server.toml:8:8: `../b` is no folder",
            ),
            ("[[service]]\nname = \"a\"\nrepository = \"x/y\"\nproduction = { url = \"x\" }", "`x` is no address"),
            (
                "[[service]]\nname = \"a\"\nrepository = \"x/y\"\nproduction = {}",
                "names none of ref, tag, url and told",
            ),
            ("[jira_accounts]\nkind = 'jira-cloud'\nclient_id = 'us'", "write [tracker] url"),
            (
                "[tracker]\nurl = 'https://x.example'\n[jira_accounts]\nkind = 'jira-cloud'\nclient_id = 'us'\napi_url = \"http://x.example\"",
                "server.toml:10:11: `http://x.example` is no https address",
            ),
            (
                "[tracker]\nurl = 'http://x.example'\n[jira_accounts]\nkind = 'jira-data-center'\nclient_id = 'us'",
                "`http://x.example` is no https address",
            ),
            ("[story_deployed]", "server.toml:5:1: [story_deployed] tells nobody"),
            ("[story_deployed]\njira_transition = ' '", "jira_transition names no state"),
            ("[story_deployed]\nslack_channel = '#a'", "has a slack_channel, and there is no [slack]"),
            ("[slack]\nchannel = '#a'\n[story_deployed]\nslack = false\nslack_channel = '#a'", "leave one of them out"),
            (
                "[[service]]\nname = 'a'\nrepository = 'x/y'\ntold_early = {}",
                "service `a` has told_early, and there is no [told_early]",
            ),
            (
                "[told_early]\n[[service]]\nname = 'a'\nrepository = 'x/y'\ntold_early = { digest_over = 1 }",
                "digest_over of service `a` stands in [told_early]",
            ),
            ("[told_early]\nslack_channel = '#a'", "[told_early] has a slack_channel, and there is no [slack]"),
            ("[slack]\n[[service]]\nname = \"a\"\nrepository = \"x/y\"", "[slack] names no channel"),
        ] {
            let error = parse(more).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
