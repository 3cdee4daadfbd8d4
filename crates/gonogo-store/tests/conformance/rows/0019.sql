update production set looked_at = known_at;
insert into fact (system, key, wants, answer, at, about) values ('https://jira.example', 'STORY-1', 'w', '{}', 1800000001000000, 'STORY-1');
insert into fact_changed (key, at) values ('STORY-2', 1800000001000000);
