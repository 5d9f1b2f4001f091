using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Benchmarks;

/// <summary>
/// The costly parts of an evaluation, one at a time, whenever a line on standard input asks for it, so that another program can have its
/// own turns in between. The answer is a line of JSON.
/// <list type="bullet">
/// <item>`inception COUNT BATCH SIDE`: seconds for the features of COUNT images of SIDE x SIDE pixels, from their bytes.</item>
/// <item>`frechet FIRST SECOND`: seconds for the distance between two files of `mu` and `sigma`, without reading them; its value.</item>
/// </list>
/// </summary>
internal sealed class EvaluationTurns : IDisposable
{
    private readonly FidInception _network;
    private readonly Dictionary<string, FeatureStatistics> _statistics = [];

    public EvaluationTurns(string weightsFile)
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Load(FidInception.Declare(), TensorFile.Open(weightsFile), CPU);
        _network = new(weights);
    }

    public static void Run(string weightsFile)
    {
        using var turns = new EvaluationTurns(weightsFile);
        while (Console.ReadLine() is { Length: > 0 } line)
            Console.WriteLine(JsonSerializer.Serialize(turns.Take(line.Split(' '))));
    }

    public void Dispose()
    {
        _network.Dispose();
        foreach (var statistics in _statistics.Values)
        {
            statistics.Mean.Dispose();
            statistics.Covariance.Dispose();
        }
    }

    private Dictionary<string, double> Take(string[] words) => words[0] switch
    {
        "inception" => Inception(Number(words[1]), Number(words[2]), Number(words[3])),
        "frechet" => Frechet(Statistics(words[1]), Statistics(words[2])),
        _ => throw new ArgumentException($"no turn '{words[0]}': inception or frechet"),
    };

    private Dictionary<string, double> Inception(int count, int batch, int side)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var images = randint(0, 256, [batch, 3, side, side], dtype: ScalarType.Byte);
        var watch = Stopwatch.StartNew();
        for (var done = 0; done < count; done += batch)
        {
            using var each = NewDisposeScope();
            var some = images.slice(0, 0, Math.Min(batch, count - done), 1);
            _ = _network.Extract(FidInceptionInput.PytorchFid(some)).Pool.sum().item<float>();
        }
        return new() { ["seconds"] = watch.Elapsed.TotalSeconds };
    }

    private static Dictionary<string, double> Frechet(FeatureStatistics first, FeatureStatistics second)
    {
        var watch = Stopwatch.StartNew();
        var value = FrechetDistance.Between(first, second);
        return new() { ["seconds"] = watch.Elapsed.TotalSeconds, ["value"] = value };
    }

    private FeatureStatistics Statistics(string path)
    {
        if (_statistics.TryGetValue(path, out var known))
            return known;
        using var scope = NewDisposeScope();
        var file = TensorFile.Open(path);
        return _statistics[path] = new(file["mu"].clone().DetachFromDisposeScope(), file["sigma"].clone().DetachFromDisposeScope());
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
