/* A file of records of one size, changed in place through file descriptors, and what else POSIX has on files, in a folder:
 * records FOLDER. Every step prints what it did; the folder holds `ledger` and `notes/` at the end. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define RECORDS 100

typedef struct record {
  uint32_t number;
  int32_t balance;
  char name[24];
} record;

_Static_assert(sizeof(record) == 32, "a record has 32 bytes in the file");

static const char *outcome(int result) { return result < 0 ? strerror(errno) : "done"; }

static void must(const char *what, int holds) {
  if (holds) return;
  printf("%s: %s\n", what, strerror(errno));
  exit(1);
}

static long long balance(int file) {
  long long sum = 0;
  record at;
  for (off_t offset = 0; pread(file, &at, sizeof at, offset) == sizeof at; offset += sizeof at) sum += at.balance;
  return sum;
}

static void fill(int file) {
  for (uint32_t i = 0; i < RECORDS; i++) {
    record fresh = {.number = i, .balance = (int32_t)(i * 10)};
    snprintf(fresh.name, sizeof fresh.name, "account %u", i);
    must("write", write(file, &fresh, sizeof fresh) == sizeof fresh);
  }
  printf("position %lld, balance %lld\n", (long long)lseek(file, 0, SEEK_CUR), balance(file));
}

static void transfer(int file, uint32_t from, uint32_t to, int32_t amount) {
  record pair[2];
  must("read", pread(file, &pair[0], sizeof(record), from * (off_t)sizeof(record)) == sizeof(record));
  must("read", pread(file, &pair[1], sizeof(record), to * (off_t)sizeof(record)) == sizeof(record));
  pair[0].balance -= amount;
  pair[1].balance += amount;
  must("write", pwrite(file, &pair[0], sizeof(record), from * (off_t)sizeof(record)) == sizeof(record));
  must("write", pwrite(file, &pair[1], sizeof(record), to * (off_t)sizeof(record)) == sizeof(record));
}

static void change_in_place(void) {
  int file = open("ledger", O_RDWR | O_CREAT | O_EXCL, 0666);
  must("ledger", file >= 0);
  fill(file);
  for (uint32_t i = 0; i < RECORDS / 2; i++) transfer(file, i, RECORDS - 1 - i, (int32_t)i);
  record at;
  must("seek", lseek(file, -(off_t)sizeof at, SEEK_END) == (RECORDS - 1) * (off_t)sizeof at);
  must("read", read(file, &at, sizeof at) == sizeof at);
  printf("%s has %d, together %lld\n", at.name, at.balance, balance(file));
  printf("at the end: read %zd, seek before the start: %s\n", read(file, &at, sizeof at), outcome(lseek(file, -1, SEEK_SET)));

  must("truncate", ftruncate(file, 10 * sizeof at) == 0);
  must("extend", ftruncate(file, 12 * sizeof at) == 0);
  struct stat status;
  must("stat", fstat(file, &status) == 0);
  must("read", pread(file, &at, sizeof at, 11 * sizeof at) == sizeof at);
  printf("%lld bytes, the last record is %s\n", (long long)status.st_size, at.number == 0 && at.name[0] == 0 ? "empty" : at.name);
  must("sync", fsync(file) == 0);
  must("close", close(file) == 0);
  printf("once more, exclusively: %s\n", outcome(open("ledger", O_RDWR | O_CREAT | O_EXCL, 0666)));
}

/* Writes or reads all parts; a system may do with a few of them at a time. */
static ssize_t all_parts(ssize_t (*move)(int, const struct iovec *, int), int file, struct iovec *parts, int count) {
  ssize_t moved = 0;
  while (count > 0) {
    ssize_t length = move(file, parts, count);
    if (length < 0) return length;
    if (length == 0) break;
    moved += length;
    for (; count > 0 && (size_t)length >= parts->iov_len; count--) length -= parts++->iov_len;
    if (count > 0) {
      parts->iov_base = (char *)parts->iov_base + length;
      parts->iov_len -= length;
    }
  }
  return moved;
}

