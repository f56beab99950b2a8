using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NexStream.Examples.GameWorld;

// gameworld [players] [ticks] [--kill] [--tcp]: a world on two silos, each a process, and this one as their client. --kill ends a silo in the middle;
// --tcp runs the same over TCP.
if (args is ["silo", ..])
{
    await SiloProcess.RunAsync(args[1..]);
    return;
}

bool isTcp = args.Contains("--tcp");
int[] numbers = [.. args.Where(argument => !argument.StartsWith("--", StringComparison.Ordinal)).Select(argument => int.Parse(argument, CultureInfo.InvariantCulture))];
int playerCount = numbers.Length > 0 ? numbers[0] : 20;
int ticks = numbers.Length > 1 ? numbers[1] : 100;

string program = Assembly.GetExecutingAssembly().Location;
int[] ports = SiloProcess.FreePorts(4);
await using SiloProcess first = await SiloProcess.StartAsync(program, "silo-1", ports[0], ports[1], ports[0], isTcp);
await using SiloProcess second = await SiloProcess.StartAsync(program, "silo-2", ports[2], ports[3], ports[0], isTcp);
using IHost client = Cluster.BuildClient([first.Gateway, second.Gateway], isTcp);
await client.StartAsync();
string[] names = [.. Enumerable.Range(0, playerCount).Select(number => $"{(char)('a' + (number % 26))}{number}")];
Game game = new(client.Services.GetRequiredService<IGrainFactory>(), names);
Console.WriteLine($"Two silos in two processes, every connection over {(isTcp ? "TCP" : "NexStream")}.");

await PlayAsync(ticks / 2);
await ShowAsync();
if (args.Contains("--kill"))
{
    int died = game.Players.Values.Count(player => player.Silo == second.Name);
    await second.KillAsync();
    Stopwatch down = Stopwatch.StartNew();
    await game.StepUntilCalmAsync();
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{second.Name} was killed with {died} players: after {down.Elapsed.TotalSeconds:F1} s and {game.Failures} failed calls everybody walks again."));
}

await PlayAsync(ticks - (ticks / 2));
await ShowAsync();
await client.StopAsync();
Console.WriteLine($"{game.Calls} calls answered, {game.Failures} failed and were made again; every player is where the rules want him.");

async Task PlayAsync(int count)
{
    for (int i = 0; i < count; i++)
    {
        await game.StepAsync();
    }
}

async Task ShowAsync()
{
    RegionView[] regions = await game.LookAsync();
    Console.WriteLine($"Tick {game.Tick}:");
    foreach (string line in Map.Draw(regions).Concat(Map.Hosts(regions, game.Players.Values)))
    {
        Console.WriteLine($"  {line}");
    }
}
