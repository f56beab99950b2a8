using NexStream.Core;
using NexStream.Core.Primitives;
using NexStream.Tool.Output;

namespace NexStream.Tool.Transfer;

/// <summary>The files of one sender, from their streams to their reports.</summary>
internal sealed class IncomingFiles(string directory, bool force, Action<FileReport> onReport) : IDisposable
{
    /// <summary>Streams that a sender may have open beyond those that are served: the rest waits unread, and flow control stops it.</summary>
    private const int FilesAtATime = 16;

    /// <summary>Messages of one stream that one turn takes.</summary>
    private const int BlocksPerTurn = 256;

    private readonly List<IncomingStream> _active = [];
    private readonly Queue<StreamHandle> _waiting = new();
    private readonly List<StreamHandle> _blocks = [];

    /// <summary>Whether the sender was gone before everything was done.</summary>
    public bool IsPeerLost { get; private set; }

    /// <summary>A stream was opened: a file's, or one for blocks of a file that is fetched.</summary>
    public void Add(StreamHandle stream)
    {
        if (stream.Mode is TransportMode.ReliableOrdered or TransportMode.ReliableUnordered)
        {
            _waiting.Enqueue(stream);
        }
        else
        {
            _blocks.Add(stream);
        }
    }

    /// <summary>Reads and answers what there is. Returns whether there was anything to do.</summary>
    public bool Turn(byte[] buffer, IProgressView progress, Instant now)
    {
        bool worked = ReadBlocks(buffer, now);
        while (_active.Count < FilesAtATime && _waiting.TryDequeue(out StreamHandle stream))
        {
            _active.Add(new IncomingStream(stream, directory, force, now));
        }

        for (int i = _active.Count - 1; i >= 0; i--)
        {
            IncomingStream file = _active[i];
            worked |= file.Turn(buffer, now);
            Show(file, progress, now);
            if (file.IsOver)
            {
                Remove(i, progress);
            }
        }

        return worked;
    }

    /// <summary>Ends what is under way.</summary>
    public void GiveUp(IProgressView progress, Instant now, string why)
    {
        IsPeerLost |= _active.Exists(file => file.Report is null);
        for (int i = _active.Count - 1; i >= 0; i--)
        {
            _active[i].GiveUp(now, why);
            Remove(i, progress);
        }
    }

    public void Dispose() => _active.ForEach(file => file.Dispose());

    /// <summary>Hands each block to the file that it says it is of; what belongs to none is dropped.</summary>
    private bool ReadBlocks(byte[] buffer, Instant now)
    {
        bool worked = false;
        for (int i = _blocks.Count - 1; i >= 0; i--)
        {
            ReceiveResult result = _blocks[i].Receive(buffer);
            for (int left = BlocksPerTurn; left > 0 && result.Status == CallStatus.Ok; left--, result = _blocks[i].Receive(buffer))
            {
                worked = true;
                if (WantedBlocks.TryRead(buffer.AsSpan(0, result.Bytes), out uint id, out long offset, out ReadOnlySpan<byte> content))
                {
                    _active.Find(file => file.Id == id)?.OnBlock(content, offset, now);
                }
            }

            if (result.Status is not (CallStatus.Ok or CallStatus.WouldBlock))
            {
                _blocks.RemoveAt(i);
            }
        }

        return worked;
    }

    private static void Show(IncomingStream file, IProgressView progress, Instant now)
    {
        if (progress.IsDue(now) && file.Progress > 0)
        {
            file.Bar = file.Bar < 0 ? progress.Add(file.Name) : file.Bar;
            progress.Report(file.Bar, file.Progress);
        }
    }

    private void Remove(int index, IProgressView progress)
    {
        IncomingStream file = _active[index];
        if (file.Bar >= 0)
        {
            progress.Remove(file.Bar);
        }

        _active.RemoveAt(index);
        if (file.Report is not null)
        {
            onReport(file.Report);
        }

        file.Dispose();
    }
}
