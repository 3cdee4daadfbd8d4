//! `[mail]`: the server that takes e-mail of ours, and where mail may go.

use super::config::Config;
use crate::commands::secret;
use anyhow::bail;
use gonogo_core::email::{EmailAddress, is_domain};
use gonogo_engine::{MailRoom, Secret};
use gonogo_remote::http::{HttpSettings, Url};
use gonogo_remote::mail::{Sender, Smtp, Tls};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailConfig {
    server: String,
    /// Without it the usual one of `tls`.
    port: Option<u16>,
    /// Without it `starttls`, and to this machine `none`.
    tls: Option<TlsWord>,
    /// Mail may go open over a network.
    #[serde(default)]
    allow_plaintext: bool,
    /// `gonogo <gonogo@example.com>`
    from: String,
    reply_to: Option<String>,
    /// Where addresses may be that a policy or a person names; without it the domain
    /// of `from`.
    domains: Option<Vec<String>>,
    /// Who gets a deploy plan where nobody is named.
    #[serde(default)]
    plan_to: Vec<EmailAddress>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TlsWord {
    Starttls,
    Tls,
    None,
}

impl MailConfig {
    /// What is wrong with it, if anything is, and in which of its keys.
    pub(super) fn look(&self) -> Result<(), (String, &'static str)> {
        let host = self.server.as_str();
        if !is_domain(host) && host.parse::<IpAddr>().is_err() {
            return Err((format!("`{host}` is no mail server: write its name, and a port as port = 587"), "server"));
        }
        if self.port == Some(0) {
            return Err(("port is 1 or more".to_owned(), "port"));
        }
        if self.tls() == Tls::None && !self.is_here() && !self.allow_plaintext {
            let said =
                "tls = \"none\" sends mail open over the network: write allow_plaintext = true where you want that";
            return Err((said.to_owned(), "tls"));
        }
        if let Err(said) = Sender::read(&self.from, None) {
            return Err((said, "from"));
        }
        if let Err(said) = self.sender() {
            return Err((said, "reply_to"));
        }
        match self.domains.iter().flatten().find(|domain| !is_domain(domain)) {
            Some(domain) => Err((format!("`{domain}` is no domain: write it as example.com"), "domains")),
            None => Ok(()),
        }
    }

    fn sender(&self) -> Result<Sender, String> {
        Sender::read(&self.from, self.reply_to.as_deref())
    }

    fn tls(&self) -> Tls {
        match self.tls {
            Some(TlsWord::Tls) => Tls::Implicit,
            Some(TlsWord::None) => Tls::None,
            None if self.is_here() => Tls::None,
            Some(TlsWord::Starttls) | None => Tls::StartTls,
        }
    }

    /// Whether it is on this machine.
    fn is_here(&self) -> bool {
        self.server == "localhost" || self.server.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

/// Who we are to the mail server.
pub(super) fn user() -> anyhow::Result<Option<(String, Secret)>> {
    let user = std::env::var("GONOGO_SMTP_USER").ok().filter(|user| !user.trim().is_empty());
    match (user, secret("GONOGO_SMTP_PASSWORD")?) {
        (Some(user), Some(password)) => Ok(Some((user.trim().to_owned(), password))),
        (None, None) => Ok(None),
        (Some(_), None) => {
            bail!("GONOGO_SMTP_USER is set, and no GONOGO_SMTP_PASSWORD or GONOGO_SMTP_PASSWORD_FILE")
        }
        (None, Some(_)) => bail!("GONOGO_SMTP_PASSWORD is set, and no GONOGO_SMTP_USER"),
    }
}

pub(super) fn room(
    config: &Config,
    user: Option<(String, Secret)>,
    http: &HttpSettings,
) -> anyhow::Result<Option<MailRoom>> {
    let Some(mail) = &config.mail else { return Ok(None) };
    let sender = mail.sender().map_err(anyhow::Error::msg)?;
    let tls = mail.tls();
    if user.is_some() && tls == Tls::None && !mail.is_here() {
        bail!("[mail] would send GONOGO_SMTP_PASSWORD open over the network\n  → write tls = \"starttls\" or \"tls\"");
    }
    let domains = mail.domains.clone().unwrap_or_else(|| vec![sender.domain()]);
    let domains = domains.into_iter().map(|domain| domain.to_ascii_lowercase()).collect();
    let plan_to = mail.plan_to.clone();
    let named = config.routed().into_iter().chain(plan_to.clone()).collect();
    let smtp = Smtp {
        host: mail.server.clone(),
        port: mail.port.unwrap_or(tls.usual_port()),
        tls,
        sender,
        hello: hello(&config.server.url),
        user,
        ca_file: http.ca_file.clone(),
    };
    Ok(Some(MailRoom { smtp, domains, named, plan_to }))
}

/// What we call ourselves: where people reach us, as RFC 5321 writes it.
fn hello(pages: &str) -> String {
    let url: Option<Url> = pages.parse().ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or("localhost");
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => format!("[{ip}]"),
        Ok(IpAddr::V6(ip)) => format!("[IPv6:{ip}]"),
        Err(_) => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonogo_core::policy::Source;

    fn parse(mail: &str) -> Result<Config, String> {
        let head = "[server]\nlisten = '127.0.0.1:0'\nurl = 'https://gonogo.example.com/x'\ndata = 'd'\n[mail]\n";
        Config::parse(&Source::new("server.toml", format!("{head}{mail}"))).map_err(|e| e.to_string())
    }

    fn opened(mail: &str, user: Option<(String, Secret)>) -> Result<MailRoom, String> {
        let config = parse(&format!("from = 'gonogo <gonogo@example.com>'\n{mail}"))?;
        let room = room(&config, user, &HttpSettings::default()).map_err(|error| error.to_string())?;
        Ok(room.expect("there is a [mail]"))
    }

    #[test]
    fn mail_goes_safely_where_nothing_else_is_said() {
        let how = |mail: &str| opened(mail, None).map(|room| (room.smtp.tls, room.smtp.port));
        assert_eq!(how("server = 'smtp.example.com'"), Ok((Tls::StartTls, 587)));
        assert_eq!(how("server = 'smtp.example.com'\ntls = 'tls'"), Ok((Tls::Implicit, 465)));
        assert_eq!(how("server = 'localhost'"), Ok((Tls::None, 25)));
        assert_eq!(how("server = '127.0.0.1'\ntls = 'starttls'\nport = 2525"), Ok((Tls::StartTls, 2525)));
        let open = "server = 'smtp.example.com'\ntls = 'none'";
        assert!(how(open).unwrap_err().contains("open over the network"));
        assert_eq!(how(&format!("{open}\nallow_plaintext = true")), Ok((Tls::None, 25)));
        let user = || Some(("gonogo".to_owned(), Secret::from("x")));
        let said = opened(&format!("{open}\nallow_plaintext = true"), user()).unwrap_err();
        assert!(said.contains("GONOGO_SMTP_PASSWORD open over the network"), "{said}");
        assert!(opened("server = 'localhost'", user()).is_ok());
    }

    #[test]
    fn mail_goes_where_the_configuration_lets_it() {
        let reaches = |mail: &str, to: &str| {
            opened(&format!("server = 'localhost'\n{mail}"), None).unwrap().reaches(&to.parse().unwrap())
        };
        let routed = "[verdict_turned]\nemail = ['team@elsewhere.example']";
        assert!(reaches("", "support@Example.com") && !reaches("", "support@elsewhere.example"));
        assert!(!reaches("", "support@sub.example.com"));
        assert!(reaches("domains = ['Elsewhere.example']", "support@elsewhere.example"));
        assert!(!reaches("domains = []", "support@example.com"));
        assert!(reaches(routed, "team@elsewhere.example") && !reaches(routed, "other@elsewhere.example"));
        assert_eq!(hello("http://127.0.0.1:80"), "[127.0.0.1]");
        assert_eq!(hello("http://[::1]:80"), "[IPv6:::1]");
        assert_eq!(opened("server = 'localhost'", None).unwrap().smtp.hello, "gonogo.example.com");
    }

    #[test]
    fn mistakes_are_shown_where_they_are() {
        for (mail, said) in [
            (
                "server = 'smtp.example.com:25'\nfrom = 'a@b.example'",
                "server.toml:6:10: `smtp.example.com:25` is no mail server",
            ),
            ("server = 'x'\nfrom = 'gonogo'", "server.toml:7:8: `gonogo` is no e-mail address"),
            ("server = 'x'\nfrom = 'a@b.example'\nreply_to = 'c'", "`c` is no e-mail address"),
            ("server = 'x'\nfrom = 'a@b.example'\ndomains = ['@c']", "`@c` is no domain"),
            ("server = 'x'\nfrom = 'a@b.example'\ntls = 'ssl'", "unknown variant `ssl`"),
        ] {
            let error = parse(mail).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
