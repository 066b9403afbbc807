// Makes a tree, and removes it as it lists it: directories above are in the middle of their listings meanwhile.
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WIDTH = 200 };

static int failed(const char *what, const char *path) {
  perror(path);
  printf("cannot %s\n", what);
  return 1;
}

static int make(const char *path, int depth) {
  if (mkdir(path, 0777) != 0) return failed("make", path);
  for (int i = 0; i < (depth > 1 ? 3 : WIDTH); i++) {
    char inner[512];
    // Names of all lengths, so that buffers end anywhere in them.
    snprintf(inner, sizeof inner, "%s/%d-%.*s", path, i, i % 60, "------------------------------------------------------------");
    if (depth > 0 && (depth > 1 || i % 10 == 0)) {
      if (make(inner, depth - 1) != 0) return 1;
    } else {
      int file = open(inner, O_CREAT | O_WRONLY, 0666);
      if (file < 0) return failed("open", inner);
      close(file);
    }
  }
  return 0;
}

static int removed;

static int remove_all(const char *path) {
  DIR *directory = opendir(path);
  if (directory == NULL) return failed("list", path);
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    char inner[512];
    snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
    removed++;
    if (entry->d_type == DT_DIR) {
      if (remove_all(inner) != 0) return 1;
    } else if (unlink(inner) != 0) {
      return failed("remove", inner);
    }
  }
  closedir(directory);
  return rmdir(path) != 0 ? failed("remove the folder", path) : 0;
}

int main(void) {
  if (make("/out/tree", 2) != 0 || remove_all("/out/tree") != 0) return 1;
  printf("%d removed\n", removed);
  return 0;
}
