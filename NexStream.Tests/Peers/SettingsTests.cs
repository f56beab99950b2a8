using NexStream.Peers.Running;

namespace NexStream.Tests.Peers;

[TestFixture]
internal sealed class SettingsTests
{
    [Test]
    public void Parse_NumbersAfterQuick_WinOverIt()
    {
        Settings? settings = Settings.Parse(["--rounds", "7", "--quick", "--only", "tcp"]);

        Assert.That(settings, Has.Property(nameof(Settings.Rounds)).EqualTo(7).And.Property(nameof(Settings.Quick)).True.And.Property(nameof(Settings.Only)).EqualTo("tcp"));
    }

    [TestCase("--rounds")]
    [TestCase("--rounds", "0")]
    [TestCase("--seconds", "-1")]
    [TestCase("--unknown", "1")]
    public void Parse_Nonsense_IsNull(params string[] arguments) => Assert.That(Settings.Parse(arguments), Is.Null);
}
