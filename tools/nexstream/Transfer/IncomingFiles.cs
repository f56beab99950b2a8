using NexStream.Core;
using NexStream.Core.Primitives;
using NexStream.Tool.Output;

namespace NexStream.Tool.Transfer;

/// <summary>The files of one sender, from their streams to their reports.</summary>
internal sealed class IncomingFiles(string directory, bool force, Action<FileReport> onReport) : IDisposable
{
    /// <summary>Streams that a sender may have open beyond those that are served: the rest waits unread, and flow control stops it.</summary>
    private const int FilesAtATime = 16;

    private readonly List<IncomingStream> _active = [];
    private readonly Queue<StreamHandle> _waiting = new();

    /// <summary>Whether the sender was gone before everything was done.</summary>
    public bool IsPeerLost { get; private set; }

    /// <summary>A stream was opened: a file's, or nothing that this protocol knows.</summary>
    public void Add(StreamHandle stream)
    {
        if (stream.Mode is TransportMode.ReliableOrdered or TransportMode.ReliableUnordered)
        {
            _waiting.Enqueue(stream);
        }
        else
        {
            stream.Reset(ReasonCode.ApplicationBase);
        }
    }

    /// <summary>Reads and answers what there is. Returns whether there was anything to do.</summary>
    public bool Turn(byte[] buffer, IProgressView progress, Instant now)
    {
        bool worked = false;
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
