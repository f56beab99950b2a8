using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using NexStream.Core.Primitives;
using NexStream.Driver.Hosting;

namespace NexStream.Connections;

/// <summary>One RO stream as a connection of ASP.NET Core's: what speaks over TCP speaks over it, and many share one NexStream connection.</summary>
internal sealed class NexStreamConnectionContext : ConnectionContext
{
    private readonly NexStreamStream _stream;

    /// <summary>Never disposed of: Kestrel may abort what was disposed of a moment before.</summary>
    private readonly CancellationTokenSource _closed = new();

    private readonly CancellationTokenRegistration _whenClosed;

    public NexStreamConnectionContext(NexStreamStream stream, EndPoint? local, EndPoint? remote)
    {
        _stream = stream;
        _whenClosed = stream.Connection.Closed.UnsafeRegister(static closed => ((CancellationTokenSource)closed!).Cancel(), _closed);
        Transport = stream.AsDuplexPipe();
        LocalEndPoint = local;
        RemoteEndPoint = remote;
        ConnectionClosed = _closed.Token;
        ConnectionId = $"{stream.Connection.Remote}/{stream.Id}";
    }

    public override string ConnectionId { get; set; }

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();

    public override IDuplexPipe Transport { get; set; }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        _stream.Abort(ReasonCode.Aborted);
        _closed.Cancel();
    }

    public override async ValueTask DisposeAsync()
    {
        // What was written still goes: the halves end one after the other, and then the stream.
        await Transport.Output.CompleteAsync().ConfigureAwait(false);
        await Transport.Input.CompleteAsync().ConfigureAwait(false);
        await _stream.DisposeAsync().ConfigureAwait(false);
        await _whenClosed.DisposeAsync().ConfigureAwait(false);
        await _closed.CancelAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }
}
