/* Scores an event with the treasure hunt, and prints the top of its board.

       cc -std=c99 -pedantic score.c $(pkg-config --cflags --libs tallyho) -o score */
#include <stdio.h>
#include <string.h>
#include <tallyho.h>

int main(void) {
  const char event[] = "{\"type\":\"chest_opened\",\"player\":\"ada\",\"chest\":\"attic\",\"locks\":3,\"seconds\":10}";
  int64_t points = 0;
  char error[256];
  const int code = score_event(event, strlen(event), &points, error, sizeof error);
  if (code != TALLYHO_OK) {
    fprintf(stderr, "%s: %s\n", tallyho_code_name(code), error);
    return 1;
  }
  printf("%lld points\n", (long long)points);

  tallyho_place place = {sizeof place, "global", NULL, NULL, TALLYHO_ORDINAL, 0};
  tallyho_page page = {sizeof page, 0, 0, {NULL, 0}, NULL, 0};
  if (tallyho_board_page(NULL, &place, 1, 10, &page) != TALLYHO_OK) {
    fprintf(stderr, "%s\n", tallyho_last_error());
    return 1;
  }
  for (size_t i = 0; i < page.member_count; ++i) {
    const tallyho_member* member = &page.members[i];
    printf("%d. %.*s %lld\n", (int)member->rank, (int)member->name.size, member->name.bytes, (long long)member->value);
  }
  return 0;
}
