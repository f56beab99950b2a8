using System.Text;
using CsCheck;
using NexStream.Tool.Transfer;

namespace NexStream.Tests.Tools;

public sealed class SafeFileNameTests
{
    [TestCase("model.bin", ExpectedResult = "model.bin")]
    [TestCase("/etc/passwd", ExpectedResult = "passwd")]
    [TestCase("../../x", ExpectedResult = "x")]
    [TestCase("C:\\Windows\\x.dll", ExpectedResult = "x.dll")]
    [TestCase("..", ExpectedResult = null)]
    [TestCase("a/", ExpectedResult = null)]
    [TestCase(". .", ExpectedResult = null)]
    [TestCase(".bashrc", ExpectedResult = "bashrc")]
    [TestCase("a\nb\u001b[2J", ExpectedResult = "a_b_[2J")]
    [TestCase("x. .", ExpectedResult = "x")]
    public string? Reduce_NameFromPeer_NamesAFileInTheDirectory(string name) => SafeFileName.Reduce(name);

    [Test]
    public void Reduce_AnyName_IsNeverAPath() => Gen.String.Sample(name =>
    {
        string? safe = SafeFileName.Reduce(name);
        return safe is null || (Path.GetFileName(safe) == safe && safe[0] != '.' && !safe.Any(char.IsControl) && Encoding.UTF8.GetByteCount(safe) <= SafeFileName.BytesMax);
    });
}
