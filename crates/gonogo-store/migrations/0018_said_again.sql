-- When a person had it said again: from then on it is news anew.
alter table outbox add column again_at {int};

create index outbox_trouble on outbox (state) where state in ('doubtful', 'failed');
