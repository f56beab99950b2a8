namespace NexStream.Tool.Transfer;

/// <summary>The first byte of a message of a file that travels over Reliable-Unordered, and of a block of one that is fetched.</summary>
internal enum FileMessageKind : byte
{
    /// <summary>A <see cref="FileHeader"/> follows.</summary>
    Header = 1,

    /// <summary>The content's offset (8 bytes, network byte order) and the content follow.</summary>
    Content = 2,

    /// <summary>The SHA-256 of the whole content follows.</summary>
    Trailer = 3,
}
