/* The floor: a WebSocket server of libwebsockets, one thread, that answers each line of a frame with the same ack. What
   it can do is what the transport costs; what ours does less than that is what an event costs.
   Usage: echo PORT. Says "listening" when it does. */
#include <libwebsockets.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACK "{\"ack\":{\"code\":\"ok\",\"points\":0,\"total\":0,\"position\":1}}"
#define FRAME_BYTES_MAX (1 << 20)

struct session {
  size_t lines; /* Of the frames that were taken and not answered yet. */
};

static volatile sig_atomic_t is_over;
static unsigned char answer[LWS_PRE + FRAME_BYTES_MAX];

static void end(int signal_number) {
  (void)signal_number;
  is_over = 1;
}

static int write_acks(struct lws* socket, struct session* session) {
  const size_t room = FRAME_BYTES_MAX / sizeof(ACK);
  const size_t lines = session->lines < room ? session->lines : room;
  size_t bytes = 0;
  for (size_t i = 0; i < lines; ++i) {
    memcpy(answer + LWS_PRE + bytes, ACK "\n", sizeof(ACK));
    bytes += sizeof(ACK);
  }
  session->lines -= lines;
  if (session->lines > 0) lws_callback_on_writable(socket);
  return lws_write(socket, answer + LWS_PRE, bytes - 1, LWS_WRITE_TEXT) < 0 ? -1 : 0;
}

static int serve(struct lws* socket, enum lws_callback_reasons reason, void* user, void* in, size_t size) {
  struct session* session = user;
  if (reason == LWS_CALLBACK_ESTABLISHED) session->lines = 0;
  if (reason == LWS_CALLBACK_RECEIVE) {
    for (const char* at = in; (at = memchr(at, '\n', (size_t)((const char*)in + size - at))) != NULL; ++at) {
      ++session->lines;
    }
    if (lws_is_final_fragment(socket) && lws_remaining_packet_payload(socket) == 0) {
      ++session->lines;
      lws_callback_on_writable(socket);
    }
  }
  if (reason == LWS_CALLBACK_SERVER_WRITEABLE && session->lines > 0) return write_acks(socket, session);
  return 0;
}

int main(int count, char** arguments) {
  static const struct lws_protocols protocols[] = {{"", serve, sizeof(struct session), 1 << 16, 0, NULL, 0},
                                                   {NULL, NULL, 0, 0, 0, NULL, 0}};
  struct lws_context_creation_info info;
  if (count != 2) return 2;
  memset(&info, 0, sizeof info);
  info.port = (int)strtol(arguments[1], NULL, 10);
  info.iface = "127.0.0.1";
  info.protocols = protocols;
  signal(SIGTERM, end);
  lws_set_log_level(LLL_ERR, NULL);
  struct lws_context* context = lws_create_context(&info);
  if (context == NULL) return 1;
  puts("listening");
  fflush(stdout);
  while (!is_over && lws_service(context, 0) >= 0) {
  }
  lws_context_destroy(context);
  return 0;
}
