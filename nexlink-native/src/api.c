/* The table, and the one symbol that the library exports. */
#include "arena.h"
#include "error.h"
#include "link.h"
#include "loop.h"
#include "nexlink.h"
#include "shm.h"
#include "udp.h"

static const char *name(void)
{
    return "native";
}

static int32_t any_info(nexlink_link *link, nexlink_link_info *info)
{
    nx_udp *udp = nx_udp_of(link);
    return udp != NULL ? nx_udp_link_info(udp, info) : nx_link_info(link, info);
}

static int32_t any_send(nexlink_link *link, const nexlink_descriptor *descriptors, uint32_t count)
{
    nx_udp *udp = nx_udp_of(link);
    return udp != NULL ? nx_udp_send(udp, descriptors, count) : nx_link_send(link, descriptors, count);
}

static int32_t any_receive(nexlink_link *link, nexlink_descriptor *descriptors, uint32_t count)
{
    nx_udp *udp = nx_udp_of(link);
    return udp != NULL ? nx_udp_receive(udp, descriptors, count) : nx_link_receive(link, descriptors, count);
}

static int32_t any_release(nexlink_link *link, const nexlink_release *releases, uint32_t count)
{
    nx_udp *udp = nx_udp_of(link);
    return udp != NULL ? nx_udp_release(udp, releases, count) : nx_link_release(link, releases, count);
}

static int32_t any_reclaim(nexlink_link *link, nexlink_release *releases, uint32_t count)
{
    nx_udp *udp = nx_udp_of(link);
    return udp != NULL ? nx_udp_reclaim(udp, releases, count) : nx_link_reclaim(link, releases, count);
}

/* A network has no peer that could die. */
static int32_t any_peer_state(nexlink_link *link)
{
    return nx_udp_of(link) != NULL ? NEXLINK_PEER_ALIVE : nx_link_peer_state(link);
}

static int32_t any_wait(nexlink_link *link, uint64_t timeout_ns)
{
    nx_udp *udp = nx_udp_of(link);
    return udp != NULL ? nx_udp_wait(udp, timeout_ns) : nx_link_wait(link, timeout_ns);
}

static int32_t any_wake(nexlink_link *link)
{
    nx_udp *udp = nx_udp_of(link);
    return link == NULL ? nx_fail(NEXLINK_EINVAL, "wake: no link") : udp != NULL ? nx_udp_wake(udp) : nx_link_wake(link);
}

static void any_close(nexlink_link *link)
{
    nx_udp *udp = nx_udp_of(link);
    if (udp != NULL) {
        nx_udp_close(udp);
    } else {
        nx_link_close(link);
    }
}

static const nexlink_api table = {
    .version = NEXLINK_ABI_VERSION,
    .size = sizeof(nexlink_api),
    .name = name,
    .last_error = nx_last_error,
    .create_arena = nx_arena_create,
    .arena_info = nx_arena_info,
    .destroy_arena = nx_arena_release,
    .create_loop = nx_loop_create,
    .listen = nx_shm_listen,
    .accept = nx_shm_accept,
    .close_listener = nx_shm_close_listener,
    .connect = nx_shm_connect,
    .link_info = any_info,
    .send = any_send,
    .receive = any_receive,
    .release = any_release,
    .reclaim = any_reclaim,
    .peer_state = any_peer_state,
    .wait = any_wait,
    .close_link = any_close,
    .open_udp = nx_udp_open,
    .udp_dial = nx_udp_dial,
    .udp_lookup = nx_udp_lookup,
    .udp_info = nx_udp_info,
    .wake = any_wake,
};

__attribute__((visibility("default"))) const nexlink_api *nexlink_get_api(uint32_t version)
{
    return version == NEXLINK_ABI_VERSION ? &table : NULL;
}
