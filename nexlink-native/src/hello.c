#include "hello.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "error.h"

enum { VERSION_KNOWN_SIZE = offsetof(nx_hello, descriptors) }; /* what must be there to read the version */

typedef union ancillary {
    struct cmsghdr header; /* for its alignment */
    char bytes[CMSG_SPACE(NX_HELLO_DESCRIPTORS * sizeof(int))];
} ancillary;

int32_t nx_hello_send(int socket, const int *descriptors)
{
    nx_hello hello = {.magic = NX_HELLO_MAGIC, .version = NEXLINK_ABI_VERSION, .descriptors = descriptors != NULL ? NX_HELLO_DESCRIPTORS : 0};
    struct iovec body = {.iov_base = &hello, .iov_len = sizeof hello};
    struct msghdr message = {.msg_iov = &body, .msg_iovlen = 1};
    ancillary extra;
    memset(&extra, 0, sizeof extra);
    if (descriptors != NULL) {
        message.msg_control = extra.bytes;
        message.msg_controllen = sizeof extra.bytes;
        struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(NX_HELLO_DESCRIPTORS * sizeof(int));
        memcpy(CMSG_DATA(rights), descriptors, NX_HELLO_DESCRIPTORS * sizeof(int));
    }
    if (sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
        return NEXLINK_OK;
    }
    return errno == EPIPE || errno == ECONNRESET ? nx_fail(NEXLINK_EPEER, "the peer hung up before the hello")
                                                 : nx_fail_system("sending the hello");
}

/* Takes all descriptors out of a message and keeps those that have a place; whatever else came is closed. Returns how many are kept. */
static uint32_t take_descriptors(struct msghdr *message, int descriptors[NX_HELLO_DESCRIPTORS])
{
    uint32_t kept = 0;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(part) + i * sizeof descriptor, sizeof descriptor);
            if (kept < NX_HELLO_DESCRIPTORS) {
                descriptors[kept++] = descriptor;
            } else {
                (void)close(descriptor);
            }
        }
    }
    return kept;
}

static int32_t check(const nx_hello *hello, size_t size, int flags, uint32_t descriptors)
{
    if (size < VERSION_KNOWN_SIZE || hello->magic != NX_HELLO_MAGIC) {
        return nx_fail(NEXLINK_EPEER, "the peer does not speak NexLink");
    }
    if (hello->version != NEXLINK_ABI_VERSION) {
        return nx_fail(NEXLINK_EVERSION, "the peer speaks another version of NexLink");
    }
    if ((flags & MSG_CTRUNC) != 0 && descriptors < NX_HELLO_DESCRIPTORS) {
        return nx_fail(NEXLINK_ENOMEM, "no room in the descriptor table for the peer's segments");
    }
    if (size != sizeof *hello || (flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || descriptors != NX_HELLO_DESCRIPTORS
        || hello->descriptors != NX_HELLO_DESCRIPTORS) {
        return nx_fail(NEXLINK_EPEER, "the peer's hello is malformed");
    }
    return NEXLINK_OK;
}

int32_t nx_hello_receive(int socket, int descriptors[NX_HELLO_DESCRIPTORS])
{
    nx_hello hello = {.magic = 0};
    struct iovec body = {.iov_base = &hello, .iov_len = sizeof hello};
    ancillary extra;
    struct msghdr message = {.msg_iov = &body, .msg_iovlen = 1, .msg_control = extra.bytes, .msg_controllen = sizeof extra.bytes};
    const ssize_t size = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (size < 0) {
        switch (errno) {
        case EAGAIN:
        case EINTR:
            return nx_fail(NEXLINK_EAGAIN, "the peer has not said hello yet");
        case ECONNRESET:
            return nx_fail(NEXLINK_EPEER, "the peer hung up before its hello");
        default:
            return nx_fail_system("receiving the hello");
        }
    }
    if (size == 0) {
        return nx_fail(NEXLINK_EPEER, "the peer hung up before its hello");
    }
    const uint32_t kept = take_descriptors(&message, descriptors);
    const int32_t result = check(&hello, (size_t)size, message.msg_flags, kept);
    if (result != NEXLINK_OK) {
        for (uint32_t i = 0; i < kept; i++) {
            (void)close(descriptors[i]);
        }
    }
    return result;
}
