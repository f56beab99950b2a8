#include "alarm.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "error.h"

int32_t nx_alarm_open(int *alarm)
{
    *alarm = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return *alarm >= 0 ? NEXLINK_OK : nx_fail_system("making a link's alarm (eventfd)");
}

void nx_alarm_ring(int alarm)
{
    /* It fails only when the counter is full: then it rings already. */
    (void)eventfd_write(alarm, 1);
}

bool nx_alarm_hush(int alarm)
{
    eventfd_t rings;
    return eventfd_read(alarm, &rings) == 0;
}

void nx_alarm_close(int alarm)
{
    if (alarm >= 0) {
        (void)close(alarm);
    }
}
