-- When something was stored last, only to see that something can be.
create table written (
    one {int} primary key,
    at {int} not null
) {strict};
