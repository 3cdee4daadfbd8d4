-- What a server of then may hold. Like its migration, it never changes.
insert into delivery (source, delivery_id, event, body, received_at, outcome)
    values ('github', 'd-1', 'push', cast('{}' as {bytes}), 1800000001000000, 'evaluates web');
insert into job (kind, key, body, run_at) values ('evaluate', 'web', 'b', 1800000001000000);
insert into job (kind, key, body, run_at, attempts, fence, leased_until)
    values ('sync', 'web', '', 1800000001000000, 1, 1, 1800000002000000);
insert into job (kind, key, body, run_at, attempts, fence, dead_at, error)
    values ('sync', 'api', '', 1800000001000000, 12, 12, 1800000003000000, 'down');
insert into candidate (service, branch, head, production, opened_at)
    values ('web', 'main', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', null, 1800000001000000);
insert into evaluation (candidate, verdict, exit_code, policy_hash, evaluated_at, summary, result, recording)
    values (1, 'go', 0, 'p', 1800000001000000, 'Go', '{}', cast('r' as {bytes}));
insert into mirror (target, kind, wanted, version, wanted_at, run_at)
    values ('t', 'github-status', 'Go', 1, 1800000001000000, 1800000001000000);
