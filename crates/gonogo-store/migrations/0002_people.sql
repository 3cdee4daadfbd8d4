create table person (
    id {serial},
    name text not null unique,
    -- argon2id, as a PHC string.
    password_hash text not null,
    role text not null,
    added_at {int} not null
) {strict};

create table session (
    -- Of the cookie's value: who reads the database cannot sign in.
    token_hash text primary key,
    person {int} not null references person (id),
    begun_at {int} not null,
    expires_at {int} not null
) {strict};

create table waiver (
    id {serial},
    service text not null,
    fingerprint text not null,
    -- What was waived, in the words of then.
    said text not null,
    given_by {int} not null references person (id),
    why text not null,
    given_at {int} not null,
    until {int} not null,
    taken_back_by {int} references person (id),
    taken_back_at {int}
) {strict};

create index waiver_of on waiver (service, fingerprint);

-- What people did. Each row holds the hash of the one before: a row that was
-- changed, or taken out, shows.
create table audit (
    id {serial},
    at {int} not null,
    actor text not null,
    action text not null,
    subject text not null,
    detail text not null,
    hash text not null
) {strict};
