//! Where each kind of message goes: `[verdict_turned]`, `[story_deployed]` and
//! `[awareness]`, and the same keys of a service, which go before them.

use super::config::{Config, ServiceConfig};
use super::stories::StoryDeployedConfig;
use gonogo_core::email::EmailAddress;
use gonogo_engine::{Route, TeamsTold, ToldEarly};
use serde::{Deserialize, Serialize};

/// Where one kind of message goes; what is not said is as for all services.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RouteConfig {
    pub slack: Option<bool>,
    /// Instead of the service's channel.
    pub slack_channel: Option<String>,
    pub email: Option<Vec<EmailAddress>>,
}

/// How teams are told of the stories that the policy has them know.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TeamsConfig {
    pub slack: Option<bool>,
    pub email: Option<bool>,
}

/// How owners of stories are told early what a gate would find; of a service what is
/// not said is as for all.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct EarlyConfig {
    /// One comment on the issue, which changes; not where they are told in Slack.
    pub jira_comment: Option<bool>,
    /// To themselves in Slack, where their accounts are joined.
    pub slack_dm: Option<bool>,
    /// Also in the service's channel.
    pub slack: Option<bool>,
    /// Instead of that.
    pub slack_channel: Option<String>,
    /// Also by a mail to each of these.
    pub email: Option<Vec<EmailAddress>>,
    /// More stories at once are one message to each place; said for all alone.
    pub digest_over: Option<usize>,
}

impl EarlyConfig {
    fn route(&self) -> RouteConfig {
        let slack = self.slack.or(self.slack_channel.as_ref().map(|_| true));
        RouteConfig { slack, slack_channel: self.slack_channel.clone(), email: self.email.clone() }
    }
}

impl RouteConfig {
    /// What goes before what is said for all.
    fn over(&self, all: &Self, channel: Option<String>) -> Route {
        let in_slack = self.slack.or(all.slack).unwrap_or(true);
        let channel = self.slack_channel.clone().or_else(|| all.slack_channel.clone()).or(channel);
        let email = self.email.as_ref().or(all.email.as_ref());
        Route { slack_channel: channel.filter(|_| in_slack), email: email.into_iter().flatten().cloned().collect() }
    }

    /// What is wrong with it where it stands.
    fn validate(&self, at: &str, config: &Config) -> Result<(), String> {
        if self.slack_channel.is_some() && config.slack.is_none() {
            return Err(format!("{at} has a slack_channel, and there is no [slack]: write that too"));
        }
        if self.slack_channel.is_some() && self.slack == Some(false) {
            return Err(format!("{at} has a slack_channel and slack = false: leave one of them out"));
        }
        if self.email.as_ref().is_some_and(|email| !email.is_empty()) && config.mail.is_none() {
            return Err(format!("{at} has an email, and there is no [mail]: write that too"));
        }
        Ok(())
    }
}

impl Config {
    /// Where a service has it told that a branch turned.
    pub(super) fn turned(&self, service: &ServiceConfig) -> Route {
        service.verdict_turned.over(&self.verdict_turned, self.slack_channel(service))
    }

    /// Where a service has it told how its deploys go.
    pub(super) fn deploys_told(&self, service: &ServiceConfig) -> Route {
        service.deploy_changed.over(&self.deploy_changed, self.slack_channel(service))
    }

    /// The channel that a route names for its verdicts.
    pub(super) fn verdict_channel(&self, service: &ServiceConfig) -> Option<String> {
        service.verdict_turned.over(&self.verdict_turned, None).slack_channel
    }

    /// Where a service has it told that a story is deployed; without
    /// `[story_deployed]` nowhere, but where the service says so itself.
    pub(super) fn deployed(&self, service: &ServiceConfig) -> Route {
        match (&self.story_deployed, &service.story_deployed) {
            (None, None) => Route::default(),
            (all, own) => {
                let all = all.as_ref().map(StoryDeployedConfig::route).unwrap_or_default();
                let own = own.clone().unwrap_or_default();
                let route = own.over(&all, self.slack_channel(service));
                Route { slack_channel: route.slack_channel.filter(|_| self.slack.is_some()), ..route }
            }
        }
    }

    pub(super) fn teams_told(&self, service: &ServiceConfig) -> TeamsTold {
        let (own, all) = (service.awareness, self.awareness);
        TeamsTold { slack: own.slack.or(all.slack).unwrap_or(true), email: own.email.or(all.email).unwrap_or(true) }
    }

    /// How owners are told early of what a service's gate would find; without
    /// `[told_early]` they are not.
    pub(super) fn told_early(&self, service: &ServiceConfig) -> ToldEarly {
        let Some(all) = &self.told_early else { return ToldEarly::default() };
        let own = service.told_early.clone().unwrap_or_default();
        let (own_route, all_route) = (own.route(), all.route());
        // A channel hears of it where that is said: it is the owner's matter.
        let in_slack = own_route.slack.or(all_route.slack).unwrap_or(false);
        let own_route = RouteConfig { slack: Some(in_slack), ..own_route };
        let route = own_route.over(&all_route, self.slack_channel(service));
        ToldEarly {
            jira_comment: own.jira_comment.or(all.jira_comment).unwrap_or(true),
            slack_dm: own.slack_dm.or(all.slack_dm).unwrap_or(true) && self.slack.is_some(),
            route: Route { slack_channel: route.slack_channel.filter(|_| self.slack.is_some()), ..route },
        }
    }

