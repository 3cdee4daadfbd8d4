-- What a system outside answered last, for when it does not answer.
create table fact (
    -- Its address.
    system text not null,
    -- A story's key, or a query.
    key text not null,
    -- Tells what of it was wanted: an answer to less serves nobody who wants more.
    wants text not null,
    -- JSON
    answer text not null,
    at {int} not null,
    primary key (system, key, wants)
) {strict};

create index fact_at on fact (at);
