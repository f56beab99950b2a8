#include "visitor.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shm_name.h"
#include "support.h"

const nx_hello good_hello = {.magic = NX_HELLO_MAGIC, .version = NEXLINK_ABI_VERSION, .descriptors = NX_HELLO_DESCRIPTORS};

bool host_open(host *self)
{
    self->open_before = open_descriptors();
    self->name = unique_name("meeting");
    return api->create_arena(FRAME_SIZE, FRAME_COUNT, &self->arena) == NEXLINK_OK && api->listen(self->name, &self->listener) == NEXLINK_OK;
}

bool host_close(const host *self)
{
    api->close_listener(self->listener);
    api->destroy_arena(self->arena);
    return open_descriptors() == self->open_before;
}

int knock(const char *name)
{
    struct sockaddr_un address;
    socklen_t size;
    const int caller = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (nx_shm_address(name, &address, &size) != NEXLINK_OK || connect(caller, (const struct sockaddr *)&address, size) != 0) {
        (void)close(caller);
        return -1;
    }
    return caller;
}

bool say(int socket, const void *bytes, size_t size, const int *descriptors, uint32_t count)
{
    struct iovec body = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &body, .msg_iovlen = 1};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(8 * sizeof(int))];
    } extra;
    memset(&extra, 0, sizeof extra);
    if (count != 0) {
        message.msg_control = extra.bytes;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(rights), descriptors, count * sizeof(int));
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL) == (ssize_t)size;
}
