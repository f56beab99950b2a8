using System.Buffers.Binary;
using System.Globalization;
using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Links;
using NexStream.Examples.GameLoop;

// gameloop [ticks]: a server and a client polled at 60 Hz. The client sends what its player wants (RO, nothing may be lost), the server the
// state of the world (BE, only the latest counts).
int ticks = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 120;
TimeSpan tick = TimeSpan.FromSeconds(1) / 60;
LinkLibrary library = LinkLibrary.Load();
using Player server = new(library, 1, tick);
using Player client = new(library, 2, tick);
Player.Join(library, server, client);

client.Endpoint.Connect(server.Endpoint.Node, MonotonicClock.Now, out ConnectionHandle connection);
StreamHandle commands = default;
StreamHandle heard = default;
StreamHandle world = default;
StreamHandle seen = default;
byte[] buffer = new byte[64];
byte[] state = new byte[sizeof(long)];
long moved = 0;
long sent = 0;
long shown = 0;

using PeriodicTimer timer = new(tick);
for (int now = 0; now < ticks && await timer.WaitForNextTickAsync(); now++)
{
    Instant time = MonotonicClock.Now;
    client.Driver.Poll(time);
    server.Driver.Poll(time);

    while (server.Endpoint.TryGetEvent(out EndpointEvent item))
    {
        if (item.Kind == EventKind.StreamOpened)
        {
            heard = item.Stream;
            item.Connection.OpenStream(new StreamConfig(TransportMode.BestEffort), out world);
        }
    }

    while (client.Endpoint.TryGetEvent(out EndpointEvent item))
    {
        seen = item.Kind == EventKind.StreamOpened ? item.Stream : seen;
    }

    // The player takes a step; the server counts the steps and says where he is; the client shows it.
    if (connection.IsOpen && (commands != default || connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out commands) == CallStatus.Ok))
    {
        sent += commands.Send([1]).Bytes;
    }

    for (ReceiveResult got = heard.Receive(buffer); got.Status == CallStatus.Ok && got.Bytes > 0; got = heard.Receive(buffer))
    {
        moved += got.Bytes;
    }

    BinaryPrimitives.WriteInt64LittleEndian(state, moved);
    world.Send(state);
    while (seen.Receive(buffer).Status == CallStatus.Ok)
    {
        shown = Math.Max(shown, BinaryPrimitives.ReadInt64LittleEndian(buffer));
    }

    // What this tick brought forth leaves in this tick.
    client.Driver.Transmit(time);
    server.Driver.Transmit(time);
}

Console.WriteLine($"{ticks} ticks: {sent} steps sent, {moved} arrived, {shown} shown");
return moved > 0 && shown > 0 && moved <= sent ? 0 : 1;
