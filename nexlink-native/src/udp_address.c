/* Addresses as the table of functions has them, and as the socket does. */
#include <arpa/inet.h>
#include <string.h>

#include "udp.h"

enum { V4_PREFIX_SIZE = 12 };

/* ::ffff:0:0/96 (RFC 4291 §2.5.5.2). */
static const uint8_t v4_prefix[V4_PREFIX_SIZE] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

bool nx_udp_is_v4(const nexlink_udp_address *address)
{
    return memcmp(address->address, v4_prefix, sizeof v4_prefix) == 0;
}

socklen_t nx_udp_to_system(int family, const nexlink_udp_address *address, nx_udp_sockaddr *result)
{
    memset(result, 0, sizeof *result);
    if (family == AF_INET) {
        result->v4.sin_family = AF_INET;
        result->v4.sin_port = htons(address->port);
        memcpy(&result->v4.sin_addr, address->address + V4_PREFIX_SIZE, sizeof result->v4.sin_addr);
        return sizeof result->v4;
    }
    result->v6.sin6_family = AF_INET6;
    result->v6.sin6_port = htons(address->port);
    result->v6.sin6_scope_id = address->scope;
    memcpy(&result->v6.sin6_addr, address->address, sizeof result->v6.sin6_addr);
    return sizeof result->v6;
}

nexlink_udp_address nx_udp_from_system(const nx_udp_sockaddr *address)
{
    nexlink_udp_address result = {.port = 0};
    if (address->any.sa_family == AF_INET) {
        memcpy(result.address, v4_prefix, sizeof v4_prefix);
        memcpy(result.address + V4_PREFIX_SIZE, &address->v4.sin_addr, sizeof address->v4.sin_addr);
        result.port = ntohs(address->v4.sin_port);
    } else {
        memcpy(result.address, &address->v6.sin6_addr, sizeof result.address);
        result.scope = address->v6.sin6_scope_id;
        result.port = ntohs(address->v6.sin6_port);
    }
    return result;
}
