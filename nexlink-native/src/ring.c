#include "ring.h"

#include "nexlink.h"

/*
 * All loads and stores of positions are sequentially consistent. Acquire and release would do for the slots' contents; the stronger order
 * is what wait() rests on (see link_wait.c). The loads cost the same on x86-64 (mov) and arm64 (ldar); the stores are made once per batch.
 */

int32_t nx_producer_room(nx_producer *producer, uint32_t wanted)
{
    uint64_t used = producer->next - producer->consumed_seen;
    if (producer->capacity - used < wanted) {
        const uint64_t consumed = atomic_load_explicit(producer->consumed, memory_order_seq_cst);
        /* A position behind the last one seen makes this larger than it was; one ahead of ours makes it wrap to something enormous. */
        if (producer->next - consumed > used) {
            return NEXLINK_EPEER;
        }
        used = producer->next - consumed;
        producer->consumed_seen = consumed;
    }
    const uint64_t room = producer->capacity - used;
    return (int32_t)(room < wanted ? room : wanted);
}

void nx_producer_publish(nx_producer *producer, uint32_t count)
{
    producer->next += count;
    atomic_store_explicit(producer->published, producer->next, memory_order_seq_cst);
}

int32_t nx_consumer_available(nx_consumer *consumer, uint32_t wanted)
{
    uint64_t available = consumer->published_seen - consumer->next;
    if (available == 0) {
        const uint64_t published = atomic_load_explicit(consumer->published, memory_order_seq_cst);
        available = published - consumer->next; /* a position behind ours wraps to something enormous */
        if (available > consumer->capacity) {
            return NEXLINK_EPEER;
        }
        consumer->published_seen = published;
    }
    return (int32_t)(available < wanted ? available : wanted);
}

void nx_consumer_advance(nx_consumer *consumer, uint32_t count)
{
    consumer->next += count;
    atomic_store_explicit(consumer->consumed, consumer->next, memory_order_seq_cst);
}
