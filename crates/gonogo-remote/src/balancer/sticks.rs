//! Whether requests that bring a balancer's cookie stay at one server.

use super::BalancerError;
use crate::http::{Answer, Ask, Connections, Http, HttpError, HttpSettings, Method, Url};
use reqwest::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};

/// Spread over servers they would not all meet the same one.
const REQUESTS: usize = 12;

/// Asks for a cookie, and then with it: a balancer that goes by it gives no other.
pub async fn sticks(url: &str, cookie: &str, settings: &HttpSettings) -> Result<usize, BalancerError> {
    let wrong = |said: String, fix: &'static str| BalancerError::DoesNotStick { url: url.to_owned(), said, fix };
    let unreached = |error: HttpError| wrong(error.to_string(), "see that the balancer answers there");
    let address: Url = url.parse().map_err(|_| wrong("it is no address".to_owned(), "write https://HOST/PATH"))?;
    let http = Http::over(&Connections::new(settings).map_err(unreached)?, None);
    let asked = async |cookie: Option<HeaderValue>| {
        let headers = cookie.map(|cookie| (COOKIE, cookie)).into_iter().collect();
        let answer =
            http.answer(&Ask { sees: |_| true, headers, ..Ask::new(Method::GET, address.clone(), None) }).await;
        let Answer { status, headers, .. } = answer.map_err(unreached)?;
        if status.is_server_error() {
            return Err(wrong(format!("it answered {status}"), "see that the service answers there"));
        }
        Ok(headers)
    };
    let given = cookie_of(&asked(None).await?, cookie).ok_or_else(|| {
        wrong(
            format!("the answer sets no cookie `{cookie}`"),
            "see that its backend has `cookie NAME insert indirect nocache`, and that `ignore-persist` goes by this \
             map (docs/affinity.md)",
        )
    })?;
    let brought = HeaderValue::from_str(&format!("{cookie}={given}"))
        .map_err(|_| wrong(format!("its cookie `{cookie}` cannot be sent back"), "see what it sets"))?;
    for _ in 0..REQUESTS {
        if let Some(other) = cookie_of(&asked(Some(brought.clone())).await?, cookie).filter(|other| *other != given) {
            let said = format!("a request with {cookie}={given} met another server, and was given {cookie}={other}");
            return Err(wrong(said, "see that its backend has `cookie NAME insert indirect nocache`"));
        }
    }
    Ok(REQUESTS)
}

fn cookie_of(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get_all(SET_COOKIE).iter().find_map(|cookie| {
        let (given, rest) = cookie.to_str().ok()?.split_once('=')?;
        let value = rest.split(';').next().unwrap_or_default();
        (given.trim() == name && !value.is_empty()).then(|| value.trim().to_owned())
    })
}
