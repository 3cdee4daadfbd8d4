-- Who a person is in another system, by that system's own id: names and
-- addresses there can be taken over by somebody else.
create table identity (
    source text not null,
    subject text not null,
    person {int} not null references person (id),
    -- As they were called there when they were seen last.
    name text not null,
    joined_at {int} not null,
    primary key (source, subject)
) {strict};

create unique index identity_of on identity (person, source);

-- What a person may beside their role for all services. What another system
-- says counts in sessions that came from it.
create table role_given (
    person {int} not null references person (id),
    -- Empty for all services.
    service text not null,
    -- 'admin', or the system that says so.
    source text not null,
    role text not null,
    primary key (person, service, source)
) {strict};

alter table person add column deactivated_at {int};

-- Of a session that came from another system: which, when that was asked last
-- whether the person still may, and with what it is asked again, sealed by the
-- cookie's value: the database alone opens nothing.
alter table session add column source text;
alter table session add column asked_at {int};
alter table session add column sealed text;

create index session_of on session (person);

-- Whoever has the code may choose a new password, once.
create table password_reset (
    code_hash text primary key,
    person {int} not null references person (id),
    expires_at {int} not null
) {strict};

-- A waiver that needs a second person lets nothing pass before they confirm it.
alter table waiver add column needs_second {int} not null default 0;
alter table waiver add column confirmed_by {int} references person (id);
alter table waiver add column confirmed_at {int};
