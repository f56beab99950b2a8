using System.Buffers.Binary;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Core.Sending;
using NexStream.Core.State;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Connections;

/// <summary>How connections come to be: CONN_INIT, CONN_RETRY, CONN_ACCEPT, from both sides.</summary>
internal sealed class Handshake(EndpointState state, ConnectionFactory factory, StatelessAnswers answers)
{
    /// <summary>The version of the protocol that this library speaks.</summary>
    public const ushort Version = ProtocolVersion.Current;

    /// <summary>CONN_INIT is repeated after a second, doubling (docs/wire-format.md).</summary>
    private const long FirstRepeatNs = Instant.Second;

    /// <summary>The tag is the first field behind the seed's prefix of CONN_INIT in every version.</summary>
    private const int InvariantTagOffset = 30;

    public ulong Refused { get; private set; }

    public static bool TryWriteInit(Connection connection, Instant now, Wire.Transmission transmission)
    {
        if (now < connection.NextInitAt)
        {
            return false;
        }

        var builder = new PacketBuilder(transmission, ConnectionConfig.FrameLengthMin);
        new ConnInitFrame
        {
            Version = Version,
            Node = connection.Path.Local,
            MaxStreams = connection.StreamLimit,
            MaxData = connection.Window.Limit,
            Parameters = ParametersOf(connection),
            Cookie = connection.Cookie.AsSpan(0, connection.CookieLength),
        }.TryWrite(ref builder.Writer);
        var header = new PacketHeader { PacketNumber = connection.InitPacketNumber };
        PacketFinisher.WriteHeaders(ref builder, connection.Path.Local, connection.Path.Remote, header, 0, EcnCodepoint.NotEct);
        connection.InitSentAt = now;
        connection.NextInitAt = now + (FirstRepeatNs << (int)Math.Min(connection.InitPacketNumber, 10));
        connection.InitPacketNumber++;
        connection.Path.PacketsSent++;
        connection.Path.BytesSent += transmission.Header.PayloadLength + LinkHeader.Size;
        return true;
    }

    /// <summary>Adds CONN_ACCEPT to a packet.</summary>
    public static bool TryWriteAccept(Connection connection, ref PacketBuilder builder) => new ConnAcceptFrame
    {
        Version = Version,
        Node = connection.Path.Local,
        MaxStreams = (uint)connection.Config.MaxStreams,
        MaxData = (ulong)connection.Config.ReceiveWindow,
        Parameters = ParametersOf(connection),
        InitPacketNumber = connection.InitPacketNumber,
    }.TryWrite(ref builder.Writer);

    /// <summary>A packet with tag 0: CONN_INIT or nothing.</summary>
    public void OnInit(in LinkHeader link, in PacketHeader header, in RawFrame raw, int length, Instant now)
    {
        if (raw.Type != FrameType.ConnInit || !ConnInitFrame.TryRead(raw, out ConnInitFrame init) || link.Source == default)
        {
            Refused++;
            return;
        }

        if (init.Version != Version)
        {
            Refused++;
            if (raw.Payload.Length >= InvariantTagOffset + sizeof(ulong))
            {
                answers.Refuse(link, BinaryPrimitives.ReadUInt64BigEndian(raw.Payload[InvariantTagOffset..]), ReasonCode.VersionUnknown, now);
            }

            return;
        }

        ulong tag = init.Parameters.Tag;
        if (factory.FindByPeer(link.Source, tag) is { } known)
        {
            // The same CONN_INIT again: the same CONN_ACCEPT. A bit, so that any number of repeats costs one frame.
            if (!known.IsClient && known.IsOpen)
            {
                known.InitPacketNumber = header.PacketNumber;
                known.Path.BytesReceived += (uint)length;
                known.Control |= ConnectionControl.Accept;
                state.MarkReady(known);
            }

            return;
        }

        Connection? crossing = factory.FindPending(link.Source);
        if (crossing is not null && link.Source != state.Node && IsHigher(state.Node, link.Source))
        {
            // Both sides opened at once: the CONN_INIT of the higher node id counts, and that is ours.
            return;
        }

        if (crossing is null && (!state.Config.AcceptConnections || state.FreeConnections.Count == 0))
        {
            Refused++;
            answers.Refuse(link, tag, ReasonCode.ConnectionRefused, now);
            return;
        }

        bool hasCookie = Cookie.IsValid(state.CookieHash, init.Cookie, link.Source, state.Node, tag, now);
        if (!hasCookie && (state.Config.Cookies == CookieMode.Always || state.HalfOpenCount >= state.Config.HalfOpenThreshold))
        {
            answers.Retry(link, tag, now);
            return;
        }

        Connection connection = crossing is not null && link.Source != state.Node
            ? factory.TurnIntoAcceptor(crossing, now)
            : factory.CreateAcceptor(link.Source, now);
        connection.InitPacketNumber = header.PacketNumber;
        connection.Path.BytesReceived += (uint)length;
        factory.Adopt(connection, init.MaxStreams, init.MaxData, init.Parameters);
        connection.Control |= ConnectionControl.Accept;
        if (hasCookie)
        {
            Validate(connection);
        }
        else
        {
            state.HalfOpenCount++;
        }

        state.MarkReady(connection);
    }

