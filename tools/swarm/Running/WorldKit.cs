using NexStream.Swarm.Network;

namespace NexStream.Swarm.Running;

/// <summary>What worlds that run one after another on a thread use again: packets, and memory for arenas.</summary>
internal sealed class WorldKit
{
    /// <summary>The largest arena that a world draws: 256 frames of 4 KiB.</summary>
    private const int BlockSize = 256 * 4096;

    public PacketPool Packets { get; } = new();

    public Stack<byte[]> Blocks { get; } = new();

    public byte[] TakeBlock() => Blocks.TryPop(out byte[]? block) ? block : GC.AllocateUninitializedArray<byte>(BlockSize, pinned: true);
}

/// <summary>The arenas of one world: what a host that died had stays as it was until the world is over, because others may still map it.</summary>
internal sealed class WorldMemory(WorldKit kit)
{
    private readonly List<byte[]> _taken = [];

    public byte[] Take()
    {
        byte[] block = kit.TakeBlock();
        _taken.Add(block);
        return block;
    }

    public void Return()
    {
        foreach (byte[] block in _taken)
        {
            kit.Blocks.Push(block);
        }

        _taken.Clear();
    }
}
