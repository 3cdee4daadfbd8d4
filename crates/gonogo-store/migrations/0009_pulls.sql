-- Of a candidate for a merge: the pull request, and the branch that it goes into.
alter table candidate add column pull_request {int};
alter table candidate add column into_branch text;

drop index candidate_open;
create unique index candidate_open on candidate (service, branch, coalesce(pull_request, 0)) where closed_at is null;

-- Pull requests of a service as they were seen last.
create table pull_request (
    service text not null,
    number {int} not null,
    title text not null,
    author text not null,
    is_draft {int} not null,
    -- Of all that a verdict could hang on: another one has it judged anew.
    digest text not null,
    primary key (service, number)
) {strict};
