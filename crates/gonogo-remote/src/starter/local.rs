//! Acts on this host.

use super::follow::{self, Standing};
use super::{Start, StarterError};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

/// What hosts run: both sides of it in one file.
pub(crate) const SCRIPT: &str = concat!(include_str!("host.sh"), include_str!("start.sh"));
/// What a command has of our environment: nothing else of it leaks.
const KEPT: [&str; 4] = ["PATH", "HOME", "LANG", "USER"];
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// In the script: no variable of a command may be called so.
const OURS: &str = "GONOGO_STARTER_";

/// A folder of this host where acts are begun.
#[derive(Clone, Debug)]
pub struct Local {
    root: PathBuf,
    script: PathBuf,
    shell: PathBuf,
    /// Where programs are looked for, and found by the script too.
    path: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// By this call: how it came out shows when it is looked at.
    Now,
    /// By another.
    Before,
}

impl Local {
    pub fn open(root: &Path) -> Result<Self, StarterError> {
        let wrong = |path: &Path| {
            let path = path.to_owned();
            move |error: std::io::Error| StarterError::Folder { path, said: error.to_string() }
        };
        let bin = root.join("bin");
        for folder in [root, &root.join("runs"), &bin] {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(wrong(folder))?;
        }
        let root = fs::canonicalize(root).map_err(wrong(root))?;
        let bin = root.join("bin");
        let script = bin.join(script_name());
        let draft = tempfile::NamedTempFile::new_in(&bin).map_err(wrong(&bin))?;
        fs::write(draft.path(), SCRIPT).map_err(wrong(&script))?;
        let probe = bin.join(format!("link-{}", std::process::id()));
        fs::remove_file(&probe).ok();
        fs::hard_link(draft.path(), &probe)
            .map_err(|error| StarterError::NoLinks { path: root.clone(), said: error.to_string() })?;
        fs::remove_file(&probe).ok();
        draft.persist(&script).map_err(|error| wrong(&script)(error.error))?;
        let path = std::env::var("PATH").ok().filter(|path| !path.is_empty()).unwrap_or_else(|| PATH.to_owned());
        Ok(Self { root, script, shell: "sh".into(), path })
    }

    /// The same with the programs of another folder.
    #[cfg(test)]
    pub(super) fn with(self, shell: &Path, path: String) -> Self {
        Self { shell: shell.to_owned(), path, ..self }
    }

    /// The act's own folder.
    pub fn run(&self, key: &str) -> PathBuf {
        self.root.join("runs").join(key)
    }

    /// What it says, from its beginning on.
    pub fn output(&self, key: &str) -> PathBuf {
        self.run(key).join("out")
    }

