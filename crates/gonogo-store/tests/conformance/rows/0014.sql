update session set renewing_until = 1800000002000000 where token_hash = 'g';
