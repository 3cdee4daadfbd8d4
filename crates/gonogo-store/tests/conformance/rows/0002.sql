-- What a server of then may hold. Like its migration, it never changes.
insert into person (name, password_hash, role, added_at) values ('ada', 'hash', 'admin', 1800000001000000);
insert into session (token_hash, person, begun_at, expires_at) values ('t', 1, 1800000001000000, 1800000009000000);
insert into waiver (service, fingerprint, said, given_by, why, given_at, until)
    values ('web', 'f', 'x names no story', 1, 'agreed', 1800000001000000, 1800000009000000);
insert into audit (at, actor, action, subject, detail, hash)
    values (1800000001000000, 'ada', 'added', 'ada', 'admin',
        '541d6385927b6305d0dc1e05388945cfab5dbfeaf58bc5974784f7ea6a18b385');
