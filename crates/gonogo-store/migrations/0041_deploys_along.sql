-- The candidate that people saw, where what runs has moved along to its head since.
alter table deploy add column moved_from {int} references candidate (id);

create index deploy_candidate on deploy (candidate) where ended_at is null;
