/* The table, and the one symbol that the library exports. */
#include "arena.h"
#include "error.h"
#include "link.h"
#include "loop.h"
#include "nexlink.h"
#include "shm.h"

static const char *name(void)
{
    return "native";
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
    .link_info = nx_link_info,
    .send = nx_link_send,
    .receive = nx_link_receive,
    .release = nx_link_release,
    .reclaim = nx_link_reclaim,
    .peer_state = nx_link_peer_state,
    .wait = nx_link_wait,
    .close_link = nx_link_close,
};

__attribute__((visibility("default"))) const nexlink_api *nexlink_get_api(uint32_t version)
{
    return version == NEXLINK_ABI_VERSION ? &table : NULL;
}
