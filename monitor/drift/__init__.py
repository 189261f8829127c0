"""Pure statistics of distributions: one test a file, then the verdict over all of them."""
