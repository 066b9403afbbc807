// A guest whose functions are inlined into one another, for `source_lines.rs`: lines of this file are named there.

static int values[] = {3, 5, 8};

static inline int divide(int sum, int count) {
    return sum / count;
}

static inline int average(int count) {
    int sum = 0;
    for (int at = 0; at < count; at++)
        sum += values[at];
    return divide(
        sum,
        count);
}

// Traps in `divide` when `count` is 0.
__attribute__((export_name("run"), noinline)) int run(int count) {
    return average(count) + 1;
}

// Calls it from a line of its own.
__attribute__((export_name("outer"), noinline)) int outer(int count) {
    int first = run(3);
    return first +
           run(count);
}
