using System.Globalization;
using System.Text.Json;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Experiments;

/// <summary>Reads `halving`: the numbers of pilot seeds after which arms are compared, and the share of arms that continue.</summary>
internal sealed class HalvingReader(Diagnostics mistakes)
{
    private const string Form = "write { \"rungs\": [1, 2], \"keep\": 0.5 }";
    private static readonly string[] Names = ["rungs", "keep"];

    /// <param name="pilots">The pilot seeds.</param>
    /// <param name="arms">The number of arms.</param>
    /// <param name="primary">The primary metric.</param>
    /// <returns>The rule; null without one, or after a mistake.</returns>
    public Halving? Read(LocatedNode? node, IReadOnlyList<long> pilots, int arms, string primary)
    {
        if (node is null)
        {
            return null;
        }

        int before = mistakes.Count;
        if (node is not LocatedObject written)
        {
            mistakes.Add(node.Location, $"expected an object, got {node.Describe()}", Form);
            return null;
        }

        foreach (var unknown in written.Properties.Where(property => !Names.Contains(property.Name)))
        {
            mistakes.Add(unknown.Key, $"unknown option `{unknown.Name}` of `halving`", Nearest.Suggest(unknown.Name, Names));
        }

        var rungs = Rungs(written, pilots);
        double keep = Keep(written.Get("keep"));
        if (arms < 3)
        {
            mistakes.Add(written.Location, $"halving needs at least two arms and a baseline, and there are {arms} arms", "remove `halving`, or add arms");
        }

        if (MetricCatalogue.HigherIsBetter(primary.Split('@')[0]) is null)
        {
            mistakes.Add(written.Location, $"halving ranks arms by the primary metric, and `{primary}` has no better direction", "choose another `primaryMetric`");
        }

        return mistakes.Count > before ? null : new Halving(rungs, keep);
    }

    private List<int> Rungs(LocatedObject written, IReadOnlyList<long> pilots)
    {
        if (OptionView.Numbers(written.Get("rungs")) is not { Count: > 0 } numbers || numbers.Any(number => number != Math.Floor(number)))
        {
            mistakes.Add(
                written.Get("rungs")?.Location ?? written.Location, "`rungs` has to be an array of numbers of pilot seeds", Form);
            return [];
        }

        if (numbers[0] < 1 || numbers.Zip(numbers.Skip(1)).Any(pair => pair.First >= pair.Second))
        {
            mistakes.Add(written.Get("rungs")!.Location, "`rungs` is not strictly ascending from at least 1", Form);
        }
        else if (numbers[^1] > pilots.Count)
        {
            mistakes.Add(
                written.Get("rungs")!.Location,
                string.Create(CultureInfo.InvariantCulture, $"a rung compares arms after {numbers[^1]} pilot seeds, but `pilotSeeds` has {pilots.Count}"),
                string.Create(CultureInfo.InvariantCulture, $"write e.g. \"pilotSeeds\": \"100-{99 + numbers[^1]}\""));
        }

        return [.. numbers.Select(number => (int)number)];
    }

    private double Keep(LocatedNode? node)
    {
        if (node is null)
        {
            return Halving.UsualShare;
        }

        if (node is LocatedScalar { Kind: JsonValueKind.Number } scalar
            && double.Parse(scalar.Json, CultureInfo.InvariantCulture) is > 0 and < 1 and var keep)
        {
            return keep;
        }

        mistakes.Add(node.Location, $"expected a share of the arms, got {node.Describe()}", "write a number above 0 and below 1, e.g. 0.5");
        return Halving.UsualShare;
    }
}
