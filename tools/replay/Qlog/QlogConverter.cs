using System.Globalization;
using System.Text.Json;
using NexStream.Core;
using NexStream.Core.Primitives;
using NexStream.Core.Stats;
using NexStream.Core.Wire;
using NexStream.Replay.Inputs;
using NexStream.Replay.Reading;
using NexStream.Replay.Running;

namespace NexStream.Replay.Qlog;

/// <summary>What came of a conversion.</summary>
/// <param name="Events">Events that were written.</param>
/// <param name="Calls">Calls that were carried out.</param>
/// <param name="Problem">Why it ended before the trace did; null: it did not.</param>
public sealed record QlogResult(long Events, long Calls, string? Problem);

/// <summary>
/// Writes what a trace tells as qlog (docs/qlog.md). The trace is replayed and the endpoint looked at after each call, so that whoever records pays nothing for it.
/// </summary>
public sealed class QlogConverter
{
    private readonly ReplayHost _host;
    private readonly QlogRecords _records;
    private readonly QlogPaths _paths;
    private readonly QlogStreams _streams;
    private readonly string _title;
    private EndpointStatistics _dropped;
    private Instant? _start;
    private long _now;

    private QlogConverter(ReplayHost host, QlogRecords records, string title)
    {
        _host = host;
        _records = records;
        _title = title;
        _paths = new QlogPaths(host.Endpoint.State);
        _streams = new QlogStreams(host, records);
    }

    /// <summary>Converts a trace.</summary>
    /// <param name="source">The trace.</param>
    /// <param name="destination">Where the qlog goes, as JSON text sequences (RFC 7464); closed at the end.</param>
    /// <param name="title">What the qlog calls itself.</param>
    /// <param name="suppliers">What the trace only names; null: nothing.</param>
    /// <exception cref="TraceException">It is no trace, or needs something that is not known here.</exception>
    public static QlogResult Run(Stream source, Stream destination, string title, Suppliers? suppliers = null)
    {
        var reader = new TraceReader(source, suppliers);
        using ReplayHost host = Replayer.Make(reader.Setup);
        using var records = new QlogRecords(destination);
        var converter = new QlogConverter(host, records, title);
        long calls = 0;
        TraceStep? next = Replayer.Next(reader);
        while (next is { } step)
        {
            next = Replayer.Next(reader);
            Exception? thrown = Replayer.TryApply(host, step.Input);
            calls++;
            if (Replayer.FaultOf(host, step, thrown, isLast: next is null) is not null)
            {
                return new QlogResult(records.EventCount, calls, $"call {step.Number} gives something else than it gave when it was recorded: nexstream replay says what");
            }

            converter.Write(step.Input);
        }

        return new QlogResult(records.EventCount, calls, reader.Damage);
    }

    /// <summary>The name of a connection's group: the handle's index and generation, as nexstream trace show writes it.</summary>
    internal static string Group(int index, uint generation) => string.Create(CultureInfo.InvariantCulture, $"{index}.{generation}");

    private void Write(TraceInput input)
    {
        switch (input)
        {
            case ConnectInput connect:
                Begin(connect.Now, "client");
                WriteConnect(connect);
                break;
            case ReceiveInput receive:
                Begin(receive.Now, "server");
                WriteReceived(receive);
                break;
            case HandleTimeoutInput timeout:
                Begin(timeout.Now, "client");
                WritePaths(timeout.Index);
                break;
            case TransmitInput transmit:
                Begin(transmit.Now, "client");
                WriteSent();
                break;
            case EndConnectionInput end:
                Begin(end.Now, "client");
                _streams.WriteConnectionState(_now, end.Index, end.Generation, end.IsAbort ? "closed" : "closing");
                break;
            case TakeEventInput when _host.HasAnswered:
                _streams.WriteEvent(_now, _host.Fields);
                break;
            default:
                _streams.WriteCall(_now, input);
                break;
        }
    }

