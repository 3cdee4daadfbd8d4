insert into join_offer (code_hash, source, subject, name, expires_at) values ('o', 'slack', 'U012AB3CD', 'maria', 1800000009000000);
