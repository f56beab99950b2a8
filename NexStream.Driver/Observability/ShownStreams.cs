using NexStream.Core;
using NexStream.Core.Stats;

namespace NexStream.Driver.Observability;

/// <summary>The streams that are alive, as many as are shown, each in a place of its own.</summary>
internal sealed class ShownStreams
{
    private readonly (StreamHandle Stream, int Connection)[] _shown;

    /// <summary>The place of a stream, by its handle's index, plus 1; 0: it has none.</summary>
    private readonly int[] _places;

    public ShownStreams(int capacity, int streamsMax)
    {
        _shown = new (StreamHandle, int)[capacity];
        _places = new int[streamsMax];
    }

    /// <summary>How many are shown.</summary>
    public int Count { get; private set; }

    /// <summary>Shows a stream, if there is a place left.</summary>
    public void Add(StreamHandle stream, int connection)
    {
        if (_places[stream.Index] == 0 && Count < _shown.Length)
        {
            _shown[Count++] = (stream, connection);
            _places[stream.Index] = Count;
        }
    }

    /// <summary>The stream is gone.</summary>
    public void Remove(StreamHandle stream)
    {
        int place = _places[stream.Index] - 1;
        if (place >= 0)
        {
            _places[stream.Index] = 0;
            Count--;
            if (place < Count)
            {
                _shown[place] = _shown[Count];
                _places[_shown[place].Stream.Index] = place + 1;
            }
        }
    }

    /// <summary>Writes what they have done. Those whose connection ended without a word are dropped.</summary>
    public int Write(Span<StreamRecord> records)
    {
        for (int i = Count - 1; i >= 0; i--)
        {
            // What takes the place of a removed one is behind it, and was looked at.
            if (_shown[i].Stream.Id == 0)
            {
                Remove(_shown[i].Stream);
            }
        }

        for (int i = 0; i < Count; i++)
        {
            (StreamHandle stream, int connection) = _shown[i];
            StreamStatistics statistics = stream.Statistics;
            records[i] = new StreamRecord
            {
                Connection = connection,
                Id = stream.Id,
                Mode = (int)statistics.Mode,
                PacketsLost = statistics.PacketsLost,
                Retransmissions = statistics.Retransmissions,
                Sent = (long)statistics.Sent,
                Queued = (long)statistics.Queued,
                Received = (long)statistics.Received,
                SendBuffered = statistics.SendBuffered,
                ReceiveBuffered = statistics.ReceiveBuffered,
            };
        }

        return Count;
    }
}
