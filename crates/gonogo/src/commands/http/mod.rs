//! `gonogo http`: what the runner has done as steps of deploys; people may do the same. The
//! request's texts are filled here, where the variables and the secrets are.

mod ask;

use anyhow::bail;
use ask::{Asked, Request, cut, filled};
use clap::{Args, Subcommand};
use gonogo_core::say;
use gonogo_remote::http::{HttpError, PlainAnswer};
use serde_json::Value;
use std::time::{Duration, Instant};

/// Of an answer so much is said.
const SHOWN: usize = 4 << 10;
/// Of an answer so much is looked through.
const READ: usize = 1 << 20;
/// An answer that is waited for is asked for again after so long.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Subcommand)]
pub(crate) enum HttpCommand {
    /// Make one request; it has failed where the answer is another than wanted
    Call(CallArgs),
    /// Ask until it is answered so
    Wait(WaitArgs),
}

/// In all texts `{sha}` and the like stand for the variable `GONOGO_SHA`, and `{secret:NAME}` for NAME
#[derive(Debug, Args)]
pub(crate) struct CallArgs {
    /// GET, POST and so on
    #[arg(long, default_value = "POST")]
    method: String,
    /// Where
    #[arg(long)]
    url: String,
    /// A header, as NAME: VALUE; again for each other
    #[arg(long, value_name = "HEADER")]
    header: Vec<String>,
    /// The body, as it stands
    #[arg(long, value_name = "TEXT", conflicts_with = "json")]
    body: Option<String>,
    /// The body as JSON, in whose strings variables may stand
    #[arg(long, value_name = "JSON", value_parser = |text: &str| text.parse::<Value>())]
    json: Option<Value>,
    /// A status that says that it was done; again for each other [default: 200 to 299]
    #[arg(long, value_name = "STATUS")]
    expect: Vec<u16>,
    /// An answer that takes longer is none
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    timeout_seconds: u32,
    /// It may come twice: a name for it, sent as the Idempotency-Key of this deploy
    #[arg(long, value_name = "NAME")]
    once: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct WaitArgs {
    /// Where
    #[arg(long)]
    url: String,
    /// A header, as NAME: VALUE; again for each other
    #[arg(long, value_name = "HEADER")]
    header: Vec<String>,
    /// The answer's status
    #[arg(long, default_value_t = 200)]
    status: u16,
    /// Stands in the answer
    #[arg(long, value_name = "TEXT")]
    contains: Option<String>,
    /// A place in an answer that is JSON
    #[arg(long, requires = "equals")]
    pointer: Option<String>,
    /// What stands there, as text
    #[arg(long, value_name = "TEXT", requires = "pointer")]
    equals: Option<String>,
    /// How often it is asked
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    every_seconds: u32,
    /// It fails where it takes longer
    #[arg(long, value_name = "SECONDS", default_value_t = 1800)]
    within_seconds: u32,
}

pub(crate) fn run(command: &HttpCommand) -> anyhow::Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            HttpCommand::Call(args) => call(args).await,
            HttpCommand::Wait(args) => wait(args).await,
        }
    })
}

async fn call(args: &CallArgs) -> anyhow::Result<u8> {
    let body = match (&args.body, &args.json) {
        (Some(text), _) => Some(filled(text)?.into_bytes()),
        (None, Some(json)) => Some(ask::json(json)?.to_string().into_bytes()),
        (None, None) => None,
    };
    let mut request = Request::of(&args.method, &args.url, &args.header)?;
    if let Some(once) = &args.once {
        request.headers.push(ask::idempotency_key(once)?);
    }
    request.content_type = if args.json.is_some() { "application/json" } else { "text/plain; charset=utf-8" };
    request.body = body;
    anstream::println!("{} {}", args.method, say::printable(&request.shown));
    let patience = Duration::from_secs(args.timeout_seconds.into());
    let answer = match Asked::new()?.answer(&request, patience, SHOWN).await {
        Ok(answer) => answer,
        Err(error @ HttpError::Connect(_)) => {
            bail!("{error}\n  → nothing was sent: see that it can be reached from here")
        }
        Err(error) => bail!("{error}\n  → whether it was done is not known: look there"),
    };
    let is_wanted = match args.expect.as_slice() {
        [] => answer.status.is_success(),
        wanted => wanted.contains(&answer.status.as_u16()),
    };
    print(&answer);
    if is_wanted {
        return Ok(0);
    }
    let wanted: Vec<String> = args.expect.iter().map(u16::to_string).collect();
    let wanted = if wanted.is_empty() { "200 to 299".to_owned() } else { say::list(&wanted, wanted.len()) };
    anstream::println!("wanted: {wanted}");
    Ok(1)
}

