//! The configuration as it is shown: what is set, where, and what holds where
//! nothing is. Secrets are told by where they come from alone.

use super::config::Config;
use gonogo_api::{SecretSet, ServerSettings};
use gonogo_core::policy::{PolicyError, Setting};
use gonogo_engine::commands::settings::told;
use gonogo_remote::http::Url;

/// Variables with secrets, and those that go with them.
const SECRETS: [&str; 15] = [
    "GONOGO_GITHUB_APP_KEY",
    "GONOGO_GITHUB_TOKEN",
    "GONOGO_GITHUB_WEBHOOK_SECRET",
    "GONOGO_GITHUB_CLIENT_SECRET",
    "GONOGO_OIDC_CLIENT_SECRET",
    "GONOGO_JIRA_USER",
    "GONOGO_JIRA_TOKEN",
    "GONOGO_JIRA_WEBHOOK_SECRET",
    "GONOGO_JIRA_CLIENT_SECRET",
    "GONOGO_SLACK_TOKEN",
    "GONOGO_SLACK_SIGNING_SECRET",
    "GONOGO_SLACK_APP_TOKEN",
    "GONOGO_SMTP_USER",
    "GONOGO_SMTP_PASSWORD",
    "GONOGO_METRICS_TOKEN",
];

/// Keys whose addresses may carry a password.
const ADDRESSES: [&str; 2] = ["store.url", ".git"];

/// Where a service has no channel, and there is a `[slack]`.
const NOWHERE: &str = "none: waivers for a system that is away and late post-deploy checks reach nobody in Slack";

pub(super) fn of(config: &Config, secrets: Vec<SecretSet>) -> Result<ServerSettings, PolicyError> {
    let settings = written(config)?.iter().map(told).collect();
    Ok(ServerSettings { name: config.source.name.clone(), settings, secrets })
}

fn written(config: &Config) -> Result<Vec<Setting>, PolicyError> {
    let mut settings = config.source.settings("", config)?;
    for setting in &mut settings {
        if setting.key == "store.url" && setting.value.is_none() {
            setting.value = Some(format!("{:?}", config.store_url()));
        }
        if let Some(service) = service_of(&setting.key, ".slack_channel").and_then(|at| config.services.get(at))
            && setting.value.is_none()
            && config.slack.is_some()
        {
            let channel = config.slack_channel(service).map(|channel| format!("{channel:?}"));
            setting.value = Some(channel.unwrap_or_else(|| NOWHERE.to_owned()));
        }
        if ADDRESSES.iter().any(|end| setting.key.ends_with(end)) {
            setting.value = setting.value.take().map(|value| without_password(&value));
        }
    }
    Ok(settings)
}

/// Which service a key of its own is of: `service[0].slack_channel`.
fn service_of(key: &str, of: &str) -> Option<usize> {
    key.strip_prefix("service[")?.strip_suffix(of)?.strip_suffix(']')?.parse().ok()
}

/// An address in quotes; what cannot be read as one is not shown where it may hold one.
fn without_password(value: &str) -> String {
    let text = value.trim_matches('"');
    let Ok(mut url) = text.parse::<Url>() else {
        return if text.contains('@') && text.contains("://") { "\"…\"".to_owned() } else { value.to_owned() };
    };
    if url.password().is_none() {
        return value.to_owned();
    }
    match url.set_password(Some("…")) {
        Ok(()) => format!("\"{url}\""),
        Err(()) => "\"…\"".to_owned(),
    }
}

