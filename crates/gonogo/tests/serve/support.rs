//! A server, the world around it, and words to tell a story with.

#![allow(clippy::disallowed_methods, reason = "tests start the program, and stop it")]

mod asking;

pub(crate) use asking::{location_of, path_of};

use gonogo_world::github::{PostedStatus, PullRequest, Repository, StatusOf};
use gonogo_world::{GitHub, Mail, Oidc, Repo, Slack};
use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::{NamedTempFile, TempDir};

pub(crate) const SECRET: &str = "hook-secret";
pub(crate) const PASSWORD: &str = "correct horse battery";
/// A fine-grained token with the rights that the docs name, and no others.
pub(crate) const TOKEN: &str = "github_pat_gonogo";
const HOOKS: [&str; 5] = ["push", "status", "check_run", "pull_request", "merge_group"];
/// Something that should happen does so within this.
const PATIENCE: Duration = Duration::from_secs(40);

/// A GitHub with `acme/web`, which a hook tells the server of.
pub(crate) struct World {
    pub github: GitHub,
    /// As it is called now.
    repository: String,
    /// Where a developer works.
    pub repo: Repo,
    folder: TempDir,
    server: Option<Server>,
    poll_seconds: u32,
    api_per_minute: u32,
    database: String,
    tracker: String,
    slack: String,
    oidc: String,
    /// More keys of `[github]`, and the client that people sign in to.
    github_keys: String,
    client: Option<(String, String)>,
    /// What the service has beside its name and repository.
    service: String,
    /// Keys of `[server]` beside the usual.
    keys: String,
    listen: String,
    /// How people reach it.
    url: String,
    /// A socket is handed over to the server, as systemd does.
    /// The socket that it is handed: a path, or empty for an address.
    handed: Option<String>,
    /// Variables beside the usual, or in their place.
    variables: Vec<(&'static str, String)>,
    /// What the server says on standard error.
    log: NamedTempFile,
    /// The server's, for GitHub.
    token: &'static str,
    /// The App that the server is to GitHub, if it is one.
    app: Option<u64>,
    /// Of who is signed in.
    cookie: String,
}

struct Server {
    child: Child,
    address: String,
    out: BufReader<ChildStdout>,
}

impl Server {
    /// What it prints next.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).expect("it says where it listens");
        line
    }
}

impl World {
    /// Production is the first commit; the server runs.
    pub(crate) fn new() -> Self {
        let mut world = Self::stopped();
        world.start();
        world
    }

    pub(crate) fn stopped() -> Self {
        Self::stopped_on(GitHub::start())
    }

    pub(crate) fn stopped_on(github: GitHub) -> Self {
        let repo = Repo::new();
        let policy = "stories.projects = ['STORY']\nproduction.ref = 'production'\n";
        repo.commit_files("no-jira first", &[("gonogo.toml", policy)]);
        repo.branch("production");
        github.repository("acme/web").made_from(&repo);
        let rights = github.token(TOKEN).may_write("statuses").may_read("contents");
        rights.may_read("pull_requests").only_for(&["acme/web"]);
        let folder = tempfile::tempdir().expect("the temporary folder is writable");
        let database = format!("sqlite:{}", folder.path().join("data.db").display());
        Self {
            github,
            repository: "acme/web".to_owned(),
            repo,
            folder,
            server: None,
            poll_seconds: 3_600,
            api_per_minute: 600,
            database,
            tracker: String::new(),
            slack: String::new(),
            oidc: String::new(),
            github_keys: String::new(),
            client: None,
            service: String::new(),
            keys: String::new(),
            listen: "127.0.0.1:0".to_owned(),
            url: "https://gonogo.example.com".to_owned(),
            handed: None,
            variables: Vec::new(),
            log: NamedTempFile::new().expect("the temporary folder is writable"),
            token: TOKEN,
            app: None,
            cookie: String::new(),
        }
    }

