-- The fix versions that a story's issue has for its deploy, a line each; none once it
-- was rolled back.
alter table story_said add column versions text not null default '';
