using System.Diagnostics;

namespace NexStream.Replay.Editing;

/// <summary>Makes an assertion that does not hold an exception, so that a build with assertions can be replayed, fuzzed and minimised past it.</summary>
public sealed class ThrowingAsserts : TraceListener
{
    /// <summary>From now on, in the whole process.</summary>
    public static void Install()
    {
        Trace.Listeners.Clear();
        Trace.Listeners.Add(new ThrowingAsserts());
    }

    /// <inheritdoc />
    public override void Fail(string? message, string? detailMessage) => throw new AssertionException($"{message} {detailMessage}".Trim());

    /// <inheritdoc />
    public override void Write(string? message)
    {
        // Only what fails matters.
    }

    /// <inheritdoc />
    public override void WriteLine(string? message)
    {
        // As above.
    }
}

/// <summary>An assertion of the code does not hold.</summary>
public sealed class AssertionException(string message) : Exception(message);
