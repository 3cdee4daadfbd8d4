insert into candidate (service, branch, head, production, opened_at, pull_request, into_branch)
    values ('web', 'topic', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        1800000001000000, 7, 'main');
insert into pull_request (service, number, title, author, is_draft, digest) values ('web', 7, 'Euros', 'maria', 0, 'd');
