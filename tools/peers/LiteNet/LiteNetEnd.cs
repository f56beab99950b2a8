using System.Diagnostics;
using LiteNetLib;

namespace NexStream.Peers.LiteNet;

/// <summary>What both ends do: one thread receives, updates and sends, without the library's own threads.</summary>
internal abstract class LiteNetEnd
{
    private const int CacheLine = 64;

    private readonly byte[] _received;
    private long _updated = Stopwatch.GetTimestamp();

    protected LiteNetEnd(LiteNetOptions options)
    {
        Options = options;
        Listener = new EventBasedNetListener();
        Manager = new NetManager(Listener) { AutoRecycle = true, UseNativeSockets = true };
        _received = new byte[options.Size];
    }

    /// <summary>What reading left behind, so that reading cannot be left out.</summary>
    public byte Seen { get; private set; }

    protected LiteNetOptions Options { get; }

    protected EventBasedNetListener Listener { get; }

    protected NetManager Manager { get; }

    /// <summary>One turn: takes in what has arrived, sends what is due.</summary>
    protected void Turn()
    {
        Manager.PollEvents();
        long now = Stopwatch.GetTimestamp();
        Manager.ManualUpdate((float)Stopwatch.GetElapsedTime(_updated, now).TotalMilliseconds);
        _updated = now;
    }

    /// <summary>Copies a message out of the library, and reads it where that was asked for.</summary>
    protected void Take(NetPacketReader reader)
    {
        int length = Math.Min(reader.AvailableBytes, _received.Length);
        reader.GetBytes(_received, length);
        if (Options.Touch)
        {
            for (int i = 0; i < length; i += CacheLine)
            {
                Seen ^= _received[i];
            }
        }
    }

    protected static void Touch(byte[] memory, byte value)
    {
        for (int i = 0; i < memory.Length; i += CacheLine)
        {
            memory[i] = value;
        }
    }
}
