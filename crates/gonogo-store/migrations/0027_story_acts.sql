-- What people did to a story in the tracker from here: written down before it is
-- done, and again with what came of it.
create table story_act (
    id {serial},
    -- A word of the form, or the request, that asked for it: sent twice it is done
    -- once. Null of what the tracker refused: that may be asked for again.
    once text unique,
    person {int} not null references person (id),
    story text not null,
    -- JSON
    meaning text not null,
    begun_at {int} not null,
    ended_at {int},
    -- 'done', 'refused', or 'not-there' where it was looked for and not found.
    outcome text,
    -- What the tracker said.
    said text not null default ''
) {strict};

create index story_act_of on story_act (story);