pub(super) fn secrets(variable: impl Fn(&str) -> Option<String>) -> Vec<SecretSet> {
    let given = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    let of = |name: &&str| {
        let here = given(name);
        let file = given(&format!("{name}_FILE")).filter(|_| here.is_none());
        SecretSet { variable: (*name).to_owned(), is_set: here.is_some() || file.is_some(), file }
    };
    SECRETS.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonogo_core::policy::Source;

    #[test]
    fn each_key_is_told_with_its_line_and_no_password() {
        let text = "[server]\nlisten = '127.0.0.1:0'\nurl = 'http://x'\ndata = 'd'\n[store]\n\
            url = 'postgres://gonogo:hush@db/gonogo'\n[[service]]\nname = 'web'\nrepository = 'a/b'\nproduction = 'live'\n";
        let config = Config::parse(&Source::new("server.toml", text)).unwrap();
        let settings = written(&config).unwrap();
        let of = |key: &str| {
            let found = settings.iter().find(|setting| setting.key == key);
            let setting = found.unwrap_or_else(|| panic!("no {key}: {settings:?}"));
            (setting.value.as_deref(), setting.line)
        };
        assert_eq!(of("server.data"), (Some("\"d\""), Some(4)));
        assert_eq!(of("server.workers"), (Some("4"), None));
        assert_eq!(of("service[0].production"), (Some("\"live\""), Some(10)));
        assert_eq!(of("service[0].pull_requests"), (Some("true"), None));
        let (url, line) = of("store.url");
        assert!(line == Some(6) && url.is_some_and(|url| url.contains("gonogo:") && !url.contains("hush")), "{url:?}");
        assert_eq!(without_password("\"https://me:p@[\""), "\"…\"");
    }

    #[test]
    fn where_a_service_is_told_of_is_told_where_it_does_not_say_so() {
        let of = |more: &str| {
            let text = format!(
                "[server]\nlisten = '127.0.0.1:0'\nurl = 'http://x'\ndata = 'd'\n[slack]\n{more}\
                 [[service]]\nname = 'web'\nrepository = 'a/b'\n"
            );
            let settings = written(&Config::parse(&Source::new("server.toml", text)).unwrap()).unwrap();
            settings.into_iter().find(|setting| setting.key == "service[0].slack_channel").unwrap().value
        };
        assert_eq!(of("channel = '#all'\n").as_deref(), Some("\"#all\""));
        assert_eq!(of("[verdict_turned]\nslack_channel = '#deploys'\n").as_deref(), Some("\"#deploys\""));
        assert!(of("[story_deployed]\nslack_channel = '#support'\n").unwrap().starts_with("none: waivers"));
    }

    #[test]
    fn a_secret_is_told_by_where_it_comes_from() {
        let found = secrets(|name| match name {
            "GONOGO_SLACK_TOKEN" => Some("xoxb".to_owned()),
            "GONOGO_JIRA_TOKEN_FILE" => Some("/run/jira".to_owned()),
            "GONOGO_METRICS_TOKEN" => Some(" ".to_owned()),
            _ => None,
        });
        let of = |name: &str| {
            let set = found.iter().find(|set| set.variable == name).unwrap();
            (set.is_set, set.file.as_deref())
        };
        assert_eq!(of("GONOGO_SLACK_TOKEN"), (true, None));
        assert_eq!(of("GONOGO_JIRA_TOKEN"), (true, Some("/run/jira")));
        assert_eq!(of("GONOGO_METRICS_TOKEN"), (false, None));
    }

    #[test]
    fn each_secret_of_the_docs_is_told() {
        let docs = include_str!("../../../../../docs/serve.md");
        let rows = docs.lines().filter(|line| line.starts_with("| `GONOGO_"));
        let of_row = |row: &str| {
            row.split('`').filter(|word| word.starts_with("GONOGO_")).map(str::to_owned).collect::<Vec<_>>()
        };
        let named: Vec<String> = rows.flat_map(|row| of_row(row.split('|').nth(1).unwrap_or_default())).collect();
        let no_secrets = ["GONOGO_GITHUB_APP_ID", "GONOGO_GITHUB_CLIENT_ID", "GONOGO_CA_FILE"];
        for name in named.iter().filter(|name| !no_secrets.contains(&name.as_str())) {
            assert!(SECRETS.contains(&name.as_str()), "{name}");
        }
    }
}
