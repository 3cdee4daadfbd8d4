insert into mirror (target, kind, wanted, version, made_version, wanted_at, run_at, awaits) values ('t33', 'github-status', 'Pending', 1, 1, 1800000001000000, 1800000001000000, 1);
