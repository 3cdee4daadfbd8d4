-- What a server of then may hold. Like its migration, it never changes.
insert into tracker_asked (tracker, at) values ('https://jira.example', 1800000001000000);
insert into early_due (story, at) values ('STORY-1', 1800000001000000);
insert into early_story (story, known, changed_at, version) values ('STORY-1', '{}', 1800000001000000, 1);
