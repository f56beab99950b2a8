using System.Buffers.Binary;
using System.Text.Json;

namespace NexStream.Examples.Tensors;

/// <summary>Writes a layer of a small transformer, in BF16, as a .safetensors file: something to send that needs no download.</summary>
internal static class SampleModel
{
    private const int Hidden = 512;
    private const int KeyValue = 128;
    private const int Intermediate = 1408;

    /// <summary>Weights at the beginning of a training are about so large.</summary>
    private const float Spread = 0.02f;

    private static readonly (string Name, int[] Shape)[] s_tensors =
    [
        ("model.layers.0.input_layernorm.weight", [Hidden]),
        ("model.layers.0.mlp.down_proj.weight", [Hidden, Intermediate]),
        ("model.layers.0.mlp.gate_proj.weight", [Intermediate, Hidden]),
        ("model.layers.0.mlp.up_proj.weight", [Intermediate, Hidden]),
        ("model.layers.0.post_attention_layernorm.weight", [Hidden]),
        ("model.layers.0.self_attn.k_proj.weight", [KeyValue, Hidden]),
        ("model.layers.0.self_attn.o_proj.weight", [Hidden, Hidden]),
        ("model.layers.0.self_attn.q_proj.weight", [Hidden, Hidden]),
        ("model.layers.0.self_attn.v_proj.weight", [KeyValue, Hidden]),
    ];

    /// <summary>The same seed gives the same file.</summary>
    public static void Write(string path, int seed)
    {
        using FileStream file = File.Create(path);
        file.Write(Header());
        Random random = new(seed);
        foreach ((string name, int[] shape) in s_tensors)
        {
            byte[] bytes = new byte[Length(shape)];
            for (int at = 0; at < bytes.Length; at += sizeof(ushort))
            {
                float value = name.Contains("layernorm", StringComparison.Ordinal) ? 1 : Spread * ((2 * random.NextSingle()) - 1);
                BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), ToBFloat16(value));
            }

            file.Write(bytes);
        }
    }

    private static byte[] Header()
    {
        using MemoryStream buffer = new();
        buffer.Write(new byte[SafetensorsHeader.LengthSize]);
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt");
            json.WriteEndObject();
            int begin = 0;
            foreach ((string name, int[] shape) in s_tensors)
            {
                int end = begin + Length(shape);
                json.WritePropertyName(name);
                JsonSerializer.Serialize(json, new { dtype = "BF16", shape, data_offsets = new[] { begin, end } });
                begin = end;
            }

            json.WriteEndObject();
        }

        while (buffer.Length % SafetensorsHeader.LengthSize != 0)
        {
            // Readers map the file: spaces behind the JSON align the tensors.
            buffer.WriteByte((byte)' ');
        }

        byte[] header = buffer.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - SafetensorsHeader.LengthSize);
        return header;
    }

    private static int Length(int[] shape) => sizeof(ushort) * shape.Aggregate(1, (product, dimension) => product * dimension);

    /// <summary>The upper half of a single, rounded to the nearest, a tie to the even one.</summary>
    private static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
