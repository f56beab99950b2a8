using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.State;

namespace NexStream.Core.Streams;

/// <summary>The records of messages on their way in: those being put together, and those complete and not yet read.</summary>
internal sealed class InboundMessages(EndpointState state)
{
    private readonly Slab<InboundMessage> _inbound = state.Inbound;

    private const int None = Slab<InboundMessage>.None;

    /// <summary>A record for a message of which there is nothing yet, in no list. False: none is free.</summary>
    public bool TryCreate(ulong number, int length, bool hasNumber, out int index)
    {
        if (!TryCreate(number, default, length, hasNumber, out index))
        {
            return false;
        }

        ref InboundMessage message = ref _inbound[index];
        StartOver(ref message);
        message.Previous = None;
        return true;
    }

    /// <summary>Nothing has come of the message, or nothing that counts: its lists are empty.</summary>
    public static void StartOver(ref InboundMessage message)
    {
        message.Content = ChunkList.Empty;
        message.Ahead = ChunkList.Empty;
        message.Received = 0;
        message.RunCount = 0;
    }

    /// <summary>A record for a message that is whole and in one piece, whose reference it takes over, in no list yet. False: none is free.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryCreateWhole(ulong number, in PayloadSlice whole, bool hasNumber, out int index) =>
        TryCreate(number, whole, whole.Length, hasNumber, out index);

    /// <summary>What both kinds of record have: field by field, because one made elsewhere and copied here would be written twice.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryCreate(ulong number, in PayloadSlice whole, int length, bool hasNumber, out int index)
    {
        if (!_inbound.TryAllocate(out index))
        {
            return false;
        }

        ref InboundMessage message = ref _inbound[index];
        message.Number = number;
        message.Whole = whole;
        message.Length = length;
        message.Next = None;
        message.HasNumber = hasNumber;
        return true;
    }

    /// <summary>All of a message that was put together is there: a chunk that holds it alone is needed no longer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Close(ref InboundMessage message)
    {
        if (message.Content.Head == message.Content.Tail)
        {
            message.Whole = state.Store.TakeOnly(ref message.Content);
        }
    }

    /// <summary>The message that is being put together, or -1.</summary>
    public int FindPartial(int streamIndex, ulong number) => state.PartialIndex.Find(KeyOf(streamIndex, number));

    public void AddPartial(int streamIndex, int index)
    {
        ref ReceiveHalf receive = ref state.Streams[streamIndex].Receive;
        ref InboundMessage message = ref _inbound[index];
        message.Next = receive.PartialHead;
        if (receive.PartialHead >= 0)
        {
            _inbound[receive.PartialHead].Previous = index;
        }

        receive.PartialHead = index;
        receive.PendingCount++;
        state.PartialIndex.Add(KeyOf(streamIndex, message.Number), index);
    }

    public void RemovePartial(int streamIndex, int index)
    {
        ref ReceiveHalf receive = ref state.Streams[streamIndex].Receive;
        ref InboundMessage message = ref _inbound[index];
        state.PartialIndex.Remove(KeyOf(streamIndex, message.Number));
        if (message.Previous >= 0)
        {
            _inbound[message.Previous].Next = message.Next;
        }
        else
        {
            receive.PartialHead = message.Next;
        }

        if (message.Next >= 0)
        {
            _inbound[message.Next].Previous = message.Previous;
        }

        message.Next = None;
        message.Previous = None;
        receive.PendingCount--;
        Invariant.Check(receive.PendingCount >= 0, "The messages that are being put together are counted.");
    }

    /// <summary>The message is complete and can be read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddReady(ref ReceiveHalf receive, int index)
    {
        if (receive.MessageTail >= 0)
        {
            _inbound[receive.MessageTail].Next = index;
        }
        else
        {
            receive.MessageHead = index;
        }

        receive.MessageTail = index;
    }

    /// <summary>Takes the first complete message, which this is, out of its list. Returns its index.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int TakeReady(ref ReceiveHalf receive, in InboundMessage message)
    {
        int index = receive.MessageHead;
        int next = message.Next;
        receive.MessageHead = next;
        if (next < 0)
        {
            receive.MessageTail = None;
        }

        return index;
    }

    /// <summary>Frees a message that stands in no list, and its payload.</summary>
    public void Free(int index)
    {
        ref InboundMessage message = ref _inbound[index];
        if (message.IsWhole)
        {
            state.Frames.Release(message.Whole.Frame);
        }
        else
        {
            state.Store.Clear(ref message.Content);
            state.Store.Clear(ref message.Ahead);
        }

        _inbound.Free(index);
    }

    /// <summary>Frees all messages of a stream and returns what of them was charged to the connection.</summary>
    public ulong Clear(Connection connection, int streamIndex)
    {
        ref StreamState stream = ref state.Streams[streamIndex];
        ulong charged = 0;
        while (stream.Receive.PartialHead is var index && index >= 0)
        {
            charged += (uint)_inbound[index].Length;

            // Its other fragments may still come: they must not be charged again.
            TryMarkArrived(streamIndex, _inbound[index].Number, out _);
            RemovePartial(streamIndex, index);
            Free(index);
        }

        while (stream.Receive.MessageHead >= 0)
        {
            int index = TakeReady(ref stream.Receive, _inbound[stream.Receive.MessageHead]);
            charged += (uint)_inbound[index].Length;
            connection.ReadyBytes -= _inbound[index].Length;
            stream.Receive.Window.Consumed++;
            Free(index);
        }

        return stream.Mode == TransportMode.ReliableUnordered ? charged : 0;
    }

    /// <summary>Notes that a message has arrived or will not come. False: there are too many gaps to remember it.</summary>
    public bool TryMarkArrived(int streamIndex, ulong number, out bool isNewGap)
    {
        ref ReceiveHalf receive = ref state.Streams[streamIndex].Receive;
        isNewGap = false;
        if (number == receive.Next)
        {
            receive.Next = receive.Arrived.TakeFrom(state.Ranges, number + 1);
            return true;
        }

        int runs = receive.Arrived.Count;
        bool marked = receive.Arrived.TryAdd(state.Ranges, number, EndpointState.RangesPerStreamMax);
        isNewGap = receive.Arrived.Count > runs;
        return marked;
    }

    /// <summary>Numbers of one stream that are being put together lie far closer together than 2^32, so that 32 bits tell them apart.</summary>
    private static ulong KeyOf(int streamIndex, ulong number) => ((ulong)(uint)streamIndex << 32) | unchecked((uint)number);
}
