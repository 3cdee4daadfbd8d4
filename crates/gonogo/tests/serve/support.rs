//! A server, the world around it, and words to tell a story with.

#![allow(clippy::disallowed_methods, reason = "tests start the program, and stop it")]

use gonogo_world::github::{PostedStatus, PullRequest, Repository, StatusOf};
use gonogo_world::{GitHub, Repo, Slack};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

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
    database: String,
    tracker: String,
    slack: String,
    /// More keys of `[github]`, and the client that people sign in to.
    github_keys: String,
    client: Option<(String, String)>,
    /// What the service has beside its name and repository.
    service: String,
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
            database,
            tracker: String::new(),
            slack: String::new(),
            github_keys: String::new(),
            client: None,
            service: String::new(),
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

    /// The service `web` has these keys too; after them may stand other services.
    pub(crate) fn with_service(mut self, keys: &str) -> Self {
        keys.clone_into(&mut self.service);
        self
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

    /// From the next start on nobody is told anything.
    pub(crate) fn tells_nobody(&mut self) {
        self.slack.clear();
    }

    /// Production's policy, before the server runs.
    pub(crate) fn policy(&self, text: &str) {
        let text = format!("stories.projects = ['STORY']\nproduction.ref = 'production'\n{text}");
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
        let ended = self.command(&["serve"]).output().expect("the program starts");
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
        command
    }

    pub(crate) fn writes_configuration(&self) {
        let config = format!(
            "[server]\nlisten = '127.0.0.1:0'\nurl = 'https://gonogo.example.com'\ndata = '{}'\npoll_seconds = {}\n\
             [store]\nurl = '{}'\n[github]\nurl = '{}'\n{}{}{}\
             [[service]]\nname = 'web'\nrepository = 'acme/web'\n{}",
            self.folder.path().join("data").display(),
            self.poll_seconds,
            self.database,
            self.github.api_url(),
            self.github_keys,
            self.tracker,
            self.slack,
            self.service,
        );
        let file = self.folder.path().join("gonogo-server.toml");
        std::fs::write(&file, config).expect("the temporary folder is writable");
    }

    pub(crate) fn start(&mut self) {
        self.writes_configuration();
        let mut child = self.command(&["serve"]).stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut out = BufReader::new(child.stdout.take().expect("its output is read"));
        let mut line = || {
            let mut line = String::new();
            out.read_line(&mut line).expect("it says where it listens");
            line
        };
        let first = line();
        let address = first.trim().rsplit("http://").next().expect("an address").to_owned();
        assert!(address.starts_with("127.0.0.1:"), "{first}");
        self.server = Some(Server { child, address });
        self.web().unhooked().hooked_to_for(&self.hook_url(), SECRET, &HOOKS);
        if self.cookie.is_empty() {
            let code = line();
            let code = code.trim().rsplit("code=").next().expect("a code").to_owned();
            let added = self.post("/first-admin", &[("code", &code), ("name", "ada"), ("password", PASSWORD)]);
            assert_eq!(added.0, 303, "{}", added.1);
            self.signs_in("ada", PASSWORD);
        }
    }

    /// From now on pages are asked for as this person.
    pub(crate) fn signs_in(&mut self, name: &str, password: &str) {
        let (status, answer) = self.post("/sign-in", &[("name", name), ("password", password)]);
        assert_eq!(status, 303, "{answer}");
        self.keeps_cookies(&answer);
    }

    /// What a browser does with an answer: a cookie without a value is forgotten.
    pub(crate) fn keeps_cookies(&mut self, answer: &str) {
        for set in answer.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            let pair = set.split(';').next().expect("a cookie has a value");
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            let others = self.cookie.split("; ").filter(|kept| kept.split('=').next() != Some(name));
            let mut kept: Vec<String> = others.filter(|kept| !kept.is_empty()).map(str::to_owned).collect();
            if !value.is_empty() {
                kept.push(pair.to_owned());
            }
            self.cookie = kept.join("; ");
        }
    }

    /// The browser's cookies, to be put back later.
    pub(crate) fn cookies(&self) -> String {
        self.cookie.clone()
    }

    pub(crate) fn has_cookies(&mut self, cookies: &str) {
        cookies.clone_into(&mut self.cookie);
    }

    /// Who was the first admin, once their session is gone.
    pub(crate) fn signs_in_again(&mut self) {
        self.signs_in("ada", PASSWORD);
    }

    /// What a browser of who is signed in sends.
    pub(crate) fn cookie(&self) -> &str {
        &self.cookie
    }

    /// Nobody is signed in.
    pub(crate) fn forgets_cookie(&mut self) {
        "none=x".clone_into(&mut self.cookie);
    }

    /// Sends a form of a page as its buttons would.
    pub(crate) fn submit(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let word = self.form_word(page);
        let mut fields = fields.to_vec();
        fields.push(("form", &word));
        self.post(action, &fields)
    }

    pub(crate) fn form_word(&self, page: &str) -> String {
        let (_, text) = self.get(page);
        let word = text.split("name=\"form\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        word.unwrap_or_else(|| panic!("no form on {page}: {text}")).to_owned()
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

    /// What the server keeps that has this text in it.
    pub(crate) fn files_with(&self, text: &str) -> Vec<String> {
        let (mut folders, mut found) = (vec![self.folder.path().to_owned()], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("the folder is readable") {
                let path = entry.expect("the folder is readable").path();
                // What goes away meanwhile keeps nothing.
                let bytes = std::fs::read(&path).unwrap_or_default();
                if path.is_dir() {
                    folders.push(path);
                } else if bytes.windows(text.len()).any(|part| part == text.as_bytes()) {
                    found.push(path.display().to_string());
                }
            }
        }
        found
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

    /// The page that a status leads to.
    pub(crate) fn page_of(&self, status: &PostedStatus) -> String {
        self.get(&path_of(status)).1
    }

    /// A page's status and text.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.ask("GET", path, "")
    }

    /// What a form comes to.
    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let escape = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
        let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
        self.ask("POST", path, &pairs.join("&"))
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        ask_at(self.address(), &self.cookie, method, path, body)
    }

    /// Begins to sign in, or to join an account, at this path, and lets GitHub
    /// send the browser back: the path that it comes back to.
    pub(crate) fn goes_to_github(&mut self, path: &str) -> String {
        let (status, answer) = self.get(path);
        assert_eq!(status, 303, "{answer}");
        self.keeps_cookies(&answer);
        let address = location_of(&answer);
        let (host, rest) = address.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("an address");
        let (status, answer) = ask_at(host, "", "GET", &format!("/{rest}"), "");
        assert_eq!(status, 302, "{answer}");
        let back = location_of(&answer);
        back.strip_prefix("https://gonogo.example.com").expect("GitHub sends people back to the server").to_owned()
    }

    /// In a new browser, signs in with GitHub as this person of its, who wants to
    /// see `/account`.
    pub(crate) fn signs_in_with_github(&mut self, login: &str) -> (u16, String) {
        self.forgets_cookie();
        self.comes_back_from_github(login)
    }

    /// The same in the browser that is open.
    pub(crate) fn comes_back_from_github(&mut self, login: &str) -> (u16, String) {
        self.github.signs_in(login);
        let back = self.goes_to_github("/sign-in/github?next=/account");
        let (status, answer) = self.get(&back);
        self.keeps_cookies(&answer);
        (status, answer)
    }

    /// Somebody with a password, whom an admin adds.
    pub(crate) fn adds(&self, name: &str, role: &str) {
        let fields = [("name", name), ("password", PASSWORD), ("role", role)];
        assert_eq!(self.submit("/people", "/people", &fields).0, 303);
    }

    /// The page of a person, for admins.
    pub(crate) fn page_of_person(&self, name: &str) -> String {
        let (_, text) = self.get("/people");
        let links = text.split("href=\"").filter_map(|rest| rest.split_once("\">"));
        let mut to_people =
            links.filter(|(path, rest)| path.starts_with("/people/") && rest.starts_with(&format!("{name}</a>")));
        let found = to_people.next().map(|(path, _)| path.to_owned());
        found.unwrap_or_else(|| panic!("{name} is not in {text}"))
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

fn ask_at(address: &str, cookie: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("the server answers");
    let ask = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nCookie: {cookie}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(ask.as_bytes()).expect("it reads the request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers in text");
    let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    (status, answer)
}

/// Where an answer sends the browser.
pub(crate) fn location_of(answer: &str) -> String {
    let header = answer.lines().find(|line| line.to_ascii_lowercase().starts_with("location: "));
    header.map_or_else(|| panic!("it sends nowhere: {answer}"), |line| line["location: ".len()..].to_owned())
}

/// Where on the server a status leads.
pub(crate) fn path_of(status: &PostedStatus) -> String {
    let url = status.target_url.as_deref().expect("a status leads to its page");
    url.strip_prefix("https://gonogo.example.com").expect("the page is the server's").to_owned()
}

impl Drop for World {
    fn drop(&mut self) {
        self.kill();
    }
}
