namespace NexStream.Tool.Transfer;

/// <summary>What a receiver answers about one file; from <see cref="Exists"/> on it is a refusal or a failure. On the wire: one byte.</summary>
internal enum TransferStatus : byte
{
    /// <summary>The header is understood and there is room: the content may come.</summary>
    Accepted = 0x01,

    /// <summary>All bytes arrived, their hash is right, and the file has its name. The text is that name.</summary>
    Stored = 0x02,

    /// <summary>Blocks of a fetched file are asked for. The text is the number of the first and how many, in decimal, with a space between.</summary>
    Wanted = 0x03,

    /// <summary>There is a file of that name, and it may not be overwritten.</summary>
    Exists = 0x10,

    /// <summary>What came is not of this protocol, or there is nothing left of the name that could name a file.</summary>
    Malformed = 0x11,

    /// <summary>There is not enough room on the disk.</summary>
    DiskFull = 0x12,

    /// <summary>The file cannot be written.</summary>
    WriteFailed = 0x13,

    /// <summary>The bytes that arrived are not those that were sent.</summary>
    HashMismatch = 0x14,

    /// <summary>The stream ended before the file did.</summary>
    Incomplete = 0x15,
}
