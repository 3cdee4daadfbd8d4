//! A real Chromium, looked through by axe-core.

#![allow(clippy::disallowed_methods, reason = "the driver of the browser is a program of its own")]

use crate::rig::rig;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use http::Method;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use url::{ParseError, Url};

/// Widths of a desk and of a phone.
pub(crate) const WIDTHS: [u32; 2] = [1280, 390];

const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Browser {
    driver: Child,
    client: Client,
    runtime: Runtime,
    axe: String,
    address: String,
}

/// A command of Chromium's own protocol: that of all browsers knows neither
/// narrow screens nor dark ones.
#[derive(Debug)]
struct Chromium {
    command: &'static str,
    values: Value,
}

impl WebDriverCompatibleCommand for Chromium {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "cmd": self.command, "params": self.values }).to_string()))
    }
}

impl Browser {
    /// A window on the server at this address.
    pub(crate) fn on(address: &str) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed by `./test rigs`");
        let lines = BufReader::new(driver.stdout.take().expect("its output is read")).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        let port = port.expect("chromedriver says on which port it listens");
        let arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
        let options = json!({ "args": arguments });
        let capabilities = [("goog:chromeOptions".to_owned(), options)].into_iter().collect();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut builder = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
        let driven = format!("http://127.0.0.1:{port}");
        let client = runtime.block_on(builder.capabilities(capabilities).connect(&driven)).expect("Chromium starts");
        let axe = std::fs::read_to_string(rig("node_modules/axe-core/axe.min.js")).unwrap();
        Self { driver, client, runtime, axe, address: format!("http://{address}") }
    }

    pub(crate) fn opens(&self, path: &str) -> &Self {
        self.runtime.block_on(self.client.goto(&format!("{}{path}", self.address))).unwrap();
        self
    }

    /// The same anywhere.
    pub(crate) fn goes_to(&self, url: &str) -> &Self {
        self.runtime.block_on(self.client.goto(url)).unwrap();
        self
    }

    /// A tab of its own, in front of the others.
    pub(crate) fn opens_in_a_tab(&self, path: &str) {
        self.runtime.block_on(async {
            let tab = self.client.new_window(true).await.unwrap();
            self.client.switch_to_window(tab.handle).await.unwrap();
        });
        self.opens(path);
    }

    pub(crate) fn shows_the_first_tab(&self) {
        self.runtime.block_on(async {
            let first = self.client.windows().await.unwrap().into_iter().next().expect("there is one");
            self.client.switch_to_window(first).await.unwrap();
        });
        // To drive a tab does not bring it to the front.
        self.tell("Page.bringToFront", json!({}));
    }

    pub(crate) fn signs_in(&self, name: &str, password: &str) {
        self.opens("/sign-in");
        self.runtime.block_on(async {
            let form = self.client.form(Locator::Css("main form")).await.unwrap();
            form.set_by_name("name", name).await.unwrap();
            form.set_by_name("password", password).await.unwrap();
        });
        self.clicks("main form button");
        self.arrives("/");
    }

    /// Waits until the page there is loaded.
    #[track_caller]
    pub(crate) fn arrives(&self, path: &str) {
        let begin = Instant::now();
        while self.value("return document.readyState + location.pathname") != format!("complete{path}") {
            assert!(begin.elapsed() < PATIENCE, "not at {path} but at {}", self.value("return location.href"));
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A screen of this width, in the dark or not.
    pub(crate) fn looks(&self, width: u32, is_dark: bool) {
        let screen = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.tell("Emulation.setDeviceMetricsOverride", screen);
        let scheme = if is_dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.tell("Emulation.setEmulatedMedia", features);
    }

    /// What a line of script comes to.
    pub(crate) fn value(&self, script: &str) -> Value {
        self.runtime.block_on(self.client.execute(script, Vec::new())).unwrap()
    }

    /// How far the page is wider than the screen.
    pub(crate) fn overflow(&self) -> i64 {
        self.value("return document.documentElement.scrollWidth - innerWidth").as_i64().unwrap()
    }

    /// What axe-core finds, each with its place.
    pub(crate) fn barriers(&self) -> Vec<String> {
        if self.value("return typeof axe") == "undefined" {
            self.value(&self.axe);
        }
        let script = "const done = arguments[arguments.length - 1];
            axe.run({ resultTypes: ['violations'] }).then(found => done(found.violations.flatMap(
                one => one.nodes.map(node => `${one.id}: ${one.help}: ${node.html.slice(0, 200)}: ${node.failureSummary}`))))";
        let found = self.runtime.block_on(self.client.execute_async(script, Vec::new())).unwrap();
        found.as_array().unwrap().iter().map(|line| line.as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Follows what is written so. A live page may put another in its place between the
    /// look for it and the click: then that one is clicked.
    pub(crate) fn clicks(&self, css: &str) -> &Self {
        let begin = Instant::now();
        self.runtime.block_on(async {
            loop {
                let found = self.client.find(Locator::Css(css)).await.unwrap();
                match found.click().await {
                    Err(error) if error.is_stale_element_reference() && begin.elapsed() < PATIENCE => {}
                    clicked => return clicked.unwrap(),
                }
            }
        });
        self
    }

    /// Writes into what is written so.
    pub(crate) fn types(&self, css: &str, text: &str) -> &Self {
        self.runtime.block_on(async {
            let field = self.client.find(Locator::Css(css)).await.unwrap();
            field.send_keys(text).await.unwrap();
        });
        self
    }

    /// Chooses from what is written so.
    pub(crate) fn chooses(&self, css: &str, label: &str) -> &Self {
        self.runtime.block_on(async {
            let list = self.client.find(Locator::Css(css)).await.unwrap();
            list.select_by_label(label).await.unwrap();
        });
        self
    }

    /// Waits until a line of script comes to this.
    #[track_caller]
    pub(crate) fn sees(&self, script: &str, wanted: &str) {
        let begin = Instant::now();
        loop {
            let value = self.value(script);
            if value == wanted {
                return;
            }
            let body = || self.value("return document.body.innerText");
            assert!(begin.elapsed() < PATIENCE, "{script} is {value} and not {wanted:?} on {}", body());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Whether pages run scripts of their own from now on.
    pub(crate) fn runs_scripts(&self, does_run: bool) {
        self.tell("Emulation.setScriptExecutionDisabled", json!({ "value": !does_run }));
    }

    /// Follows it, and waits for the page that it leads to, be it the same anew.
    #[track_caller]
    pub(crate) fn follows(&self, css: &str) -> &Self {
        self.value("window.isOld = true");
        self.clicks(css).sees("return String(document.readyState === 'complete' && !window.isOld)", "true");
        self
    }

    /// Puts the whole page into a folder where somebody wants to look at it.
    pub(crate) fn photographs(&self, name: &str) {
        let Some(folder) = std::env::var_os("GONOGO_SCREENSHOTS") else { return };
        let height = self.value("return document.documentElement.scrollHeight").as_u64().unwrap().min(6_000);
        let width = self.value("return innerWidth");
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.tell("Emulation.setDeviceMetricsOverride", screen);
        let png = self.runtime.block_on(self.client.screenshot()).unwrap();
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}.png")), png).unwrap();
    }

    fn tell(&self, command: &'static str, values: Value) {
        self.runtime.block_on(self.client.issue_cmd(Chromium { command, values })).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.runtime.block_on(self.client.clone().close()).ok();
        self.driver.kill().ok();
        self.driver.wait().ok();
    }
}
