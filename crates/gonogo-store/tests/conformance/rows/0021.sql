-- What a server of then may hold. Like its migration, it never changes.
insert into deploy_stop (stopped_by, why, stopped_at, stands) values (1, 'the database is full', 1800000001000000, 1);
