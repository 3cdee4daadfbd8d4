-- Whose verdict is awaited there: what is seen is not the last word.
alter table mirror add column awaits {int};

create index mirror_awaits on mirror (awaits) where awaits is not null;

update mirror set awaits = candidate.id from candidate
    where mirror.wanted like '%"state":"pending"%'
    and mirror.target = 'github-status ' || candidate.head || ' gonogo/'
        || case when candidate.pull_request is null then 'deploy' else 'pr' end || ' (' || candidate.service || ')';

update mirror set awaits = candidate.id from candidate
    where mirror.wanted like '%"verdict":"waiting"%'
    and mirror.target = 'github-check-run ' || candidate.head || ' gonogo/'
        || case when candidate.pull_request is null then 'deploy' else 'pr' end
        || ' (' || candidate.service || '): report';
