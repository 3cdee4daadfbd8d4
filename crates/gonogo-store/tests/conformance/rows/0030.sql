insert into candidate_wait (candidate, who, role, what, fix, story)
values (1, 'tracker:5b10a2844c20165700ede21g', '', 'STORY-1 is In Review', 'move it on', 'STORY-1');
