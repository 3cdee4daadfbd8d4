//! A PostgreSQL server of one test's own, which it may stop, and programs that
//! tests start.

#![allow(clippy::disallowed_methods, reason = "the tests' one place that starts programs")]

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Ends with the test.
pub(crate) struct Server {
    folder: TempDir,
    port: u16,
}

impl Server {
    pub(crate) fn start_new() -> Self {
        let folder = tempfile::tempdir().expect("the temporary folder is writable");
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let port = listener.local_addr().expect("it has a port").port();
        if is_root() {
            // The server refuses to run as root.
            std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("it is ours");
            run(program("chown").arg("postgres").arg(folder.path()));
        }
        let server = Self { folder, port };
        let options = ["-A", "trust", "-U", "gonogo", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"];
        run(server.tool("initdb").args(options));
        drop(listener);
        server.start();
        server
    }

    pub(crate) fn start(&self) {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c fsync=off -c full_page_writes=off",
            self.port,
            self.folder.path().display()
        );
        run(self.tool("pg_ctl").args(["-w", "-t", "30", "-l", "log", "-o", &options, "start"]));
    }

    pub(crate) fn stop(&self) {
        run(self.tool("pg_ctl").args(["-w", "-m", "immediate", "stop"]));
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://gonogo@{}", self.place())
    }

    pub(crate) fn place(&self) -> String {
        format!("127.0.0.1:{}/postgres", self.port)
    }

    /// A command of the server's package, as the user that may run it.
    fn tool(&self, name: &str) -> Command {
        let path = newest_programs().join(name);
        let mut command = if is_root() {
            let mut command = program("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            program(path)
        };
        command.current_dir(self.folder.path()).args(["-D", "data"]);
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tool("pg_ctl").args(["-m", "immediate", "stop"]).status().ok(); // the test may have stopped it
    }
}

fn newest_programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).max();
    let newest = newest.expect("PostgreSQL's server is installed: run ./test, which does so");
    PathBuf::from(format!("/usr/lib/postgresql/{newest}/bin"))
}

pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// A command that leaves nothing of ours open in what it starts.
pub(crate) fn program(name: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(name);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn run(command: &mut Command) {
    let ended = command.status().expect("the program starts");
    assert!(ended.success(), "{command:?} ended with {ended}");
}
