namespace NexStream.Tool.Transfer;

/// <summary>How reading a record from a run of bytes ended.</summary>
internal enum ReadStatus
{
    /// <summary>A record was read.</summary>
    Ok,

    /// <summary>The run ends inside the record.</summary>
    Incomplete,

    /// <summary>The bytes are no such record.</summary>
    Malformed,
}
