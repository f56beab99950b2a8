using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion;

/// <summary>What a congestion controller is told about the path that it is going to serve.</summary>
public readonly struct CongestionParameters
{
    // RFC 9002 §7.2: ten datagrams, but not more than 14720 bytes unless two datagrams are more than that.
    private const long InitialWindowFrames = 10;
    private const long InitialWindowBytes = 14_720;
    private const long MinimumWindowFrames = 2;

    /// <summary>When the path starts to be used.</summary>
    public Instant Now { get; init; }

    /// <summary>Bytes of the longest packet that the path carries; at least 1.</summary>
    public int FrameLength { get; init; }

    /// <summary>Bytes that may be in flight before anything is known about the path.</summary>
    public long InitialWindow { get; init; }

    /// <summary>
    /// A number that differs from path to path: where a controller draws lots (draft-ietf-ccwg-bbr §5.3.3.5.2, the wait between probes), it draws them
    /// from here, so that flows do not move in step and a replay still gives the same.
    /// </summary>
    public ulong Seed { get; init; }

    /// <summary>The parameters of a new path, with the initial window that RFC 9002 §7.2 recommends.</summary>
    /// <param name="now">When the path starts to be used.</param>
    /// <param name="frameLength">Bytes of the longest packet that the path carries.</param>
    /// <param name="seed">Where the controller's lots come from.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="frameLength"/> is less than 1.</exception>
    public static CongestionParameters ForPath(Instant now, int frameLength, ulong seed = 0) =>
        new() { Now = now, FrameLength = frameLength, InitialWindow = InitialWindowFor(frameLength), Seed = seed };

    /// <summary>min(10 · length, max(2 · length, 14720)) bytes (RFC 9002 §7.2).</summary>
    /// <param name="frameLength">Bytes of the longest packet that the path carries.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="frameLength"/> is less than 1.</exception>
    public static long InitialWindowFor(int frameLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(frameLength, 1);
        return Math.Min(InitialWindowFrames * frameLength, Math.Max(MinimumWindowFrames * frameLength, InitialWindowBytes));
    }

    /// <summary>Two packets, the least that a window may be (RFC 9002 §7.2).</summary>
    /// <param name="frameLength">Bytes of the longest packet that the path carries.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="frameLength"/> is less than 1.</exception>
    public static long MinimumWindowFor(int frameLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(frameLength, 1);
        return MinimumWindowFrames * frameLength;
    }
}
