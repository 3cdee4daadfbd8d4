update candidate_story set title = 'Pay in euros', ships = 0 where key = 'STORY-1';
