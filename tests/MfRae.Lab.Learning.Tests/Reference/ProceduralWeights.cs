using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>
/// Weights that a manifest describes by a formula instead of a file: SplitMix64 over seed, position of the name in ordinal order and
/// element, in the ranges that it lists for patterns of names.
/// </summary>
internal static partial class ProceduralWeights
{
    /// <summary>The declared weights; fails where the manifest counts other names or lists other values for them.</summary>
    public static Weights Make(WeightSpec spec, JsonElement description, ScalarType type)
    {
        var names = spec.Entries.Select(entry => entry.Name).Concat(spec.UnusedNames).Order(StringComparer.Ordinal).ToList();
        names.Should().HaveCount(description.GetProperty("n_names").GetInt32());
        var seed = (ulong)description.GetProperty("seed").GetInt64();
        var ranges = description.GetProperty("ranges").EnumerateObject()
            .Select(range => (Pattern: range.Name.Split(' ')[0], Bounds: range.Value.GetString()!)).ToList();
        var checks = description.GetProperty("check_values");

        var weights = Weights.Initialise(spec, new RandomSource(0, CPU), CPU, type);
        foreach (var entry in spec.Entries)
        {
            var index = names.IndexOf(entry.Name);
            var (low, high) = Bounds(ranges.Single(range => Matches(entry.Name, range.Pattern)).Bounds, entry.Shape);
            var values = Values(seed, (ulong)index, entry.Shape.Aggregate(1L, (product, extent) => product * extent), low, high);
            if (checks.TryGetProperty(entry.Name, out var check))
                Check(entry.Name, check, index, entry.Shape, values);
            using var made = tensor(values, entry.Shape);
            weights[entry.Name].copy_(made);
        }
        return weights;
    }

    // "[a,b)" or "+-sqrt(a/(b))", where b is a product of numbers and of I, O, kh, kw, the extents of a kernel.
    private static (double Low, double High) Bounds(string text, long[] shape)
    {
        if (Interval().Match(text) is { Success: true } interval)
            return (Number(interval.Groups[1].Value), Number(interval.Groups[2].Value));
        var root = Root().Match(text);
        root.Success.Should().BeTrue("'{0}' must be a range", text);
        var divisor = root.Groups[2].Value.Split('*').Aggregate(1.0, (product, factor) => product * factor switch
        {
            "O" => shape[0],
            "I" => shape[1],
            "kh" => shape[2],
            "kw" => shape[3],
            _ => Number(factor),
        });
        var bound = Math.Sqrt(Number(root.Groups[1].Value) / divisor);
        return (-bound, bound);
    }

    private static float[] Values(ulong seed, ulong index, long count, double low, double high)
    {
        var values = new float[count];
        var state = unchecked((seed * 0x100000001B3) + (index * 0x1000003));
        for (var i = 0; i < values.Length; i++)
        {
            unchecked
            {
                state += 0x9E3779B97F4A7C15;
                var z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
                z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
                z ^= z >> 31;
                values[i] = (float)(low + ((high - low) * ((z >> 40) / 16777216.0)));
            }
        }
        return values;
    }

    private static void Check(string name, JsonElement check, int index, long[] shape, float[] values)
    {
        index.Should().Be(check.GetProperty("index_in_sorted_names").GetInt32(), "the position of {0}", name);
        shape.Should().Equal(check.GetProperty("shape").EnumerateArray().Select(item => item.GetInt64()), "the shape of {0}", name);
        values.Take(3).Should().Equal(
            check.GetProperty("first3").EnumerateArray().Select(item => (float)item.GetDouble()), "values of {0}", name);
        values[^1].Should().Be((float)check.GetProperty("last").GetDouble(), "the last value of {0}", name);
    }

    private static bool Matches(string name, string pattern) =>
        pattern.StartsWith('*') ? name.EndsWith(pattern[1..], StringComparison.Ordinal) : name == pattern;

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\[(.+),(.+)\)$")]
    private static partial Regex Interval();

    [GeneratedRegex(@"^\+-sqrt\(([\d.]+)/\(?([\w.*]+)\)?\)$")]
    private static partial Regex Root();
}
