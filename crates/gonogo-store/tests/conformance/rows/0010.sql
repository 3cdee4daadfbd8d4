insert into identity (source, subject, person, name, joined_at) select 'github', '7', min(id), 'ada-l', 1800000001000000 from person;
insert into role_given (person, service, source, role) select min(id), 'web', 'admin', 'release-manager' from person;
insert into session (token_hash, person, begun_at, expires_at, source, asked_at, sealed)
    select 'g', min(id), 1800000001000000, 1800000009000000, 'github', 1800000001000000, 's' from person;
insert into password_reset (code_hash, person, expires_at) select 'c', min(id), 1800000009000000 from person;
insert into waiver (service, fingerprint, said, given_by, why, given_at, until, needs_second)
    select 'api', 'g', 'y is unfinished', min(id), 'agreed', 1800000001000000, 1800000009000000, 1 from person;
