using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using NexStream.Driver.Hosting;
using NexStream.Driver.Links;
using NexStream.Examples.Tensors;

// tensors: sends a .safetensors file tensor by tensor, in this process or between two; see the usage below.
using CancellationTokenSource stop = new();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
{
    signal.Cancel = true;
    stop.Cancel();
});
try
{
    switch (args)
    {
        case []:
            return await ShowAsync();
        case ["make", string path]:
            SampleModel.Write(path, seed: 1);
            return 0;
        case ["make", string path, string seed]:
            SampleModel.Write(path, int.Parse(seed, CultureInfo.InvariantCulture));
            return 0;
        case ["serve", string path]:
            return await ServeAsync(path, new IPEndPoint(IPAddress.Loopback, 0), stop.Token);
        case ["serve", string path, string address]:
            return await ServeAsync(path, Address(address), stop.Token);
        case ["fetch", string address, string path]:
            return await FetchAsync(Address(address), path, stop.Token);
        default:
            Console.Error.WriteLine("""
                tensors                         makes a file, fetches half of it in this process, and then the rest
                tensors make FILE [SEED]        makes a file: a transformer layer in BF16
                tensors serve FILE [IP:PORT]    offers a .safetensors file; says at which address
                tensors fetch IP:PORT FILE      fetches it; called again after an interruption, fetches the rest
                """);
            return 2;
    }
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("Stopped. The same command goes on where this one was.");
    return 1;
}
catch (Exception failure) when (failure is IOException or InvalidDataException or UnauthorizedAccessException or FormatException or LinkException)
{
    Console.Error.WriteLine(failure.Message);
    return 1;
}

static IPEndPoint Address(string text) =>
    IPEndPoint.TryParse(text, out IPEndPoint? address) ? address : throw new FormatException($"\"{text}\" is no address: write it like 127.0.0.1:4000.");

static async Task<int> ShowAsync()
{
    DirectoryInfo folder = Directory.CreateTempSubdirectory("tensors");
    try
    {
        string source = Path.Combine(folder.FullName, "model.safetensors");
        string copy = Path.Combine(folder.FullName, "copy.safetensors");
        SampleModel.Write(source, seed: 1);
        using TensorServer server = new(source);
        (NexStreamHost near, NexStreamHost far) = LoopHosts.Create();
        await using NexStreamHost client = near;
        await using NexStreamHost host = far;
        _ = server.ServeAsync(host);
        NexStreamConnection connection = await client.ConnectAsync(host.Node);
        using CancellationTokenSource half = new();
        try
        {
            await new TensorClient(connection, new ProgressLines(item => item.Written > item.Length / 2, half.Cancel)).FetchAsync(copy, half.Token);
        }
        catch (OperationCanceledException)
        {
            Console.WriteLine("stopped half-way, and on again:");
        }

        long asked = await new TensorClient(connection, new ProgressLines()).FetchAsync(copy);
        bool isSame = File.ReadAllBytes(copy).AsSpan().SequenceEqual(File.ReadAllBytes(source));
        Console.WriteLine($"{new FileInfo(copy).Length} bytes, of which the second run asked for {asked}; the files are {(isSame ? "equal" : "different")}");
        return isSame ? 0 : 1;
    }
    finally
    {
        folder.Delete(recursive: true);
    }
}

static async Task<int> ServeAsync(string path, IPEndPoint address, CancellationToken stop)
{
    using TensorServer server = new(path);
    await using NexStreamHost host = NexStreamHost.OpenUdp(address);
    Console.WriteLine($"{path}: {server.Index.Header.Tensors.Count} tensors, {server.Index.Header.FileLength} bytes, at {host.LocalEndPoint}");
    await Task.WhenAny(server.ServeAsync(host), Task.Delay(Timeout.Infinite, stop));
    return 0;
}

static async Task<int> FetchAsync(IPEndPoint address, string path, CancellationToken stop)
{
    await using NexStreamHost host = NexStreamHost.OpenUdp();
    NexStreamConnection connection = await host.ConnectAsync(address, null, stop);
    long asked = await new TensorClient(connection, new ProgressLines()).FetchAsync(path, stop);
    Console.WriteLine($"{path}: {new FileInfo(path).Length} bytes, of which {asked} were asked for");
    return 0;
}
