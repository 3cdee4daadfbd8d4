-- When it was judged last, also where nothing new was found: then nothing is recorded.
alter table candidate add column looked_at {int};
