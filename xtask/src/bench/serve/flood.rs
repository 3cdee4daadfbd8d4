//! Webhooks as fast as they are taken, and what a kill loses of them.

use super::http::Client;
use super::pushes::repository;
use super::server::{Server, Site, hook};
use crate::bench::bars::{Bar, Limit, Measured};
use crate::bench::measure::milliseconds;
use anyhow::{Context, bail};
use gonogo_world::GitHub;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const SENDERS: usize = 32;
const KILLS: u64 = 20;
/// What a hook of a push weighs at GitHub.
const WEIGHT: usize = 8_000;

/// What was acknowledged.
#[derive(Default)]
struct Taken {
    ids: Vec<String>,
    times: Vec<Duration>,
}

/// Sends until the time is over, or the server is gone.
fn flood(address: &str, prefix: &str, most: Duration) -> Taken {
    let (next, taken, begin) = (AtomicU64::new(0), Mutex::new(Taken::default()), Instant::now());
    let body = body();
    std::thread::scope(|scope| {
        for _ in 0..SENDERS {
            scope.spawn(|| {
                let Ok(mut client) = Client::to(address) else { return };
                let mut mine = Taken::default();
                while begin.elapsed() < most {
                    let id = format!("{prefix}-{}", next.fetch_add(1, Ordering::Relaxed));
                    let headers = hook("push", &id, &body);
                    let sent = Instant::now();
                    match client.ask("POST", "/hooks/github", &headers, &body) {
                        Ok(answer) if answer.status == 202 => {
                            mine.times.push(sent.elapsed());
                            mine.ids.push(id);
                        }
                        _ => break,
                    }
                }
                if let Ok(mut all) = taken.lock() {
                    all.ids.append(&mut mine.ids);
                    all.times.append(&mut mine.times);
                }
            });
        }
    });
    taken.into_inner().unwrap_or_default()
}

/// A push to a repository that is no service's: it is stored, read and let be.
fn body() -> Vec<u8> {
    let mut body = br#"{"ref":"refs/heads/main","repository":{"full_name":"acme/elsewhere"},"pad":""#.to_vec();
    body.resize(WEIGHT - 2, b'x');
    body.extend(b"\"}");
    body
}

/// On a server with one service, which nobody pushes to.
pub(super) fn all(program: &Path, postgres: Option<&str>) -> anyhow::Result<Vec<Bar>> {
    let github = GitHub::start();
    github.user("robin").with_token("ghp_bench");
    repository(&github, "web", "");
    let site = Site::new(program, postgres)?;
    site.configure(&github, "[[service]]\nname = 'web'\nrepository = 'acme/web'\n")?;
    let server = site.start()?;
    let mut bars = rate(&server)?;
    server.kill()?;
    bars.push(kills(&site)?);
    Ok(bars)
}

fn rate(server: &Server) -> anyhow::Result<Vec<Bar>> {
    flood(&server.address, "warm", Duration::from_secs(1));
    let begin = Instant::now();
    let taken = flood(&server.address, "rate", Duration::from_secs(5));
    let seconds = begin.elapsed().as_secs_f64();
    let mut times = milliseconds(&taken.times);
    times.sort_by(f64::total_cmp);
    let worst = times.get(times.len() * 99 / 100).copied().context("no hook was taken")?;
    let number = u32::try_from(taken.ids.len())?;
    let how = format!("{SENDERS} connections, {WEIGHT} bytes each; {:.0} appends/s to disk one by one", appends()?);
    let figure = (f64::from(number) / seconds).round();
    Ok(vec![
        Bar {
            what: "webhooks taken".to_owned(),
            measured: Measured::Figure { figure, unit: "/s", how },
            limit: Some(Limit::AtLeast(2_000.0)),
        },
        Bar {
            what: "webhooks taken: 99 of 100 within".to_owned(),
            measured: Measured::Figure { figure: worst, unit: "ms", how: String::new() },
            limit: Some(Limit::AtMost(50.0)),
        },
    ])
}

/// Kills the server while it takes hooks, again and again.
fn kills(site: &Site) -> anyhow::Result<Bar> {
    let (mut all, mut lost) = (0, 0);
    let mut taken = Taken::default();
    for round in 0..=KILLS {
        let server = site.start()?;
        let mut client = Client::to(&server.address)?;
        for id in &taken.ids {
            let body = body();
            let answer = client.ask("POST", "/hooks/github", &hook("push", id, &body), &body)?;
            match answer.body.as_slice() {
                b"known already\n" => all += 1,
                b"stored\n" => lost += 1,
                other => bail!("{}: {}", answer.status, String::from_utf8_lossy(other)),
            }
        }
        if round == KILLS {
            break;
        }
        taken = std::thread::scope(|scope| {
            let address = server.address.clone();
            let flooding = scope.spawn(move || flood(&address, &format!("kill{round}"), Duration::from_secs(30)));
            std::thread::sleep(Duration::from_millis(200 + 17 * round));
            server.kill()?;
            anyhow::Ok(flooding.join().unwrap_or_default())
        })?;
        if taken.ids.is_empty() {
            bail!("nothing was taken before the kill");
        }
    }
    let how = format!("{KILLS} kills, {all} of the acknowledged ones are there");
    let measured = Measured::Figure { figure: f64::from(lost), unit: "lost", how };
    Ok(Bar { what: "acknowledged webhooks lost by kill -9".to_owned(), measured, limit: Some(Limit::AtMost(0.0)) })
}

/// What the disk does by itself: 8 kB appended and synced, one after another.
fn appends() -> anyhow::Result<f64> {
    let file = tempfile::NamedTempFile::new()?;
    let mut out: File = file.reopen()?;
    let (block, begin) = (vec![0_u8; WEIGHT], Instant::now());
    let mut number = 0_u32;
    while begin.elapsed() < Duration::from_secs(1) {
        out.write_all(&block)?;
        out.sync_data()?;
        number += 1;
    }
    Ok(f64::from(number) / begin.elapsed().as_secs_f64())
}
