using System.Globalization;
using NexStream.Evidence;

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
    default:
        Console.Error.WriteLine(
            "Which table? evidence utilisation [cubic|bbr], evidence delivery [messages], evidence quorum, evidence mutation REPORT REASONS. Each is written to the output as Markdown.");
        return 2;
}
