-- Whoever opens this link, signed in as the person who asked for it, has shown
-- that the account in the other system is theirs. Good once.
create table join_link (
    code_hash text primary key,
    person {int} not null references person (id),
    source text not null,
    subject text not null,
    expires_at {int} not null
) {strict};

create index join_link_of on join_link (person);
