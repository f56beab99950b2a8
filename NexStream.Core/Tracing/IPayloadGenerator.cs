namespace NexStream.Core.Tracing;

/// <summary>
/// Payload that a program makes up. A trace then holds where in the generator's bytes a payload lies instead of the bytes, so that a run of minutes is a small
/// file. Whoever replays it has to have a generator of the same name and seed.
/// </summary>
public interface IPayloadGenerator
{
    /// <summary>What it is called; together with <see cref="Seed"/> it says everything about its bytes. At most 64 bytes as UTF-8.</summary>
    string Name { get; }

    /// <summary>What its bytes are made from.</summary>
    ulong Seed { get; }

    /// <summary>Whether a payload is made of its bytes. Called for everything that is sent and that arrives, so it should see from a few bytes that it is not.</summary>
    /// <param name="payload">What an application sends, or what a packet carries: any part of a stream or of a message.</param>
    /// <param name="start">The bytes at the front that are not the generator's, as a message's number.</param>
    /// <param name="position">Where the others lie: exactly what <see cref="Fill"/> gives for it. The recorder believes it, and replay notices if it is not so.</param>
    /// <returns>False: it is not, and is recorded as it is.</returns>
    bool TryLocate(ReadOnlySpan<byte> payload, out int start, out ulong position);

    /// <summary>Writes the bytes that lie at a position.</summary>
    void Fill(ulong position, Span<byte> destination);
}
