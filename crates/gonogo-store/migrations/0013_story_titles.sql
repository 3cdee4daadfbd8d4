-- What a story was called, and whether it ships, when its candidate was judged last.
alter table candidate_story add column title text not null default '';
alter table candidate_story add column ships {int} not null default 1;
