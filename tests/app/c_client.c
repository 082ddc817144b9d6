/* The example of docs/clients.md, as C. c_client FOLDER INTENT: prints its fate, and what comes of it.
 * c_client FOLDER start:PROGRAM: starts an engine where none runs, and says whether it answers.
 * c_client FOLDER library: what of the library is to be read again, twice.
 * c_client FOLDER watch: says "alive", and then, whenever the engine ceases to answer, when that was. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client/tactus_client.h"

static void pause_ms(int ms) {
  struct timespec t;
  t.tv_sec = 0;
  t.tv_nsec = ms * 1000000L;
  nanosleep(&t, NULL);
}

static void watch(const tactus_client* engine) {
  int alive = 0;
  for (;;) {
    const int now = tactus_alive(engine);
    struct timespec t;
    if (now && !alive) {
      puts("alive");
    } else if (!now && alive) {
      clock_gettime(CLOCK_MONOTONIC, &t);
      printf("%lld\n", t.tv_sec * 1000000000LL + t.tv_nsec);
    }
    if (now != alive) fflush(stdout);
    alive = now;
    pause_ms(2);
  }
}

int main(int argc, char** argv) {
  char error[256], text[256];
  tactus_fate fate;
  tactus_client* engine;
  int i;
  if (argc != 3) return 2;
  if (strncmp(argv[2], "start:", 6) == 0) {
    engine = tactus_connect_or_start(argv[1], "pad in C", "hand", argv[2] + 6, error, sizeof error);
    puts(engine && tactus_alive(engine) ? "alive" : error);
    tactus_close(engine);
    return !engine;
  }
  engine = tactus_connect(argv[1], "pad in C", "hand", error, sizeof error);
  if (!engine) {
    fprintf(stderr, "%s\n", error);
    return 1;
  }
  if (strcmp(argv[2], "watch") == 0) watch(engine);
  if (strcmp(argv[2], "library") == 0) {
    while (!tactus_alive(engine)) pause_ms(2);
    for (i = 0; i < 2; ++i) {
      const int kinds = tactus_library_changes(engine, text, sizeof text);
      printf("%d %s\n", kinds, text);
    }
    tactus_close(engine);
    return 0;
  }
  tactus_subscribe(engine, "events", 0, NULL);
  if (tactus_send(engine, argv[2], 2000, &fate) != 0) return 1;
  printf("%s %s\n", fate.verdict, fate.reason);
  for (i = 0; i < 50 && fate.id != 0; ++i) {
    const int got = tactus_next(engine, 100, text, sizeof text);
    if (got < 0) break;
    if (got > 0 && strstr(text, argv[2])) {
      printf("%s\n", text);
      break;
    }
  }
  if (tactus_look(engine) != 0) return 1;
  printf("alive %d rate %g unknown %d\n", tactus_alive(engine), tactus_number(engine, "rate"),
         isnan(tactus_number(engine, "no such")) ? 1 : 0);
  if (tactus_text(engine, "device", text, 5) == 0) printf("device %s\n", text);
  tactus_close(engine);
  return 0;
}