static void append_and_gather(void) {
  int file = open("notes/log", O_WRONLY | O_CREAT | O_APPEND, 0666);
  must("log", file >= 0);
  struct iovec parts[3] = {{"one ", 4}, {"", 0}, {"two ", 4}};
  must("writev", all_parts(writev, file, parts, 3) == 8);
  must("seek", lseek(file, 0, SEEK_SET) == 0);
  must("write", write(file, "three\n", 6) == 6); /* at the end all the same */
  char back[32];
  printf("reading what is open for writing: %s\n", outcome((int)read(file, back, sizeof back)));
  must("close", close(file) == 0);

  file = open("notes/log", O_RDONLY);
  char first[5] = {0}, rest[32] = {0};
  struct iovec into[2] = {{first, 4}, {rest, sizeof rest - 1}};
  ssize_t length = all_parts(readv, file, into, 2);
  printf("read %zd: [%s][%.*s]\n", length, first, (int)strcspn(rest, "\n"), rest);
  printf("writing what is open for reading: %s\n", outcome((int)write(file, "x", 1)));
  must("close", close(file) == 0);
  printf("closing twice: %s\n", outcome(close(file)));
}

static void names(void) {
  printf("link: %s\n", outcome(link("notes/log", "notes/second")));
  struct stat log, second;
  must("stat", stat("notes/log", &log) == 0 && stat("notes/second", &second) == 0);
  printf("the same file: %s, links: %d\n", log.st_ino == second.st_ino ? "yes" : "no", (int)log.st_nlink);
  printf("symlink: %s\n", outcome(symlink("log", "notes/third")));
  char target[16] = {0};
  ssize_t length = readlink("notes/third", target, sizeof target - 1);
  printf("it names [%s], %zd bytes\n", target, length);
  must("lstat", lstat("notes/third", &second) == 0);
  printf("it is %s\n", S_ISLNK(second.st_mode) ? "a symbolic link" : "something else");
  must("stat", stat("notes/third", &second) == 0);
  printf("behind it is %s\n", log.st_ino == second.st_ino ? "the log" : "something else");
  printf("a dangling one: %s, opened: %s\n", outcome(symlink("nowhere", "dangling")), outcome(open("dangling", O_RDONLY)));
  printf("not followed: %s\n", outcome(open("dangling", O_RDONLY | O_NOFOLLOW)));
  printf("unlink: %s %s %s\n", outcome(unlink("dangling")), outcome(unlink("notes/third")), outcome(unlink("notes/second")));
  printf("unlinking what is gone: %s\n", outcome(unlink("notes/second")));
  printf("unlinking a folder fails: %s\n", unlink("notes") < 0 ? "yes" : "no");
  printf("removing one that is not empty: %s\n", outcome(rmdir("notes")));
  printf("a folder where one is: %s\n", outcome(mkdir("notes", 0777)));
  printf("a file as a folder: %s\n", outcome(open("ledger/x", O_RDONLY)));
  printf("out of the sandbox: %s\n", open("../../../../etc/passwd", O_RDONLY) < 0 ? "refused" : "opened");
}

static void times(void) {
  struct timespec stamps[2] = {{.tv_sec = 1000000000, .tv_nsec = 5000}, {.tv_sec = 1234567890, .tv_nsec = 987654000}};
  printf("times: %s\n", outcome(utimensat(AT_FDCWD, "ledger", stamps, 0)));
  struct stat status;
  must("stat", stat("ledger", &status) == 0);
  printf("accessed %lld.%09ld, modified %lld.%09ld\n", (long long)status.st_atim.tv_sec, status.st_atim.tv_nsec,
         (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fputs("usage: records FOLDER\n", stderr);
    return 64;
  }
  must("folder", chdir(argv[1]) == 0);
  must("notes", mkdir("notes", 0777) == 0);
  change_in_place();
  append_and_gather();
  names();
  times();
  return 0;
}
