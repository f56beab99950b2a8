/* Processes of other users. */
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "shm_name.h"
#include "support.h"
#include "visitor.h"

/* Abstract names have no permissions: any user can knock and any user can take a name. Needs root, which alone can become somebody else. */
enum { OTHER_USER = 65534 };

static int other_users_socket(const struct sockaddr_un *address, socklen_t size, bool listens)
{
    const int made = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    const bool done = setuid(OTHER_USER) == 0
        && (listens ? bind(made, (const struct sockaddr *)address, size) == 0 && listen(made, 4) == 0
                    : connect(made, (const struct sockaddr *)address, size) == 0);
    return done ? made : -1;
}

static void caller_of_another_user_is_turned_away(void)
{
    struct sockaddr_un address;
    socklen_t size;
    nexlink_listener *listener;
    nexlink_arena *arena;
    nexlink_link *link;
    const char *name = unique_name("stranger");
    CHECK_EQUAL(nx_shm_address(name, &address, &size), NEXLINK_OK);
    CHECK_EQUAL(api->create_arena(FRAME_SIZE, FRAME_COUNT, &arena), NEXLINK_OK);
    CHECK_EQUAL(api->listen(name, &listener), NEXLINK_OK);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        api->close_listener(listener);
        const int stranger = other_users_socket(&address, size, false);
        char byte = 'x';
        (void)send(stranger, &byte, 1, MSG_NOSIGNAL); /* were it heard, accept would say that this is no hello */
        _exit(stranger >= 0 && recv(stranger, &byte, 1, 0) <= 0 ? 0 : 1); /* comes back when the listener hung up */
    }
    int status;
    while (waitpid(child, &status, WNOHANG) == 0) {
        CHECK_EQUAL(api->accept(listener, arena, CAPACITY, &link), NEXLINK_EAGAIN);
    }
    CHECK(WIFEXITED(status));
    CHECK_EQUAL(WEXITSTATUS(status), 0);
    api->close_listener(listener);
    api->destroy_arena(arena);
}

static void listener_of_another_user_is_not_talked_to(void)
{
    struct sockaddr_un address;
    socklen_t size;
    nexlink_arena *arena;
    nexlink_link *link;
    const char *name = unique_name("squatter");
    int ready[2];
    CHECK_EQUAL(nx_shm_address(name, &address, &size), NEXLINK_OK);
    CHECK_EQUAL(api->create_arena(FRAME_SIZE, FRAME_COUNT, &arena), NEXLINK_OK);
    CHECK_EQUAL(pipe(ready), 0);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        const int squatter = other_users_socket(&address, size, true);
        if (squatter < 0 || write(ready[1], "y", 1) != 1) {
            _exit(1);
        }
        const int caller = accept(squatter, NULL, NULL);
        char byte;
        _exit(caller >= 0 && recv(caller, &byte, 1, 0) <= 0 ? 0 : 2); /* no hello, and none of our descriptors */
    }
    (void)close(ready[1]);
    char byte;
    CHECK_EQUAL(read(ready[0], &byte, 1), 1);
    CHECK_EQUAL(api->connect(name, arena, CAPACITY, PATIENCE_MS, &link), NEXLINK_EPEER);
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(WEXITSTATUS(status), 0);
    (void)close(ready[0]);
    api->destroy_arena(arena);
}

int main(void)
{
    if (geteuid() == 0) {
        RUN(caller_of_another_user_is_turned_away);
        RUN(listener_of_another_user_is_not_talked_to);
    }
    FINISH();
}
