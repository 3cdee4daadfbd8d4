-- What a server of then may hold. Like its migration, it never changes.
insert into awareness (team, story, meaning) values ('support', 'STORY-1', '{}');
insert into awareness_message (message, team, story) select max(id), 'support', 'STORY-1' from outbox;
