"""Values as people write them: numbers, quantities, times of cron, texts."""
