namespace NexStream.Swarm.Network;

/// <summary>Packets that are used again; each thread that runs worlds has one.</summary>
internal sealed class PacketPool
{
    private readonly Stack<Packet> _free = new();

    public Packet Take() => _free.TryPop(out Packet? packet) ? packet : new Packet();

    /// <summary>Gives a packet back, and with it the holds on its sender's frames.</summary>
    public void Return(Packet packet)
    {
        for (int i = 0; i < packet.SliceCount; i++)
        {
            packet.Sender!.ReturnHold(packet.Slices[i].Frame, 1);
        }

        packet.SliceCount = 0;
        packet.Sender = null;
        _free.Push(packet);
    }
}
