-- What a server of then may hold. Like its migration, it never changes.
update waiver set branch = 'main' where id = (select min(id) from waiver);
