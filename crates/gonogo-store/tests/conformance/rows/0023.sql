insert into deployed_commit (service, sha, deployed_at) values ('web', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 1800000001000000);
insert into deployed_build (service, sha, name, posted_by, passed, seconds) values ('web', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'suite', 'ci', 1, 300);
