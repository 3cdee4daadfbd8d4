-- What teams have to know of stories, and who said that one knows.
create table awareness (
    team text not null,
    story text not null,
    -- Where it is told and who may speak for it, as JSON.
    meaning text not null,
    acknowledged_by text,
    acknowledged_at {int},
    primary key (team, story)
) {strict};

create index awareness_of on awareness (story);

-- The messages by which a team is told of a story.
create table awareness_message (
    message {int} primary key references outbox (id),
    team text not null,
    story text not null
) {strict};

create index awareness_message_of on awareness_message (story, team);
