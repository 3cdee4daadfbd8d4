-- What a server of then may hold. Like its migration, it never changes.
insert into deploy (service, branch, head, production, candidate, requested_by, requested_at, state, said, plan, began_at)
    values ('web', 'main', 'cccccccccccccccccccccccccccccccccccccccc', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',
        (select min(id) from candidate), (select min(id) from person), 1800000001000000, 'running', '',
        '{"forward":[{"name":"ship","argv":["true"],"env":{},"secrets":[],"dir":null,"limit_seconds":60,"tries":1,"on_failure":"halt"}],"back":[]}',
        1800000002000000);
insert into deploy_lock (name, deploy, fence, until) values ('service web', 1, 3, 1800000012000000);
insert into deploy_journal (deploy, seq, key, entry, body, fence, at)
    values (1, 1, 'step-1-1', 'intended', '{"entry":"intended","key":"step-1-1"}', 3, 1800000002000000);
insert into deploy_run (deploy, key, fence, runner, step, state, heard_at, said_bytes)
    values (1, 'step-1-1', 3, 'local',
        '{"name":"ship","argv":["true"],"env":{},"secrets":[],"dir":null,"limit_seconds":60,"tries":1,"on_failure":"halt"}',
        'held', 1800000003000000, 2);
insert into deploy_said (deploy, key, at_byte, at, bytes) values (1, 'step-1-1', 0, 1800000003000000, cast('ok' as {bytes}));
