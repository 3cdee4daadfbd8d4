-- What a server of then may hold. Like its migration, it never changes.
insert into outbox (kind, target, key, meaning, state, added_at, run_at, attempts, begun_at, error)
    values ('slack', '#deploys', 'k', '{}', 'waits', 1800000001000000, 1800000001000000, 1, 1800000001000000, 'down');
insert into outbox_story (message, story) select id, 'STORY-1' from outbox;
insert into story_run (service, story, title, told, commits, is_live, since, news)
    values ('web', 'STORY-1', 'Pay in euros', '{}', 'b', 1, 1800000001000000, 'came');
insert into story_said (story, is_deployed, at) values ('STORY-2', 1, 1800000001000000);
insert into move_unread (move, service) values (7, 'api');
