using NexStream.Core;
using NexStream.Core.Stats;
using NexStream.Swarm.Oracles;

namespace NexStream.Swarm.Hosts;

/// <summary>What an application knows of a stream, and what the oracle notes about it.</summary>
internal sealed class StreamView(ConnectionView connection, StreamHandle handle, uint id, bool isOpenedHere, SentHalf sent)
{
    public ConnectionView Connection { get; } = connection;

    public StreamHandle Handle { get; } = handle;

    public uint Id { get; } = id;

    public bool IsOpenedHere { get; } = isOpenedHere;

    /// <summary>What this side sends.</summary>
    public SentHalf Sent { get; } = sent;

    /// <summary>What this side reads; null: nothing has come yet.</summary>
    public ReadHalf? Read { get; set; }

    public bool IsAnnounced { get; set; }

    public bool HasEndBeenRead { get; set; }

    /// <summary>A send took less than it was given, and no event has come since.</summary>
    public bool WantsWritable
    {
        get;
        set
        {
            field = value;
            HasWantedWritable |= value;
        }
    }

    public bool HasWantedWritable { get; private set; }

    public bool IsReset { get; set; }

    public bool IsStopped { get; set; }

    public bool IsClosed { get; set; }

    /// <summary>This application has ended its sending half, in one way or another.</summary>
    public bool IsSendingOver { get; set; }

    /// <summary>It was told that there is something to read, and has not looked.</summary>
    public bool IsPending { get; set; }

    public StreamStatistics Statistics { get; set; }
}
