-- What a server of then may hold. Like its migration, it never changes.
update evaluation set fields_hash = 'f1e1d';
