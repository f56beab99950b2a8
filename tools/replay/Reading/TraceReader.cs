using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Tracing;
using NexStream.Replay.Inputs;

namespace NexStream.Replay.Reading;

/// <summary>
/// Reads a trace step by step. It ends where the file does, or where the file is damaged: <see cref="Damage"/> then says so, and everything before can be relied on.
/// </summary>
internal sealed class TraceReader
{
    // Frames of the largest arena, as FrameArena has it.
    private const int FrameCountMax = 1 << PayloadSlice.IndexBits;

    private readonly BlockReader _blocks;
    private readonly ItemReader _items;
    private readonly InputReader _inputs;
    private string? _damage;
    private long _number;

    /// <summary>Reads what the endpoint was made with.</summary>
    /// <exception cref="TraceException">It is no trace, its beginning is damaged, or it needs something that is not known here.</exception>
    /// <param name="source">The trace.</param>
    /// <param name="suppliers">What it only names; null: nothing.</param>
    /// <param name="tap">Sees every byte that is read, to copy it.</param>
    public TraceReader(Stream source, Suppliers? suppliers = null, Action<ReadOnlySpan<byte>>? tap = null)
    {
        suppliers ??= new Suppliers();
        _blocks = new BlockReader(source) { Tap = tap };
        _items = new ItemReader(_blocks);
        var configs = new ConfigReader(_items, suppliers);
        if (!_items.TryPeek(out byte first) || first != (byte)TraceOperation.Endpoint)
        {
            throw new TraceException($"The trace does not begin with an endpoint{(_blocks.Damage is { } damage ? $": {damage}" : string.Empty)}.");
        }

        _items.Byte();
        Setup = ReadSetup(configs, suppliers);
        _inputs = new InputReader(_items, configs, Setup.Config);
    }

    /// <summary>What the endpoint was made with.</summary>
    public EndpointSetup Setup { get; }

    /// <summary>Why the trace ends before the file does; null: it does not, or not yet.</summary>
    public string? Damage => _damage ?? _blocks.Damage;

    /// <summary>The next call. False: there is none.</summary>
    public bool TryRead(out TraceStep step)
    {
        step = null!;
        try
        {
            if (_damage is not null || !_items.TryPeek(out _))
            {
                return false;
            }

            TraceInput input = _inputs.Read();
            step = new TraceStep(_number, input, ReadOutcome());
            _number++;
            return true;
        }
        catch (TraceException failure)
        {
            _damage = $"call {_number} cannot be read: {_blocks.Damage ?? failure.Message}";
            return false;
        }
    }

    private EndpointSetup ReadSetup(ConfigReader configs, Suppliers suppliers)
    {
        byte detail = _items.Byte();
        if (detail > (byte)TraceDetail.Full)
        {
            throw new TraceException($"The trace has a detail {detail}, which is not known.");
        }

        var generators = new IPayloadGenerator[_items.Int(TraceFormat.GeneratorsMax, "The number of generators")];
        for (int i = 0; i < generators.Length; i++)
        {
            string name = _items.Name();
            generators[i] = suppliers.FindGenerator(name, _items.Varint());
        }

        _items.UseGenerators(generators);
        EndpointConfig config = configs.Endpoint();
        int frameSize = _items.Int(int.MaxValue, "The size of a frame");
        int frameCount = _items.Int(FrameCountMax, "The number of frames");
        try
        {
            config.Validate();
        }
        catch (ArgumentException failure)
        {
            throw new TraceException($"The endpoint's configuration cannot be: {failure.Message}");
        }

        return frameSize > 0 && frameCount > 0
            ? new EndpointSetup(config, frameSize, frameCount, (TraceDetail)detail, generators)
            : throw new TraceException("The endpoint's arena is empty.");
    }

    private RecordedOutcome? ReadOutcome()
    {
        if (!_items.TryPeek(out byte next) || next is not ((byte)TraceOperation.Outcome or (byte)TraceOperation.FullOutcome))
        {
            return null;
        }

        _items.Byte();
        OutcomeFields? fields = next == (byte)TraceOperation.FullOutcome ? ReadFields() : null;
        return new RecordedOutcome(_items.Word(), fields);
    }

    private OutcomeFields ReadFields()
    {
        var fields = new OutcomeFields();
        for (byte kind = _items.Byte(); kind != FullOutcome.End; kind = _items.Byte())
        {
            switch (kind)
            {
                case FullOutcome.NumberField:
                    fields.Number(_items.Varint());
                    break;
                case FullOutcome.BytesField:
                    fields.Bytes(_items.Bytes(_items.Int(ItemReader.PayloadMax, "The length of bytes")));
                    break;
                default:
                    throw new TraceException($"An outcome has a field of kind {kind}, which is not known.");
            }
        }

        return fields;
    }
}
