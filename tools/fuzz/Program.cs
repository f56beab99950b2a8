using System.Globalization;
using NexStream.Replay.Editing;
using NexStream.Tools.Fuzz;

const string Usage = "usage: fuzz list | TARGET [--iterations N] [--seed N] [--first N] [--traces DIR] | TARGET --input HEX [--traces DIR]";
IFuzzTarget[] targets = [new FramesTarget(), new ConnectionTarget(), new PairTarget(), new TraceTarget()];

if (args is ["list"])
{
    foreach (IFuzzTarget listed in targets)
    {
        Console.WriteLine($"{listed.Name,-12} {listed.Description}");
    }

    return 0;
}

IFuzzTarget? target = args.Length > 0 ? Array.Find(targets, t => t.Name == args[0]) : null;
if (target is null || args.Length % 2 == 0)
{
    Console.Error.WriteLine(Usage);
    return 2;
}

long iterations = target.DefaultIterations;
ulong seed = 1;
long first = 0;
string traces = ".";
string? input = null;
for (int i = 1; i < args.Length; i += 2)
{
    string value = args[i + 1];
    bool isNumber = ulong.TryParse(value, CultureInfo.InvariantCulture, out ulong number) && number <= long.MaxValue;
    switch (args[i])
    {
        case "--input":
            input = value;
            break;
        case "--traces":
            traces = value;
            break;
        case "--iterations" when isNumber:
            iterations = (long)number;
            break;
        case "--seed" when isNumber:
            seed = number;
            break;
        case "--first" when isNumber:
            first = (long)number;
            break;
        default:
            Console.Error.WriteLine($"{args[i]} {value} is not understood. {Usage}");
            return 2;
    }
}

ThrowingAsserts.Install();
return input is null ? Runner.Run(target, seed, iterations, first, traces) : Runner.Replay(target, Convert.FromHexString(input), traces);