    /// Begins an act, unless it was begun before; comes back once it is known how
    /// that came out, within a second.
    #[allow(clippy::disallowed_methods, reason = "the one place that starts the starter")]
    pub fn start(&self, start: &Start) -> Result<Started, StarterError> {
        let env = lines(&start.env)?;
        let mut command = Command::new(&self.shell);
        command.env_clear();
        command.envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?)))).env("PATH", &self.path);
        command.arg(&self.script).arg("start").arg(&self.root).args([&start.service, &start.fence.to_string()]);
        command.args([&start.key, &start.limit.as_secs().to_string(), &start.grace.as_secs().to_string()]);
        command.arg(start.dir.as_deref().unwrap_or_default()).args(&start.argv);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| StarterError::Shell(error.to_string()))?;
        if let Some(mut stdin) = child.stdin.take() {
            // Where the act is there already nobody reads it.
            stdin.write_all(env.expose_secret().as_bytes()).ok();
        }
        let output = child.wait_with_output().map_err(|error| StarterError::Shell(error.to_string()))?;
        let said = String::from_utf8_lossy(&output.stdout);
        let (word, rest) = said.trim_end().split_once(' ').unwrap_or((said.trim_end(), ""));
        match word {
            "there" => Ok(Started::Before),
            "ran" | "refused" | "broken" | "void" => Ok(Started::Now),
            "fault" => Err(StarterError::Fault(rest.to_owned())),
            _ => Err(StarterError::NoAnswer(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
        }
    }

    /// Sees to it that an act does not begin any more; nothing where it has begun.
    pub fn call_off(&self, key: &str) -> Result<(), StarterError> {
        let run = self.run(plain(key)?);
        let there = |error: std::io::Error| if error.kind() == ErrorKind::AlreadyExists { Ok(()) } else { Err(error) };
        let called_off = || {
            DirBuilder::new().mode(0o700).create(&run).or_else(there)?;
            let mut draft = tempfile::NamedTempFile::new_in(&run)?;
            draft.write_all(b"void runner\n")?;
            match fs::hard_link(draft.path(), run.join("start")) {
                // Whoever was to read it does not come so far any more.
                Ok(()) => fs::remove_file(run.join("env")).or(Ok(())),
                Err(error) => there(error),
            }
        };
        called_off().map_err(|error| StarterError::Folder { path: run.clone(), said: error.to_string() })
    }

    /// Has an act ended by whoever watches over it. The first to ask is who ended it.
    pub fn end(&self, key: &str, by: &str) -> Result<(), StarterError> {
        let run = self.run(plain(key)?);
        if run.join("end").exists() {
            return Ok(());
        }
        let by: String = by.chars().filter(|c| !c.is_control()).collect();
        let ended = || {
            let mut draft = tempfile::NamedTempFile::new_in(&run)?;
            writeln!(draft, "{by}")?;
            draft.persist(run.join("end")).map_err(|error| error.error)
        };
        ended().map(|_| ()).map_err(|error| StarterError::Folder { path: run.clone(), said: error.to_string() })
    }

    /// The file that is there while nothing more is to begin, for an act that looks.
    pub fn stopped_file(&self, key: &str) -> PathBuf {
        self.run(key).join("stopped")
    }

    /// While it is for a reason, an act that was begun may know.
    pub fn stopped(&self, key: &str, why: Option<&str>) -> Result<(), StarterError> {
        let run = self.run(plain(key)?);
        let path = self.stopped_file(key);
        let told = || match why {
            Some(why) if run.exists() && !path.exists() => {
                let mut draft = tempfile::NamedTempFile::new_in(&run)?;
                writeln!(draft, "{why}")?;
                draft.persist(&path).map(|_| ()).map_err(|error| error.error)
            }
            None if path.exists() => fs::remove_file(&path),
            Some(_) | None => Ok(()),
        };
        told().map_err(|error| StarterError::Folder { path: run.clone(), said: error.to_string() })
    }

    /// `limit` and `grace` are those that it was begun with.
    pub fn look(&self, key: &str, limit: Duration, grace: Duration) -> Standing {
        follow::look(&self.run(key), limit + grace)
    }

    /// Keeps a line of ours beside an act, before it begins.
    pub fn keep(&self, key: &str, text: &str) -> Result<(), StarterError> {
        let folder = self.root.join("kept");
        let path = folder.join(plain(key)?);
        let kept = || {
            DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
            let draft = tempfile::NamedTempFile::new_in(&folder)?;
            fs::write(draft.path(), text)?;
            draft.persist(&path).map_err(|error| error.error)
        };
        kept().map(|_| ()).map_err(|error| StarterError::Folder { path: path.clone(), said: error.to_string() })
    }

    /// What was kept.
    pub fn kept(&self, key: &str) -> Option<String> {
        fs::read_to_string(self.root.join("kept").join(plain(key).ok()?)).ok()
    }

    /// Nobody needs what was kept any more.
    pub fn forget(&self, key: &str) {
        if let Ok(key) = plain(key) {
            fs::remove_file(self.root.join("kept").join(key)).ok();
        }
    }

    /// Nobody needs its folder any more: some time later it is removed.
    pub fn told(&self, key: &str) {
        let told = self.run(key).join("told");
        OpenOptions::new().create(true).append(true).mode(0o600).open(told).ok();
    }

    /// Removes the folders of what was told of before that; gives their number.
    pub fn tidy(&self, before: SystemTime) -> usize {
        let Ok(runs) = fs::read_dir(self.root.join("runs")) else { return 0 };
        let is_old =
            |run: &Path| fs::metadata(run.join("told")).and_then(|told| told.modified()).is_ok_and(|at| at < before);
        let old = runs.flatten().filter(|run| is_old(&run.path()));
        old.filter(|run| {
            fs::remove_file(self.root.join("kept").join(run.file_name())).ok();
            fs::remove_dir_all(run.path()).is_ok()
        })
        .count()
    }
}

/// Named by what is in it: a shell reads its script while it runs.
pub(crate) fn script_name() -> String {
    let bytes = Sha256::digest(SCRIPT);
    let hash = bytes.iter().take(8).fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
    format!("start-{hash:016x}.sh")
}

/// It is joined to paths.
pub(crate) fn plain(key: &str) -> Result<&str, StarterError> {
    let is_plain = !key.is_empty()
        && !key.starts_with('.')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if is_plain { Ok(key) } else { Err(StarterError::Key(key.to_owned())) }
}

/// As the script reads it: one line.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n")
}

/// As the script reads them.
pub(crate) fn lines(env: &BTreeMap<String, SecretString>) -> Result<SecretString, StarterError> {
    let mut text = String::new();
    for (name, value) in env {
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name || name.starts_with(OURS) {
            return Err(StarterError::Variable(name.clone()));
        }
        let value = value.expose_secret();
        if value.contains('\0') {
            return Err(StarterError::Nul(name.clone()));
        }
        text.extend([name, "=", &escaped(value), "\n"]);
    }
    Ok(SecretString::from(text + ".\n"))
}
