-- How often what pages show has changed; one row.
create table change (
    id {int} primary key,
    number {int} not null
) {strict};

insert into change (id, number) values (1, 0);

-- The number of what a candidate's page shows.
alter table candidate add column changed {int} not null default 0;
