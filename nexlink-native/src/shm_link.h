/* shm_link.h - from a hello to a link: the part of a meeting that both ends share. */
#ifndef NX_SHM_LINK_H
#define NX_SHM_LINK_H

#include "control.h"
#include "hello.h"
#include "nexlink.h"
#include "segment.h"

/* Makes an endpoint's own control segment. */
int32_t nx_shm_make_control(const nexlink_arena *arena, uint32_t ring_capacity, nx_segment *control);

/* Says hello with an arena and a control segment. */
int32_t nx_shm_say_hello(int socket, const nexlink_arena *arena, const nx_segment *control);

/*
 * Maps and checks what a peer's hello brought and makes the link. Takes over the socket, the control segment and the received descriptors,
 * also when it fails.
 */
int32_t nx_shm_make_link(int socket, nexlink_arena *arena, const nx_segment *control, const int received[NX_HELLO_DESCRIPTORS], nexlink_link **link);

#endif
