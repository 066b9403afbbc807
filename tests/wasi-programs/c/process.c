/* What a program has of its surroundings: arguments, environment, standard input, and the ways to end.
 * process COMMAND [ARGUMENT...] */

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static int by_name(const void *left, const void *right) { return strcmp(*(char *const *)left, *(char *const *)right); }

static int print_environment(void) {
  int count = 0;
  while (environ && environ[count]) count++;
  char **sorted = malloc((size_t)(count + 1) * sizeof *sorted);
  if (!sorted) return 3;
  for (int i = 0; i < count; i++) sorted[i] = environ[i];
  qsort(sorted, (size_t)count, sizeof *sorted, by_name);
  for (int i = 0; i < count; i++) puts(sorted[i]);
  printf("%d variables\n", count);
  free(sorted);
  return 0;
}

/* Numbers the lines of standard input; a last line without a line break is marked. */
static int number_lines(void) {
  char *line = NULL;
  size_t room = 0;
  ssize_t length;
  int number = 0;
  while ((length = getline(&line, &room, stdin)) != -1) {
    int whole = line[length - 1] == '\n';
    printf("%d: %.*s%s\n", ++number, (int)(length - whole), line, whole ? "" : " (no line break)");
  }
  if (ferror(stdin)) {
    perror("standard input");
    return 2;
  }
  free(line);
  return 0;
}

static void said_at_exit(void) { puts("at exit"); }

/* Goes down until the stack ends; the address keeps each frame in memory. */
static int descend(int depth, volatile int *above) {
  volatile int here[64];
  if (depth < 0) return 0;
  here[0] = depth;
  return descend(depth + 1, here) + *above;
}

static int end(const char *how, const char *argument) {
  atexit(said_at_exit);
  printf("about to %s", how); /* buffered, without a line break: only an orderly end writes it */
  int code = argument ? atoi(argument) : 0;
  if (strcmp(how, "return") == 0) return code;
  if (strcmp(how, "exit") == 0) exit(code);
  if (strcmp(how, "_exit") == 0) _exit(code);
  if (strcmp(how, "abort") == 0) abort();
  if (strcmp(how, "assert") == 0) assert(code != 0 && "what is asserted");
  if (strcmp(how, "divide") == 0) {
    volatile int by = code;
    return 1000 / by;
  }
  if (strcmp(how, "recurse") == 0) return descend(0, &code);
  puts("");
  fprintf(stderr, "process: there is no way to %s\n", how);
  return 64;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fputs("usage: process arguments|environment|variable NAME|lines|close|HOW [CODE]\n", stderr);
    return 64;
  }
  const char *command = argv[1];
  if (strcmp(command, "arguments") == 0) {
    for (int i = 0; i < argc; i++) printf("%d [%s]\n", i, argv[i]);
    return argv[argc] == NULL ? 0 : 1;
  }
  if (strcmp(command, "environment") == 0) return print_environment();
  if (strcmp(command, "variable") == 0 && argc == 3) {
    const char *value = getenv(argv[2]);
    printf("%s %s\n", argv[2], value ? value : "(not set)");
    return value ? 0 : 1;
  }
  if (strcmp(command, "lines") == 0) return number_lines();
  if (strcmp(command, "close") == 0) {
    fputs("before\n", stdout);
    fflush(stdout);
    int closed = close(STDOUT_FILENO);
    ssize_t written = write(STDOUT_FILENO, "after\n", 6);
    fprintf(stderr, "close %d, write %zd: %s\n", closed, written, strerror(errno));
    return 0;
  }
  return end(command, argc > 2 ? argv[2] : NULL);
}
