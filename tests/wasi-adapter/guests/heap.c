// Fills blocks of the heap and prints between them, as most programs do; then looks whether all hold what was put there, and writes a file.
// With the wasi-libc of 2022 the heap starts as all memory that there is at the first `malloc`, whoever made it longer by then.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 100, SIZE = 8000 };

int main(void) {
  unsigned char *blocks[BLOCKS];
  for (int i = 0; i < BLOCKS; i++) {
    blocks[i] = malloc(SIZE);
    if (blocks[i] == NULL) return 2;
    memset(blocks[i], i + 1, SIZE);
    if (i % 10 == 9) {
      printf("%d blocks\n", i + 1);
      fflush(stdout);
    }
  }
  for (int i = 0; i < BLOCKS; i++) {
    for (int at = 0; at < SIZE; at++) {
      if (blocks[i][at] != i + 1) {
        printf("block %d has %d at %d\n", i, blocks[i][at], at);
        return 3;
      }
    }
  }
  FILE *file = fopen("/out/done", "w");
  if (file == NULL) return 4;
  fputs("all as they were\n", file);
  return fclose(file) == 0 ? 0 : 5;
}
