insert into join_link (code_hash, person, source, subject, expires_at) select 'j', min(id), 'slack', 'U012AB3CD', 1800000009000000 from person;