    /// <summary>CONN_ACCEPT on a connection that waits for it. False: the frame is not for this connection.</summary>
    public bool TryAccept(Connection connection, in ConnAcceptFrame accept, Instant now)
    {
        if (accept.Version != Version || !connection.State.TryEstablish())
        {
            return false;
        }

        factory.RemovePending(connection);
        factory.Adopt(connection, accept.MaxStreams, accept.MaxData, accept.Parameters);
        connection.Path.IsValidated = true;

        // Until something of ours is acknowledged the acceptor may not be allowed to send: it must hear from us, again and again if need be
        // (RFC 9002 §6.2.2.1). A PING asks for that acknowledgement.
        connection.Path.Control |= PathControl.Ping;
        if ((ulong)accept.InitPacketNumber + 1 == connection.InitPacketNumber)
        {
            // Only the latest CONN_INIT's time is known, so only its answer is a sample (Karn).
            connection.Path.OnRttSample(now - connection.InitSentAt, 0, now);
        }

        connection.NextInitAt = Instant.Never;
        connection.HandshakeEndsAt = Instant.Never;
        connection.LastActivityAt = now;
        state.Events.Raise(connection, ConnectionEvents.Established);
        state.MarkReady(connection);
        return true;
    }

    /// <summary>CONN_RETRY: the next CONN_INIT carries the cookie, and goes at once the first time.</summary>
    public void OnRetry(Connection connection, in ConnRetryFrame retry, Instant now)
    {
        if (connection.State != ConnectionState.Init || retry.Cookie.Length > Connection.CookieCapacity)
        {
            return;
        }

        if (connection.CookieLength == 0)
        {
            connection.NextInitAt = now;
        }

        retry.Cookie.CopyTo(connection.Cookie);
        connection.CookieLength = retry.Cookie.Length;
        state.MarkReady(connection);
    }

    /// <summary>A packet with the acceptor's own tag came back: the initiator is where it says it is (RFC 9000 §8.1).</summary>
    public void OnProof(Connection connection)
    {
        if (!connection.Path.IsValidated)
        {
            state.HalfOpenCount--;
            Validate(connection);
        }
    }

    /// <summary>A connection ended that may have been half open.</summary>
    public void OnEnded(Connection connection)
    {
        factory.RemovePending(connection);
        if (!connection.IsClient && !connection.Path.IsValidated)
        {
            state.HalfOpenCount--;
        }
    }

    private void Validate(Connection connection)
    {
        connection.Path.IsValidated = true;
        connection.HandshakeEndsAt = Instant.Never;
        state.Events.Raise(connection, ConnectionEvents.Accepted);
    }

    private static bool IsHigher(NodeId a, NodeId b) => a.High != b.High ? a.High > b.High : a.Low > b.Low;

    private static TransportParameters ParametersOf(Connection connection) => new()
    {
        Tag = connection.LocalTag,
        InitialStreamData = (uint)connection.Config.StreamReceiveWindow,
        InitialStreamMessages = (uint)connection.Config.StreamMessageWindow,
        MaxAckDelayUs = (uint)(connection.Config.MaxAckDelay.Ticks / TimeSpan.TicksPerMicrosecond),
        MaxFrameLength = (uint)connection.Config.MaxFrameLength,
        MaxMessageLength = (uint)connection.ReceivedMessageMax,
        Features = TransportParameters.FurtherPaths(connection.Config.MaxPaths - 1),
        WindowScale = TransportParameters.WindowScaleMax,
    };
}
