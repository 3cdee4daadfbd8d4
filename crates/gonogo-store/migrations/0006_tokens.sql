-- What programs sign in with, in a person's name.
create table api_token (
    id {serial},
    -- Of the token: who reads the database cannot use it.
    token_hash text not null unique,
    person {int} not null references person (id),
    -- What it is for, in their words.
    name text not null,
    -- A JSON list of words: what it may be used for, at most what its person may do.
    scopes text not null,
    added_at {int} not null,
    expires_at {int} not null,
    -- To the minute.
    last_used_at {int},
    revoked_at {int}
) {strict};

create index api_token_of on api_token (person);

-- Requests that were done under a key of their program's: the same one again is
-- answered, and not done again.
create table done_request (
    token {int} not null references api_token (id),
    key text not null,
    -- Of all that was asked for.
    request_hash text not null,
    -- The number of what it made.
    made {int},
    done_at {int} not null,
    primary key (token, key)
) {strict};

create index done_request_at on done_request (done_at);
