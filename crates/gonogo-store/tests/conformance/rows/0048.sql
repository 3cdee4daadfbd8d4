-- What a server of then may hold. Like its migration, it never changes.
update deploy set service_group = 'shop', not_before = 1800000013000000, goes_first = 1, place = 1,
    approved_as = '{"role":"developer"}';
