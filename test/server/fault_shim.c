/* Fails one system call on the path of the log. Preloaded into a server by test_faults.py:
 *
 *     LD_PRELOAD=libfault_shim.so TALLYHO_FAULT_FOLDER=/data TALLYHO_FAULT=eio:17 tallyho serve --data /data …
 *
 * Calls on files of that folder are counted. The 17th, or the first after it that can fail so, fails once:
 *
 *     eio, enospc, eintr   without having done anything
 *     short                a write or read does half of its bytes
 *     kill, killed         the process is killed before the call, or right after it
 *
 * With TALLYHO_FAULT_TRACE=FILE the name of each call is added to that file, which is how a test learns how many there
 * are. Counting is the only thing that threads share here.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum fault { none, eio, enospc, eintr, cut_short, kill_before, kill_after };

/* What a call can fail with, as bits of enum fault. */
enum { fails_always = 1 << eio | 1 << kill_before | 1 << kill_after };
enum { fails_making = fails_always | 1 << enospc };
enum { fails_transferring = fails_making | 1 << eintr | 1 << cut_short };

static atomic_int calls;
static atomic_flag is_done = ATOMIC_FLAG_INIT;

static int is_in_folder(const char* path) {
  const char* folder = getenv("TALLYHO_FAULT_FOLDER");
  return folder != NULL && strncmp(path, folder, strlen(folder)) == 0;
}

static int is_watched(int file) {
  char link[64];
  char path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t size = readlink(link, path, sizeof path - 1);
  if (size <= 0) return 0;
  path[size] = '\0';
  return is_in_folder(path);
}

static void trace(const char* call) {
  const char* name = getenv("TALLYHO_FAULT_TRACE");
  if (name == NULL) return;
  const int file = (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_APPEND, 0600);
  char line[64];
  const int size = snprintf(line, sizeof line, "%s\n", call);
  (void)!syscall(SYS_write, file, line, (size_t)size);
  syscall(SYS_close, file);
}

static enum fault wanted(int* number) {
  static const char* const names[] = {"", "eio", "enospc", "eintr", "short", "kill", "killed"};
  const char* text = getenv("TALLYHO_FAULT");
  const char* colon = text == NULL ? NULL : strchr(text, ':');
  if (colon == NULL) return none;
  *number = (int)strtol(colon + 1, NULL, 10);
  for (int i = eio; i <= kill_after; ++i) {
    if (strlen(names[i]) == (size_t)(colon - text) && strncmp(text, names[i], strlen(names[i])) == 0)
      return (enum fault)i;
  }
  return none;
}

/* The fault of this call: counts it. */
static enum fault next_fault(const char* call, int possible) {
  int number = 0;
  trace(call);
  const enum fault fault = wanted(&number);
  if (atomic_fetch_add(&calls, 1) + 1 < number || fault == none || (possible >> fault & 1) == 0) return none;
  if (atomic_flag_test_and_set(&is_done)) return none;
  if (fault == kill_before) kill(getpid(), SIGKILL);
  return fault;
}

/* For a call that did nothing: true, with errno. */
static int has_failed(enum fault fault) {
  if (fault == eio) errno = EIO;
  if (fault == enospc) errno = ENOSPC;
  if (fault == eintr) errno = EINTR;
  return fault == eio || fault == enospc || fault == eintr;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAULTY(possible, name, ...)                                           \
  const enum fault fault = next_fault(#name, possible);                       \
  if (has_failed(fault)) return -1;                                           \
  const __typeof__(NEXT(name)(__VA_ARGS__)) result = NEXT(name)(__VA_ARGS__); \
  if (fault == kill_after) kill(getpid(), SIGKILL);                           \
  return result

ssize_t pwrite(int file, const void* bytes, size_t size, off_t offset) {
  if (!is_watched(file)) return NEXT(pwrite)(file, bytes, size, offset);
  const enum fault fault = next_fault("pwrite", fails_transferring);
  if (has_failed(fault)) return -1;
  const ssize_t result = NEXT(pwrite)(file, bytes, fault == cut_short ? size / 2 : size, offset);
  if (fault == kill_after) kill(getpid(), SIGKILL);
  return result;
}

ssize_t pread(int file, void* bytes, size_t size, off_t offset) {
  if (!is_watched(file)) return NEXT(pread)(file, bytes, size, offset);
  const enum fault fault = next_fault("pread", fails_transferring & ~(1 << enospc));
  if (has_failed(fault)) return -1;
  const ssize_t result = NEXT(pread)(file, bytes, fault == cut_short && size > 1 ? size / 2 : size, offset);
  if (fault == kill_after) kill(getpid(), SIGKILL);
  return result;
}

int fdatasync(int file) {
  if (!is_watched(file)) return NEXT(fdatasync)(file);
  FAULTY(fails_making | 1 << eintr, fdatasync, file);
}

int sync_file_range(int file, off_t offset, off_t bytes, unsigned int flags) {
  if (!is_watched(file)) return NEXT(sync_file_range)(file, offset, bytes, flags);
  FAULTY(fails_making | 1 << eintr, sync_file_range, file, offset, bytes, flags);
}

int fsync(int file) {
  if (!is_watched(file)) return NEXT(fsync)(file);
  FAULTY(fails_making | 1 << eintr, fsync, file);
}

int flock(int file, int operation) {
  if (!is_watched(file)) return NEXT(flock)(file, operation);
  FAULTY(fails_always, flock, file, operation);
}

int openat(int folder, const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  if (folder < 0 || !is_watched(folder)) return NEXT(openat)(folder, path, flags, mode);
  FAULTY((flags & O_CREAT) != 0 ? fails_making | 1 << eintr : fails_always | 1 << eintr, openat, folder, path, flags,
         mode);
}

int renameat(int old_folder, const char* old_path, int new_folder, const char* new_path) {
  if (!is_watched(old_folder)) return NEXT(renameat)(old_folder, old_path, new_folder, new_path);
  FAULTY(fails_making, renameat, old_folder, old_path, new_folder, new_path);
}

int unlinkat(int folder, const char* path, int flags) {
  if (folder < 0 || !is_watched(folder)) return NEXT(unlinkat)(folder, path, flags);
  FAULTY(fails_always, unlinkat, folder, path, flags);
}

int ftruncate(int file, off_t size) {
  if (!is_watched(file)) return NEXT(ftruncate)(file, size);
  FAULTY(fails_making | 1 << eintr, ftruncate, file, size);
}
