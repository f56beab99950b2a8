using System.Runtime.InteropServices;
using NexStream.Core.Buffers;

namespace NexStream.Replay.Running;

/// <summary>The arena of a replayed endpoint and its peers' frames: memory that is all zero at first and costs only as far as it is used.</summary>
internal sealed unsafe class ReplayMemory : IFrameReleaser, IDisposable
{
    private readonly List<nint> _blocks = [];
    private readonly Dictionary<int, FrameRegion> _regions = [];
    private readonly List<FrameRegion> _made = [];

    public ReplayMemory(int frameSize, int frameCount) => Arena = new FrameArena(Allocate(frameSize, frameCount), frameSize, frameCount);

    public FrameArena Arena { get; }

    /// <summary>Memory for a peer's frames. It is known by its number as soon as it has one.</summary>
    public FrameRegion AddRegion(int frameSize, int frameCount)
    {
        var region = new PeerRegion(Allocate(frameSize, frameCount), frameSize, frameCount, this);
        _made.Add(region);
        return region;
    }

    public FrameRegion? Region(int number)
    {
        foreach (FrameRegion region in _made)
        {
            if (region.Number >= 0)
            {
                _regions[region.Number] = region;
            }
        }

        _made.Clear();
        return _regions.GetValueOrDefault(number);
    }

    public void RemoveRegion(int number) => _regions.Remove(number);

    public void Release(int index, int holds)
    {
        // There is no peer that would use the frame again.
    }

    public void Dispose()
    {
        foreach (nint block in _blocks)
        {
            NativeMemory.Free((void*)block);
        }

        _blocks.Clear();
    }

    private nint Allocate(int frameSize, int frameCount)
    {
        var block = (nint)NativeMemory.AllocZeroed((nuint)frameSize, (nuint)frameCount);
        _blocks.Add(block);
        return block;
    }
}
