using NexStream.Core.Buffers;
using NexStream.Driver.Links;

namespace NexStream.Tool.Impairment;

/// <summary>The frames in which packets wait that are under way. Each holds one packet's payload and counts the holds that the link has on it.</summary>
internal sealed class RelayMemory : IDisposable
{
    private readonly FrameArena _frames;
    private readonly int[] _holds;
    private readonly Stack<int> _free;

    public RelayMemory(LinkLibrary library, int frameSize, int frameCount)
    {
        Arena = library.CreateArena(frameSize, frameCount);
        _frames = Arena.CreateFrameArena();
        _holds = new int[frameCount];
        _free = new Stack<int>(frameCount);
        for (int i = frameCount - 1; i >= 0; i--)
        {
            _free.Push(i);
        }
    }

    public LinkArena Arena { get; }

    public int FreeCount => _free.Count;

    public bool TryTake(out int frame) => _free.TryPop(out frame);

    public Span<byte> Bytes(int frame, int offset, int length) => _frames.Bytes(frame, offset, length);

    /// <summary>A link has the frame now: it comes back with <see cref="Return"/>.</summary>
    public void Lend(int frame) => _holds[frame]++;

    public void Return(int frame, int holds)
    {
        _holds[frame] -= holds;
        if (_holds[frame] == 0)
        {
            _free.Push(frame);
        }
    }

    public void GiveUp(int frame) => _free.Push(frame);

    public void Dispose() => Arena.Dispose();
}
