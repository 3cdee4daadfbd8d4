-- Stops of all deploys. One stands until it is lifted.
create table deploy_stop (
    id {serial},
    stopped_by {int} not null references person (id),
    -- Empty where nobody said why.
    why text not null,
    stopped_at {int} not null,
    lifted_by {int} references person (id),
    lifted_at {int},
    -- 1 while it stands, so that one does at most; else null.
    stands {int} unique
) {strict};