    /// <summary>Sets the time. Whoever calls first is the client, and whoever is called the server: an endpoint may be both.</summary>
    private void Begin(Instant now, string role)
    {
        if (_start is null)
        {
            _start = now;
            _records.WriteHeader(_title, _host.Endpoint.Node.ToString(), role);
        }

        _now = Math.Max(_now, now - _start.Value);
    }

    private void WriteConnect(ConnectInput connect)
    {
        _host.Fields.Rewind();
        if (_host.Fields.Take<CallStatus>() == CallStatus.Ok)
        {
            _streams.WriteStarted(_now, _host.Fields.TakeNumber(), connect.Remote, "client");
        }
    }

    private void WriteReceived(ReceiveInput receive)
    {
        EndpointStatistics now = _host.Endpoint.Statistics;
        long rest = receive.Payload.Sum(part => (long)part.Slice.Length);
        bool isPacket = PacketHeader.TryRead(receive.Head, out PacketHeader header);
        QlogPath? path = isPacket && header.Tag != 0 ? _paths.OfReceived(header.Tag) : null;
        string? trigger = now.MalformedDropped != _dropped.MalformedDropped ? "malformed"
            : now.UnknownTagDropped != _dropped.UnknownTagDropped ? "unknown_tag"
            : now.HandshakesRefused != _dropped.HandshakesRefused ? "handshake_refused"
            : path is not null && path.TakeDuplicate() ? "duplicate"
            : null;
        _dropped = now;
        Utf8JsonWriter json = _records.BeginEvent(trigger is null ? "quic:packet_received" : "quic:packet_dropped", _now, path?.Group);
        if (trigger is not null)
        {
            json.WriteString("trigger", trigger);
        }

        WritePacket(json, isPacket && trigger != "malformed", header, receive.Head, rest);
        if (receive.Header.Ecn != EcnCodepoint.NotEct)
        {
            json.WriteString("ecn", Ecn(receive.Header.Ecn));
        }

        _records.EndEvent();
        path?.Write(_records, _now, _host.Endpoint.State);
    }

    private void WriteSent()
    {
        if (!_host.HasAnswered)
        {
            return;
        }

        _host.Fields.Rewind();
        for (ulong left = _host.Fields.TakeNumber(); left > 0; left--)
        {
            LinkHeader.TryRead(_host.Fields.TakeBytes(), out LinkHeader link);
            byte[] head = _host.Fields.TakeBytes().ToArray();
            long rest = 0;
            for (ulong slices = _host.Fields.TakeNumber(); slices > 0; slices--)
            {
                _host.Fields.TakeNumber();
                rest += _host.Fields.TakeBytes().Length;
            }

            bool isPacket = PacketHeader.TryRead(head, out PacketHeader header);
            QlogPath? path = _paths.OfSent(header.Tag, link.Destination);
            Utf8JsonWriter json = _records.BeginEvent("quic:packet_sent", _now, path?.Group);
            WritePacket(json, isPacket, header, head, rest);
            _records.EndEvent();
        }
    }

    private static void WritePacket(Utf8JsonWriter json, bool isPacket, in PacketHeader header, byte[] head, long rest)
    {
        if (isPacket)
        {
            QlogFrames.WriteHeader(json, header);
            QlogFrames.Write(json, head, rest);
        }

        json.WriteStartObject("raw");
        json.WriteNumber("length", LinkHeader.Size + head.Length + rest);
        json.WriteEndObject();
    }

    private void WritePaths(int connection)
    {
        foreach (QlogPath path in _paths.Of(_host.Endpoint.State.Connections[connection]))
        {
            path.Write(_records, _now, _host.Endpoint.State);
        }
    }

    private static string Ecn(EcnCodepoint codepoint) => codepoint switch
    {
        EcnCodepoint.Ect0 => "ECT(0)",
        EcnCodepoint.Ect1 => "ECT(1)",
        _ => "CE",
    };
}
