"""Pure statistics of AI call against final read: one statistic a file. Counts in, frozen records out."""
