-- What is said outside once. What was begun is written down before it is said:
-- after a crash it is looked for by its key, or put before a person.
create table outbox (
    id {serial},
    -- How it is said: a message in Slack, a comment in Jira.
    kind text not null,
    -- Where: of one target the older is said first.
    target text not null,
    -- By it a message is said once, and found again outside.
    key text not null unique,
    -- The meaning, as JSON; rendered when it is said.
    meaning text not null,
    -- 'waits', 'said', 'doubtful' or 'failed'.
    state text not null,
    added_at {int} not null,
    run_at {int} not null,
    attempts {int} not null default 0,
    leased_until {int},
    -- Since then it may have been said.
    begun_at {int},
    -- When it was said, or nobody tries any more.
    done_at {int},
    -- What the other system calls it.
    place text,
    -- Why it was not said when it was tried last.
    error text
) {strict};

create index outbox_waits on outbox (kind, run_at) where state = 'waits';
create index outbox_of_target on outbox (kind, target, id) where state = 'waits';

-- The stories that a message tells of.
create table outbox_story (
    message {int} not null references outbox (id),
    story text not null,
    primary key (message, story)
) {strict};

create index outbox_of_story on outbox_story (story);

-- Moves of production whose stories were not looked at yet.
create table move_unread (
    move {int} primary key,
    service text not null
) {strict};

-- Stories that came into production of a service since it is watched.
create table story_run (
    service text not null,
    story text not null,
    title text not null,
    -- What is told of it, as JSON.
    told text not null,
    -- The commits that brought it, with blanks between.
    commits text not null,
    -- Whether all that runs has it; 0 when it went again.
    is_live {int} not null,
    since {int} not null,
    -- What nobody was told of yet: 'came' or 'went'.
    news text,
    primary key (service, story)
) {strict};

create index story_run_of on story_run (story);
create index story_run_news on story_run (story) where news is not null;

-- What a story was said to be last.
create table story_said (
    story text primary key,
    is_deployed {int} not null,
    at {int} not null
) {strict};
