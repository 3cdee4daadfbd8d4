-- Locks of services by people: while one stands nobody but its owner may have a deploy
-- of the service begin.
create table service_lock (
    id {serial},
    service text not null,
    locked_by {int} not null references person (id),
    why text not null,
    locked_at {int} not null,
    -- From then on it holds no more.
    until {int} not null,
    -- When its owner was reminded that it ends.
    reminded_at {int},
    taken_off_by {int} references person (id),
    taken_off_at {int},
    -- Empty where its owner did.
    taken_off_why text not null default ''
) {strict};

create index service_lock_of on service_lock (service) where taken_off_at is null;
