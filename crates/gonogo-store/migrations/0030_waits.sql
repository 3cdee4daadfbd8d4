-- For whom a candidate waits, as it was judged last.
create table candidate_wait (
    candidate {int} not null references candidate (id),
    -- As policies call people, or `tracker:ID`; empty for whoever has the role.
    who text not null,
    -- What one has to be at the service, at the least; empty for anybody.
    role text not null,
    -- What is so, in one line.
    what text not null,
    -- What to do about it.
    fix text not null,
    -- Empty where it is of no one story.
    story text not null
) {strict};

create index candidate_wait_of on candidate_wait (candidate);
create index candidate_wait_for on candidate_wait (who);
