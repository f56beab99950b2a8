/* shm.h - links between two processes of one user on one machine, which find each other under a name. */
#ifndef NX_SHM_H
#define NX_SHM_H

#include "nexlink.h"

int32_t nx_shm_listen(const char *name, nexlink_listener **listener);
int32_t nx_shm_accept(nexlink_listener *listener, nexlink_arena *arena, uint32_t ring_capacity, nexlink_link **link);
void nx_shm_close_listener(nexlink_listener *listener);
int32_t nx_shm_connect(const char *name, nexlink_arena *arena, uint32_t ring_capacity, uint32_t timeout_ms, nexlink_link **link);

#endif
