using NexStream.Core.Primitives;
using NexStream.Core.State;

namespace NexStream.Core.Connections;

/// <summary>Writes the next packets of a connection: in a row where they are all of the common kind, else one; on its path, or on the one of several that is chosen.</summary>
internal sealed class TransmitPath(EndpointState state, PacketWriter packets, PredictedTransmit predicted, MultipathTransmit multipath, LossDetector lossDetector)
{
    /// <summary>How long a connection waits before it looks again whether the endpoint's records came free.</summary>
    public const long MemoryRetryNs = Instant.Millisecond;

    /// <summary>Headers, CONN_ACCEPT and an acknowledgement: less is left to an unvalidated address only when it has had its answers.</summary>
    private const int FrameLengthUseful = 256;

    /// <summary>Writes the next packets, up to one into each place. Returns how many; 0: none now.</summary>
    public int Write(Connection connection, Instant now, ReadOnlySpan<Wire.Transmission> burst)
    {
        Path path = connection.Path;
        connection.PaceAt = Instant.Never;
        if (connection.Paths.Count > 1)
        {
            return multipath.Write(connection, now, burst);
        }

        if (packets.HasNothing(connection, path, now))
        {
            return 0;
        }

        if (packets.TryAsk(connection, path, now, burst[0]))
        {
            return 1;
        }

        int frameLength = path.FrameLengthNow;
        if (frameLength < FrameLengthUseful)
        {
            // Nothing may leave until more has come from there.
            connection.PaceAt = Instant.Never;
            return 0;
        }

        if (path.ProbesAllowed > 0)
        {
            lossDetector.FreeRecords(connection, path);
        }

        if (!state.HasRecordsFor(path))
        {
            connection.PaceAt = now + MemoryRetryNs;
            return packets.TryWriteAckOnly(connection, path, path, now, burst[0]) ? 1 : 0;
        }

        int written = predicted.Write(connection, path, now, burst);
        return written > 0 ? written : packets.TryWriteAny(connection, path, now, frameLength, burst[0]) ? 1 : 0;
    }
}
