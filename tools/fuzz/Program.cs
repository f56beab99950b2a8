using System.Globalization;
using NexStream.Tools.Fuzz;

const string Usage = "usage: fuzz list | TARGET [--iterations N] [--seed N] [--first N] | TARGET --input HEX";
IFuzzTarget[] targets = [new FramesTarget(), new ConnectionTarget(), new PairTarget()];

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
for (int i = 1; i < args.Length; i += 2)
{
    string value = args[i + 1];
    bool isNumber = ulong.TryParse(value, CultureInfo.InvariantCulture, out ulong number) && number <= long.MaxValue;
    switch (args[i])
    {
        case "--input":
            return Runner.Replay(target, Convert.FromHexString(value));
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

return Runner.Run(target, seed, iterations, first);
