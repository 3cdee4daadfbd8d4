-- What a server of then may hold. Like its migration, it never changes.
insert into api_token (token_hash, person, name, scopes, added_at, expires_at)
    values ('h', 1, 'ci', '["read"]', 1800000001000000, 1800000009000000);
insert into done_request (token, key, request_hash, made, done_at)
    values (1, 'k', 'r', 5, 1800000001000000);
