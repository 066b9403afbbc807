/* Products of square matrices of f64, row by row; what is computed is the next factor. */
#include "kernel.h"

enum { SIZE = 96 };
static double a[SIZE][SIZE], b[SIZE][SIZE], c[SIZE][SIZE];

static NOINLINE void multiply(void) {
  for (int i = 0; i < SIZE; i++)
    for (int j = 0; j < SIZE; j++) {
      double sum = 0;
      for (int k = 0; k < SIZE; k++) sum += a[i][k] * b[k][j];
      c[i][j] = sum;
    }
}

EXPORT("run") i64 run(i32 n) {
  random_state = 1;
  for (int i = 0; i < SIZE; i++)
    for (int j = 0; j < SIZE; j++) {
      a[i][j] = random_bits() % 1000 / 1000.0;
      b[i][j] = random_bits() % 1000 / 24000.0;
    }
  while (n-- > 0) {
    multiply();
    for (int i = 0; i < SIZE; i++)
      for (int j = 0; j < SIZE; j++) a[i][j] = c[i][j];
  }
  u64 sum = 0;
  for (int i = 0; i < SIZE; i++)
    for (int j = 0; j < SIZE; j++) sum = mix(sum, (u64)(a[i][j] * 1e9));
  return (i64)sum;
}
