-- Attempts to bring a candidate to production.
create table deploy (
    id {serial},
    service text not null,
    branch text not null,
    head text not null,
    -- What ran when it was asked for.
    production text not null,
    candidate {int} not null references candidate (id),
    requested_by {int} not null references person (id),
    requested_at {int} not null,
    -- 'requested', 'queued', 'running', 'halted', 'needs-person', 'deployed', 'rolled-back',
    -- 'abandoned', 'cancelled' or 'refused'.
    state text not null,
    -- Why it is in this state, for people; empty where the state says all.
    said text not null default '',
    -- What it does, in JSON.
    plan text not null,
    approved_by {int} references person (id),
    approved_at {int},
    began_at {int},
    ended_at {int},
    -- The newest change that pages show of it.
    changed {int} not null default 0
) {strict};

create index deploy_of on deploy (service, id);
-- Asked for twice, a head is deployed once.
create unique index deploy_open on deploy (service, head) where ended_at is null;

-- Who deploys what. Rows are never deleted, so that a fence only grows.
create table deploy_lock (
    name text primary key,
    -- Null while it is free.
    deploy {int} references deploy (id),
    fence {int} not null,
    -- Until then somebody sees to the deploy.
    until {int} not null
) {strict};

-- What was done of a deploy; never changed.
create table deploy_journal (
    deploy {int} not null references deploy (id),
    seq {int} not null,
    -- Of the act that it is about.
    key text,
    entry text not null,
    body text not null,
    -- Null where a person wrote it.
    fence {int},
    at {int} not null,
    primary key (deploy, seq)
) {strict};

-- Each act is begun once, and ends once.
create unique index deploy_act on deploy_journal (deploy, key, entry) where entry in ('intended', 'settled');

-- Acts that a runner does: what it is to do, and what it said.
create table deploy_run (
    deploy {int} not null references deploy (id),
    key text not null,
    fence {int} not null,
    runner text not null,
    -- Which one of that name has it, from the first time that it was given out.
    instance text,
    step text not null,
    -- 'waiting', 'held' or 'ended'.
    state text not null,
    -- Who wants it ended.
    end_wanted_by text,
    heard_at {int},
    -- What it came to, in JSON.
    outcome text,
    ended_at {int},
    -- How many bytes it has said.
    said_bytes {int} not null default 0,
    primary key (deploy, key)
) {strict};

create index deploy_run_open on deploy_run (runner) where state <> 'ended';

-- What acts said, in parts; each begins at that byte.
create table deploy_said (
    deploy {int} not null,
    key text not null,
    at_byte {int} not null,
    at {int} not null,
    bytes {bytes} not null,
    primary key (deploy, key, at_byte)
) {strict};
