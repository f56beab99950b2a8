using System.Net;
using System.Net.Sockets;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;

namespace NexStream.Telemetry;

/// <summary>
/// A bad network between two sockets, in the caller's thread: it loses every 40th datagram, doubles every 50th, holds every 60th back until others have passed it,
/// and now and then puts in one that belongs to nobody and one that is none.
/// </summary>
internal sealed class DisturbedRelay : IDisposable
{
    private const int LoseEvery = 40;
    private const int DoubleEvery = 50;
    private const int HoldEvery = 60;
    private const int HoldFor = 20;
    private const int StrangerEvery = 10;

    /// <summary>Now and then many strangers at once, twice as many as an endpoint answers in one burst, so that some get no answer however slow the machine is.</summary>
    private const int CrowdEvery = 1000;
    private const int CrowdSize = 128;

    private const int DatagramMax = 65535;

    /// <summary>Between loss and doubling, so that no datagram meets two fates.</summary>
    private const int HoldOffset = 7;

    private readonly Socket _toClient = Open();
    private readonly Socket _toServer = Open();
    private readonly IPEndPoint _server;
    private readonly byte[] _buffer = new byte[DatagramMax];
    private readonly byte[] _stranger = Stranger(1);
    private readonly byte[] _torn = Stranger(0)[..(LinkHeader.Size + 4)];
    private readonly Queue<(int Due, byte[] Datagram)> _held = new();
    private EndPoint? _client;
    private int _count;

    public DisturbedRelay(IPEndPoint server)
    {
        _server = server;
        LinkHeader.TryRead(_torn, out LinkHeader header);
        header.PayloadLength = (uint)(_torn.Length - LinkHeader.Size);
        header.Write(_torn);
    }

    /// <summary>Where the client sends to.</summary>
    public IPEndPoint Address => (IPEndPoint)_toClient.LocalEndPoint!;

    /// <summary>Hands on what has come.</summary>
    public void Turn()
    {
        while (_toClient.Available > 0)
        {
            EndPoint from = new IPEndPoint(IPAddress.Loopback, 0);
            int length = _toClient.ReceiveFrom(_buffer, ref from);
            _client = from;
            ToServer(_buffer.AsSpan(0, length));
        }

        while (_client is not null && _toServer.Available > 0)
        {
            EndPoint from = _server;
            int length = _toServer.ReceiveFrom(_buffer, ref from);
            _toClient.SendTo(_buffer.AsSpan(0, length), _client);
        }
    }

    public void Dispose()
    {
        _toClient.Dispose();
        _toServer.Dispose();
    }

    private static Socket Open()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    /// <summary>A frame for whoever takes it, with a tag that nobody gave out.</summary>
    private static byte[] Stranger(ulong tag)
    {
        byte[] datagram = new byte[LinkHeader.Size + 24];
        new LinkHeader { FrameType = LinkFrameType.StreamControl, PayloadLength = 24, Source = new NodeId(9, 9) }.Write(datagram);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(datagram.AsSpan(LinkHeader.Size), tag);

        // PING, so that there is something to answer.
        datagram[LinkHeader.Size + 16] = 0x30;
        datagram[LinkHeader.Size + 19] = 4;
        return datagram;
    }

    private void ToServer(ReadOnlySpan<byte> datagram)
    {
        _count++;
        if (_count % LoseEvery != 0)
        {
            if (_count % HoldEvery == HoldOffset)
            {
                _held.Enqueue((_count + HoldFor, datagram.ToArray()));
            }
            else
            {
                _toServer.SendTo(datagram, _server);
                if (_count % DoubleEvery == 0)
                {
                    _toServer.SendTo(datagram, _server);
                }
            }
        }

        if (_count % StrangerEvery == 0)
        {
            _toServer.SendTo(_stranger, _server);
            _toServer.SendTo(_torn, _server);
        }

        for (int i = 0; _count % CrowdEvery == 0 && i < CrowdSize; i++)
        {
            _toServer.SendTo(_stranger, _server);
        }

        while (_held.TryPeek(out (int Due, byte[] Datagram) held) && held.Due <= _count)
        {
            _toServer.SendTo(_held.Dequeue().Datagram, _server);
        }
    }
}
