using NexStream.Core.Fec;

namespace NexStream.Tests.Fec;

[TestFixture]
public sealed class GaloisFieldTests
{
    // klauspost/reedsolomon, galois_test.go.
    [TestCase(3, 4, 12)]
    [TestCase(7, 7, 21)]
    [TestCase(23, 45, 41)]
    [TestCase(0, 77, 0)]
    public void Multiply_KnownAnswers(byte a, byte b, byte product) => Assert.That(GaloisField.Multiply(a, b), Is.EqualTo(product));

    [TestCase(5, 20, 235)]
    [TestCase(13, 7, 43)]
    [TestCase(2, 8, 0x1d)]
    public void Multiply_AgainAndAgain_KnownPowers(byte a, int exponent, byte power)
    {
        byte product = 1;
        for (int i = 0; i < exponent; i++)
        {
            product = GaloisField.Multiply(product, a);
        }

        Assert.That(product, Is.EqualTo(power));
    }

    [Test]
    public void Field_AllPairs_MultiplicationIsCommutativeAndDivisible()
    {
        for (int a = 0; a < GaloisField.Size; a++)
        {
            for (int b = 1; b < GaloisField.Size; b++)
            {
                byte product = GaloisField.Multiply((byte)a, (byte)b);
                Assert.That(GaloisField.Multiply((byte)b, (byte)a), Is.EqualTo(product));
                Assert.That(GaloisField.Divide(product, (byte)b), Is.EqualTo(a));
            }
        }
    }

    [Test]
    public void Multiply_Sum_Distributes()
    {
        for (int a = 0; a < GaloisField.Size; a++)
        {
            for (int b = 0; b < GaloisField.Size; b++)
            {
                byte sum = (byte)(b ^ 0x5A);
                Assert.That(GaloisField.Multiply((byte)a, sum), Is.EqualTo(GaloisField.Multiply((byte)a, (byte)b) ^ GaloisField.Multiply((byte)a, 0x5A)));
            }
        }
    }
}
