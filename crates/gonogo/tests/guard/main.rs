//! `gonogo guard replay`: over files, and over a real Graphite and a real Prometheus.

#[path = "../shared/graphite.rs"]
mod graphite;
mod real;
mod replay;
mod rigs;
mod support;
