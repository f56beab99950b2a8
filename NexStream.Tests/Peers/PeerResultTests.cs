using NexStream.Peers.Results;

namespace NexStream.Tests.Peers;

[TestFixture]
internal sealed class PeerResultTests
{
    [Test]
    public void Parse_LineOfAPeer_TakesTheFiguresThatAreThere()
    {
        PeerResult? result = PeerResult.Parse("""{"peer":"tcp","case":"tcp","size":8192,"touch":true,"goodput_gbps":12.5,"ns_per_packet":5000.5}""");

        Assert.That(result, Is.EqualTo(new PeerResult(12.5, 5000.5, null, null, null)));
    }

    [Test]
    public void Parse_LineOfOurs_CountsFramesAsPackets()
    {
        PeerResult? result = PeerResult.Parse("""{"goodput_gbps":70,"ns_per_data_frame":140,"acks_per_data":0.03}""");

        Assert.That(result, Is.EqualTo(new PeerResult(70, 140, 0.03, null, null)));
    }

    [TestCase("")]
    [TestCase("no json")]
    [TestCase("{\"goodput_gbps\":1")]
    [TestCase("[1]")]
    [TestCase("{\"peer\":\"tcp\"}")]
    [TestCase("{\"goodput_gbps\":\"fast\"}")]
    public void Parse_NoResult_IsNull(string line) => Assert.That(PeerResult.Parse(line), Is.Null);

    [Test]
    public void Find_ResultBetweenOtherLines_TakesTheLastResult()
    {
        const string Output = "starting\n{\"goodput_gbps\":1}\n{\"goodput_gbps\":2}\nbye\n";

        Assert.That(PeerResult.Find(Output)?.GoodputGbps, Is.EqualTo(2));
    }
}
