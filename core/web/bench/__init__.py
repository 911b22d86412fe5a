"""What the first page of a list costs, with many rows behind it and against a page without any, in one run."""
