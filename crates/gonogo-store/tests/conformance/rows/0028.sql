-- What a server of then may hold. Like its migration, it never changes.
update story_said set versions = 'web 2027-01-15' where story = 'STORY-2';
