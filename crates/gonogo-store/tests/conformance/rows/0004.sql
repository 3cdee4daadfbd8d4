insert into told (service, branch, verdict) values ('web', 'main', 'go');
insert into message (target, begun_at, channel, ts) select min(target), 1, 'C1', '17.1' from mirror;
