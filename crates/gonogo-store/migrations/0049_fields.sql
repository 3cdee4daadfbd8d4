-- Of what the fields of its stories say; empty where that was not kept.
alter table evaluation add column fields_hash text not null default '';
