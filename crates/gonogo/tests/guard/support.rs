//! The program, with files and policies for it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Without what the environment says of servers and proxies.
#[allow(clippy::disallowed_methods, reason = "the program under test")]
pub(crate) fn replay(arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gonogo"));
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "GONOGO_GRAPHITE_TOKEN"] {
        command.env_remove(name);
    }
    let Output { status, stdout, stderr } =
        command.args(["guard", "replay"]).args(arguments).output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("what is printed is UTF-8");
    Ran { code: status.code().unwrap_or(-1), stdout: text(stdout), stderr: text(stderr) }
}

pub(crate) fn json(arguments: &[&str]) -> serde_json::Value {
    let ran = replay(&[arguments, &["--format", "json"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).expect("it is JSON")
}

pub(crate) fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("it can be written");
    path
}

/// Whole seconds up to now.
#[allow(clippy::disallowed_methods, reason = "metrics servers go by the real clock")]
pub(crate) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is after 1970");
    i64::try_from(since.as_secs()).expect("it is not that late")
}

/// Counts around five in each ten seconds, and from `bad_from` on around thirty.
pub(crate) fn counts(from: i64, to: i64, bad_from: i64) -> Vec<(i64, f64)> {
    let usual = [5.0, 3.0, 7.0, 4.0, 6.0, 5.0, 8.0, 2.0, 5.0, 5.0, 4.0];
    (0..(to - from) / 10)
        .map(|nth| {
            let at = from + nth * 10;
            let count = usual[usize::try_from(nth).expect("from 0") % usual.len()];
            (at, if at >= bad_from { count * 6.0 } else { count })
        })
        .collect()
}

pub(crate) fn csv(points: &[(i64, f64)]) -> String {
    let lines: Vec<String> = points.iter().map(|(at, value)| format!("{at},{value}\n")).collect();
    format!("timestamp,value\n{}", lines.concat())
}
