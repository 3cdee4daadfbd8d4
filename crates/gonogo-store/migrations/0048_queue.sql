-- Services of this group are deployed one at a time; null where it is in none.
alter table deploy add column service_group text;
-- It begins no sooner.
alter table deploy add column not_before {int};
-- 1: its turn is before those that have 0.
alter table deploy add column goes_first {int} not null default 0;
-- In the order of these they have their turns; null is its own number.
alter table deploy add column place {int};
-- As whom somebody agreed to it, in JSON; null where that was as the table of the policy says.
alter table deploy add column approved_as text;
