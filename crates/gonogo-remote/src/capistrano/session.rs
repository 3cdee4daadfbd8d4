//! One run of `cap` from our side: what it is told before it begins, and how its hosts are
//! asked meanwhile.

use super::error::CapistranoError;
use super::link::{Answer, Cap, Go, Heard, Server, Site, Tell};
use super::lock::{self, Holder, Stands};
use super::look::Look;
use super::{Capistrano, Wanted, decide};

const SCRIPT: &str = include_str!("host.sh");
/// The oldest whose tasks and filters are those that we know.
const OLDEST: (u32, u32) = (3, 7);

pub(super) struct Session {
    pub cap: Cap,
    pub site: Site,
    /// Those that all of it is done on.
    servers: Vec<Server>,
    holder: String,
}

impl Session {
    /// Up to where the stage is read: nothing was done on any host.
    pub(super) fn open(of: &Capistrano, task: &str, wanted: Option<&Wanted>) -> Result<Self, CapistranoError> {
        let mut cap = Cap::start(of, task)?;
        let Some(Heard::Begun { version, stages }) = cap.hear(&never)? else {
            return Err(never_began(&mut cap));
        };
        if !is_known(&version) {
            cap.tell(&Tell::Quit);
            return Err(CapistranoError::Old { version });
        }
        if !stages.contains(&of.stage) {
            cap.tell(&Tell::Quit);
            return Err(CapistranoError::NoStage { stage: of.stage.clone(), known: stages });
        }
        cap.tell(&Tell::Go(Go { stage: Some(of.stage.clone()), ..Go::default() }));
        let Some(Heard::Ready(site)) = cap.hear(&never)? else { return Err(never_began(&mut cap)) };
        let chosen = match decide::chosen(&site.servers, &of.only) {
            Ok(chosen) => chosen,
            Err(error) => {
                cap.tell(&Tell::Quit);
                return Err(error);
            }
        };
        let (sha, release) = (wanted.map(|wanted| wanted.sha.as_str()), wanted.map(|wanted| wanted.release.as_str()));
        cap.tell(&Tell::Use { servers: chosen, sha, release });
        let Some(Heard::Used { servers }) = cap.hear(&never)? else { return Err(never_began(&mut cap)) };
        Ok(Self { cap, site, servers, holder: "-".to_owned() })
    }

    /// On behalf of somebody whose `cap` is gone.
    pub(super) fn of(self, holder: String) -> Self {
        Self { holder, ..self }
    }

    pub(super) fn holder(&self) -> &str {
        &self.holder
    }

    /// Nothing more is done.
    pub(super) fn quit(&mut self) {
        self.cap.tell(&Tell::Quit);
        // Its last word is of no use to anybody.
        if let Ok(Some(Heard::Ended { .. })) = self.cap.hear(&never) {
            self.cap.tell(&Tell::Go(Go::default()));
        }
    }

    /// How each host stands after that; one that cannot be asked is an error of its own.
    pub(super) fn asks(
        &mut self,
        verb: &str,
        words: &[&str],
    ) -> Result<Vec<Result<Look, CapistranoError>>, CapistranoError> {
        let Site { deploy_to, current, releases, .. } = &self.site;
        let mut all = vec![verb, deploy_to, current, releases, &self.holder];
        all.extend(words);
        self.cap.tell(&Tell::Ask { script: SCRIPT, words: all });
        let Some(Heard::Asked { said }) = self.cap.hear(&never)? else {
            return Err(CapistranoError::Odd("it ended while its hosts were asked".to_owned()));
        };
        let all = self.servers.iter().zip(said.iter());
        Ok(all.map(|(server, answer): (&Server, &Answer)| Look::of(&server.said(), answer)).collect())
    }

    /// The lock of all hosts, or of none. `release` is to be made, `back` is to be gone back.
    pub(super) fn takes(
        &mut self,
        of: &Capistrano,
        ours: &Holder,
        mark: &str,
        release: &str,
    ) -> Result<Vec<Look>, CapistranoError> {
        self.holder = ours.to_string();
        let mut over: Vec<String> = Vec::new();
        // Somebody else may take it between our look and our word.
        for _ in 0..3 {
            let mut words = vec![mark, release];
            words.extend(over.iter().map(String::as_str));
            let looks: Result<Vec<Look>, _> = self.asks("take", &words)?.into_iter().collect();
            let looks = match looks {
                Ok(looks) => looks,
                Err(error) => return Err(self.lets_go(error)),
            };
            let held: Vec<&Look> = looks.iter().filter(|look| look.held.is_some()).collect();
            if held.is_empty() {
                return Ok(looks);
            }
            let mut new = Vec::new();
            for look in held {
                let line = look.held.clone().unwrap_or_default();
                match lock::stands(&line, ours, &unlocking(of, &look.host), lock::lives) {
                    Stands::Over => new.push(line),
                    Stands::Holds(said, fix) => {
                        let host = look.host.clone();
                        return Err(self.lets_go(CapistranoError::Held { host, said, fix }));
                    }
                }
            }
            over.extend(new);
        }
        let host = self.servers.first().map(Server::said).unwrap_or_default();
        let said = "it changes hands all the time".to_owned();
        Err(self.lets_go(CapistranoError::Held { host, said, fix: "try it again in a moment".to_owned() }))
    }

    /// Leaves what was taken, and gives the error.
    pub(super) fn lets_go(&mut self, error: CapistranoError) -> CapistranoError {
        // What cannot be left stays with a process that is over: the next one succeeds it.
        self.asks("leave", &["-", "no"]).ok();
        self.quit();
        error
    }
}

/// How the lock of a host is taken off by hand.
fn unlocking(of: &Capistrano, host: &str) -> String {
    let Capistrano { dir, stage, .. } = of;
    format!("gonogo capistrano unlock --dir {} --stage {stage} --host {host}", dir.display())
}

fn never_began(cap: &mut Cap) -> CapistranoError {
    let said = cap.wait().map_or_else(|| "nobody knows how".to_owned(), |status| status.to_string());
    CapistranoError::NeverBegan { said }
}

fn never() -> bool {
    false
}

fn is_known(version: &str) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().ok());
    matches!((numbers.next().flatten(), numbers.next().flatten()), (Some(major), Some(minor)) if (major, minor) >= OLDEST)
}
