using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace NexStream.Tests.Examples;

/// <summary>Writes and reads .safetensors files without the example's own code.</summary>
internal static class SafetensorsFiles
{
    public static byte[] Make(string json, int dataLength) => Make(Encoding.UTF8.GetBytes(json), dataLength);

    /// <summary>A file with so many bytes of data behind a header that need not be right.</summary>
    public static byte[] Make(byte[] json, int dataLength)
    {
        byte[] file = new byte[sizeof(long) + json.Length + dataLength];
        BinaryPrimitives.WriteInt64LittleEndian(file, json.Length);
        json.CopyTo(file.AsSpan(sizeof(long)));
        new Random(dataLength).NextBytes(file.AsSpan(sizeof(long) + json.Length));
        return file;
    }

    /// <summary>Many tensors of the same length.</summary>
    public static byte[] MakeMany(int count, int length, string name)
    {
        IEnumerable<string> tensors = Enumerable.Range(0, count).Select(i => $"\"{name}.{i}\":{{\"dtype\":\"U8\",\"shape\":[{length}],\"data_offsets\":[{i * length},{(i + 1) * length}]}}");
        return Make($"{{{string.Join(',', tensors)}}}", count * length);
    }

    /// <summary>The tensors of a file that only BF16 may be in: for each its shape, and its bytes' place in the file.</summary>
    public static Dictionary<string, (int[] Shape, Range Bytes)> ReadBFloat16(byte[] file)
    {
        int start = sizeof(long) + (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        using JsonDocument header = JsonDocument.Parse(file.AsMemory(sizeof(long)..start));
        Dictionary<string, (int[], Range)> tensors = [];
        foreach (JsonProperty item in header.RootElement.EnumerateObject().Where(item => item.Name != "__metadata__"))
        {
            Assert.That(item.Value.GetProperty("dtype").GetString(), Is.EqualTo("BF16"));
            int[] shape = item.Value.GetProperty("shape").Deserialize<int[]>()!;
            int[] place = item.Value.GetProperty("data_offsets").Deserialize<int[]>()!;
            Assert.That(place[1] - place[0], Is.EqualTo(2 * shape.Aggregate(1, (product, size) => product * size)));
            tensors.Add(item.Name, (shape, (start + place[0])..(start + place[1])));
        }

        return tensors;
    }
}
