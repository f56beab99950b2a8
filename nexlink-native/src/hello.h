/*
 * hello.h - the one message that each end sends when they meet, and the descriptors that come with it: the sender's arena and its control
 * segment. All else about the sender stands in the control segment's header.
 */
#ifndef NX_HELLO_H
#define NX_HELLO_H

#include <stdint.h>

#define NX_HELLO_MAGIC 0x4B4C584Eu /* "NXLK" in memory */

enum { NX_HELLO_ARENA = 0, NX_HELLO_CONTROL = 1, NX_HELLO_DESCRIPTORS = 2 };

/* Magic and version keep their places in all versions: they are how two versions find out that they differ. */
typedef struct nx_hello {
    uint32_t magic;
    uint32_t version;
    uint32_t descriptors; /* NX_HELLO_DESCRIPTORS, or 0 in an answer that only says the version */
    uint32_t reserved;
} nx_hello;

/* Sends a hello with both descriptors, or with none when `descriptors` is NULL. EPEER: the other end has hung up. */
int32_t nx_hello_send(int socket, const int *descriptors);

/* Takes a hello if one is there; the caller owns the descriptors then, and only then. Never blocks. EAGAIN: not there yet. EVERSION: the peer
 * has another version. EPEER: what came is no hello, or the peer has hung up. */
int32_t nx_hello_receive(int socket, int descriptors[NX_HELLO_DESCRIPTORS]);

#endif
