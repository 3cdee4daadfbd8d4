-- What a server of then may hold. Like its migration, it never changes.
insert into post_deploy (service, move, story, title, asks, checks, owner_id, owner, due_at, state)
    values ('web', (select max(id) from production_move), 'STORY-1', 'Pay in euros', '{}', 'Ana: look', 'a-1', 'Ana', 9000000, 'passed');
insert into post_deploy_answer (line, seen, note, by_person, at)
    values ((select max(id) from post_deploy), 'passed', 'all well', 'ada', 3000000);
