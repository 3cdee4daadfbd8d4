//! What people ask of the server, as a browser would.

use super::{PASSWORD, World};
use gonogo_world::github::PostedStatus;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

impl World {
    /// The server ends in the middle of what it does, while somebody asks it.
    pub(crate) fn is_killed(&self) {
        let child = &self.server.as_ref().expect("the server runs").child;
        let told = Command::new("kill").args(["-KILL", &child.id().to_string()]).status().expect("kill runs");
        assert!(told.success());
    }

    /// What the server keeps that has this text in it.
    pub(crate) fn files_with(&self, text: &str) -> Vec<String> {
        let (mut folders, mut found) = (vec![self.folder.path().to_owned()], Vec::new());
        while let Some(folder) = folders.pop() {
            // What goes away meanwhile keeps nothing.
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
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

    /// The page that a status leads to.
    pub(crate) fn page_of(&self, status: &PostedStatus) -> String {
        self.get(&path_of(status)).1
    }

    /// A page's status and text.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.ask("GET", path, "")
    }

    /// The whole of a text that comes in parts.
    #[track_caller]
    pub(crate) fn streamed(&self, path: &str) -> String {
        let (status, answer) = self.get(path);
        let (head, mut rest) = answer.split_once("\r\n\r\n").expect("an answer has a head");
        assert!(status == 200 && head.contains("transfer-encoding: chunked"), "{head}");
        let mut text = String::new();
        loop {
            let (length, after) = rest.split_once("\r\n").expect("a part has its length");
            let length = usize::from_str_radix(length, 16).expect("the length is in hex");
            if length == 0 {
                return text;
            }
            text.push_str(&after[..length]);
            rest = after[length..].trim_start_matches("\r\n");
        }
    }

    /// What a form comes to.
    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let escape = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
        let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
        self.ask("POST", path, &pairs.join("&"))
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        self.ask_with(method, path, &[], body)
    }

    pub(crate) fn ask_with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
        let headers = [&[("Cookie", self.cookie.as_str()), FORM], headers].concat();
        self.send(method, path, &headers, body)
    }

    /// What a request comes to: the status, and all of the answer.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
        send_to(self.address(), method, path, headers, body)
    }

    /// What a command prints that asks the server with a token, and its exit code.
    pub(crate) fn asks(&self, token: &str, words: &[&str]) -> (String, Option<i32>) {
        self.asks_at(&format!("http://{}", self.address()), token, words)
    }

    pub(crate) fn asks_at(&self, server: &str, token: &str, words: &[&str]) -> (String, Option<i32>) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gonogo"));
        command.args(words).env("GONOGO_SERVER", server).env("GONOGO_TOKEN", token).env("NO_PROXY", "127.0.0.1");
        let ended = command.current_dir(self.folder.path()).output().expect("the program starts");
        let said = [ended.stdout, ended.stderr].concat();
        (String::from_utf8_lossy(&said).into_owned(), ended.status.code())
    }

    /// Begins to sign in, or to join an account, at this path, and lets the other
    /// system send the browser back: the path that it comes back to.
    pub(crate) fn goes_elsewhere(&mut self, path: &str) -> String {
        let (status, answer) = self.get(path);
        assert_eq!(status, 303, "{answer}");
        self.keeps_cookies(&answer);
        let address = location_of(&answer);
        sent_back(&address)
    }

    /// The same where the other system asks the person first, who decides so.
    pub(crate) fn goes_to_be_asked(&mut self, path: &str, decision: &str) -> String {
        let (status, answer) = self.get(path);
        assert_eq!(status, 303, "{answer}");
        let address = location_of(&answer);
        let (status, page) = get_at(&address);
        assert!(status == 200 && page.contains("name=\"decision\""), "{page}");
        sent_back(&format!("{address}&decision={decision}"))
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
        let back = self.goes_elsewhere("/sign-in/github?next=/account");
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
}

/// What another server answers at this address.
fn get_at(url: &str) -> (u16, String) {
    let (host, rest) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("an address");
    send_to(host, "GET", &format!("/{rest}"), &[], "")
}

/// The path on our server to which another one sends the browser.
fn sent_back(url: &str) -> String {
    let (status, answer) = get_at(url);
    assert_eq!(status, 302, "{answer}");
    let back = location_of(&answer);
    back.strip_prefix("https://gonogo.example.com").expect("people are sent back to the server").to_owned()
}

fn send_to(address: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("the server answers");
    let headers = headers.iter().fold(String::new(), |lines, (name, value)| lines + name + ": " + value + "\r\n");
    let ask = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
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
