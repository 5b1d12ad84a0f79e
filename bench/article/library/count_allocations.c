/* Counts the bytes that a program asks malloc() and its like for: LD_PRELOAD=libcount_allocations.so. It allocates as
   glibc does, and allocated_bytes() says how many bytes were asked for so far, by all threads. */
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

extern void* __libc_malloc(size_t bytes);
extern void* __libc_calloc(size_t count, size_t bytes);
extern void* __libc_realloc(void* memory, size_t bytes);
extern void* __libc_memalign(size_t alignment, size_t bytes);

static atomic_uint_fast64_t asked_for;

uint64_t allocated_bytes(void) {
  return atomic_load_explicit(&asked_for, memory_order_relaxed);
}

static void count(size_t bytes) {
  atomic_fetch_add_explicit(&asked_for, bytes, memory_order_relaxed);
}

void* malloc(size_t bytes) {
  count(bytes);
  return __libc_malloc(bytes);
}

void* calloc(size_t number, size_t bytes) {
  count(number * bytes);
  return __libc_calloc(number, bytes);
}

void* realloc(void* memory, size_t bytes) {
  count(bytes);
  return __libc_realloc(memory, bytes);
}

void* aligned_alloc(size_t alignment, size_t bytes) {
  count(bytes);
  return __libc_memalign(alignment, bytes);
}
