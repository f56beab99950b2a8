namespace NexStream.Simulator.Links;

/// <summary>Packets that are used again: a run allocates as many as are in transit at a time.</summary>
internal sealed class PacketPool(int capacity)
{
    private readonly Stack<Packet> _free = new();

    public Packet Take() => _free.TryPop(out Packet? packet) ? packet : new Packet { Bytes = new byte[capacity] };

    public Packet Copy(Packet original)
    {
        Packet copy = Take();
        copy.Header = original.Header;
        original.Bytes.AsSpan(0, original.Length).CopyTo(copy.Bytes);
        copy.Length = original.Length;
        copy.Flow = original.Flow;
        copy.EnteredAt = original.EnteredAt;
        return copy;
    }

    public void Return(Packet packet) => _free.Push(packet);
}
