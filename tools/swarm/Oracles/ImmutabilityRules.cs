namespace NexStream.Swarm.Oracles;

/// <summary>Payload does not change while a link or an application holds it.</summary>
internal static class ImmutabilityRules
{
    /// <param name="bytes">What is there now.</param>
    /// <param name="hash">The hash of what was there.</param>
    /// <param name="frame">The frame that it lies in.</param>
    /// <param name="holder">Who holds it.</param>
    public static void Check(ReadOnlySpan<byte> bytes, ulong hash, uint frame, string holder)
    {
        if (Pattern.HashOf(bytes) != hash)
        {
            throw new SwarmFailureException("payload is immutable", $"bytes of frame {frame} changed while {holder} held them");
        }
    }
}
