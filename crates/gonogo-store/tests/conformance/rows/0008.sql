-- What a server of then may hold. Like its migration, it never changes.
insert into production (service, running, name, why, known_at, trouble, astray, astray_since)
    values ('web', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'production', 'from gonogo.toml', 1800000001000000,
        'no answer', 'hotfix/1', 1800000001000000);
insert into production_move (service, running, name, why, seen_at)
    values ('web', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'production', 'from gonogo.toml', 1800000001000000);
insert into production_told (service, running, told_by, told_at)
    values ('web', 'bbbbbbb', 'ada', 1800000001000000);
