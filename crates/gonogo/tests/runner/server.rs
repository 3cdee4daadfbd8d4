//! A server of one runner. It keeps what it was told, and may go away and come back
//! on the same port.

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use gonogo_api::runner::{AskForWork, CameTo, Order, RunEnded, RunOf, SaidFrom, SaidSoFar, Stop, ToEnd, Work};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

pub(crate) const TOKEN: &str = "runner-token";

#[derive(Default)]
pub(crate) struct Kept {
    pub orders: Vec<Order>,
    pub said: BTreeMap<RunOf, Vec<u8>>,
    pub ended: BTreeMap<RunOf, CameTo>,
    pub to_end: Vec<ToEnd>,
    pub stop: Option<Stop>,
    /// What was asked, and by whom.
    pub asked: Vec<(AskForWork, String)>,
    /// Parts that came with no new byte in them, or with a gap before them.
    pub odd_parts: usize,
    pub largest_part: usize,
    /// Asks for work that come to nothing before it answers again.
    pub refuses: usize,
}

type Shared = Arc<Mutex<Kept>>;

pub(crate) struct Server {
    pub kept: Shared,
    pub port: u16,
    runtime: Option<Runtime>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let mut server = Self { kept: Shared::default(), port: 0, runtime: None };
        server.comes_back();
        server
    }

    /// Connections that are open break.
    pub(crate) fn goes_away(&mut self) {
        self.runtime.take().unwrap().shutdown_timeout(Duration::from_millis(200));
    }

    pub(crate) fn comes_back(&mut self) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", self.port))).unwrap();
        self.port = listener.local_addr().unwrap().port();
        let app = Router::new()
            .route("/runner/v1/work", post(work))
            .route("/runner/v1/said", post(said))
            .route("/runner/v1/ended", post(ended))
            .with_state(Arc::clone(&self.kept));
        runtime.spawn(async move { axum::serve(listener, app).await });
        self.runtime = Some(runtime);
    }
}

fn is_known(headers: &HeaderMap) -> bool {
    headers.get("authorization").is_some_and(|value| value == &format!("Bearer {TOKEN}"))
}

async fn work(State(kept): State<Shared>, headers: HeaderMap, Json(ask): Json<AskForWork>) -> Response {
    if !is_known(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    {
        let mut kept = kept.lock().unwrap();
        if kept.refuses > 0 {
            kept.refuses -= 1;
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    }
    let name = headers.get("gonogo-runner").map(|name| name.to_str().unwrap().to_owned()).unwrap_or_default();
    kept.lock().unwrap().asked.push((ask.clone(), name));
    let until = Instant::now() + Duration::from_secs(ask.wait_seconds.into());
    loop {
        let work = {
            let kept = kept.lock().unwrap();
            let is_open = |of: &RunOf| !kept.ended.contains_key(of);
            let mut new: Vec<Order> = kept.orders.clone();
            new.retain(|order| is_open(&order.of) && !ask.follows.contains(&order.of));
            for order in &mut new {
                order.said_bytes = kept.said.get(&order.of).map_or(0, |said| said.len() as u64);
            }
            let end = kept.to_end.iter().filter(|one| ask.follows.contains(&one.of) && is_open(&one.of)).cloned();
            let gone = ask.follows.iter().filter(|of| !is_open(of)).cloned().collect();
            Work { new, end: end.collect(), gone, stop: kept.stop.clone() }
        };
        let is_other_stop = work.stop.as_ref().map(|stop| stop.id) != ask.stop;
        if is_other_stop || (Work { stop: None, ..work.clone() }) != Work::default() || Instant::now() >= until {
            return Json(work).into_response();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn said(
    State(kept): State<Shared>,
    headers: HeaderMap,
    Query(SaidFrom { deploy, key, at_byte }): Query<SaidFrom>,
    bytes: Bytes,
) -> Response {
    if !is_known(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let mut kept = kept.lock().unwrap();
    kept.largest_part = kept.largest_part.max(bytes.len());
    let of = RunOf { deploy, key };
    if kept.ended.contains_key(&of) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let said = kept.said.entry(of).or_default();
    let known = said.len() as u64;
    let skip = usize::try_from(known.saturating_sub(at_byte)).unwrap();
    let is_odd = at_byte > known || skip >= bytes.len();
    if !is_odd {
        said.extend_from_slice(&bytes[skip..]);
    }
    let said_bytes = said.len() as u64;
    kept.odd_parts += usize::from(is_odd);
    Json(SaidSoFar { said_bytes }).into_response()
}

async fn ended(State(kept): State<Shared>, headers: HeaderMap, Json(ended): Json<RunEnded>) -> Response {
    if !is_known(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    kept.lock().unwrap().ended.entry(ended.of).or_insert(ended.came_to);
    StatusCode::NO_CONTENT.into_response()
}
