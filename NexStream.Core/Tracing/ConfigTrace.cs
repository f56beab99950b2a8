using NexStream.Core.Config;

namespace NexStream.Core.Tracing;

/// <summary>
/// Writes configurations: how many fields follow, and then each as a number, in an order that never changes. A new setting is appended; who reads a trace from before takes
/// its default.
/// </summary>
internal static class ConfigTrace
{
    /// <summary>Numbers of an <see cref="EndpointConfig"/>, besides its nodes, key, connection, controllers and schedulers.</summary>
    public const int EndpointFields = 12;

    /// <summary>Numbers of a <see cref="ConnectionConfig"/>, besides the names of its controller and its scheduler.</summary>
    public const int ConnectionFields = 30;

    public static void Write(TraceWriter writer, EndpointConfig config)
    {
        writer.Node(config.Node);
        writer.Bytes(config.Key.Span);
        writer.Varint(EndpointFields);
        writer.Signed(config.MaxConnections);
        writer.Signed(config.MaxStreams);
        writer.Signed(config.MaxProbabilisticStreams);
        writer.Signed(config.MaxRepairGroups);
        writer.Signed(config.MaxPacketsInFlight);
        writer.Signed(config.MaxMessages);
        writer.Signed(config.MaxChunks);
        writer.Signed(config.AcceptConnections ? 1 : 0);
        writer.Signed((byte)config.Cookies);
        writer.Signed(config.HalfOpenThreshold);
        writer.Signed(config.ArenaReserve256);
        writer.Signed(config.MaxPaths ?? -1);
        writer.Name(config.Congestion.Name);
        writer.Varint(config.CongestionChoices.Count);
        for (int i = 0; i < config.CongestionChoices.Count; i++)
        {
            writer.Name(config.CongestionChoices[i].Name);
        }

        writer.Name(config.PathScheduler.Name);
        writer.Varint(config.PathSchedulerChoices.Count);
        for (int i = 0; i < config.PathSchedulerChoices.Count; i++)
        {
            writer.Name(config.PathSchedulerChoices[i].Name);
        }

        writer.Varint(config.FurtherNodes.Count);
        for (int i = 0; i < config.FurtherNodes.Count; i++)
        {
            writer.Node(config.FurtherNodes[i]);
        }

        Write(writer, config.Connection);
    }

    public static void Write(TraceWriter writer, ConnectionConfig config)
    {
        writer.Varint(ConnectionFields);
        writer.Signed(config.MaxFrameLength);
        writer.Signed(config.InitialFrameLength ?? -1);
        writer.Signed(config.MaxStreams);
        writer.Signed(config.ReceiveWindow);
        writer.Signed(config.ReceiveWindowMax);
        writer.Signed(config.StreamReceiveWindow);
        writer.Signed(config.StreamReceiveWindowMax);
        writer.Signed(config.StreamMessageWindow);
        writer.Signed(config.StreamMessageWindowMax);
        writer.Signed(config.MaxMessageLength);
        writer.Signed(config.SendBuffer);
        writer.Signed(config.DatagramBuffer);
        writer.Signed(config.RepairFlush.Ticks);
        writer.Signed(config.ReportInterval.Ticks);
        writer.Signed(config.RepairLifetime.Ticks);
        writer.Signed(config.ArenaShare256);
        writer.Signed(config.HandshakeTimeout.Ticks);
        writer.Signed(config.IdleTimeout.Ticks);
        writer.Signed(config.KeepAlive.Ticks);
        writer.Signed(config.KeepAliveDefeatsIdle ? 1 : 0);
        writer.Signed(config.PeerTimeout.Ticks);
        writer.Signed(config.Linger.Ticks);
        writer.Signed(config.MaxAckDelay.Ticks);
        writer.Signed(config.AckThreshold);
        writer.Signed(config.MaxAttempts);
        writer.Signed((byte)config.Scheduling);
        writer.Signed(config.Ecn ? 1 : 0);
        writer.Signed(unchecked((long)config.FirstPacketNumber));
        writer.Signed(unchecked((long)config.FirstSequence));
        writer.Signed(config.MaxPaths);
        WriteChoice(writer, config.Congestion);
        WriteChoice(writer, config.PathScheduler);
    }

    public static void Write(TraceWriter writer, in StreamConfig config)
    {
        writer.Byte((byte)config.Mode);
        writer.Byte(config.Priority);
        writer.Flag(config.SequenceNumbers);
        writer.Byte(config.MaxAttempts);
        writer.Flag(config.Path is not null);
        writer.Byte(config.Path ?? 0);
        writer.Flag(config.Delivery is not null);
        if (config.Delivery is { } delivery)
        {
            Write(writer, delivery);
        }
    }

    public static void Write(TraceWriter writer, in ProbabilisticConfig config)
    {
        writer.Signed(BitConverter.DoubleToInt64Bits(config.Probability));
        writer.Flag(config.Thinning);
        writer.Flag(config.FecRatio is not null);
        writer.Signed(BitConverter.DoubleToInt64Bits(config.FecRatio ?? 0));
        writer.Signed(config.GroupSize);
    }

    private static void WriteChoice(TraceWriter writer, string? name)
    {
        writer.Flag(name is not null);
        if (name is not null)
        {
            writer.Name(name);
        }
    }
}
