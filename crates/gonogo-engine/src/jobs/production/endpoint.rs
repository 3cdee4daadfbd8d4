//! Addresses that tell what runs.

use super::{Word, commits};
use crate::jobs::JobError;
use crate::serving::Serving;
use gonogo_core::fact::Why;
use gonogo_core::policy::Endpoint;
use gonogo_core::say;
use gonogo_read::message::is_object_name;
use gonogo_remote::git::Git;
use gonogo_remote::http::{Connections, short_text};
use std::sync::Arc;

/// A page that tells a revision is no larger.
const MOST_ANSWER: usize = 64 << 10;
/// Characters of an odd answer that are shown.
const SHOWN: usize = 60;

/// All are asked side by side: while a deploy is half done they differ.
pub(super) async fn ask(
    serving: &Serving,
    git: &Arc<Git>,
    endpoint: &Endpoint,
    why: &str,
) -> Result<Result<Word, Why>, JobError> {
    let connections = match Connections::new(&serving.outside.http) {
        Ok(connections) => connections,
        Err(error) => return Ok(Err(Why::new(error.to_string(), "mend GONOGO_CA_FILE"))),
    };
    let asked = endpoint.urls.iter().map(|url| one(&connections, url, endpoint.pointer.as_deref()));
    let ids: Result<Vec<String>, Why> = futures_util::future::join_all(asked).await.into_iter().collect();
    let ids = match ids {
        Ok(ids) => ids,
        Err(why) => return Ok(Err(why)),
    };
    let name = say::list(&endpoint.urls.iter().map(|url| shown(url)).collect::<Vec<_>>(), endpoint.urls.len());
    let found = commits(git, ids).await?;
    let told = |why: Why| Why::new(format!("{name} tells a revision that cannot be found: {}", why.said), why.fix);
    Ok(found.map_err(told).map(|running| Word { running, name: name.clone(), why: why.to_owned() }))
}

async fn one(connections: &Connections, url: &str, pointer: Option<&str>) -> Result<String, Why> {
    let why = |said: &str| {
        let fix = "see that it answers, or say in the server's configuration what else knows what runs";
        Why::new(format!("{} does not tell what runs: {said}", shown(url)), fix)
    };
    let address = url.parse().map_err(|_| why("it is no address"))?;
    let text = short_text(connections, address, MOST_ANSWER).await.map_err(|e| why(&e.to_string()))?;
    revision(&text, pointer).map_err(|said| why(&said))
}

/// Without what may be a secret.
fn shown(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

/// The revision in an answer: at a JSON pointer, or all of it.
fn revision(text: &str, pointer: Option<&str>) -> Result<String, String> {
    let said = match pointer {
        None => text.trim().to_owned(),
        Some(pointer) => {
            let json = gonogo_read::json::parse(text.as_bytes()).map_err(|e| format!("its answer is no JSON: {e}"))?;
            let value = json.pointer(pointer).ok_or_else(|| format!("its answer has nothing at {pointer}"))?;
            let word = value.as_str().ok_or_else(|| format!("what its answer has at {pointer} is no text"))?;
            word.trim().to_owned()
        }
    };
    if is_object_name(&said) {
        return Ok(said.to_lowercase());
    }
    let shown = say::cut(&say::printable(&said), SHOWN);
    Err(format!("it says `{shown}`, which is no commit: 7 hex digits or more are wanted"))
}

#[cfg(test)]
mod tests {
    use super::{revision, shown};

    #[test]
    fn a_revision_is_read_where_it_is_said_to_be() {
        let sha = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(revision(&format!("{sha}\n"), None).as_deref(), Ok(sha));
        let json = format!("{{\"build\": {{\"sha\": \"{}\", \"a/b\": \"ABCDEF7\", \"n\": 1}}}}", &sha[..8]);
        assert_eq!(revision(&json, Some("/build/sha")).as_deref(), Ok(&sha[..8]));
        assert_eq!(revision(&json, Some("/build/a~1b")).as_deref(), Ok("abcdef7"));
        for (text, pointer, said) in [
            (json.as_str(), Some("/sha"), "has nothing at /sha"),
            (&json, Some("/build/n"), "is no text"),
            ("<html>", Some("/sha"), "is no JSON"),
            ("<html>", None, "it says `<html>`, which is no commit"),
            ("abcdef", None, "7 hex digits or more"),
            ("", None, "it says ``"),
            ("main", None, "which is no commit"),
            ("refs/heads/abcdef7", None, "which is no commit"),
        ] {
            let error = revision(text, pointer).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
        assert!(revision(&"a".repeat(65), None).is_err());
    }

    #[test]
    fn an_addresss_query_is_not_shown() {
        assert_eq!(shown("https://web.example.com/sha?key=secret"), "https://web.example.com/sha");
    }
}
