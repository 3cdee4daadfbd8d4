update change set number = 7 where id = 1;
update candidate set changed = 7 where branch = 'main';
