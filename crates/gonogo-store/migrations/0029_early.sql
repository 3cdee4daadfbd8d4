-- When a tracker was asked last which stories changed, by its address.
create table tracker_asked (
    tracker text primary key,
    at {int} not null
) {strict};

-- Stories that were told to have changed, and were not looked at since for what
-- their owners are told early.
create table early_due (
    story text primary key,
    at {int} not null
) {strict};

-- What is known of a story before its gate.
create table early_story (
    story text primary key,
    -- What it lacks, since when, and whom that was told, as JSON.
    known text not null,
    changed_at {int} not null,
    -- One more with each change.
    version {int} not null
) {strict};
