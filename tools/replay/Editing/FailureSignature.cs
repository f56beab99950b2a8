namespace NexStream.Replay.Editing;

/// <summary>What makes two failures the same: the exception's type, and the method that it came from.</summary>
/// <param name="Type">The type's name.</param>
/// <param name="Frame">The method; empty where the program was built without names.</param>
public sealed record FailureSignature(string Type, string Frame)
{
    /// <summary>That of an exception.</summary>
    public static FailureSignature Of(Exception failure) => new(failure.GetType().FullName ?? failure.GetType().Name, FrameOf(failure.StackTrace));

    /// <summary>The first line of a stack that is not the runtime's own: who threw, without the line in the file.</summary>
    private static string FrameOf(string? stack)
    {
        foreach (string line in (stack ?? string.Empty).Split('\n'))
        {
            string frame = line.Trim();
            int file = frame.IndexOf(" in ", StringComparison.Ordinal);
            frame = file < 0 ? frame : frame[..file];
            if (!frame.Contains(" System.", StringComparison.Ordinal) && !frame.Contains(nameof(ThrowingAsserts), StringComparison.Ordinal))
            {
                return frame;
            }
        }

        return string.Empty;
    }
}
