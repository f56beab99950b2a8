using NexStream.Core;
using Path = NexStream.Core.State.Path;

namespace NexStream.Swarm.Oracles;

/// <summary>Watches that what a path has in flight grows within its congestion window only, probes left out.</summary>
internal sealed class WindowOracle(Endpoint endpoint)
{
    private readonly Before[] _before = new Before[endpoint.State.Paths.Count];

    /// <summary>Frames are about to be asked for.</summary>
    public void Begin()
    {
        for (int i = 0; i < _before.Length; i++)
        {
            Path path = endpoint.State.Paths[i];
            _before[i] = path.LocalTag == 0 ? default : new Before
            {
                InFlight = path.BytesInFlight,
                Window = path.Congestion.Window,
                MaySendAnyway = path.ProbesAllowed > 0,
                FrameLength = path.FrameLength,
            };
        }
    }

    /// <summary>Frames were made.</summary>
    public void End()
    {
        for (int i = 0; i < _before.Length; i++)
        {
            Path path = endpoint.State.Paths[i];
            if (path.LocalTag != 0 && !_before[i].MaySendAnyway)
            {
                // A probe of path MTU discovery is longer than the frame that was asked about.
                long slack = path.Mtu.IsSearching ? path.Owner.Config.MaxFrameLength - _before[i].FrameLength : 0;
                Check(_before[i].InFlight, path.BytesInFlight, Math.Max(_before[i].Window, path.Congestion.Window) + slack);
            }
        }
    }

    /// <summary>What was in flight, and is now, with a window.</summary>
    public static void Check(long before, long after, long window)
    {
        if (after > before && after > window)
        {
            throw new SwarmFailureException("in flight within the window", $"{after} bytes are in flight, {before} were, and the window is {window}");
        }
    }

    private struct Before
    {
        public long InFlight;
        public long Window;
        public int FrameLength;
        public bool MaySendAnyway;
    }
}
