namespace NexStream.Core.Sending;

/// <summary>What came of asking a stream for data.</summary>
internal enum DataResult : byte
{
    /// <summary>The packet has the stream's data.</summary>
    Written,

    /// <summary>The stream has nothing that it may send: it leaves the rotation until that changes.</summary>
    Nothing,

    /// <summary>It would need connection credit.</summary>
    CreditBlocked,

    /// <summary>What it would send does not fit behind what the packet has already: the packet goes without.</summary>
    NoRoom,

    /// <summary>The slabs are exhausted: it is asked again when records came free.</summary>
    NoMemory,
}
