-- What a server of then may hold. Like its migration, it never changes.
insert into deploy_glass (deploy, broken_by, why, around, broken_at)
    values (1, 1, 'the shop is down', 'its verdict is No-Go', 1800000001000000);
