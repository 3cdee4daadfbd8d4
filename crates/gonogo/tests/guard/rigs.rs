//! A real Prometheus, on a free port and in a folder of its own, ended with the test.

#![allow(clippy::disallowed_methods, reason = "tests start programs")]

use super::graphite::{Running, free_port, get, start, until};
use std::process::Command;

pub(crate) struct Prometheus {
    _program: Running,
    _folder: tempfile::TempDir,
    pub(crate) port: u16,
}

impl Prometheus {
    /// With the points of a gauge from the beginning.
    pub(crate) fn start(metric: &str, points: &[(i64, f64)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).expect("it is written");
        let lines: Vec<String> =
            points.iter().map(|(at, value)| format!("{metric}{{host=\"a\"}} {value} {at}\n")).collect();
        write("points", format!("# TYPE {metric} gauge\n{}# EOF\n", lines.concat()));
        write("prometheus.yml", "global: {scrape_interval: 1m}\n".to_owned());
        let made = Command::new("promtool")
            .args(["tsdb", "create-blocks-from", "openmetrics", "points", "data"])
            .current_dir(folder.path())
            .output()
            .expect("promtool is there: `./test` installs it");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = free_port();
        let listen = format!("--web.listen-address=127.0.0.1:{port}");
        let arguments = ["--config.file=prometheus.yml", "--storage.tsdb.path=data", &listen];
        let program = start("prometheus", &arguments, folder.path(), &[]);
        until("Prometheus", folder.path(), || !get(port, "/-/ready").is_empty());
        Self { _program: program, _folder: folder, port }
    }
}
