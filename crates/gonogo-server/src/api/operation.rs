//! One operation: what its address is, what it takes and gives, who may, and
//! what answers it.

use super::refusal::Kind;
use super::{
    candidates, deploys, locks, mends, messages, operating, people, post_deploy, reports, services, settings,
    sign_offs, stops, stories, waivers,
};
use crate::App;
use axum::handler::Handler;
use axum::http::{Method, StatusCode};
use axum::routing::{MethodFilter, MethodRouter, on};
use gonogo_core::person::{Act, Scope};
use schemars::{JsonSchema, Schema, SchemaGenerator};

type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

pub(crate) struct Operation {
    pub does: Does,
    pub path: &'static str,
    /// Names it for programs that are made from the description.
    pub id: &'static str,
    pub summary: &'static str,
    pub scope: Scope,
    /// What stands behind the question mark.
    pub query: Option<SchemaOf>,
    pub body: Option<SchemaOf>,
    pub status: StatusCode,
    pub answer: Option<SchemaOf>,
    pub route: MethodRouter<App>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Does {
    Read,
    Write,
    Remove,
}

impl Does {
    pub(crate) fn method(self) -> Method {
        match self {
            Self::Read => Method::GET,
            Self::Write => Method::POST,
            Self::Remove => Method::DELETE,
        }
    }

    fn filter(self) -> MethodFilter {
        match self {
            Self::Read => MethodFilter::GET,
            Self::Write => MethodFilter::POST,
            Self::Remove => MethodFilter::DELETE,
        }
    }
}

/// All of them, in the order in which people read them.
pub(crate) fn operations() -> Vec<Operation> {
    [
        services::operations(),
        candidates::operations(),
        stories::operations(),
        mends::operations(),
        post_deploy::operations(),
        waivers::operations(),
        settings::operations(),
        messages::operations(),
        sign_offs::operations(),
        deploys::operations(),
        stops::operations(),
        locks::operations(),
        reports::operations(),
        operating::operations(),
        people::operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Tells `A` of what is there.
pub(super) fn read<A: JsonSchema>(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation { answer: Some(schema_of::<A>), ..plain(Does::Read, path, id, summary, Act::Read) }
}

/// Does something that is this act.
pub(super) fn write(path: &'static str, id: &'static str, summary: &'static str, act: Act) -> Operation {
    plain(Does::Write, path, id, summary, act)
}

pub(super) fn remove(path: &'static str, id: &'static str, summary: &'static str, act: Act) -> Operation {
    plain(Does::Remove, path, id, summary, act)
}

fn plain(does: Does, path: &'static str, id: &'static str, summary: &'static str, act: Act) -> Operation {
    Operation {
        does,
        path,
        id,
        summary,
        // What no token may is no operation: admin is the narrowest that there is.
        scope: act.scope().unwrap_or(Scope::Admin),
        query: None,
        body: None,
        status: StatusCode::OK,
        answer: None,
        route: MethodRouter::new(),
    }
}

impl Operation {
    pub(super) fn asked<Q: JsonSchema>(self) -> Self {
        Self { query: Some(schema_of::<Q>), ..self }
    }

    pub(super) fn takes<B: JsonSchema>(self) -> Self {
        Self { body: Some(schema_of::<B>), ..self }
    }

    pub(super) fn comes_to(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(super) fn makes<A: JsonSchema>(self) -> Self {
        Self { status: StatusCode::CREATED, answer: Some(schema_of::<A>), ..self }
    }

    pub(super) fn by<H: Handler<T, App>, T: 'static>(self, handler: H) -> Self {
        Self { route: on(self.does.filter(), handler), ..self }
    }

    /// The kinds of problems that it may come to.
    pub(crate) fn problems(&self) -> Vec<Kind> {
        let mut kinds = vec![Kind::NoToken, Kind::Forbidden, Kind::TooOften, Kind::Away];
        if self.scope == Scope::Stories {
            kinds.push(Kind::NotJoined);
        }
        if self.query.is_some() || self.path.contains('{') || self.does != Does::Read {
            kinds.push(Kind::Malformed);
        }
        if self.path.contains('{') {
            kinds.push(Kind::NotFound);
        }
        if self.does != Does::Read {
            kinds.extend([Kind::Conflict, Kind::TooLarge, Kind::NotJson, Kind::Wrong]);
        }
        kinds
    }
}

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}
