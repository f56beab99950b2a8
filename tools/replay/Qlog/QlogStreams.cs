using System.Text.Json;
using NexStream.Core;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Replay.Inputs;
using NexStream.Replay.Reading;
using NexStream.Replay.Running;

namespace NexStream.Replay.Qlog;

/// <summary>The lives of connections and streams, as calls and events tell them.</summary>
internal sealed class QlogStreams(ReplayHost host, QlogRecords records)
{
    private readonly Dictionary<ulong, (uint Id, string Mode, string Group)> _streams = [];
    private readonly Dictionary<string, string> _states = [];

    /// <summary>A connection begins.</summary>
    public void WriteStarted(long now, ulong handle, NodeId remote, string role)
    {
        string group = GroupOf(handle);
        Utf8JsonWriter json = records.BeginEvent("nexstream:connection_started", now, group);
        json.WriteString("local", host.Endpoint.Node.ToString());
        json.WriteString("remote", remote.ToString());
        json.WriteString("role", role);
        records.EndEvent();
        WriteState(now, group, role == "client" ? "attempted" : "established");
    }

    /// <summary>A connection is closed by the application.</summary>
    public void WriteConnectionState(long now, int index, uint generation, string state) => WriteState(now, QlogConverter.Group(index, generation), state);

    /// <summary>A call that changes a stream.</summary>
    public void WriteCall(long now, TraceInput input)
    {
        if (!host.HasAnswered)
        {
            return;
        }

        host.Fields.Rewind();
        switch (input)
        {
            case OpenStreamInput open when host.Fields.Take<CallStatus>() == CallStatus.Ok:
                Add(now, host.Fields.TakeNumber(), QlogConverter.Group(open.Index, open.Generation), "local");
                break;
            case FinishInput finish when host.Fields.Take<CallStatus>() == CallStatus.Ok:
                WriteStream(now, HandleOf(finish.Index, finish.Generation), "data_sent", "sending");
                break;
            case CloseStreamInput close when host.Fields.Take<CallStatus>() == CallStatus.Ok:
                WriteStream(now, HandleOf(close.Index, close.Generation), "data_sent", "both");
                break;
            case ResetStreamInput reset when host.Fields.Take<CallStatus>() == CallStatus.Ok:
                WriteStream(now, HandleOf(reset.Index, reset.Generation), "reset_sent", "both", reset.Reason);
                break;
            default:
                break;
        }
    }

    /// <summary>An event that the application has fetched.</summary>
    public void WriteEvent(long now, OutcomeFields fields)
    {
        fields.Rewind();
        var kind = fields.Take<EventKind>();
        ulong connection = fields.TakeNumber();
        ulong stream = fields.TakeNumber();
        var reason = fields.Take<ReasonCode>();
        ulong value = fields.TakeNumber();
        string group = GroupOf(connection);
        switch (kind)
        {
            case EventKind.ConnectionAccepted:
                WriteStarted(now, connection, host.Connection(unchecked((int)(uint)connection), (uint)(connection >> 32)).Remote, "server");
                break;
            case EventKind.ConnectionEstablished:
                WriteState(now, group, "established");
                break;
            case EventKind.ConnectionClosing:
                WriteState(now, group, "closing");
                break;
            case EventKind.ConnectionClosed:
                WriteClosed(now, group, reason, fields);
                break;
            case EventKind.ConnectionMoved or EventKind.PathReady or EventKind.PathLost or EventKind.PathClosed:
                WritePath(now, group, kind, value);
                break;
            case EventKind.StreamOpened:
                Add(now, stream, group, "remote");
                break;
            case EventKind.StreamReset:
                WriteStream(now, stream, "reset_received", "receiving", reason);
                break;
            case EventKind.StreamStopped:
                WriteStream(now, stream, "stopped", "sending", reason);
                break;
            case EventKind.StreamClosed:
                WriteStream(now, stream, "closed", "both");
                _streams.Remove(stream);
                break;
            case EventKind.MessageAcknowledged or EventKind.MessageLost or EventKind.MessageExpired:
                WriteMessage(now, stream, kind, value);
                break;
            default:
                // Readable and writable: what the application is told to do next, and no state.
                break;
        }
    }

    private static string GroupOf(ulong handle) => QlogConverter.Group(unchecked((int)(uint)handle), (uint)(handle >> 32));

    private static ulong HandleOf(int index, uint generation) => ((ulong)generation << 32) | (uint)index;

    private void Add(long now, ulong handle, string group, string initiator)
    {
        StreamHandle stream = host.Stream(unchecked((int)(uint)handle), (uint)(handle >> 32));
        _streams[handle] = (stream.Id, QlogFrames.NameOf(stream.Mode), group);
        WriteStream(now, handle, "open", "both", initiator: initiator);
    }

    private void WriteState(long now, string group, string state)
    {
        Utf8JsonWriter json = records.BeginEvent("nexstream:connection_state_updated", now, group);
        if (_states.TryGetValue(group, out string? old))
        {
            json.WriteString("old", old);
        }

        json.WriteString("new", state);
        records.EndEvent();
        _states[group] = state;
    }

    private void WriteClosed(long now, string group, ReasonCode reason, OutcomeFields fields)
    {
        Utf8JsonWriter json = records.BeginEvent("nexstream:connection_closed", now, group);
        json.WriteString("reason", reason.ToString());
        json.WriteNumber("reason_code", (uint)reason);
        json.WriteNumber("undelivered_bytes", fields.TakeNumber());
        json.WriteNumber("undelivered_messages", fields.TakeNumber());
        json.WriteNumber("unread_bytes", fields.TakeNumber());
        records.EndEvent();
        WriteState(now, group, "closed");
        _states.Remove(group);
    }

    private void WritePath(long now, string group, EventKind kind, ulong path)
    {
        Utf8JsonWriter json = records.BeginEvent("nexstream:path_updated", now, group);
        json.WriteNumber("path_id", path);
        json.WriteString("new", kind switch
        {
            EventKind.PathReady => "active",
            EventKind.PathLost => "silent",
            EventKind.PathClosed => "closed",
            _ => "moved",
        });
        records.EndEvent();
    }

    private void WriteStream(long now, ulong handle, string state, string side, ReasonCode reason = ReasonCode.None, string? initiator = null)
    {
        if (!_streams.TryGetValue(handle, out (uint Id, string Mode, string Group) stream))
        {
            return;
        }

        Utf8JsonWriter json = records.BeginEvent("nexstream:stream_state_updated", now, stream.Group);
        json.WriteNumber("stream_id", stream.Id);
        json.WriteString("mode", stream.Mode);
        json.WriteString("new", state);
        json.WriteString("stream_side", side);
        if (initiator is not null)
        {
            json.WriteString("initiator", initiator);
        }

        if (reason != ReasonCode.None)
        {
            json.WriteString("reason", reason.ToString());
        }

        records.EndEvent();
    }

    private void WriteMessage(long now, ulong handle, EventKind kind, ulong message)
    {
        if (_streams.TryGetValue(handle, out (uint Id, string Mode, string Group) stream))
        {
            Utf8JsonWriter json = records.BeginEvent("nexstream:message_updated", now, stream.Group);
            json.WriteNumber("stream_id", stream.Id);
            json.WriteNumber("message", message);
            json.WriteString("new", kind switch
            {
                EventKind.MessageAcknowledged => "acknowledged",
                EventKind.MessageLost => "lost",
                _ => "expired",
            });
            records.EndEvent();
        }
    }
}
