using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using NexStream.Core.Primitives;
using NexStream.Driver.Hosting;

namespace NexStream.Connections;

/// <summary>
/// One RO stream as a connection of ASP.NET Core's: what speaks over TCP speaks over it, and many share one NexStream connection. As behind a socket there is a pipe each
/// way, so that no call on <see cref="Transport"/> waits for the network except a flush when the pipe is full, and that somebody always hears how the stream ends.
/// </summary>
internal sealed class NexStreamConnectionContext : ConnectionContext
{
    /// <summary>Memory that waits for what comes: some packets, so that a bulk transfer takes few turns.</summary>
    private const int ReceiveBuffer = 16 * 1024;

    /// <summary>Bytes that the application has not read before the stream's window holds the peer back: as many as Kestrel's limits allow a request.</summary>
    private const int UnreadMax = 1024 * 1024;

    /// <summary>How long what was completed may take to the peer after an abort, as <see cref="Core.Config.ConnectionConfig.Linger"/> by default.</summary>
    private static readonly TimeSpan s_linger = TimeSpan.FromSeconds(5);

    private readonly NexStreamStream _stream;

    /// <summary>The pumps continue where the bytes came from; the application has threads of its own.</summary>
    private readonly Pipe _received = new(new PipeOptions(
        pauseWriterThreshold: UnreadMax, resumeWriterThreshold: UnreadMax / 2, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));

    private readonly Pipe _sent = new(new PipeOptions(readerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
    private readonly OutputPipe _output;

    /// <summary>Never disposed of: Kestrel may abort what was disposed of a moment before.</summary>
    private readonly CancellationTokenSource _closed = new();

    private readonly CancellationTokenRegistration _whenClosed;
    private readonly Task _sending;
    private int _isAborted;

    public NexStreamConnectionContext(NexStreamStream stream, EndPoint? local, EndPoint? remote)
    {
        _stream = stream;
        _output = new OutputPipe(_sent.Writer);
        _whenClosed = stream.Connection.Closed.UnsafeRegister(static closed => ((CancellationTokenSource)closed!).Cancel(), _closed);
        Transport = new DuplexPipe(_received.Reader, _output);
        LocalEndPoint = local;
        RemoteEndPoint = remote;
        ConnectionClosed = _closed.Token;
        ConnectionId = $"{stream.Connection.Remote}/{stream.Id}";
        _sending = SendAsync();
        _ = ReceiveAsync();
    }

    public override string ConnectionId { get; set; }

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();

    public override IDuplexPipe Transport { get; set; }

    /// <summary>
    /// Ends it at once, without waiting. What the application had completed still goes, as it would from a socket that is closed: Orleans completes what it writes and then
    /// aborts. Anything else is cut off, and the peer sees that it was.
    /// </summary>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        if (Interlocked.Exchange(ref _isAborted, 1) == 0)
        {
            _ = CutOffAsync(_output.IsCompleted ? s_linger : TimeSpan.Zero);
        }

        _closed.Cancel();
    }

    /// <summary>Ends it in good order: waits until the stream has taken what was written, if it was not aborted.</summary>
    public override async ValueTask DisposeAsync()
    {
        await _output.CompleteAsync().ConfigureAwait(false);
        await _received.Reader.CompleteAsync().ConfigureAwait(false);
        if (Volatile.Read(ref _isAborted) == 0)
        {
            await _sending.ConfigureAwait(false);
            await _stream.DisposeAsync().ConfigureAwait(false);
        }

        await _whenClosed.DisposeAsync().ConfigureAwait(false);
        await _closed.CancelAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    private async Task CutOffAsync(TimeSpan linger)
    {
        await Task.Delay(linger).ConfigureAwait(false);
        _stream.Abort(ReasonCode.Aborted);
    }

    private async Task SendAsync()
    {
        PipeReader written = _sent.Reader;
        try
        {
            ReadResult result;
            do
            {
                result = await written.ReadAsync().ConfigureAwait(false);
                foreach (ReadOnlyMemory<byte> part in result.Buffer)
                {
                    await _stream.SendAsync(part).ConfigureAwait(false);
                }

                written.AdvanceTo(result.Buffer.End);
            }
            while (!result.IsCompleted);
            await _stream.FinishAsync().ConfigureAwait(false);
        }
        catch (NexStreamException)
        {
            // Nothing can be sent any more. A flush says so by being completed; why, the other half says.
            await _closed.CancelAsync().ConfigureAwait(false);
        }
        catch (Exception) when (_output.Failure is not null)
        {
            // What was written is incomplete, and the peer has to see that.
            _stream.Abort(ReasonCode.Aborted);
        }

        await written.CompleteAsync().ConfigureAwait(false);
    }

    private async Task ReceiveAsync()
    {
        PipeWriter received = _received.Writer;
        Exception? failure = null;
        try
        {
            int count;
            while ((count = await _stream.ReceiveAsync(received.GetMemory(ReceiveBuffer)).ConfigureAwait(false)) > 0)
            {
                // Once the application reads no more, a pipe drops what is written.
                received.Advance(count);
                await received.FlushAsync().ConfigureAwait(false);
            }
        }
        catch (NexStreamException end)
        {
            failure = end;
        }

        // The end of what a peer sends is the end of the connection, as for ASP.NET's sockets: so a request is aborted whose client has gone.
        await received.CompleteAsync(failure).ConfigureAwait(false);
        await _closed.CancelAsync().ConfigureAwait(false);
    }

    private sealed class DuplexPipe(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
