insert into written (one, at) values (1, 1800000001000000);
