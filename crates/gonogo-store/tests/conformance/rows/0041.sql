-- What a server of then may hold. Like its migration, it never changes.
update deploy set moved_from = candidate;
