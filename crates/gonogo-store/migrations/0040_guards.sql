-- What guards saw of deploys.
create table deploy_guard (
    deploy {int} not null references deploy (id),
    guard text not null,
    -- What it reads: others of its name that read something else are not compared with it.
    reads text not null,
    -- Its newest reading, in JSON.
    reading text not null,
    -- Why nothing newer could be read; empty where it could.
    trouble text not null,
    -- When the deploy began.
    start {int} not null,
    -- The points from before the deploy on, in JSON; empty once they are too old.
    series text not null,
    primary key (deploy, guard)
) {strict};
