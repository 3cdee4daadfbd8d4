insert into outbox (kind, target, key, meaning, state, added_at, run_at, attempts, done_at, error, again_at)
    values ('slack', '#old', 'k18', 'm', 'failed', 1, 1, 3, 2, 'refused', 1);
