-- What is to be looked at after a deploy: a line for each story that came with a
-- move of production and may ask for it.
create table post_deploy (
    id {serial},
    service text not null,
    move {int} not null references production_move (id),
    story text not null,
    title text not null,
    -- How its field is read, and where, as JSON.
    asks text not null,
    -- What is to be looked at, as the tracker had it; empty until it is read.
    checks text not null default '',
    -- Whose it is: the tracker's id of them and their name.
    owner_id text,
    owner text,
    -- Who said that they look, in the owner's place.
    taken_by {int} references person (id),
    due_at {int} not null,
    -- 'unread', 'unreadable', 'open', 'passed', 'failed', 'not-needed' or 'gone'.
    state text not null,
    -- Why it could not be read when that was tried last.
    trouble text,
    -- How often the owner was reminded, and when that was last.
    reminders {int} not null default 0,
    reminded_at {int},
    unique (move, story)
) {strict};

create index post_deploy_of_story on post_deploy (story);
create index post_deploy_open on post_deploy (due_at) where state = 'open';
create index post_deploy_unsettled on post_deploy (service, id)
    where state in ('unread', 'unreadable', 'open', 'failed');

-- What people said came of it; never changed. The newest counts.
create table post_deploy_answer (
    id {serial},
    line {int} not null references post_deploy (id),
    -- 'passed' or 'failed'.
    seen text not null,
    note text not null,
    by_person text not null,
    at {int} not null
) {strict};

create index post_deploy_answer_of on post_deploy_answer (line);
