/* Products of square matrices of f32, four columns at a time in one vector, sixteen in a step. */
#include "kernel.h"

typedef float f32x4 __attribute__((vector_size(16)));

enum { SIZE = 128 };
static float a[SIZE][SIZE] __attribute__((aligned(16))), b[SIZE][SIZE] __attribute__((aligned(16)));
static float c[SIZE][SIZE] __attribute__((aligned(16)));

static NOINLINE void multiply(void) {
  for (int i = 0; i < SIZE; i++)
    for (int j = 0; j < SIZE; j += 16) {
      f32x4 s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
      for (int k = 0; k < SIZE; k++) {
        float x = a[i][k];
        f32x4 xs = {x, x, x, x};
        const f32x4 *row = (const f32x4 *)&b[k][j];
        s0 += xs * row[0];
        s1 += xs * row[1];
        s2 += xs * row[2];
        s3 += xs * row[3];
      }
      f32x4 *out = (f32x4 *)&c[i][j];
      out[0] = s0;
      out[1] = s1;
      out[2] = s2;
      out[3] = s3;
    }
}

EXPORT("run") i64 run(i32 n) {
  random_state = 2;
  for (int i = 0; i < SIZE; i++)
    for (int j = 0; j < SIZE; j++) {
      a[i][j] = (float)(random_bits() % 1000) / 1000.0f;
      b[i][j] = (float)(random_bits() % 1000) / 32000.0f;
    }
  while (n-- > 0) {
    multiply();
    for (int i = 0; i < SIZE; i++)
      for (int j = 0; j < SIZE; j += 4) *(f32x4 *)&a[i][j] = *(f32x4 *)&c[i][j];
  }
  u64 sum = 0;
  for (int i = 0; i < SIZE; i++)
    for (int j = 0; j < SIZE; j++) sum = mix(sum, (u64)(a[i][j] * 1e6f));
  return (i64)sum;
}