    /// All that is said somewhere, each with where.
    fn routes(&self) -> Vec<(String, RouteConfig)> {
        let mut routes = vec![
            ("[verdict_turned]".to_owned(), self.verdict_turned.clone()),
            ("[deploy_changed]".to_owned(), self.deploy_changed.clone()),
        ];
        routes.extend(self.story_deployed.as_ref().map(|says| ("[story_deployed]".to_owned(), says.route())));
        routes.extend(self.told_early.as_ref().map(|says| ("[told_early]".to_owned(), says.route())));
        for service in &self.services {
            let at = |kind: &str| format!("{kind} of service `{}`", service.name);
            routes.push((at("verdict_turned"), service.verdict_turned.clone()));
            routes.push((at("deploy_changed"), service.deploy_changed.clone()));
            routes.extend(service.told_early.clone().map(|says| (at("told_early"), says.route())));
            routes.extend(service.story_deployed.clone().map(|route| (at("story_deployed"), route)));
        }
        routes
    }

    pub(super) fn look_at_routes(&self) -> Result<(), String> {
        let mails = |route: &RouteConfig| route.email.is_some();
        if mails(&self.deploy_changed) || self.services.iter().any(|service| mails(&service.deploy_changed)) {
            return Err("deploy_changed has an email: how deploys go is told in Slack alone, leave it out".to_owned());
        }
        self.routes().iter().try_for_each(|(at, route)| route.validate(at, self))
    }

    /// Every address that stands in a route.
    pub(super) fn routed(&self) -> Vec<EmailAddress> {
        self.routes().into_iter().filter_map(|(_, route)| route.email).flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::commands::serve::config::Config;
    use gonogo_core::policy::Source;

    fn parse(more: &str) -> Result<Config, String> {
        let head = "[server]\nlisten = '127.0.0.1:0'\nurl = 'http://x'\ndata = 'd'\n";
        Config::parse(&Source::new("server.toml", format!("{head}{more}"))).map_err(|e| e.to_string())
    }

    const MAIL: &str = "[mail]\nserver = 'localhost'\nfrom = 'gonogo@example.com'\n";
    const SLACK: &str = "[slack]\nchannel = '#all'\n";

    fn service(more: &str) -> String {
        format!("[[service]]\nname = 'web'\nrepository = 'x/y'\n{more}\n")
    }

    #[test]
    fn what_a_service_says_goes_before_what_is_said_for_all() {
        let all = "[verdict_turned]\nemail = ['all@example.com']\n[story_deployed]\nslack_channel = '#support'\n\
                   email = ['support@example.com']\n[awareness]\nemail = false\n";
        let routes = |own: &str| {
            let config = parse(&format!("{SLACK}{MAIL}{all}{}", service(own))).unwrap();
            let web = &config.services[0];
            let said = |route: gonogo_engine::Route| {
                let email: Vec<String> = route.email.iter().map(ToString::to_string).collect();
                format!("{} {}", route.slack_channel.as_deref().unwrap_or("-"), email.join(","))
            };
            let told = config.teams_told(web);
            (said(config.turned(web)), said(config.deployed(web)), told.slack, told.email)
        };
        let support = "#support support@example.com".to_owned();
        assert_eq!(routes(""), ("#all all@example.com".to_owned(), support.clone(), true, false));
        let own = "slack_channel = '#web'\nverdict_turned = { slack = false, email = ['web@example.com'] }\n\
                   awareness = { slack = false, email = true }";
        assert_eq!(routes(own), ("- web@example.com".to_owned(), support, false, true));
        let own = "verdict_turned = { email = [] }\nstory_deployed = { slack_channel = '#web', email = [] }";
        assert_eq!(routes(own), ("#all ".to_owned(), "#web ".to_owned(), true, false));
        let alone = parse(&format!("{SLACK}{}", service("story_deployed = {}"))).unwrap();
        assert_eq!(alone.deployed(&alone.services[0]).slack_channel.as_deref(), Some("#all"));
        let none = parse(&format!("{SLACK}{}", service(""))).unwrap();
        assert_eq!(none.deployed(&none.services[0]), gonogo_engine::Route::default());
    }

    #[test]
    fn what_has_no_route_of_its_own_goes_where_verdicts_go() {
        let channel = |text: &str| {
            let config = parse(&format!("[slack]\n{text}")).unwrap();
            config.slack_channel(&config.services[0])
        };
        let all = "[verdict_turned]\nslack_channel = '#deploys'\n";
        assert_eq!(channel(&format!("{all}{}", service(""))).as_deref(), Some("#deploys"));
        let own = service("verdict_turned = { slack_channel = '#web' }");
        assert_eq!(channel(&format!("{all}{own}")).as_deref(), Some("#web"));
        let own = service("slack_channel = '#own'");
        assert_eq!(channel(&format!("{all}{own}")).as_deref(), Some("#own"));
        let stories = "[story_deployed]\nslack_channel = '#support'\n";
        assert_eq!(channel(&format!("{stories}{}", service(""))), None, "that one is for others");
    }

    #[test]
    fn a_route_that_leads_nowhere_is_shown() {
        for (text, said) in [
            ("[verdict_turned]\nemail = ['a@b.example']", "[verdict_turned] has an email, and there is no [mail]"),
            ("[verdict_turned]\nslack_channel = '#a'", "[verdict_turned] has a slack_channel, and there is no [slack]"),
            ("[verdict_turned]\nemail = ['b.example']", "`b.example` is no e-mail address"),
            (
                &service("story_deployed = { email = ['a@b.example'] }"),
                "story_deployed of service `web` has an email, and there is no [mail]",
            ),
            (
                &format!("{SLACK}[verdict_turned]\nslack = false\nslack_channel = '#a'"),
                "[verdict_turned] has a slack_channel and slack = false",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
