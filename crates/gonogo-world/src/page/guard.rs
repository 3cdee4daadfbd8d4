//! Whom the pages answer: a browser on this machine that means them, and not
//! a page from elsewhere that found the port.

use crate::serve::{Answer, Ask};

/// Why this request, for a page of `http://HOST:PORT…`, is not answered: it was
/// meant for another host, or another site sent the form.
pub(crate) fn refusal(ask: &Ask, base_url: &str) -> Option<Answer> {
    let own = base_url.split("//").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let port = own.rsplit_once(':').map_or("", |(_, port)| port);
    let is_own = |host: &str| host == own || host == format!("localhost:{port}");
    if !ask.header("host").is_some_and(is_own) {
        return Some(Answer::html(421, "This page answers to its own address alone."));
    }
    // Browsers send it with every form.
    let is_ours = |origin: &str| origin.strip_prefix("http://").is_some_and(is_own);
    let is_sent_elsewhere = ask.method == "POST" && !ask.header("origin").is_none_or(is_ours);
    is_sent_elsewhere.then(|| Answer::html(403, "This form was sent by another page."))
}

/// What a form sent.
#[derive(Debug)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    pub(crate) fn of(ask: &Ask) -> Self {
        Self(form_urlencoded::parse(&ask.body).into_owned().collect())
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim())
    }
}

#[cfg(test)]
mod tests {
    use hyper::body::Bytes;
    use hyper::{HeaderMap, Method};

    use super::*;

    fn ask(method: Method, headers: &[(&'static str, &str)]) -> Ask {
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let (path, target) = ("/".to_owned(), "/".to_owned());
        Ask { method, path, query: Vec::new(), target, headers, body: Bytes::new() }
    }

    fn status(method: Method, headers: &[(&'static str, &str)]) -> Option<u16> {
        refusal(&ask(method, headers), "http://127.0.0.1:81").map(|answer| answer.status)
    }

    #[test]
    fn another_host_is_not_answered() {
        assert_eq!(status(Method::GET, &[("host", "127.0.0.1:81")]), None);
        assert_eq!(status(Method::GET, &[("host", "localhost:81")]), None);
        for host in ["evil.example", "evil.example:81", "127.0.0.1", "127.0.0.1:82"] {
            assert_eq!(status(Method::GET, &[("host", host)]), Some(421), "{host}");
        }
        assert_eq!(status(Method::GET, &[]), Some(421));
    }

    #[test]
    fn a_form_of_another_site_is_not_taken() {
        let from = |origin| status(Method::POST, &[("host", "127.0.0.1:81"), ("origin", origin)]);
        assert_eq!(from("http://127.0.0.1:81"), None);
        for origin in ["http://127.0.0.1:82", "https://evil.example", "null"] {
            assert_eq!(from(origin), Some(403), "{origin}");
        }
    }
}
