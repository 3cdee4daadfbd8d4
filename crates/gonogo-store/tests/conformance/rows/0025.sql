-- What a server of then may hold. Like its migration, it never changes.
insert into service_lock (service, locked_by, why, locked_at, until)
    values ('web', 1, 'the migration runs', 1800000001000000, 1800000009000000);
