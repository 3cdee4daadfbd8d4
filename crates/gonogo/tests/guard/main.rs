//! `gonogo guard replay`: over files, and over a real Graphite and a real Prometheus.

mod real;
mod replay;
mod rigs;
mod support;
