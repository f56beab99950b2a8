/*
 * ring.h - the two ends of a single-producer, single-consumer ring whose ends do not trust each other.
 *
 * A position counts slots since the ring was made: 64 bits, never wrapping in practice (10^9 slots a second for 584 years), and the slot is
 * the position modulo the capacity. The producer publishes one position, the consumer another, each in memory that only it can write. Each
 * end keeps the other's last position in private memory and looks again only when that does not suffice (as the rings of Aeron and the
 * Disruptor do), and publishes once per batch. A position read from the other end is believed only if it moved forward and stayed
 * within the ring.
 */
#ifndef NX_RING_H
#define NX_RING_H

#include <stdatomic.h>
#include <stdint.h>

/* Two 64-byte lines, because x86 fetches lines in pairs; one line on the arm64 machines that have 128-byte lines. */
#define NX_LINE_SIZE 128

typedef struct nx_producer {
    _Atomic uint64_t *published;      /* own segment */
    const _Atomic uint64_t *consumed; /* the peer's segment */
    uint64_t next;                    /* position of the slot to fill next */
    uint64_t consumed_seen;
    uint32_t capacity;
} nx_producer;

typedef struct nx_consumer {
    _Atomic uint64_t *consumed;        /* own segment */
    const _Atomic uint64_t *published; /* the peer's segment */
    uint64_t next;                     /* position of the slot to read next */
    uint64_t published_seen;
    uint32_t capacity;
} nx_consumer;

/* How many of `wanted` slots may be filled now; NEXLINK_EPEER: the consumer's position is impossible. */
int32_t nx_producer_room(nx_producer *producer, uint32_t wanted);

/* Makes the next `count` slots visible. */
void nx_producer_publish(nx_producer *producer, uint32_t count);

/* How many of `wanted` slots may be read now, at least one if there is any; NEXLINK_EPEER: the producer's position is impossible. */
int32_t nx_consumer_available(nx_consumer *consumer, uint32_t wanted);

/* Gives the next `count` slots back to the producer. */
void nx_consumer_advance(nx_consumer *consumer, uint32_t count);

/* The slot that lies `ahead` slots from the next. */
static inline uint32_t nx_producer_slot(const nx_producer *producer, uint32_t ahead)
{
    return (uint32_t)(producer->next + ahead) & (producer->capacity - 1);
}

static inline uint32_t nx_consumer_slot(const nx_consumer *consumer, uint32_t ahead)
{
    return (uint32_t)(consumer->next + ahead) & (consumer->capacity - 1);
}

#endif
