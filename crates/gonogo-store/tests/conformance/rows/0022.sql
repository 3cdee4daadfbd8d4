update evaluation set is_unread = 1 where candidate = 1;
