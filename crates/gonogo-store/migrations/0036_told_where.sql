-- The message that says what a branch is, and the candidate of which it says that.
alter table told add column target text;
alter table told add column candidate {int};

-- The key under which a message was begun: what it says may be another's by now.
alter table message add column key text;
