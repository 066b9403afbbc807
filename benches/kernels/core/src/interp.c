/* A machine with registers whose loop is a switch; its program sieves primes, counts them, and computes numbers of Fibonacci by calls. */
#include "kernel.h"

enum Op { SET, ADD, ADDI, SUB, MUL, LOAD, STORE, LESS, JUMP, JUMP_IF, CALL, RETURN, XOR, SHIFT, HALT };
struct Code {
  u8 op, a, b, c;
  i32 value;
};

enum { LIMIT = 4000, STACK = 256 };
static u8 cells[LIMIT + 1];

static const struct Code program[] = {
    /* the sieve: r1 is the candidate, r2 the multiple, r3 the limit, r4 one, r5 the count */
    {SET, 3, 0, 0, LIMIT}, {SET, 4, 0, 0, 1}, {SET, 5, 0, 0, 0}, {SET, 1, 0, 0, 2},
    /* 4: is it struck out? */
    {LOAD, 6, 1, 0, 0}, {JUMP_IF, 6, 0, 0, 12},
    {ADDI, 5, 5, 0, 1}, {ADD, 2, 1, 1, 0},
    /* 8: strike out the multiples */
    {LESS, 6, 3, 2, 0}, {JUMP_IF, 6, 0, 0, 12},
    {STORE, 4, 2, 0, 0}, {JUMP, 0, 0, 0, 24},
    /* 12: the next candidate */
    {ADDI, 1, 1, 0, 1}, {LESS, 6, 1, 3, 0}, {JUMP_IF, 6, 0, 0, 4},
    /* 15: fib(r8) in r9 */
    {SET, 8, 0, 0, 14}, {CALL, 0, 0, 0, 26}, {SET, 10, 0, 0, 7},
    /* 18: mixes for a while */
    {MUL, 5, 5, 10, 0}, {XOR, 5, 5, 9, 0}, {SHIFT, 11, 5, 0, 7}, {ADD, 5, 5, 11, 0}, {ADDI, 10, 10, 0, 1},
    {JUMP, 0, 0, 0, 39},
    /* 24: goes on to strike out */
    {ADD, 2, 2, 1, 0}, {JUMP, 0, 0, 0, 8},
    /* 26: fib: r8 < 2? */
    {SET, 12, 0, 0, 2}, {LESS, 6, 8, 12, 0}, {JUMP_IF, 6, 0, 0, 37},
    {ADDI, 8, 8, 0, -1}, {CALL, 1, 0, 0, 26}, {ADDI, 8, 8, 0, -1}, {ADD, 13, 9, 7, 0}, {CALL, 2, 0, 0, 26},
    {ADD, 9, 9, 13, 0}, {ADDI, 8, 8, 0, 2}, {RETURN, 0, 0, 0, 0},
    /* 37: fib of 0 and 1 */
    {ADD, 9, 8, 7, 0}, {RETURN, 0, 0, 0, 0},
    /* 39: again? */
    {SET, 12, 0, 0, 3000}, {LESS, 6, 10, 12, 0}, {JUMP_IF, 6, 0, 0, 18}, {HALT, 0, 0, 0, 0},
};

static NOINLINE u64 execute(void) {
  u64 r[16] = {0}, saved[STACK];
  u32 back[STACK], depth = 0;
  for (const struct Code *at = program;;) {
    const struct Code *code = at++;
    switch ((enum Op)code->op) {
      case SET: r[code->a & 15] = (u64)(i64)code->value; break;
      case ADD: r[code->a & 15] = r[code->b & 15] + r[code->c & 15]; break;
      case ADDI: r[code->a & 15] = r[code->b & 15] + (u64)(i64)code->value; break;
      case SUB: r[code->a & 15] = r[code->b & 15] - r[code->c & 15]; break;
      case MUL: r[code->a & 15] = r[code->b & 15] * r[code->c & 15]; break;
      case LOAD: r[code->a & 15] = cells[r[code->b & 15] % (LIMIT + 1)]; break;
      case STORE: cells[r[code->b & 15] % (LIMIT + 1)] = (u8)r[code->a & 15]; break;
      case LESS: r[code->a & 15] = r[code->b & 15] < r[code->c & 15]; break;
      case JUMP: at = program + code->value; break;
      case JUMP_IF: if (r[code->a & 15]) at = program + code->value; break;
      case CALL:
        if (depth == STACK) return ~0ull;
        back[depth] = (u32)(at - program);
        saved[depth++] = r[13];
        at = program + code->value;
        break;
      case RETURN:
        at = program + back[--depth];
        r[13] = saved[depth];
        break;
      case XOR: r[code->a & 15] = r[code->b & 15] ^ r[code->c & 15]; break;
      case SHIFT: r[code->a & 15] = r[code->b & 15] >> (code->value & 63); break;
      case HALT: return r[5] ^ r[9] << 32;
    }
  }
}

EXPORT("run") i64 run(i32 n) {
  u64 sum = 0;
  while (n-- > 0) {
    for (int i = 0; i <= LIMIT; i++) cells[i] = 0;
    sum = mix(sum, execute());
  }
  return (i64)sum;
}
