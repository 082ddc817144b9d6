/* A client of a running engine, for C and for every language that can call C. docs/clients.md says what the words mean.
 *
 *   char error[256];
 *   tactus_client* engine = tactus_connect(NULL, "my pad", "midi", error, sizeof error);
 *   if (!engine) return complain(error);
 *   tactus_fate fate;
 *   if (tactus_send(engine, "/deck/1/play @bar", 2000, &fate) == 0) printf("%s at beat %g\n", fate.verdict, fate.beat);
 *   tactus_close(engine);
 *
 * One thread at a time a client. Texts are UTF-8, end with a zero, and are cut where their room ends. Nothing here can
 * make the engine wait.
 */
#ifndef TACTUS_CLIENT_H
#define TACTUS_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tactus_client tactus_client;

typedef struct tactus_fate {
  char verdict[16]; /* accepted, coalesced or refused */
  uint64_t id;      /* 0 when refused */
  double beat;      /* of the session, at which it sounds */
  int64_t frame;    /* likewise */
  char reason[256]; /* when refused */
} tactus_fate;

/* session: its folder, NULL for the default one. kind: hand, key, midi, osc, voice, motion, script or ai. NULL, and a
 * sentence in error, when no engine answers. */
tactus_client* tactus_connect(const char* session, const char* name, const char* kind, char* error, size_t error_size);
/* The same; where no engine runs for that session, one is started under its supervisor (`program up --session ...`) and
 * waited for, 20 s at most. It outlives this program: `tactus stop` ends it. program: NULL for the "tactus" of the
 * PATH. */
tactus_client* tactus_connect_or_start(const char* session, const char* name, const char* kind, const char* program,
                                       char* error, size_t error_size);
void tactus_close(tactus_client* client); /* NULL is fine */

/* Sends an intent and waits for its fate: 0; -1 when the engine doesn't answer within patience_ms, or is gone. */
int tactus_send(tactus_client* client, const char* intent, int patience_ms, tactus_fate* fate);
/* The same without waiting: its /fate comes among the messages. The request's number; 0 when the engine is gone. */
int32_t tactus_post(tactus_client* client, const char* intent);
/* What to hear of: "events", "fates", or "state" so many times a second for names that begin with prefix. 0 or -1. */
int tactus_subscribe(tactus_client* client, const char* what, double per_second, const char* prefix);
/* The next message, as its address and arguments in one text: 1; 0 when none came in time; -1 when the engine is gone.
 */
int tactus_next(tactus_client* client, int patience_ms, char* text, size_t size);

/* Takes a picture of the engine's state for the functions below: 0; -1 when there is none yet. Costs the engine
 * nothing. */
int tactus_look(tactus_client* client);
/* Of the last picture: a value by its name ("deck/1/position", `tactus state` lists them); NaN for names that aren't.
 */
double tactus_number(const tactus_client* client, const char* name);
int tactus_text(const tactus_client* client, const char* name, char* text, size_t size); /* 0, or -1: no such name */
/* What of the library is to be read again since the last call ("analyses recordings mappings"; the first time all of
 * it), as words in text: how many they are, or -1. */
int tactus_library_changes(tactus_client* client, char* text, size_t size);
/* Whether the engine has shown a sign of life within the last 0.4 seconds. */
int tactus_alive(const tactus_client* client);

#ifdef __cplusplus
}
#endif
#endif
