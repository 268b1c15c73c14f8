"""Statistics: tidy frame in; `value, low, high, n, method` out; the random generator is an argument."""