    /// On a PostgreSQL database of its own, of the server that `./test` starts.
    pub(crate) fn on_postgres(mut self, name: &str) -> Self {
        let server = std::env::var("GONOGO_TEST_POSTGRES")
            .expect("GONOGO_TEST_POSTGRES names a PostgreSQL server: run `./test`, or `./test with cargo nextest run`");
        let name = format!("{name}{}", std::process::id());
        let made = Command::new("createdb").args(["--maintenance-db", &server, &name]).status().expect("createdb runs");
        assert!(made.success());
        let (address, _) = server.rsplit_once('/').expect("the address names a database");
        self.database = format!("{address}/{name}");
        self
    }

    /// Another server over the same database takes the place of this one, which
    /// is killed.
    pub(crate) fn is_replaced(&mut self) {
        let old = self.server.take();
        self.start();
        if let Some(mut old) = old {
            old.child.kill().expect("it can be killed");
            old.child.wait().expect("it ends");
        }
    }

    /// The tracker that the server trusts.
    pub(crate) fn trusts(mut self, tracker: &str) -> Self {
        self.tracker = format!("[tracker]\nurl = '{tracker}'\n");
        self
    }

    /// The server is an App, which is installed.
    pub(crate) fn being_an_app(mut self) -> Self {
        let app = self.github.app("gonogo");
        app.installed_on("acme");
        self.app = Some(app.id());
        self
    }

    /// With a classic token: a fine-grained one reads no check runs.
    pub(crate) fn with_classic_token(mut self) -> Self {
        self.token = "ghp_gonogo";
        self.github.user("robin").with_token(self.token);
        self
    }

    /// Another token for GitHub.
    pub(crate) fn with_token(mut self, token: &'static str) -> Self {
        self.token = token;
        self
    }

    /// The server fetches from this address instead of from GitHub.
    pub(crate) fn fetching_from(mut self, url: &str) -> Self {
        self.service = format!("git = '{url}'\n");
        self
    }

    /// People are told in this channel of this Slack.
    pub(crate) fn tells(mut self, slack: &Slack, channel: &str) -> Self {
        self.slack = format!("[slack]\nurl = '{}'\nchannel = '{channel}'\n", slack.api_url());
        self
    }

    /// People are told of deployed stories alone, in this channel of this Slack.
    pub(crate) fn tells_of_stories_alone(mut self, slack: &Slack, channel: &str) -> Self {
        let url = slack.api_url();
        self.slack = format!("[slack]\nurl = '{url}'\n[story_deployed]\nslack_channel = '{channel}'\n");
        self
    }

    /// These keys stand in `[story_deployed]`.
    pub(crate) fn says_of_stories(mut self, keys: &str) -> Self {
        self.slack = format!("{}[story_deployed]\n{keys}\n", self.slack);
        self
    }

    /// These keys stand in `[told_early]`.
    pub(crate) fn tells_owners_early(mut self, keys: &str) -> Self {
        self.slack = format!("{}[told_early]\n{keys}\n", self.slack);
        self
    }

    /// Mail goes to this server, as `gonogo` with the password `mail-word`; these keys
    /// stand in `[mail]` too, and after them may stand other tables.
    pub(crate) fn mails(mut self, mail: &Mail, keys: &str) -> Self {
        mail.lets_in("gonogo", "mail-word");
        self.slack = format!(
            "{}[mail]\nserver = 'localhost'\nport = {}\nfrom = 'gonogo <gonogo@example.com>'\n{keys}\n",
            self.slack,
            mail.port()
        );
        let authority = mail.ca_file().display().to_string();
        self.with_variable("GONOGO_SMTP_USER", "gonogo")
            .with_variable("GONOGO_SMTP_PASSWORD", "mail-word")
            .with_variable("GONOGO_CA_FILE", &authority)
    }

    /// The service `web` has these keys too; after them may stand other services.
    pub(crate) fn with_service(mut self, keys: &str) -> Self {
        keys.clone_into(&mut self.service);
        self
    }

    /// `[server]` has these keys too.
    pub(crate) fn with_keys(mut self, keys: &str) -> Self {
        keys.clone_into(&mut self.keys);
        self
    }

    pub(crate) fn handed_a_socket(mut self) -> Self {
        self.handed = Some(String::new());
        self.listening_on("systemd")
    }

    pub(crate) fn handed_a_unix_socket(mut self, path: &Path) -> Self {
        self.handed = Some(path.display().to_string());
        self.listening_on("systemd")
    }

