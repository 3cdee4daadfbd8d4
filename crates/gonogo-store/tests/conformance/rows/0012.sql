insert into fact (system, key, wants, answer, at) values ('https://jira.example', 'STORY-1', 'w', '{}', 1800000001000000);
