namespace NexStream.Peers.Cases;

/// <summary>Which table a case belongs to.</summary>
internal enum CaseGroup
{
    /// <summary>Both ends' work in one thread, packets handed over in memory.</summary>
    Memory,

    /// <summary>Sender and receiver on two cores.</summary>
    Cores,

    /// <summary>Repairs made of the same blocks in one thread.</summary>
    Coding,

    /// <summary>64 bytes there and back between two cores, both sides spinning.</summary>
    RoundTrip,
}
