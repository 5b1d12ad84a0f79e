/* Scores a file of events with score_event(), as a host in C would. Prints one JSON object: how many, seconds of the
   clock and of the processor, resident memory, and bytes allocated if that is counted (count_allocations.c). Lines are
   told apart before, as in Python.

       score_file EVENTS.ndjson */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tallyho.h"

/* Of the library that counts, where it is loaded before all others. */
extern uint64_t allocated_bytes(void) __attribute__((weak));

static double now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double resident_mib(void) {
  long pages = 0;
  FILE* file = fopen("/proc/self/statm", "r");
  if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
  if (file != NULL) fclose(file);
  return (double)(pages * sysconf(_SC_PAGESIZE)) / (1 << 20);
}

/* All of a file, and a NUL; NULL if it can't be read. */
static char* read_file(const char* path, size_t* size) {
  FILE* file = fopen(path, "rb");
  char* bytes = NULL;
  long end = 0;
  if (file == NULL) return NULL;
  if (fseek(file, 0, SEEK_END) == 0 && (end = ftell(file)) >= 0 && fseek(file, 0, SEEK_SET) == 0) {
    bytes = malloc((size_t)end + 1);
    if (bytes != NULL && fread(bytes, 1, (size_t)end, file) == (size_t)end) {
      bytes[end] = '\0';
      *size = (size_t)end;
    } else {
      free(bytes);
      bytes = NULL;
    }
  }
  fclose(file);
  return bytes;
}

/* Where the lines of the bytes begin, and one past the end of the last: `*lines` + 1 of them; NULL: no memory. The last
   one ends with a newline, too. */
static const char** split(const char* bytes, size_t size, size_t* lines) {
  const char** begins = NULL;
  const char* at = bytes;
  size_t i;
  *lines = 0;
  for (i = 0; i < size; ++i) *lines += bytes[i] == '\n';
  begins = malloc((*lines + 1) * sizeof *begins);
  for (i = 0; begins != NULL && i <= *lines; ++i) {
    begins[i] = at;
    if (i < *lines) at = (const char*)memchr(at, '\n', (size_t)(bytes + size - at)) + 1;
  }
  return begins;
}

int main(int argc, char** argv) {
  size_t size = 0;
  size_t events = 0;
  size_t i;
  char* const bytes = argc == 2 ? read_file(argv[1], &size) : NULL;
  const char** const lines = bytes != NULL ? split(bytes, size, &events) : NULL;
  int64_t points = 0;
  char error[256];
  if (lines == NULL || tallyho_init(NULL) != TALLYHO_OK) {
    fprintf(stderr, "score_file: %s\n", lines == NULL ? "no file of events" : tallyho_last_error());
    return 1;
  }
  const double resident = resident_mib();
  const uint64_t allocated = allocated_bytes != NULL ? allocated_bytes() : 0;
  const double started = now(CLOCK_MONOTONIC);
  const double cpu = now(CLOCK_PROCESS_CPUTIME_ID);
  for (i = 0; i < events; ++i) {
    score_event(lines[i], (size_t)(lines[i + 1] - lines[i] - 1), &points, error, sizeof error);
  }
  printf("{\"events\": %llu, \"seconds\": %.6f, \"cpu_seconds\": %.6f, \"mib\": %.1f", (unsigned long long)events,
         now(CLOCK_MONOTONIC) - started, now(CLOCK_PROCESS_CPUTIME_ID) - cpu, resident_mib() - resident);
  if (allocated_bytes != NULL) printf(", \"allocated\": %llu", (unsigned long long)(allocated_bytes() - allocated));
  printf("}\n");
  free(lines);
  free(bytes);
  return 0;
}
