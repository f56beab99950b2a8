using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using NexStream.Examples.Tensors;

namespace NexStream.Tests.Examples;

/// <summary>What the tensors example makes of a file: the format's README and reference library (huggingface/safetensors) say what is right.</summary>
[TestFixture]
internal sealed class SafetensorsHeaderTests
{
    private string _path = null!;

    [SetUp]
    public void MakePath() => _path = Path.GetTempFileName();

    [TearDown]
    public void Delete() => File.Delete(_path);

    [Test]
    public void Sample_ReadByAnotherReader_IsAnAlignedBFloat16Model()
    {
        SampleModel.Write(_path, seed: 3);
        byte[] file = File.ReadAllBytes(_path);
        Dictionary<string, (int[] Shape, Range Bytes)> tensors = SafetensorsFiles.ReadBFloat16(file);
        Assert.That(tensors["model.layers.0.mlp.gate_proj.weight"].Shape, Is.EqualTo(new[] { 1408, 512 }));
        int end = sizeof(long) + (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        Assert.That(end % 8, Is.Zero);
        foreach ((string name, (_, Range bytes)) in tensors.OrderBy(item => item.Value.Bytes.Start.Value))
        {
            Assert.That(bytes.Start.Value, Is.EqualTo(end), name);
            end = bytes.End.Value;
            for (int at = bytes.Start.Value; at < end; at += sizeof(ushort))
            {
                float value = BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(at)) << 16);
                if (name.Contains("layernorm", StringComparison.Ordinal) ? value != 1 : MathF.Abs(value) > 0.0201f)
                {
                    Assert.Fail($"{name} has {value} at byte {at}.");
                }
            }
        }

