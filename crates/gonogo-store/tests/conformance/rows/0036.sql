-- What a server of then may hold. Like its migration, it never changes.
update told set target = 'slack 1 #deploys', candidate = (select min(id) from candidate);
update message set key = 'k';
