-- What a server of then may hold. Like its migration, it never changes.
insert into sign_off (service, head, production, name, by_id, given_at)
    values ('web', 'cccccccccccccccccccccccccccccccccccccccc', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'ops',
        (select min(id) from person), 1800000001000000);