    /// As what is configured has it from now on, people and GitHub reach it where it listens.
    pub(crate) fn is_reached_where_it_listens(&mut self) {
        self.url = format!("http://{}", self.address());
        self.writes_configuration();
    }

    pub(crate) fn listening_on(mut self, place: &str) -> Self {
        place.clone_into(&mut self.listen);
        self
    }

    /// The server's environment has this variable.
    pub(crate) fn with_variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// What all servers of this world said on standard error.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).expect("the log is text")
    }

    /// The first line of the log that says all of this.
    #[track_caller]
    pub(crate) fn logs(&self, parts: &[&str]) -> String {
        let fits = |line: &&str| parts.iter().all(|part| line.contains(part));
        self.wait(|| self.log().lines().find(fits).map(str::to_owned), || self.log())
    }

    /// People sign in with GitHub, which is asked again each second; `ways` are
    /// `[[github.sign_in]]` tables.
    pub(crate) fn signing_in_with_github(mut self, ways: &str) -> Self {
        let app = self.github.app("sign-in").calls_back("https://gonogo.example.com/sign-in/github/callback");
        app.may_read("members").installed_on("acme");
        self.client = Some(app.client());
        self.github_keys = format!("ask_again_seconds = 1\n{ways}");
        self
    }

    /// People sign in with this provider, which is asked again each second; `more`
    /// are keys of `[oidc]`, and `[[oidc.sign_in]]` tables.
    pub(crate) fn signing_in_with_oidc(mut self, oidc: &Oidc, more: &str) -> Self {
        let (id, secret) = oidc.client("https://gonogo.example.com/sign-in/oidc/callback");
        let issuer = oidc.issuer();
        self.oidc = format!("[oidc]\nissuer = '{issuer}'\nclient_id = '{id}'\nask_again_seconds = 1\n{more}");
        self.with_variable("GONOGO_OIDC_CLIENT_SECRET", &secret)
    }

    /// From the next start on nobody is told anything.
    pub(crate) fn tells_nobody(&mut self) {
        self.slack.clear();
    }

    /// A token may ask so often in a minute.
    pub(crate) fn asked_a_minute(mut self, times: u32) -> Self {
        self.api_per_minute = times;
        self
    }

    /// Production's policy, before the server runs.
    pub(crate) fn policy(&self, text: &str) {
        self.policy_for("'STORY'", text);
    }

    /// The same with these projects.
    pub(crate) fn policy_for(&self, projects: &str, text: &str) {
        let text = format!("stories.projects = [{projects}]\nproduction.ref = 'production'\n{text}");
        self.repo.commit_files("no-jira policy", &[("gonogo.toml", text.as_str())]);
        self.repo.git(&["branch", "-f", "production", "main"]);
        self.web().made_from(&self.repo);
    }

    /// Without webhooks: looks every second.
    pub(crate) fn polling(mut self) -> Self {
        self.poll_seconds = 1;
        self
    }

    /// A second server over the same configuration: what it says as it ends.
    pub(crate) fn starts_in_vain(&self) -> String {
        let ended = self.serve().output().expect("the program starts");
        assert_eq!(ended.status.code(), Some(2));
        String::from_utf8_lossy(&ended.stderr).into_owned()
    }

    /// What `gonogo store check` prints, and its exit code.
    pub(crate) fn checks_store(&self) -> (String, Option<i32>) {
        self.runs(&["store", "check"])
    }

    /// What a command over the same configuration prints, and its exit code.
    pub(crate) fn runs(&self, words: &[&str]) -> (String, Option<i32>) {
        let ended = self.command(words).current_dir(self.folder.path()).output().expect("the program starts");
        let said = [ended.stdout, ended.stderr].concat();
        (String::from_utf8_lossy(&said).into_owned(), ended.status.code())
    }

    /// A command that ends with a mistake of the caller's, and says so.
    #[track_caller]
    pub(crate) fn refuses(&self, words: &[&str], because: &str) {
        let (said, code) = self.runs(words);
        assert!(code == Some(2) && said.contains(because), "{code:?}: {said}");
    }

    /// A file beside the database.
    pub(crate) fn place(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// The names beside the database.
    pub(crate) fn files(&self) -> BTreeSet<String> {
        let entries = std::fs::read_dir(self.folder.path()).expect("the folder is there");
        entries.map(|entry| entry.expect("it can be listed").file_name().to_string_lossy().into_owned()).collect()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gonogo"));
        command
            .args(words)
            .arg("--config")
            .arg(self.folder.path().join("gonogo-server.toml"))
            .env("GONOGO_JIRA_USER", "bot@example.com")
            .env("GONOGO_JIRA_TOKEN", "jira-token")
            .env("GONOGO_JIRA_WEBHOOK_SECRET", SECRET)
            .env("GONOGO_SLACK_TOKEN", "xoxb-world")
            .env("GONOGO_GITHUB_WEBHOOK_SECRET", format!("old\n{SECRET}"));
        if let Some((id, secret)) = &self.client {
            command.env("GONOGO_GITHUB_CLIENT_ID", id).env("GONOGO_GITHUB_CLIENT_SECRET", secret);
        }
        match self.app {
            Some(id) => {
                command.env("GONOGO_GITHUB_APP_ID", id.to_string());
                command.env("GONOGO_GITHUB_APP_KEY", gonogo_world::github::PRIVATE_KEY_PEM);
            }
            None => drop(command.env("GONOGO_GITHUB_TOKEN", self.token)),
        }
        for (name, value) in &self.variables {
            // A variable goes before its file.
            command.env_remove(name.trim_end_matches("_FILE")).env(name, value);
        }
        command
    }

    pub(crate) fn writes_configuration(&self) {
        let config = format!(
            "[server]\nlisten = '{}'\nurl = '{}'\ndata = '{}'\npoll_seconds = {}\napi_per_minute = {}\n{}\
             [store]\nurl = '{}'\n[github]\nurl = '{}'\n{}{}{}{}\
             [[service]]\nname = 'web'\nrepository = 'acme/web'\n{}",
            self.listen,
            self.url,
            self.folder.path().join("data").display(),
            self.poll_seconds,
            self.api_per_minute,
            self.keys,
            self.database,
            self.github.api_url(),
            self.github_keys,
            self.tracker,
            self.slack,
            self.oidc,
            self.service,
        );
        let file = self.folder.path().join("gonogo-server.toml");
        std::fs::write(&file, config).expect("the temporary folder is writable");
    }

    pub(crate) fn start(&mut self) {
        self.spawn();
        let address = self.address();
        assert!(address.starts_with("127.0.0.1:"), "{address}{}", self.log());
        self.web().unhooked().hooked_to_for(&self.hook_url(), SECRET, &HOOKS);
        if self.cookie.is_empty() {
            let code = self.server.as_mut().expect("it runs").line();
            let code = code.trim().rsplit("code=").next().expect("a code").to_owned();
            let added = self.post("/first-admin", &[("code", &code), ("name", "ada"), ("password", PASSWORD)]);
            assert!(added.0 == 303 && location_of(&added.1) == "/sign-in?done=first-admin", "{}", added.1);
            self.signs_in("ada", PASSWORD);
        }
    }

    /// Starts it wherever it listens: where that is, as it says.
    pub(crate) fn starts_somewhere(&mut self) -> String {
        self.spawn();
        self.address().to_owned()
    }

    fn serve(&self) -> Command {
        let command = self.command(&["serve"]);
        match &self.handed {
            Some(path) => handing_over(&command, path),
            None => command,
        }
    }

    fn spawn(&mut self) {
        self.writes_configuration();
        let log = OpenOptions::new().append(true).open(self.log.path()).expect("the log can be written");
        let mut child = self.serve().stdout(Stdio::piped()).stderr(log).spawn().expect("the program starts");
        let out = BufReader::new(child.stdout.take().expect("its output is read"));
        let mut server = Server { child, address: String::new(), out };
        let first = server.line();
        server.address = first.trim().rsplit("listening on ").next().expect("an address").replace("http://", "");
        self.server = Some(server);
    }

    /// The repository on GitHub.
    pub(crate) fn web(&self) -> Repository<'_> {
        self.github.repository(&self.repository)
    }

    /// It is called otherwise from now on; the server is not told so.
    pub(crate) fn renames(&mut self, full_name: &str) {
        self.web().renamed_to(full_name);
        full_name.clone_into(&mut self.repository);
    }

    /// A push of the branch, whose hook the server took; its SHA.
    #[track_caller]
    pub(crate) fn push(&self, branch: &str) -> String {
        let sha = self.web().pushes(branch, &self.repo);
        self.was_told();
        sha
    }

    /// A push whose hook gets lost.
    pub(crate) fn push_silently(&self, branch: &str) -> String {
        self.github.hooks().of("push").lose(1);
        self.web().pushes(branch, &self.repo)
    }

    /// The server has acknowledged GitHub's last hook.
    #[track_caller]
    pub(crate) fn was_told(&self) {
        let last = self.github.hooks().of("push").settle().pop().expect("GitHub told of a push");
        assert_eq!(last.status, Some(202), "{:?} {:?}", last.response, last.error);
    }

    /// Where Jira sends its hooks.
    pub(crate) fn jira_hook_url(&self) -> String {
        format!("http://{}/hooks/jira", self.address())
    }

    /// Where GitHub sends its hooks.
    pub(crate) fn hook_url(&self) -> String {
        format!("http://{}/hooks/github", self.address())
    }

    /// The commit's status, to be waited for.
    pub(crate) fn status_of(&self, sha: &str) -> StatusOf<'_> {
        self.web().status_of(sha, "gonogo/deploy (web)")
    }

    /// The status before a merge, to be waited for.
    pub(crate) fn merge_status_of(&self, sha: &str) -> StatusOf<'_> {
        self.web().status_of(sha, "gonogo/pr (web)")
    }

    /// A branch with one more commit, as a pull request of this title; its head.
    pub(crate) fn proposes(&self, branch: &str, message: &str, title: &str) -> (PullRequest<'_>, String) {
        self.repo.checkout("main").branch(branch).checkout(branch);
        self.repo.commit_files(message, &[(format!("{}.txt", branch.replace('/', "-")), message)]);
        let sha = self.web().pushes(branch, &self.repo);
        let pull = self.web().opens_pull_request(title, branch, "main");
        self.repo.checkout("main");
        (pull, sha)
    }

    /// The commit's status comes to be in this state, and begins so.
    #[track_caller]
    pub(crate) fn status_says(&self, sha: &str, state: &str, said: &str) {
        let now = || self.status_of(sha).now();
        let fits = |status: &PostedStatus| {
            status.state == state && status.description.as_deref().is_some_and(|text| text.starts_with(said))
        };
        self.wait(|| now().filter(|status| fits(status)), || format!("{:?}", now()));
    }

    #[track_caller]
    #[allow(clippy::unused_self, reason = "reads as a sentence")]
    pub(crate) fn wait<T>(&self, look: impl Fn() -> Option<T>, said: impl Fn() -> String) -> T {
        let begin = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(begin.elapsed() < PATIENCE, "not within {PATIENCE:?}: {}", said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.child.kill().expect("it can be killed");
            server.child.wait().expect("it ends");
        }
    }

    /// As an init system stops it: how long that takes, and its exit code.
    pub(crate) fn terminate(&mut self) -> (Duration, Option<i32>) {
        let mut server = self.server.take().expect("it runs");
        let begin = Instant::now();
        let told = Command::new("kill").arg(server.child.id().to_string()).status().expect("kill runs");
        assert!(told.success());
        let ended = server.child.wait().expect("it ends");
        (begin.elapsed(), ended.code())
    }

    pub(crate) fn address(&self) -> &str {
        &self.server.as_ref().expect("the server runs").address
    }
}

/// The same program, after a socket was made for it: its third file, as systemd has it.
fn handing_over(command: &Command, path: &str) -> Command {
    const SCRIPT: &str = "
import os, socket, sys
path = sys.argv.pop(1)
if path:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
else:
    listener = socket.create_server(('127.0.0.1', 0))
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[1], sys.argv[1:])
";
    let mut handing = Command::new("python3");
    handing.args(["-c", SCRIPT, path]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => handing.env(name, value),
            None => handing.env_remove(name),
        };
    }
    handing
}

impl Drop for World {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("the server's log:\n{}", self.log());
        }
    }
}
