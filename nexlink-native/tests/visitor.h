/* visitor.h - a listener to visit, and a client that does everything by hand, and so can do it wrong. */
#ifndef VISITOR_H
#define VISITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hello.h"
#include "nexlink.h"

enum { FRAME_SIZE = 4096, FRAME_COUNT = 4, CAPACITY = 8 };

/* A listener with its arena, and the descriptors that were open before. */
typedef struct host {
    const char *name;
    nexlink_listener *listener;
    nexlink_arena *arena;
    size_t open_before;
} host;

bool host_open(host *self);

/* Closes all, and tells whether everything that was opened meanwhile is closed. */
bool host_close(const host *self);

/* A socket that is connected to the listener of that name, or -1. */
int knock(const char *name);

/* Sends one message with these descriptors. */
bool say(int socket, const void *bytes, size_t size, const int *descriptors, uint32_t count);

/* What a client says that keeps to the rules. */
extern const nx_hello good_hello;

#endif
