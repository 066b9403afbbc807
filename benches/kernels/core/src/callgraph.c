/* A big graph of calls: each function calls a second by its name, and others through two tables of functions of different types. */
#include "kernel.h"

enum { FUNCTIONS = 96 };
typedef u32 (*small_fn)(u32 depth, u32 x);
typedef u64 (*large_fn)(u32 depth, u64 x, u32 y);
extern const small_fn small_table[FUNCTIONS];
extern const large_fn large_table[FUNCTIONS];

/* A function's number, and those of two that it calls. */
#define GRAPH(X) \
  X(0, 5, 11) \
  X(1, 12, 42) \
  X(2, 19, 73) \
  X(3, 26, 8) \
  X(4, 33, 39) \
  X(5, 40, 70) \
  X(6, 47, 5) \
  X(7, 54, 36) \
  X(8, 61, 67) \
  X(9, 68, 2) \
  X(10, 75, 33) \
  X(11, 82, 64) \
  X(12, 89, 95) \
  X(13, 0, 30) \
  X(14, 7, 61) \
  X(15, 14, 92) \
  X(16, 21, 27) \
  X(17, 28, 58) \
  X(18, 35, 89) \
  X(19, 42, 24) \
  X(20, 49, 55) \
  X(21, 56, 86) \
  X(22, 63, 21) \
  X(23, 70, 52) \
  X(24, 77, 83) \
  X(25, 84, 18) \
  X(26, 91, 49) \
  X(27, 2, 80) \
  X(28, 9, 15) \
  X(29, 16, 46) \
  X(30, 23, 77) \
  X(31, 30, 12) \
  X(32, 37, 43) \
  X(33, 44, 74) \
  X(34, 51, 9) \
  X(35, 58, 40) \
  X(36, 65, 71) \
  X(37, 72, 6) \
  X(38, 79, 37) \
  X(39, 86, 68) \
  X(40, 93, 3) \
  X(41, 4, 34) \
  X(42, 11, 65) \
  X(43, 18, 0) \
  X(44, 25, 31) \
  X(45, 32, 62) \
  X(46, 39, 93) \
  X(47, 46, 28) \
  X(48, 53, 59) \
  X(49, 60, 90) \
  X(50, 67, 25) \
  X(51, 74, 56) \
  X(52, 81, 87) \
  X(53, 88, 22) \
  X(54, 95, 53) \
  X(55, 6, 84) \
  X(56, 13, 19) \
  X(57, 20, 50) \
  X(58, 27, 81) \
  X(59, 34, 16) \
  X(60, 41, 47) \
  X(61, 48, 78) \
  X(62, 55, 13) \
  X(63, 62, 44) \
  X(64, 69, 75) \
  X(65, 76, 10) \
  X(66, 83, 41) \
  X(67, 90, 72) \
  X(68, 1, 7) \
  X(69, 8, 38) \
  X(70, 15, 69) \
  X(71, 22, 4) \
  X(72, 29, 35) \
  X(73, 36, 66) \
  X(74, 43, 1) \
  X(75, 50, 32) \
  X(76, 57, 63) \
  X(77, 64, 94) \
  X(78, 71, 29) \
  X(79, 78, 60) \
  X(80, 85, 91) \
  X(81, 92, 26) \
  X(82, 3, 57) \
  X(83, 10, 88) \
  X(84, 17, 23) \
  X(85, 24, 54) \
  X(86, 31, 85) \
  X(87, 38, 20) \
  X(88, 45, 51) \
  X(89, 52, 82) \
  X(90, 59, 17) \
  X(91, 66, 48) \
  X(92, 73, 79) \
  X(93, 80, 14) \
  X(94, 87, 45) \
  X(95, 94, 76)

#define DECLARE(i, j, k) \
  static u32 small_##i(u32 depth, u32 x); \
  static u64 large_##i(u32 depth, u64 x, u32 y);
GRAPH(DECLARE)

#define DEFINE(i, j, k) \
  static NOINLINE u32 small_##i(u32 depth, u32 x) { \
    x = x * (2 * i + 1) + k; \
    if (depth == 0) return x; \
    if (x & 1) return small_##j(depth - 1, x) + i; \
    return small_##k(depth - 1, x) ^ small_table[(x >> 8) % FUNCTIONS](depth - 1, x >> 1); \
  } \
  static NOINLINE u64 large_##i(u32 depth, u64 x, u32 y) { \
    x += (u64)y << (i % 17); \
    if (depth == 0) return x ^ i; \
    x = large_##k(depth - 1, x, y + j); \
    if (x & 3) return x + small_##j(1, (u32)x); \
    return large_table[(y + (u32)x) % FUNCTIONS](depth - 1, x, y ^ j) * 3; \
  }
GRAPH(DEFINE)

#define SMALL(i, j, k) small_##i,
#define LARGE(i, j, k) large_##i,
const small_fn small_table[FUNCTIONS] = {GRAPH(SMALL)};
const large_fn large_table[FUNCTIONS] = {GRAPH(LARGE)};

EXPORT("run") i64 run(i32 n) {
  u64 sum = 0;
  random_state = 10;
  while (n-- > 0) {
    u32 x = random_bits();
    sum = mix(sum, small_table[x % FUNCTIONS](9, x));
    sum = mix(sum, large_table[x % FUNCTIONS](7, sum, x));
  }
  return (i64)sum;
}
