//! `gonogo serve` as a whole: a push, its status, and the page that says why.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod accounts;
mod affinity;
mod api;
mod attacks;
mod audit;
mod aware;
mod away;
mod backups;
mod browser;
mod builds;
mod capistrano;
mod demo;
mod deploys;
mod doctor;
mod early;
mod follows;
mod four_eyes;
mod github;
mod glass;
#[path = "../shared/graphite.rs"]
mod graphite;
mod guarded;
#[path = "../shared/haproxy.rs"]
mod haproxy;
#[path = "../shared/hosts.rs"]
mod hosts;
mod jira_accounts;
mod kinds;
mod listening;
mod live;
mod load;
mod locks;
mod mail;
mod marks;
mod mends;
mod messages;
mod oidc;
mod on_hosts;
mod operating;
mod pages;
mod people;
mod post_deploy;
mod production;
mod pulls;
mod pushes;
mod queued;
#[path = "../shared/rig.rs"]
mod rig;
mod second;
mod services;
mod settings;
mod shipping;
#[path = "../shared/shop.rs"]
mod shop;
mod sign_in;
mod sign_offs;
mod sites;
mod slack;
mod slack_acts;
mod slack_deploys;
mod slack_links;
mod slack_socket;
mod stop_all;
mod stops;
mod stories;
mod support;
mod target;
mod thrift;
mod waits;
