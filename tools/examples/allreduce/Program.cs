using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NexStream.Driver.Hosting;
using NexStream.Examples.AllReduce;

// allreduce [processes] [MiB]: starts so many processes, which add up so many bytes of numbers over NexStream and then over TCP.
const int Modulus = 1000;
if (args is ["worker", ..])
{
    await WorkAsync(Number(args[1]), Number(args[2]), Number(args[3]));
    return 0;
}

return await LaunchAsync(args.Length > 0 ? Number(args[0]) : 4, args.Length > 1 ? Number(args[1]) : 64);

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

static async Task<int> LaunchAsync(int count, int mebibytes)
{
    Process[] workers = [.. Enumerable.Range(0, count).Select(rank => Start(rank, count, mebibytes))];
    string[] ports = await Task.WhenAll(workers.Select(async worker => await worker.StandardOutput.ReadLineAsync() ?? string.Empty));
    for (int rank = 0; rank < count; rank++)
    {
        await workers[rank].StandardInput.WriteLineAsync(ports[(rank + 1) % count]);
    }

    foreach (Process worker in workers)
    {
        Console.Write(await worker.StandardOutput.ReadToEndAsync());
        await worker.WaitForExitAsync();
    }

    return workers.All(worker => worker.ExitCode == 0) ? 0 : 1;
}

static Process Start(int rank, int count, int mebibytes)
{
    string self = Environment.ProcessPath!;
    ProcessStartInfo start = new(self) { RedirectStandardInput = true, RedirectStandardOutput = true };
    if (Path.GetFileNameWithoutExtension(self) == "dotnet")
    {
        start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
    }

    foreach (string argument in new[] { "worker", $"{rank}", $"{count}", $"{mebibytes}" })
    {
        start.ArgumentList.Add(argument);
    }

    return Process.Start(start)!;
}

static async Task WorkAsync(int rank, int count, int mebibytes)
{
    NexStreamHost host = NexStreamHost.OpenUdp(new IPEndPoint(IPAddress.Loopback, 0));
    using TcpListener listener = new(IPAddress.Loopback, 0);
    listener.Start();
    Console.WriteLine($"{host.LocalEndPoint!.Port} {((IPEndPoint)listener.LocalEndpoint).Port}");
    string[] next = (await Console.In.ReadLineAsync() ?? throw new EndOfStreamException("The launcher is gone.")).Split(' ');

    await using (NexStreamRing ring = await NexStreamRing.JoinAsync(host, Number(next[0])))
    {
        await MeasureAsync("nexstream", ring, rank, count, mebibytes);
    }

    await using TcpRing tcp = await TcpRing.JoinAsync(listener, Number(next[1]));
    await MeasureAsync("tcp", tcp, rank, count, mebibytes);
}

static async Task MeasureAsync(string name, IRing ring, int rank, int count, int mebibytes)
{
    float[] numbers = new float[Reduction.LengthFor(mebibytes << 20, count)];
    for (int i = 0; i < numbers.Length; i++)
    {
        numbers[i] = (rank + 1) * (i % Modulus);
    }

    Stopwatch watch = Stopwatch.StartNew();
    await new Reduction(rank, count, numbers).RunAsync(ring);
    TimeSpan time = watch.Elapsed;
    int expected = count * (count + 1) / 2;
    for (int i = 0; i < numbers.Length; i++)
    {
        // Integers of this size are exact in single precision, in whatever order they are added.
        if (numbers[i] != expected * (i % Modulus))
        {
            throw new InvalidDataException($"{name}: number {i} of process {rank} is {numbers[i]}, not {expected * (i % Modulus)}.");
        }
    }

    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} process {rank}: {numbers.Length * sizeof(float)} bytes summed over {count} processes in {time.TotalSeconds:F3} s, all right"));
}
