insert into identity (source, subject, person, name, joined_at)
    select 'jira', '712020:ada', min(id), 'Ada', 1800000001000000 from person;
insert into jira_account (person, tracker, sealed, version)
    select min(id), 'https://jira.example', 's', 1 from person;
