-- What a branch was judged to be last: only a turn is news.
create table told (
    service text not null,
    branch text not null,
    verdict text not null,
    primary key (service, branch)
) {strict};

-- Where a message of the mirror stands. Without `ts` it may have been posted or
-- not: it is looked for before it is posted again.
create table message (
    target text primary key references mirror (target),
    begun_at {int} not null,
    -- As it was named to us, until Slack said its id.
    channel text not null,
    ts text
) {strict};
