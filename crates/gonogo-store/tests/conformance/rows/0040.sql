-- What a server of then may hold. Like its migration, it never changes.
insert into deploy_guard (deploy, guard, reads, reading, trouble, start, series)
    select min(id), 'errors', 'graphite q',
        '{"guard":"errors","at":"1970-01-01T00:00:05Z","judgement":"fine","evidence":0.5,"needed":100.0,"observed":5.0,"expected":5.0,"since":null,"no_data_since":null,"versus":[],"remarks":[]}',
        '', 5, '{"samples":[[0,5.0],[10,null]],"trials":[]}' from deploy;
