-- What came in from outside, stored before it is acknowledged.
create table delivery (
    id {serial},
    source text not null,
    -- The sender's own id: the same one again is a redelivery.
    delivery_id text not null,
    event text not null,
    body {bytes} not null,
    received_at {int} not null,
    -- What it led to, once it was worked on.
    outcome text,
    unique (source, delivery_id)
) {strict};

-- Work. A key that waits is not queued twice; one that is being worked on may be.
create table job (
    id {serial},
    kind text not null,
    key text not null,
    body text not null,
    run_at {int} not null,
    attempts {int} not null default 0,
    -- Grows with every lease: who has an older one has lost it.
    fence {int} not null default 0,
    leased_until {int},
    -- Gave up; shown, and can be run again.
    dead_at {int},
    error text
) {strict};

create unique index job_waiting on job (kind, key) where leased_until is null and dead_at is null;
create index job_due on job (run_at) where dead_at is null;

create table candidate (
    id {serial},
    service text not null,
    branch text not null,
    head text not null,
    -- Null while it is not known.
    production text,
    opened_at {int} not null,
    closed_at {int}
) {strict};

create unique index candidate_open on candidate (service, branch) where closed_at is null;

-- One recorded run each; never changed.
create table evaluation (
    id {serial},
    candidate {int} not null references candidate (id),
    verdict text not null,
    exit_code {int} not null,
    policy_hash text not null,
    evaluated_at {int} not null,
    -- The verdict and its first reason, in one line.
    summary text not null,
    -- `gonogo.check/1`
    result text not null,
    -- Everything it was made from, to be replayed.
    recording {bytes} not null
) {strict};

create index evaluation_of on evaluation (candidate, id);

-- What should be seen outside: the newest wanted version wins.
create table mirror (
    target text primary key,
    kind text not null,
    wanted text not null,
    version {int} not null,
    made_version {int} not null default 0,
    wanted_at {int} not null,
    run_at {int} not null,
    attempts {int} not null default 0,
    leased_until {int},
    error text
) {strict};

create index mirror_due on mirror (run_at) where made_version < version;
