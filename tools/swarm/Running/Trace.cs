using NexStream.Core.Events;
using NexStream.Core.Wire;
using NexStream.Swarm.Hosts;
using NexStream.Swarm.Network;
using NexStream.Swarm.Oracles;

namespace NexStream.Swarm.Running;

/// <summary>What happens in a world, as one number that two runs of the same seed have in common, and as text for people who look at one.</summary>
internal sealed class Trace(World world, Action<string>? log)
{
    /// <summary>A number for all that endpoints said: packets, events, deadlines.</summary>
    public ulong Hash { get; private set; } = Pattern.Mix(world.Plan.Seed);

    public void OnSent(Host host, Transmission transmission)
    {
        Hash = Pattern.HashOf(transmission.Head, Hash ^ ((ulong)world.Now << 8) ^ (ulong)host.Index ^ ((ulong)transmission.PacketLength << 40));
        log?.Invoke($"{Time} {host.Index} sends {FrameText.Of(transmission.Head, transmission.PacketLength)} from {Short(transmission.Header.Source)} to {Short(transmission.Header.Destination)}");
    }

    public void OnDelivered(Host host, Packet packet) => log?.Invoke($"{Time} {host.Index} gets  {FrameText.Of(packet.Content, (int)packet.Header.PayloadLength)} from {Short(packet.Header.Source)}");

    public void OnEvent(Host host, in EndpointEvent item)
    {
        Hash = Pattern.Mix(Hash ^ ((ulong)item.Kind << 32) ^ (ulong)item.Reason ^ item.Value ^ ((ulong)item.Connection.Index << 48) ^ ((ulong)(uint)item.Stream.Index << 16) ^ (ulong)host.Index);
        log?.Invoke($"{Time} {host.Index} event {item.Kind} connection {item.Connection.Index} stream {item.Stream.Id:x} ({item.Stream.Index}) value {item.Value} reason {item.Reason}");
    }

    public void OnDeadline(Host host, in ConnectionDeadline deadline)
    {
        Hash = Pattern.Mix(Hash ^ (ulong)deadline.Deadline.Nanoseconds ^ ((ulong)deadline.Connection.Index << 56) ^ (ulong)host.Index);
        log?.Invoke($"{Time} {host.Index} timer {deadline.Kind} of connection {deadline.Connection.Index} at {deadline.Deadline}, the clock shows {host.Now}");
    }

    /// <summary>Something that the world did to its hosts.</summary>
    public void Note(string text) => log?.Invoke($"{Time} {text}");

    /// <summary>Enough of a node to tell it from others.</summary>
    private static string Short(Core.Primitives.NodeId node) => (node.Low & 0xffff).ToString("x", System.Globalization.CultureInfo.InvariantCulture);

    private string Time => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{world.Now / 1e9:F9}");
}
