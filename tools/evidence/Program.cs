using System.Globalization;
using NexStream.Evidence;
using NexStream.Evidence.Requirements;

string suite = args.Length > 0 ? args[0] : string.Empty;
switch (suite)
{
    case "utilisation":
        UtilisationTable.Write(Console.Out, args.Length > 1 ? args[1] : null);
        return 0;
    case "delivery":
        DeliveryTable.Write(Console.Out, args.Length > 1 ? long.Parse(args[1], CultureInfo.InvariantCulture) : null);
        return 0;
    case "quorum":
        DeliveryTable.WriteQuorum(Console.Out);
        return 0;
    case "mutation" when args.Length == 3:
        MutationTable.Write(Console.Out, args[1], args[2]);
        return 0;
    case "requirements" when RequirementsOptions.Parse(args[1..]) is { } options:
        return RunRequirements(options);
    default:
        Console.Error.WriteLine(
            "Which table? evidence utilisation [cubic|bbr], evidence delivery [messages], evidence quorum, evidence mutation REPORT REASONS. Each is written to the output as Markdown.");
        Console.Error.WriteLine($"{RequirementsOptions.Usage} runs what shows that requirements are met, and writes {RequirementsRun.Table}.");
        return 2;
}

static int RunRequirements(RequirementsOptions options)
{
    string? root = Environment.CurrentDirectory;
    while (root is not null && !File.Exists(Path.Combine(root, "NexStream.sln")))
    {
        root = Path.GetDirectoryName(root);
    }

    if (root is null)
    {
        Console.Error.WriteLine("Run this inside the repository.");
        return 2;
    }

    return new RequirementsRun(root, options, Console.Error).Run() ? 0 : 1;
}
