using System.Diagnostics;
using NexStream.Tools.Fuzz.Coverage;

namespace NexStream.Tools.Fuzz.Running;

/// <summary>
/// Runs a target over inputs that it makes, or that are made from those of the corpus. Without coverage and corpus, input n depends on the seed and n alone; with
/// coverage, inputs that reach something new join the corpus.
/// </summary>
internal sealed class Runner
{
    private const ulong SeedStep = 0x9E3779B97F4A7C15; // the golden ratio: neighbouring inputs have nothing in common

    private readonly IFuzzTarget _target;
    private readonly FuzzOptions _options;
    private readonly EdgeMap? _map;
    private readonly FuzzCorpus _corpus;
    private readonly History _history;
    private readonly HeapWatch _heap = new();
    private readonly byte[] _buffer;

    public Runner(IFuzzTarget target, FuzzOptions options, EdgeMap? map = null)
    {
        _target = target;
        _options = options;
        _map = map;
        _corpus = new FuzzCorpus(options.Corpus, target.InputMax);
        _history = new History(target.InputMax);
        _buffer = new byte[target.InputMax];
    }

    /// <summary>Runs until the iterations or the time are over, or something fails.</summary>
    /// <param name="onHang">Told of an input that does not come to its end, on another thread; the file it is in.</param>
    public FuzzResult Run(Action<string> onHang)
    {
        _corpus.Load();
        _target.Reset();
        var watch = Stopwatch.StartNew();
        using var watchdog = new Watchdog(_options.Patience, () => onHang(WriteHang()));
        long i = 0;
        for (; i < _options.Iterations && ((i & 63) != 0 || watch.Elapsed < _options.Time); i++)
        {
            watchdog.Next();
            int length = Make(i);
            if (RunOne(_buffer.AsSpan(0, length)) is { } failure)
            {
                return Fail(i, watch, failure);
            }

            if (!_heap.IsBounded(i, (long)_corpus.Count * _target.InputMax))
            {
                return Result(i, watch, $"the heap has grown by {_heap.Growth} bytes", []);
            }
        }

        return Result(i, watch, null, []);
    }

    private FuzzResult Result(long iterations, Stopwatch watch, string? failure, IReadOnlyList<string> files)
    {
        double seconds = watch.Elapsed.TotalSeconds;
        return new FuzzResult(
            failure is null, _target.Name, _options.Seed, iterations, seconds, iterations / seconds, _corpus.Count, _map?.Edges, _heap.Growth, failure, files);
    }

    private int Make(long iteration)
    {
        // The corpus comes first, as it is.
        if (iteration < _corpus.Count && _map is null)
        {
            return Copy(_corpus[(int)iteration]);
        }

        var random = new FuzzRandom(unchecked(_options.Seed + (SeedStep * (ulong)iteration)));
        if (_corpus.Count == 0 || random.OneIn(4))
        {
            return _target.Generate(ref random, _buffer);
        }

        int length = Copy(_corpus[random.Below(_corpus.Count)]);
        return length == 0 ? _target.Generate(ref random, _buffer) : _target.Mutate(ref random, _buffer, length);
    }

    private int Copy(ReadOnlySpan<byte> input)
    {
        input.CopyTo(_buffer);
        return input.Length;
    }

    private Exception? RunOne(ReadOnlySpan<byte> input)
    {
        if (_history.IsFull)
        {
            _history.Clear();
            _target.Reset();
        }

        _history.Add(input);
        _map?.Begin();
        Exception? failure = Attempt.Run(_target, input);
        if (_map is not null && _map.End() && failure is null)
        {
            _corpus.Add(input);
        }

        return failure;
    }

    /// <summary>Looks for the fewest inputs that fail, and writes them and what the endpoints do with them.</summary>
    private FuzzResult Fail(long iteration, Stopwatch watch, Exception failure)
    {
        FuzzResult result = Result(iteration + 1, watch, null, []);
        byte[] last = _history[_history.Count - 1].ToArray();
        byte[][] inputs = Attempt.Fails(_target, [last]) ? [last] : [.. Enumerable.Range(0, _history.Count).Select(i => _history[i].ToArray())];
        IReadOnlyList<string> files = FailureFiles.Write(_target, inputs, _options.Failures, $"{_target.Name}-{_options.Seed}-{iteration}");
        return result with { Ok = false, Failure = failure.ToString(), Files = files };
    }

    private string WriteHang()
    {
        Directory.CreateDirectory(_options.Failures);
        string path = Path.Combine(_options.Failures, $"{_target.Name}-{_options.Seed}-hang.input");
        File.WriteAllBytes(path, _history[_history.Count - 1]);
        return path;
    }
}
