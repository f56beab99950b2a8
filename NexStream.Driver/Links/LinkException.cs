namespace NexStream.Driver.Links;

/// <summary>
/// A link could not be set up, or was used wrongly by this program. The message says what happened, where, and what to do about it.
/// Nothing that a peer does is reported this way: the calls that move data answer with counts.
/// </summary>
public sealed class LinkException : Exception
{
    /// <summary>An error without a text.</summary>
    public LinkException()
    {
    }

    /// <summary>An error with a text.</summary>
    public LinkException(string message)
        : base(message)
    {
    }

    /// <summary>An error with a text and a cause.</summary>
    public LinkException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    internal LinkException(string message, int code)
        : base(message) => Code = code;

    /// <summary>The table's answer, NEXLINK_E* of nexlink.h; 0 where the table was not asked.</summary>
    public int Code { get; }
}
