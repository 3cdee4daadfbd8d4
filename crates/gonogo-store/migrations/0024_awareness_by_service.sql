-- What a team has to know of a story is each service's own: who says that it knows
-- says so for the services whose policies let them.
create table awareness_service (
    team text not null,
    story text not null,
    service text not null,
    -- Where it is told and who may speak for it by this service's policy, as JSON.
    meaning text not null,
    acknowledged_by text,
    acknowledged_at {int},
    primary key (team, story, service)
) {strict};

insert into awareness_service (team, story, service, meaning, acknowledged_by, acknowledged_at)
select a.team, a.story, s.key, cast(s.value as text), a.acknowledged_by, a.acknowledged_at
from awareness a, json_each(cast(case when a.meaning like '{%' then a.meaning else '{}' end as {json})) s
where cast(s.value as text) like '{%';

drop table awareness;

create index awareness_of on awareness_service (story);
