-- Until when somebody asks another system whether this session may go on: what
-- it is asked with is often good once.
alter table session add column renewing_until {int};
