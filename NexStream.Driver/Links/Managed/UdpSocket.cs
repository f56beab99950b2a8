using System.Net;
using System.Net.Sockets;

namespace NexStream.Driver.Links.Managed;

/// <summary>Opens the socket of a managed udp link: bound, never blocking, and fragmenting nothing.</summary>
internal static class UdpSocket
{
    /// <summary>Levels, options and values of Linux (in.h, in6.h): the system's own idea of what a path carries stops no probe, and nothing is fragmented.</summary>
    private const int LevelIp = 0;
    private const int LevelIpV6 = 41;
    private const int MtuDiscover = 10;
    private const int MtuDiscoverV6 = 23;
    private const int Probe = 3;

    /// <summary>Windows reports an unreachable port as an error of the next receive; this turns that off (SIO_UDP_CONNRESET, mstcpip.h).</summary>
    private const int ConnectionReset = -1744830452;

    /// <exception cref="SocketException">The system has no such socket, or not at that address.</exception>
    public static Socket Open(in NexLinkUdpOptions options)
    {
        IPEndPoint local = options.Local.ToEndPoint();
        bool isAny = local.Address.Equals(IPAddress.IPv6Any);
        bool hasV6 = Socket.OSSupportsIPv6;
        AddressFamily family = isAny && !hasV6 ? AddressFamily.InterNetwork : local.AddressFamily;
        Socket socket = new(family, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
        try
        {
            if (family == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = isAny;
            }

            NeverFragment(socket, family);
            if (options.SocketBuffer != 0)
            {
                int size = (int)Math.Min(options.SocketBuffer, int.MaxValue);
                socket.ReceiveBufferSize = size;
                socket.SendBufferSize = size;
            }

            if (OperatingSystem.IsWindows())
            {
                socket.IOControl(ConnectionReset, [0, 0, 0, 0], null);
            }

            socket.Bind(isAny && family == AddressFamily.InterNetwork ? new IPEndPoint(IPAddress.Any, local.Port) : local);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    private static void NeverFragment(Socket socket, AddressFamily family)
    {
        if (!OperatingSystem.IsLinux())
        {
            socket.DontFragment = true;
            return;
        }

        Span<byte> value = stackalloc byte[sizeof(int)];
        BitConverter.TryWriteBytes(value, Probe);
        if (family == AddressFamily.InterNetworkV6)
        {
            socket.SetRawSocketOption(LevelIpV6, MtuDiscoverV6, value);
        }

        // A socket of both families needs both.
        socket.SetRawSocketOption(LevelIp, MtuDiscover, value);
    }
}
