insert into candidate_story (candidate, key) select max(id), 'STORY-1' from candidate;
