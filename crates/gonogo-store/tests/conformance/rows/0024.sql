-- What a server of then may hold. Like its migration, it never changes.
insert into awareness_service (team, story, service, meaning, acknowledged_by, acknowledged_at)
    values ('support', 'STORY-1', 'web', '{}', 'vera', 1800000001000000);
