-- Deploys that a person had begin although something kept them, for ever.
create table deploy_glass (
    deploy {int} primary key references deploy (id),
    broken_by {int} not null references person (id),
    why text not null,
    -- In spite of what, for people.
    around text not null,
    broken_at {int} not null,
    -- What somebody wrote about it afterwards; null until then.
    follow_up text,
    followed_by {int} references person (id),
    followed_at {int}
) {strict};
