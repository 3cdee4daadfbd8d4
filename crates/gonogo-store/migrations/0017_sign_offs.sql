-- Who signed a deploy off: exactly this head over exactly what runs.
create table sign_off (
    id {serial},
    service text not null,
    head text not null,
    -- SHAs in full, sorted, with blanks between.
    production text not null,
    -- What the policy calls it.
    name text not null,
    by_id {int} not null references person (id),
    given_at {int} not null,
    taken_back_by {int} references person (id),
    taken_back_at {int}
) {strict};

create unique index sign_off_stands on sign_off (service, head, production, name) where taken_back_at is null;
