-- Whether a candidate may have stories that nobody could tell when it was judged.
alter table evaluation add column is_unread {int} not null default 0;
