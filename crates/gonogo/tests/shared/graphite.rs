//! A real Graphite, on free ports and in a folder of its own, ended with the test.

#![allow(clippy::disallowed_methods, reason = "tests start programs")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_mins(1);

/// Ended when it is dropped.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

pub(crate) struct Graphite {
    _programs: Vec<Running>,
    folder: tempfile::TempDir,
    lines: u16,
    pub(crate) port: u16,
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port is free").port()
}

pub(crate) fn start(program: &str, arguments: &[&str], folder: &Path, environment: &[(&str, &str)]) -> Running {
    let log = std::fs::File::create(folder.join("said")).expect("a file can be made");
    let mut command = Command::new(program);
    command.args(arguments).envs(environment.iter().copied()).current_dir(folder).stdin(Stdio::null());
    command.stdout(log.try_clone().expect("a file can be shared")).stderr(log);
    Running(command.spawn().unwrap_or_else(|e| panic!("{program}: {e}: `./test` installs it")))
}

/// The body of an answer, or nothing.
pub(crate) fn get(port: u16, path: &str) -> String {
    let asked = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = asked().unwrap_or_default();
    let is_ok = answer.lines().next().is_some_and(|status| status.contains(" 200 "));
    if is_ok { answer } else { String::new() }
}

pub(crate) fn until(what: &str, folder: &Path, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        let said = || std::fs::read_to_string(folder.join("said")).unwrap_or_default();
        assert!(begun.elapsed() < LIMIT, "{what} did not come about: {}", said());
        std::thread::sleep(Duration::from_millis(30));
    }
}

impl Graphite {
    /// That keeps a point each so many seconds, for a day.
    pub(crate) fn start(seconds: u32) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let root = folder.path().display().to_string();
        let [lines, pickles, queries, port] = [free_port(), free_port(), free_port(), free_port()];
        for name in ["conf", "storage/whisper", "storage/log", "storage/lists"] {
            std::fs::create_dir_all(folder.path().join(name)).expect("a folder can be made");
        }
        let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).expect("it is written");
        write(
            "conf/carbon.conf",
            format!(
                "[cache]\nSTORAGE_DIR = {root}/storage\nCONF_DIR = {root}/conf\nLOG_DIR = {root}/storage/log\nPID_DIR = {root}\n\
                 LOCAL_DATA_DIR = {root}/storage/whisper\nUSER =\nMAX_CACHE_SIZE = inf\nMAX_UPDATES_PER_SECOND = inf\n\
                 MAX_CREATES_PER_MINUTE = inf\nENABLE_UDP_LISTENER = False\nCARBON_METRIC_INTERVAL = 0\nWHISPER_AUTOFLUSH = True\n\
                 LINE_RECEIVER_INTERFACE = 127.0.0.1\nLINE_RECEIVER_PORT = {lines}\nPICKLE_RECEIVER_INTERFACE = 127.0.0.1\n\
                 PICKLE_RECEIVER_PORT = {pickles}\nCACHE_QUERY_INTERFACE = 127.0.0.1\nCACHE_QUERY_PORT = {queries}\n"
            ),
        );
        write("conf/storage-schemas.conf", format!("[t]\npattern = .*\nretentions = {seconds}s:1d\n"));
        write(
            "conf/storage-aggregation.conf",
            "[d]\npattern = .*\nxFilesFactor = 0\naggregationMethod = average\n".to_owned(),
        );
        write(
            "gset.py",
            format!(
                "from graphite.settings import *\nSECRET_KEY = 'x'\nTIME_ZONE = 'UTC'\nALLOWED_HOSTS = ['*']\n\
                 CONF_DIR = '{root}/conf'\nSTORAGE_DIR = '{root}/storage'\nLOG_DIR = '{root}/storage/log'\n\
                 WHISPER_DIR = '{root}/storage/whisper'\nSTANDARD_DIRS = [WHISPER_DIR]\nDATA_DIRS = [WHISPER_DIR]\n\
                 INDEX_FILE = '{root}/storage/index'\nCARBONLINK_HOSTS = ['127.0.0.1:{queries}']\nCLUSTER_SERVERS = []\n\
                 DATABASES = {{'default': {{'ENGINE': 'django.db.backends.sqlite3', 'NAME': '{root}/graphite.db'}}}}\n"
            ),
        );
        write(
            "gwsgi.py",
            "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'gset'\nfrom django.core.wsgi import get_wsgi_application\n\
             application = get_wsgi_application()\n"
                .to_owned(),
        );
        let environment = [("PYTHONPATH", root.as_str()), ("DJANGO_SETTINGS_MODULE", "gset")];
        let migrate = Command::new("/usr/bin/python3")
            .args(["-m", "django", "migrate", "--run-syncdb"])
            .envs(environment)
            .current_dir(&root)
            .output()
            .expect("python3 runs");
        assert!(migrate.status.success(), "{}", String::from_utf8_lossy(&migrate.stderr));
        let (config, pid) = (format!("--config={root}/conf/carbon.conf"), format!("--pidfile={root}/carbon.pid"));
        let carbon = start("/usr/bin/carbon-cache", &[&config, "--nodaemon", &pid, "start"], folder.path(), &[]);
        let listen = format!("tcp:{port}:interface=127.0.0.1");
        let web = ["/usr/bin/twist3", "web", "--listen", &listen, "--wsgi", "gwsgi.application"];
        let web = start("/usr/bin/python3", &web, folder.path(), &environment);
        until("Graphite", folder.path(), || {
            TcpStream::connect(("127.0.0.1", lines)).is_ok() && !get(port, "/metrics/find?query=*").is_empty()
        });
        Self { _programs: vec![carbon, web], folder, lines, port }
    }

    /// Sends points, and does not wait.
    pub(crate) fn send(&self, metric: &str, points: &[(i64, f64)]) {
        let lines: Vec<String> = points.iter().map(|(at, value)| format!("{metric} {value} {at}\n")).collect();
        let mut stream = TcpStream::connect(("127.0.0.1", self.lines)).expect("carbon listens");
        stream.write_all(lines.concat().as_bytes()).expect("carbon reads");
    }

    /// Returns once the last point can be read.
    pub(crate) fn feed(&self, metric: &str, points: &[(i64, f64)]) {
        self.send(metric, points);
        let (at, value) = points.last().expect("there is a point");
        let path = format!("/render?target={metric}&from={}&until={at}&format=json&noCache=1", at - 1);
        until("the last point", self.folder.path(), || get(self.port, &path).contains(&format!("[{value:.1}, {at}]")));
    }
}
