#include "shm_name.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"

enum { NAME_LENGTH_MAX = 64 };

static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

_Static_assert(1 + sizeof("nexlink-4294967295-") + NAME_LENGTH_MAX <= sizeof(((struct sockaddr_un *)NULL)->sun_path), "every name fits");

int32_t nx_shm_address(const char *name, struct sockaddr_un *address, socklen_t *size)
{
    const size_t length = name == NULL ? 0 : strnlen(name, NAME_LENGTH_MAX + 1);
    if (length == 0 || length > NAME_LENGTH_MAX || strspn(name, allowed) != length) {
        return nx_fail(NEXLINK_EINVAL, "a name is 1 to 64 of A-Z a-z 0-9 . _ -");
    }
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    /* The first byte, 0, makes the name abstract; its length is part of the address. */
    const int written = snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "nexlink-%u-%s", (unsigned)geteuid(), name);
    *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)written);
    return NEXLINK_OK;
}
