/*
 * shm_name.h - names. A listener is an abstract UNIX socket "@nexlink-<uid>-NAME": the kernel forgets it together with the process, so that a
 * killed listener leaves nothing behind and the name is free at once.
 */
#ifndef NX_SHM_NAME_H
#define NX_SHM_NAME_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

/* EINVAL: the name is not 1 to 64 of [A-Za-z0-9._-]. */
int32_t nx_shm_address(const char *name, struct sockaddr_un *address, socklen_t *size);

#endif
