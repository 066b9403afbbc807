// A component of a chain, the one with the number N: the first has a loop around calls of the next, and the last is the one with the number LAST.
#include "guest.h"

#if N < LAST
IMPORT("link", "f") u32 next(u32, u32);
#endif

#if N == 0
static inline u64 once(u32 i, u32 step) {
  (void)step;
  return next(i * 3, i ^ 5);
}

LOOP("run", run, once)
#else
// What it was called with before.
static u32 last;

EXPORT("gusset:calls/link#f") u32 f(u32 x, u32 y) {
  u32 before = last;
  last = x;
#if N < LAST
  u32 result = next(x * 3 + N, y ^ x);
#else
  u32 result = x + y * 7;
#endif
  return result + before * 31;
}
#endif
