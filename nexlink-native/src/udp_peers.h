/*
 * udp_peers.h - which node is at which address.
 *
 * A peer is a node id as a datagram claims it, at the address that the datagram came from. The endpoint knows each peer by a name of 128
 * bits. A peer that was dialled with its id is called by it. All others get a name that is a hash of id and address under the link's secret
 * key: it cannot be chosen or foreseen, it stands for that one address, and it is the same again when the peer was forgotten and comes back.
 *
 * So no datagram can change where a name leads. A node whose address changed (a NAT gave it another port) appears under another name, and a stranger
 * who claims its id does so as well; whose packets have the right tags is for the endpoint to say, which asks a new name to prove itself before
 * it sends anything there (docs/wire-format.md, "Migration").
 *
 * What is bounded must forget. Dialled peers stay. Of the others, those to which the endpoint has sent a few frames are known: they are
 * forgotten in the order in which they were last sent to. The rest are strangers, who are forgotten before anybody else: however many
 * addresses are forged, an endpoint that answers little to strangers keeps the addresses of those it talks to.
 */
#ifndef NX_UDP_PEERS_H
#define NX_UDP_PEERS_H

#include <stdbool.h>
#include <stdint.h>

#include "nexlink.h"
#include "siphash.h"

/* Without holes, so that it can be hashed and compared as bytes. node all zero: whoever is at the address. */
typedef struct nx_udp_key {
    uint8_t node[NEXLINK_NODE_ID_SIZE];
    nexlink_udp_address address;
} nx_udp_key;

_Static_assert(sizeof(nx_udp_key) == 40, "a key has no padding");

typedef enum nx_udp_standing {
    NX_UDP_FREE,
    NX_UDP_STRANGER,
    NX_UDP_KNOWN,
    NX_UDP_DIALLED,
    NX_UDP_STANDINGS,
} nx_udp_standing;

typedef struct nx_udp_peer {
    nx_udp_key key;
    uint8_t name[NEXLINK_NODE_ID_SIZE];
    uint32_t next_by_key; /* in the chain of a bucket */
    uint32_t next_by_name;
    uint32_t older; /* in the list of its standing */
    uint32_t newer;
    uint32_t sends; /* up to NX_UDP_SENDS_KNOWN */
    nx_udp_standing standing;
} nx_udp_peer;

/* So many frames make a stranger known. An answer to one datagram of a stranger is at most a few frames, and an endpoint limits how many such it gives. */
#define NX_UDP_SENDS_KNOWN 4u

typedef struct nx_udp_list {
    uint32_t oldest;
    uint32_t newest;
    uint32_t count;
} nx_udp_list;

typedef struct nx_udp_peers {
    nx_udp_peer *entries;
    uint32_t *by_key; /* first of each chain */
    uint32_t *by_name;
    uint32_t capacity;
    uint32_t bucket_mask;
    nx_udp_list lists[NX_UDP_STANDINGS];
    nx_siphash_key secret;
    uint64_t evicted;
} nx_udp_peers;

bool nx_udp_peers_capacity_valid(uint32_t capacity);

int32_t nx_udp_peers_create(uint32_t capacity, nx_udp_peers *peers);
void nx_udp_peers_destroy(nx_udp_peers *peers);

/* Peers in the table. */
uint32_t nx_udp_peers_count(const nx_udp_peers *peers);

/* The peer of a name, or NULL. */
nx_udp_peer *nx_udp_peers_find(nx_udp_peers *peers, const uint8_t *name);

/* The peer that a datagram came from, which is made when it is new: another may be forgotten for it, so that older pointers are not good any more. */
nx_udp_peer *nx_udp_peers_learn(nx_udp_peers *peers, const nx_udp_key *key);

/* A peer that stays; NULL: half of the table were dialled. One that had the same name at another address is forgotten. */
nx_udp_peer *nx_udp_peers_dial(nx_udp_peers *peers, const nx_udp_key *key);

/* A frame goes to the peer. */
void nx_udp_peers_sent(nx_udp_peers *peers, nx_udp_peer *peer);

#endif
