-- Where it lets pass; null: in all branches of its service.
alter table waiver add column branch text;