fn print(answer: &PlainAnswer) {
    let to = answer.location.as_deref().map(|to| format!(", it leads on to {}", say::printable(to)));
    anstream::println!("answered {}{}", answer.status, to.unwrap_or_default());
    let text = String::from_utf8_lossy(&answer.body);
    if !text.trim().is_empty() {
        anstream::println!(
            "{}{}",
            say::printable_lines(text.trim_end()),
            if answer.is_cut { "\n… and more" } else { "" }
        );
    }
}

async fn wait(args: &WaitArgs) -> anyhow::Result<u8> {
    let request = Request::of("GET", &args.url, &args.header)?;
    let contains = args.contains.as_deref().map(filled).transpose()?;
    let equals = args.equals.as_deref().map(filled).transpose()?;
    let asked = Asked::new()?;
    anstream::println!("waiting for {}", say::printable(&request.shown));
    let (begun, within) = (Instant::now(), Duration::from_secs(args.within_seconds.into()));
    let mut seen = String::new();
    loop {
        let left = within.saturating_sub(begun.elapsed());
        let lacks = match asked.answer(&request, PATIENCE.min(left.max(Duration::from_millis(100))), READ).await {
            Ok(answer) => lacks(args, contains.as_deref(), equals.as_deref(), &answer),
            Err(error) => Some(error.to_string()),
        };
        let Some(lacks) = lacks else {
            anstream::println!("it answers as wanted");
            return Ok(0);
        };
        // However long it waits, what is the same is said once.
        if lacks != seen {
            anstream::println!("{}", say::printable(&lacks));
            seen = lacks;
        }
        let left = within.saturating_sub(begun.elapsed());
        if left.is_zero() {
            anstream::println!(
                "it did not come about within {} s; seen last: {}",
                args.within_seconds,
                say::printable(&seen)
            );
            return Ok(1);
        }
        tokio::time::sleep(Duration::from_secs(args.every_seconds.into()).min(left)).await;
    }
}

/// What an answer lacks of what is wanted.
fn lacks(args: &WaitArgs, contains: Option<&str>, equals: Option<&str>, answer: &PlainAnswer) -> Option<String> {
    if answer.status.as_u16() != args.status {
        return Some(format!("it answers {}", answer.status));
    }
    let text = String::from_utf8_lossy(&answer.body);
    if let Some(wanted) = contains.filter(|wanted| !text.contains(*wanted)) {
        return Some(format!("`{wanted}` does not stand in its answer"));
    }
    let (pointer, wanted) = args.pointer.as_deref().zip(equals)?;
    let Ok(json) = serde_json::from_slice::<Value>(&answer.body) else {
        return Some("its answer is no JSON".to_owned());
    };
    let found = match json.pointer(pointer) {
        None => return Some(format!("its answer has nothing at {pointer}")),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    (found != wanted).then(|| format!("at {pointer} stands {}", cut(&found)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Wait {
        #[command(flatten)]
        args: WaitArgs,
    }

    fn lacking(more: &[&str], status: u16, body: &str) -> Option<String> {
        let args = Wait::parse_from(["x", "--url=http://a/"].iter().chain(more)).args;
        let status = status.try_into().unwrap();
        let answer = PlainAnswer { status, location: None, body: body.as_bytes().to_vec(), is_cut: false };
        lacks(&args, args.contains.as_deref(), args.equals.as_deref(), &answer)
    }

    #[test]
    fn an_answer_is_as_wanted_in_all_that_is_said() {
        assert_eq!(lacking(&[], 200, ""), None);
        assert_eq!(lacking(&[], 503, "").unwrap(), "it answers 503 Service Unavailable");
        assert_eq!(lacking(&["--status=204"], 204, ""), None);
        assert_eq!(lacking(&["--contains=ready"], 200, "is ready"), None);
        assert_eq!(lacking(&["--contains=ready"], 200, "no").unwrap(), "`ready` does not stand in its answer");
        let at = |equals: &str, body: &str| lacking(&["--pointer=/a/0", &format!("--equals={equals}")], 200, body);
        assert_eq!(at("ok", r#"{"a":["ok"]}"#), None);
        assert_eq!(at("3", r#"{"a":[3]}"#), None);
        assert_eq!(at("true", r#"{"a":[false]}"#).unwrap(), "at /a/0 stands false");
        assert_eq!(at("ok", r#"{"a":[]}"#).unwrap(), "its answer has nothing at /a/0");
        assert_eq!(at("ok", "<p>").unwrap(), "its answer is no JSON");
    }
}
