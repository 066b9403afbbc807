/* Counts the words of all files of a tree and writes a report: word-frequency TREE REPORT [MOST]
 * The report is written into a temporary file, whose first line is filled in last, and then renamed into place. What is
 * printed is read back from it. */

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LONGEST_WORD 64
#define LONGEST_PATH 1024
#define HEAD_FORMAT "%08zu words, %08zu different, %08lld bytes in %04d files\n"

typedef struct entry {
  struct entry *next;
  size_t count;
  char word[];
} entry;

static entry **buckets;
static size_t bucket_count = 16;
static size_t total, different;
static long long bytes;
static int files;

static void fail(const char *what, const char *path) {
  fprintf(stderr, "word-frequency: %s %s: %s\n", what, path, strerror(errno));
  exit(2);
}

static void *need(void *allocated) {
  if (!allocated) {
    fputs("word-frequency: out of memory\n", stderr);
    exit(3);
  }
  return allocated;
}

static size_t hash(const char *word) {
  unsigned value = 2166136261u;
  while (*word) value = (value ^ (unsigned char)*word++) * 16777619u;
  return value;
}

static void grow(void) {
  size_t wider = bucket_count * 2;
  entry **fresh = need(calloc(wider, sizeof *fresh));
  for (size_t i = 0; i < bucket_count; i++) {
    for (entry *next, *at = buckets[i]; at; at = next) {
      next = at->next;
      entry **bucket = &fresh[hash(at->word) % wider];
      at->next = *bucket;
      *bucket = at;
    }
  }
  free(buckets);
  buckets = fresh;
  bucket_count = wider;
}

static void count(const char *word) {
  total++;
  entry **bucket = &buckets[hash(word) % bucket_count];
  for (entry *at = *bucket; at; at = at->next) {
    if (strcmp(at->word, word) == 0) {
      at->count++;
      return;
    }
  }
  if (++different > bucket_count) {
    grow();
    bucket = &buckets[hash(word) % bucket_count];
  }
  entry *fresh = need(malloc(sizeof *fresh + strlen(word) + 1));
  strcpy(fresh->word, word);
  fresh->count = 1;
  fresh->next = *bucket;
  *bucket = fresh;
}

static void read_words(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) fail("cannot open", path);
  char word[LONGEST_WORD + 1];
  size_t length = 0;
  int c;
  do {
    c = getc(file);
    if (c != EOF) bytes++;
    if (c != EOF && isalpha(c)) {
      if (length < LONGEST_WORD) word[length++] = (char)tolower(c);
    } else if (length > 0) {
      word[length] = 0;
      count(word);
      length = 0;
    }
  } while (c != EOF);
  if (ferror(file)) fail("cannot read", path);
  fclose(file);
  files++;
}

static void walk(const char *path) {
  DIR *directory = opendir(path);
  if (!directory) fail("cannot list", path);
  struct dirent *found;
  while (errno = 0, found = readdir(directory)) {
    if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0) continue;
    char inner[LONGEST_PATH];
    if (snprintf(inner, sizeof inner, "%s/%s", path, found->d_name) >= (int)sizeof inner) {
      errno = ENAMETOOLONG;
      fail("cannot visit", path);
    }
    struct stat status;
    if (lstat(inner, &status) != 0) fail("cannot look at", inner);
    if (S_ISDIR(status.st_mode)) {
      walk(inner);
    } else if (S_ISREG(status.st_mode)) {
      read_words(inner);
    }
  }
  if (errno) fail("cannot list", path);
  closedir(directory);
}

static int by_count(const void *left, const void *right) {
  const entry *a = *(entry *const *)left, *b = *(entry *const *)right;
  if (a->count != b->count) return a->count < b->count ? 1 : -1;
  return strcmp(a->word, b->word);
}

static void write_report(const char *path) {
  entry **sorted = need(malloc((different + 1) * sizeof *sorted));
  size_t filled = 0;
  for (size_t i = 0; i < bucket_count; i++) {
    for (entry *at = buckets[i]; at; at = at->next) sorted[filled++] = at;
  }
  qsort(sorted, filled, sizeof *sorted, by_count);

  char temporary[LONGEST_PATH];
  snprintf(temporary, sizeof temporary, "%s.partial", path);
  FILE *file = fopen(temporary, "w+");
  if (!file) fail("cannot make", temporary);
  static char buffer[256]; /* so small that it is written out many times */
  setvbuf(file, buffer, _IOFBF, sizeof buffer);
  fprintf(file, HEAD_FORMAT, (size_t)0, (size_t)0, 0LL, 0);
  for (size_t i = 0; i < filled; i++) fprintf(file, "%zu %s\n", sorted[i]->count, sorted[i]->word);
  rewind(file);
  fprintf(file, HEAD_FORMAT, total, different, bytes, files);
  if (fclose(file) != 0) fail("cannot write", temporary);
  if (rename(temporary, path) != 0) fail("cannot rename", temporary);
  free(sorted);
}

static void print_report(const char *path, long most) {
  FILE *file = fopen(path, "r");
  if (!file) fail("cannot open", path);
  char line[LONGEST_WORD + 64];
  for (long at = 0; at <= most && fgets(line, sizeof line, file); at++) fputs(line, stdout);
  if (fseek(file, 0, SEEK_END) != 0) fail("cannot seek in", path);
  struct stat status;
  if (stat(path, &status) != 0) fail("cannot look at", path);
  printf("report of %ld bytes%s\n", ftell(file), status.st_size == ftell(file) ? "" : ", of which stat knows nothing");
  fclose(file);
}

int main(int argc, char **argv) {
  if (argc < 3 || argc > 4) {
    fprintf(stderr, "usage: %s TREE REPORT [MOST]\n", argc > 0 ? argv[0] : "word-frequency");
    return 64;
  }
  buckets = need(calloc(bucket_count, sizeof *buckets));
  walk(argv[1]);
  write_report(argv[2]);
  print_report(argv[2], argc == 4 ? strtol(argv[3], NULL, 10) : 10);
  return 0;
}