        Assert.That(end, Is.EqualTo(file.Length));
        Assert.That(Read().Tensors, Has.Count.EqualTo(tensors.Count));
        Assert.That(Read().Tensors.Select(tensor => (tensor.Name, tensor.Offset)), Is.EquivalentTo(tensors.Select(item => (item.Key, (long)item.Value.Bytes.Start.Value))));
    }

    [Test]
    public void Sample_OfTheSameSeed_IsTheSame()
    {
        SampleModel.Write(_path, seed: 3);
        byte[] first = File.ReadAllBytes(_path);
        SampleModel.Write(_path, seed: 3);
        Assert.That(File.ReadAllBytes(_path).AsSpan().SequenceEqual(first), Is.True);
        SampleModel.Write(_path, seed: 4);
        Assert.That(File.ReadAllBytes(_path).AsSpan().SequenceEqual(first), Is.False);
    }

    [TestCase("{}", 0, TestName = "Read_NoTensor_IsRight")]
    [TestCase("{\"__metadata__\":{\"a\":\"b\"}}   ", 0, TestName = "Read_MetadataAndSpaces_IsRight")]
    [TestCase("{\"s\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]}}", 8, TestName = "Read_Scalar_IsRight")]
    [TestCase("{\"b\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},\"a\":{\"dtype\":\"U8\",\"shape\":[0,7],\"data_offsets\":[0,0]}}", 3, TestName = "Read_EmptyTensor_IsRight")]
    [TestCase("{\"b\":{\"dtype\":\"F4\",\"shape\":[6],\"data_offsets\":[2,5]},\"a\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[0,2]}}", 5, TestName = "Read_OutOfOrderAndSmallTypes_IsRight")]
    [TestCase("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"more\":1}}", 1, TestName = "Read_UnknownField_IsRight")]
    public void Read_OfARightFile_GivesItsLength(string json, int dataLength)
    {
        File.WriteAllBytes(_path, SafetensorsFiles.Make(json, dataLength));
        Assert.That(Read().FileLength, Is.EqualTo(new FileInfo(_path).Length));
    }

    [TestCase("[]", 0, "is not a JSON object")]
    [TestCase(" {}", 0, "is not a JSON object")]
    [TestCase("", 0, "is not a JSON object")]
    [TestCase("{", 0, "is no JSON")]
    [TestCase("{} x", 0, "is no JSON")]
    [TestCase("{\"\\ud800\":{}}", 0, "is no JSON")]
    [TestCase("{\"a\":{\"dtype\":\"\\udc00\",\"shape\":[],\"data_offsets\":[0,0]}}", 0, "is no JSON")]
    [TestCase("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}", 2, "Duplicate")]
    [TestCase("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "Duplicate")]
    [TestCase("{\"__metadata__\":[]}", 0, "__metadata__ is not a map")]
    [TestCase("{\"__metadata__\":{\"a\":1}}", 0, "__metadata__ is not a map")]
    [TestCase("{\"a\":1}", 0, "tensor a: it has no dtype")]
    [TestCase("{\"a\":{\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "tensor a: it has no dtype")]
    [TestCase("{\"a\":{\"dtype\":8,\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "tensor a: it has no dtype")]
    [TestCase("{\"a\\u001b[2J\":{\"dtype\":\"U7\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "tensor a\\u001B[2J: it has no dtype")]
    [TestCase("{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, "tensor a: its shape")]
    [TestCase("{\"a\":{\"dtype\":\"U8\",\"shape\":1,\"data_offsets\":[0,1]}}", 1, "tensor a: its shape")]
    [TestCase("{\"a\":{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,1]}}", 1, "tensor a: its shape")]
    [TestCase("{\"a\":{\"dtype\":\"U8\",\"shape\":[1.5],\"data_offsets\":[0,1]}}", 1, "tensor a: its shape")]
    [TestCase("{\"a\":{\"dtype\":\"U8\",\"shape\":[18446744073709551616],\"data_offsets\":[0,1]}}", 1, "tensor a: its shape")]
    [TestCase("{\"a\":{\"dtype\":\"U64\",\"shape\":[4294967296,4294967296,4294967296],\"data_offsets\":[0,0]}}", 0, "more elements than any file")]
    [TestCase("{\"a\":{\"dtype\":\"U64\",\"shape\":[9223372036854775807],\"data_offsets\":[0,0]}}", 0, "needs 590295810358705651648 bits")]
    [TestCase("{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, "its data_offsets are not two numbers")]
    [TestCase("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0]}}", 1, "its data_offsets are not two numbers")]
    [TestCase("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,2]}}", 1, "its data_offsets are not two numbers")]
    [TestCase("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,0]}}", 1, "its data_offsets are not two numbers")]
    [TestCase("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[-1,0]}}", 1, "its data_offsets are not two numbers")]
    [TestCase("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[9223372036854775806,9223372036854775807]}}", 1, "its data_offsets are not two numbers")]
    [TestCase("{\"a\":{\"dtype\":\"BF16\",\"shape\":[2,3],\"data_offsets\":[0,11]}}", 11, "needs 96 bits, but its data_offsets [0, 11] have 88")]
    [TestCase("{\"a\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,2]}}", 2, "needs 12 bits, but its data_offsets [0, 2] have 16")]
    [TestCase("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}", 2, "tensor a U8 [1]: it begins at byte 62 of the file, and what is before it ends at 61")]
    [TestCase("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}", 3, "tensor b U8 [2]: it begins at byte 114 of the file, and what is before it ends at 115")]
    [TestCase("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 2, "its tensors end at byte 62, but the file does at 63")]
    [TestCase("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", 1, "its tensors end at byte 63, but the file does at 62")]
    public void Read_OfAWrongHeader_SaysWhatAndWhere(string json, int dataLength, string expected)
    {
        File.WriteAllBytes(_path, SafetensorsFiles.Make(json, dataLength));
        AssertFails(expected);
    }

    [Test]
    public void Read_OfAHeaderThatIsNoUtf8_SaysSo()
    {
        File.WriteAllBytes(_path, SafetensorsFiles.Make([(byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)'}'], 0));
        AssertFails("UTF-8");
    }

    [TestCase(7, 0UL, "it has 7 bytes, and a file begins with a length of 8")]
    [TestCase(1000, 100_000_001UL, "say that the header has 100000001 bytes; at most 100000000 are allowed")]
    [TestCase(1000, ulong.MaxValue, "say that the header has 18446744073709551615 bytes")]
    [TestCase(1000, 993UL, "its header should end at byte 1001, but the file does at 1000")]
    public void Read_OfAWrongLength_SaysWhatAndWhere(int fileLength, ulong headerLength, string expected)
    {
        byte[] file = new byte[Math.Max(fileLength, sizeof(ulong))];
        BinaryPrimitives.WriteUInt64LittleEndian(file, headerLength);
        File.WriteAllBytes(_path, file[..fileLength]);
        AssertFails(expected);
    }

    private SafetensorsHeader Read()
    {
        using SafeFileHandle file = File.OpenHandle(_path);
        return SafetensorsHeader.Read(file, _path);
    }

    private void AssertFails(string expected)
    {
        string message = Assert.Throws<InvalidDataException>(() => Read())!.Message;
        Assert.That(message, Does.StartWith($"{_path}: ").And.Contain(expected).And.EndWith("with a library for the format."));
    }
}
