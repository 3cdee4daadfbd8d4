insert into story_act (once, person, story, meaning, begun_at)
    select 'w', min(id), 'STORY-1', 'm', 1800000001000000 from person;
