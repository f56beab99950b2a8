namespace NexStream.Tool.Transfer;

/// <summary>What a <see cref="FileParser"/> has just read.</summary>
internal enum FileParserStep
{
    /// <summary>Nothing whole: the rest has to come first.</summary>
    NeedMore,

    /// <summary>The header.</summary>
    Header,

    /// <summary>A run of content.</summary>
    Content,

    /// <summary>The trailer, which ends the file.</summary>
    Trailer,

    /// <summary>The bytes are not of this protocol; nothing more is read.</summary>
    Malformed,
}
