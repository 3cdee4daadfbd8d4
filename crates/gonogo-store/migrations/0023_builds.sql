-- Commits that were deployed, whose builds were read.
create table deployed_commit (
    service text not null,
    sha text not null,
    deployed_at {int} not null,
    primary key (service, sha)
) {strict};

create index deployed_commit_newest on deployed_commit (service, deployed_at);

-- How each build went there.
create table deployed_build (
    service text not null,
    sha text not null,
    name text not null,
    posted_by text not null,
    passed {int} not null,
    -- How long it took, where that is known.
    seconds {int},
    primary key (service, sha, name, posted_by)
) {strict};
