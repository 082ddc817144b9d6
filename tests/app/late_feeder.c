// Loaded before a program: SIGUSR1 makes the thread that gets it sleep for 60 ms, as a machine with too much to do
// would.
#include <signal.h>
#include <stddef.h>
#include <time.h>

static void sleep_here(int signal) {
  (void)signal;
  const struct timespec pause = {0, 60000000};
  nanosleep(&pause, NULL);
}

__attribute__((constructor)) static void install(void) {
  struct sigaction action = {.sa_handler = sleep_here, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &action, NULL);
}
