using System.Globalization;
using System.Xml.Linq;
using NexStream.Core.Primitives;
using NexStream.Tests.Wire;

namespace NexStream.Tests.Wireshark;

/// <summary>A datagram as tshark reads it: what came over UDP, and what the dissector found in it.</summary>
internal sealed class DissectedDatagram(XElement packet)
{
    private const string Prefix = "nexstream.";

    /// <summary>The bytes behind the UDP header.</summary>
    public byte[] Bytes { get; } = Convert.FromHexString(
        (string?)packet.Descendants("field").FirstOrDefault(item => (string?)item.Attribute("name") == "udp.payload")?.Attribute("value") ?? string.Empty);

    /// <summary>Whether the dissector took it.</summary>
    public bool IsNexStream => packet.Elements("proto").Any(proto => (string?)proto.Attribute("name") == "nexstream");

    /// <summary>What is marked as malformed, by this dissector or by Wireshark itself.</summary>
    public IReadOnlyList<string> Malformed => [.. from item in packet.Descendants()
                                                  let name = (string?)item.Attribute("name")
                                                  where name is "nexstream.malformed" or "nexstream.checksum_bad" or "_ws.malformed" or "_ws.lua.error"
                                                  select (string?)item.Attribute("showname") ?? (string?)item.Attribute("show") ?? name];

    /// <summary>The frames in order: every element that has a frame type.</summary>
    public IReadOnlyList<XElement> Frames => [.. packet.Descendants().Where(element => Own(element, "frame.type") is not null)];

    /// <summary>A field of an element itself, by the name that docs/wire-format.md gives it.</summary>
    public static XElement? Own(XElement element, string name) => element.Elements("field").FirstOrDefault(item => (string?)item.Attribute("name") == Prefix + name);

    /// <summary>The value of a field anywhere in the datagram; null: there is none.</summary>
    public string? Show(string name) => (string?)packet.Descendants("field").FirstOrDefault(item => (string?)item.Attribute("name") == Prefix + name)?.Attribute("show");

    /// <summary>Compares a frame with what our own decoder says of it, in lines "name = value".</summary>
    public static void AssertSame(XElement frame, string kind, IReadOnlyList<string> fields, string message)
    {
        Assert.That((string?)Own(frame, "frame.type")!.Attribute("showname"), Does.Contain(kind), message);
        foreach (string field in fields)
        {
            string[] parts = field.Split(" = ", 2);
            Assert.That(ValueOf(frame, parts[0], parts[1]), Is.EqualTo(parts[1]), $"{message}: {kind} {parts[0]}");
        }
    }

    /// <summary>What the dissector shows of a field, written as <paramref name="like"/> is.</summary>
    private static string ValueOf(XElement frame, string name, string like)
    {
        if (name == "ecn")
        {
            return Own(frame, "ecn.ect0") is null ? "(none)" : $"{Text(frame, "ecn.ect0")}, {Text(frame, "ecn.ect1")}, {Text(frame, "ecn.ce")}";
        }

        XElement[] found = [.. frame.Elements("field").Where(item => (string?)item.Attribute("name") == Prefix + name)];
        if (found.Length == 0)
        {
            return like is "(none)" or "(empty)" or "" ? like : "nothing";
        }

        string text = Text(frame, name);
        return name switch
        {
            "mode" => FrameCodecs.NameOf((TransportMode)int.Parse(text, CultureInfo.InvariantCulture)),
            "reflected" or "graceful" or "fin" => text is "1" or "True" ? "yes" : "no",
            "versions" => string.Join(", ", found.Select(item => (string?)item.Attribute("show"))),
            "node_id" or "cookie" or "payload" => (string)found[0].Attribute("value")!,
            "reason_phrase" or "ranges" => text,
            _ when like.StartsWith("0x", StringComparison.Ordinal) =>
                $"0x{ulong.Parse(text.Replace("0x", string.Empty, StringComparison.Ordinal), NumberStyles.HexNumber, CultureInfo.InvariantCulture).ToString("x", CultureInfo.InvariantCulture).PadLeft(like.Length - 2, '0')}",
            _ => text,
        };
    }

    private static string Text(XElement frame, string name) => (string)Own(frame, name)!.Attribute("show")!;
}
