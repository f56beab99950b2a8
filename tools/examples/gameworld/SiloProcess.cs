using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;

namespace NexStream.Examples.GameWorld;

/// <summary>A silo in a process of its own, which ends with the one that started it.</summary>
public sealed class SiloProcess : IAsyncDisposable
{
    private const string Ready = "ready";
    private readonly Process _process;

    private SiloProcess(Process process, string name, int gateway)
    {
        _process = process;
        Name = name;
        Gateway = gateway;
    }

    /// <summary>What it is called.</summary>
    public string Name { get; }

    /// <summary>The port for clients.</summary>
    public int Gateway { get; }

    /// <summary>Ports of this machine that nobody has, neither over TCP nor over UDP.</summary>
    public static int[] FreePorts(int count)
    {
        List<Socket> held = [];
        List<int> ports = [];
        while (ports.Count < count)
        {
            Socket tcp = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            Socket udp = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            held.AddRange([tcp, udp]);
            tcp.Bind(new IPEndPoint(IPAddress.Any, 0));
            try
            {
                udp.Bind(tcp.LocalEndPoint!);
                ports.Add(((IPEndPoint)tcp.LocalEndPoint!).Port);
            }
            catch (SocketException)
            {
                // Somebody has it over UDP: the next one.
            }
        }

        held.ForEach(socket => socket.Dispose());
        return [.. ports];
    }

    /// <summary>Starts this program again as a silo, and waits until it is part of the cluster.</summary>
    /// <param name="program">The program's file.</param>
    /// <param name="name">What the silo is called.</param>
    /// <param name="port">Its port for other silos.</param>
    /// <param name="gateway">Its port for clients.</param>
    /// <param name="primary">The first silo's port.</param>
    /// <param name="isTcp">Over TCP instead of NexStream.</param>
    public static async Task<SiloProcess> StartAsync(string program, string name, int port, int gateway, int primary, bool isTcp)
    {
        string[] arguments = [program, "silo", name, Text(port), Text(gateway), Text(primary), isTcp ? "tcp" : "nexstream"];
        Process process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        SiloProcess silo = new(process, name, gateway);
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line == Ready)
            {
                return silo;
            }
        }

        await silo.DisposeAsync();
        throw new InvalidOperationException($"{name} did not start; its process ended with {process.ExitCode}.");

        static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>What the process itself does: the silo, until its standard input ends.</summary>
    public static async Task RunAsync(string[] arguments)
    {
        int[] ports = [.. arguments[1..4].Select(port => int.Parse(port, CultureInfo.InvariantCulture))];
        using IHost host = Cluster.BuildSilo(arguments[0], ports[0], ports[1], ports[2], arguments[4] == "tcp");
        await host.StartAsync();
        Console.WriteLine(Ready);
        while (await Console.In.ReadLineAsync() is not null)
        {
            // Nothing is said to it but that it may end.
        }

        await host.StopAsync();
    }

    /// <summary>Ends the process at once, so that it can tell nobody, and waits until it is gone.</summary>
    public Task KillAsync()
    {
        _process.Kill();
        return _process.WaitForExitAsync();
    }

    /// <summary>Lets the silo stop in good order, if it was not killed.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
