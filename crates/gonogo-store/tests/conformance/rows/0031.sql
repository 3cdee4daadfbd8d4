update candidate set looked_at = 1800000009000000;
