using System.Net;
using System.Net.Sockets;

namespace NexStream.Tests.Driver.Udp;

/// <summary>
/// Stands between a client and a server as a NAT does: the client sees one address, the server another, and at any moment the server can be
/// shown a new one. What comes to an address that was given up is lost.
/// </summary>
internal sealed class NatRelay : IDisposable
{
    private const int DatagramMax = 65536;

    private readonly Socket _inside = Open();
    private readonly IPEndPoint _server;
    private readonly byte[] _buffer = new byte[DatagramMax];
    private Socket _outside = Open();
    private EndPoint? _client;

    public NatRelay(IPEndPoint server) => _server = server;

    /// <summary>What the client takes for the server.</summary>
    public IPEndPoint Inside => (IPEndPoint)_inside.LocalEndPoint!;

    /// <summary>What the server takes for the client.</summary>
    public IPEndPoint Outside => (IPEndPoint)_outside.LocalEndPoint!;

    /// <summary>Sees each datagram on its way from the client to the server.</summary>
    public Action<byte[]>? Tap { get; set; }

    /// <summary>Another port outside; the old one is closed.</summary>
    public void Rebind()
    {
        _outside.Dispose();
        _outside = Open();
    }

    /// <summary>Carries what there is.</summary>
    public void Pump()
    {
        while (_inside.Poll(0, SelectMode.SelectRead))
        {
            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            int length = _inside.ReceiveFrom(_buffer, ref from);
            _client = from;
            Tap?.Invoke(_buffer[..length]);
            _outside.SendTo(_buffer.AsSpan(0, length), _server);
        }

        while (_outside.Poll(0, SelectMode.SelectRead))
        {
            int length = _outside.Receive(_buffer);
            if (_client is not null)
            {
                _inside.SendTo(_buffer.AsSpan(0, length), _client);
            }
        }
    }

    public void Dispose()
    {
        _inside.Dispose();
        _outside.Dispose();
    }

    private static Socket Open()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }
}
