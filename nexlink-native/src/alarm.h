/* alarm.h - what ends a sleep from another thread of the same process: an eventfd, so that a sleeper can wait for it beside its socket. */
#ifndef NX_ALARM_H
#define NX_ALARM_H

#include <stdbool.h>
#include <stdint.h>

/* Makes one; the descriptor is -1 when it fails. */
int32_t nx_alarm_open(int *alarm);

/* Any thread. The sleep that is under way, or the next one, ends. */
void nx_alarm_ring(int alarm);

/* Whether it rang since the last call; then it no longer rings. */
bool nx_alarm_hush(int alarm);

void nx_alarm_close(int alarm);

#endif
