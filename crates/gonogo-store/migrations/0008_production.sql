-- What runs in production, as it was known last. SHAs stand in full, sorted,
-- with blanks between.
create table production (
    service text primary key,
    -- Null until it was known once.
    running text,
    -- Under which name it was found, and why that counts.
    name text not null,
    why text not null,
    -- When something said so last.
    known_at {int},
    -- Why nothing says so now, and what mends that.
    trouble text,
    -- What of it the default branch does not have, and since when.
    astray text,
    astray_since {int}
) {strict};

-- Each move of it; never changed. Without a `before` it was known the first time.
create table production_move (
    id {serial},
    service text not null,
    before text,
    running text not null,
    name text not null,
    why text not null,
    seen_at {int} not null
) {strict};

create index production_move_of on production_move (service, id);

-- What a deploy tool or a person said last; SHAs as they were said.
create table production_told (
    service text primary key,
    running text not null,
    told_by text not null,
    told_at {int} not null
) {strict};
